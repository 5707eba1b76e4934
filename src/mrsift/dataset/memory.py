"""How much memory the volumes that are read at the same time may take together."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

BYTES = 3_000_000_000
"""Of all volumes in hand, so that the whole process stays below 4 GB."""

_BYTES_PER_VOXEL = 4


class MemoryGate:
    """Lets work begin only while there is room for it; may be used from several threads."""

    def __init__(self, limit: int = BYTES) -> None:
        """Nothing is held at first.

        Args:
            limit: Bytes that all who are inside may hold together.
        """
        self._limit = limit
        self._held = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, voxels: int, copies: float) -> Iterator[None]:
        """Wait until there is room; who wants more than there ever is goes in alone.

        Args:
            voxels: Of the largest array.
            copies: How many of its size are held at the same time, as float32.
        """
        wanted = min(int(voxels * copies * _BYTES_PER_VOXEL), self._limit)
        with self._changed:
            self._changed.wait_for(lambda: self._held + wanted <= self._limit)
            self._held += wanted
        try:
            yield
        finally:
            with self._changed:
                self._held -= wanted
                self._changed.notify_all()
