"""Work that waits for room in memory."""

import threading
from concurrent.futures import ThreadPoolExecutor

from mrsift.dataset.memory import MemoryGate


def most_at_once(gate: MemoryGate, voxels: int, workers: int = 8, times: int = 24) -> int:
    lock, inside, most = threading.Lock(), 0, 0
    enough = threading.Barrier(2)

    def work(_: int) -> None:
        nonlocal inside, most
        with gate.hold(voxels, copies=1.0):
            with lock:
                inside += 1
                most = max(most, inside)
            try:
                enough.wait(0.02)  # lets a second one in, where there is room
            except threading.BrokenBarrierError:
                enough.reset()
            with lock:
                inside -= 1

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(times)))
    return most


def test_together_they_never_hold_more_than_there_is() -> None:
    assert most_at_once(MemoryGate(limit=4 * 250), voxels=100) == 2


def test_who_wants_more_than_there_is_goes_in_alone() -> None:
    assert most_at_once(MemoryGate(limit=4 * 10), voxels=100) == 1


def test_an_error_inside_gives_the_room_back() -> None:
    gate = MemoryGate(limit=400)
    for _ in range(3):
        try:
            with gate.hold(100, 1.0):
                raise ValueError
        except ValueError:
            pass
    with gate.hold(100, 1.0):
        pass
