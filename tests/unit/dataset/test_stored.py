"""Memory maps of stored arrays."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from mrsift.dataset.stored import memory_map


def test_many_threads_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.npy" for number in range(8)]
    for path in paths:
        np.save(path, np.zeros((2, 3, 4, 5), np.float16))
    before = gc.get_threshold()
    # Garbage is collected in the middle of parsing, and another thread's turn comes.
    gc.callbacks.append(let_others)
    gc.set_threshold(1)
    try:
        with ThreadPoolExecutor(8) as workers:
            shapes = list(workers.map(shape_of, paths * 25))
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(let_others)
    assert shapes == [(2, 3, 4, 5)] * 200


def let_others(_phase: str, _about: dict[str, int]) -> None:
    time.sleep(0)


def shape_of(path: Path) -> tuple[int, ...] | None:
    stored = memory_map(path)
    return None if stored is None else stored.shape


def test_no_whole_file_is_none(tmp_path: Path) -> None:
    assert memory_map(tmp_path / "none.npy") is None
    (tmp_path / "half.npy").write_bytes(b"\x93NUMPY")
    assert memory_map(tmp_path / "half.npy") is None
