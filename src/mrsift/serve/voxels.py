"""Volumes as NIfTI, read when they are asked for; the last ones are kept in memory."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from mrsift.types import Volume, VolumeInfo

MOST_BYTES = 256 * 2**20
"""What all kept volumes may take together; a larger one is read anew each time."""


class NiftiShelf:
    """NIfTI files in memory, by volume id; may be asked from several threads at once."""

    def __init__(self, read: Callable[[VolumeInfo], Volume], most_bytes: int = MOST_BYTES) -> None:
        """Starts empty.

        Args:
            read: Gives the voxels of a volume.
            most_bytes: Beyond this, the volumes that were not asked for longest are dropped.
        """
        self._read = read
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def nifti(self, info: VolumeInfo) -> bytes:
        """A volume as an uncompressed NIfTI file.

        Raises:
            IngestError: It cannot be read (any more).
        """
        with self._lock:
            if info.volume_id in self._kept:
                self._kept.move_to_end(info.volume_id)
                return self._kept[info.volume_id]
        made: bytes = self._read(info).to_nibabel().to_bytes()
        with self._lock:
            self._kept[info.volume_id] = made
            while sum(map(len, self._kept.values())) > self._most_bytes:
                self._kept.popitem(last=False)
        return made
