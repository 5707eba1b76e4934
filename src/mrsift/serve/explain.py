"""What the pixels' answer rests on, worked out when a reader asks, one volume at a time."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Lock

from mrsift.errors import ConfigError
from mrsift.infer.occlusion import Occlusion, occlude
from mrsift.infer.runtime import Network
from mrsift.types import Volume, VolumeInfo

KEPT = 200
"""A map is a few hundred numbers, so many are kept."""


class Explainer:
    """Occlusion maps by volume id; `stop` ends what is being worked out."""

    def __init__(
        self, read: Callable[[VolumeInfo], Volume], start: Callable[[], Future[Network]] | None
    ) -> None:
        """Starts empty; the network is compiled when the first map is asked for.

        Args:
            read: Gives the voxels of a volume.
            start: Compiles the network; None where the pixels were not used.
        """
        self._read = read
        self._start = start
        self._network: Network | None = None
        self._kept: dict[str, Occlusion] = {}
        self._lock = Lock()
        self._stopped = Event()

    def stop(self) -> None:
        """Ends the map in hand, and every later one."""
        self._stopped.set()

    def occlusion(self, info: VolumeInfo) -> Occlusion:
        """The map of one volume; others wait meanwhile.

        Raises:
            ConfigError: The pixels were not used, or the server is ending.
            IngestError: The volume cannot be read (any more).
            BundleError: The network cannot be compiled.
        """
        if self._start is None:
            raise ConfigError(
                "The pixels were not asked (--evidence header), so there is nothing to show."
            )
        with self._lock:
            if info.volume_id in self._kept:
                return self._kept[info.volume_id]
            self._network = self._network or self._start().result()
            made = occlude(self._read(info), self._network, self._stopped.is_set)
            if made is None:
                raise ConfigError("mrsift view is ending.")
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[info.volume_id] = made
            return made
