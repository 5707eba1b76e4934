"""Prepared volumes on disk: made once, read as memory maps, made again where the source changed.

One file per volume, float32 as inference makes it, named by what it was made from: the volume,
its settings, and the size and time of its source files. Each is written beside its place and
renamed, so that several processes may share a cache and one that was killed leaves it whole.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import mrsift
from mrsift.config import PreprocessSettings
from mrsift.dataset.stored import memory_map
from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import read_voxels, source_stamp
from mrsift.errors import ConfigError, IngestError, OutputError
from mrsift.preprocess import prepare
from mrsift.types import Float32Array

MAX_JOBS = 8
Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A volume that was left out.

    Attributes:
        row: Place among the rows that were asked for.
        reason: Names the file.
    """

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class VolumeCache:
    """Prepared volumes, one per row that could be read.

    Attributes:
        files: Path of each volume; None where it could not be read.
        unreadable: Which, and why.
        made: Volumes that were not there yet.
        changed: Volumes whose source is not the one that was indexed.
    """

    files: tuple[Path | None, ...]
    unreadable: tuple[Unreadable, ...]
    made: int
    changed: int

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Float32Array:
        """One volume, read-only, shape of the settings.

        Raises:
            ConfigError: It was never readable, or its file was damaged or removed since.
        """
        path = self.files[index]
        if path is None:
            raise ConfigError(f"volume {index} could not be read when the cache was made")
        volume = memory_map(path)
        if volume is None:
            raise ConfigError(
                f"{path}: is gone or damaged. mrsift train --resume makes it anew and goes on."
            )
        return volume


def build_cache(
    rows: Sequence[DatasetRow],
    settings: PreprocessSettings,
    folder: Path,
    jobs: int | None = None,
    on_progress: Progress | None = None,
) -> VolumeCache:
    """Prepares what is not there yet.

    Args:
        rows: Of a data set.
        settings: Of `prepare`.
        folder: Of the cache, made if missing; other settings and other data may share it.
        jobs: Volumes prepared at the same time; None for one per CPU, at most 8.
        on_progress: Called from this thread.

    Raises:
        OutputError: The folder cannot be written; what is there stays whole.
    """
    tell: Progress = on_progress or (lambda _doing, _done, _total: None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
    settings_hash = _hash(json.dumps([mrsift.__version__, asdict(settings)]), 12)
    files: list[Path | None] = []
    unreadable, made, changed = [], 0, 0
    workers = ThreadPoolExecutor(jobs or min(MAX_JOBS, len(os.sched_getaffinity(0))))
    try:
        futures = [workers.submit(_piece, row, settings, folder, settings_hash) for row in rows]
        for place, future in enumerate(futures):
            tell("preparing volumes", place, len(rows))
            try:
                path, is_new, is_changed = future.result()
            except IngestError as error:
                unreadable.append(Unreadable(place, str(error)))
                files.append(None)
                continue
            files.append(path)
            made += is_new
            changed += is_changed
    finally:  # Ctrl-C: finish the volumes in hand, drop the rest
        workers.shutdown(cancel_futures=True)
    return VolumeCache(tuple(files), tuple(unreadable), made, changed)


def _piece(
    row: DatasetRow, settings: PreprocessSettings, folder: Path, settings_hash: str
) -> tuple[Path, bool, bool]:
    """One volume's file, whether it was made now, and whether its source changed."""
    stamp = source_stamp(Path(row.root), row.files)
    volume_hash = _hash(json.dumps([row.root, row.volume_id, row.files, row.frames, row.index]), 16)
    path = folder / f"{volume_hash}-{settings_hash}-{stamp}.npy"
    changed = row.source_stamp not in {"", stamp}
    found = memory_map(path)
    if found is not None and found.shape == settings.input_shape:
        return path, False, changed
    volume = read_voxels(row)
    _write(path, prepare(volume.voxels, volume.affine_lps_mm, settings))
    for stale in folder.glob(f"{volume_hash}-{settings_hash}-*.npy"):
        if stale != path:
            stale.unlink(missing_ok=True)
    return path, True, changed


def _write(path: Path, volume: Float32Array) -> None:
    """Beside its place, then renamed."""
    beside = path.with_name(f"{path.stem}-{os.urandom(4).hex()}.part")
    try:
        try:
            with beside.open("xb") as file:
                np.save(file, volume)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path.parent}: the volume cache cannot be written ({error.strerror}); free some "
            "space or name another folder with --cache. What is there stays whole."
        ) from error


def _hash(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
