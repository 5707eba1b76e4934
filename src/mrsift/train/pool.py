"""Volumes drawn once from the simulator, prepared, on disk.

A pool is a folder of shards, each a pair of files: `<first subject>.npy` with the volumes,
float16, and `<first subject>.json` with one row per volume. A shard is written beside its
place and renamed, so a pool that was cut off is continued by the same command.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import REGIONS
from mrsift.config import PreprocessSettings
from mrsift.labels import LABEL_NAMES
from mrsift.preprocess import normalise, prepare, resize
from mrsift.simulate import SimulatedVolume, draw_subject
from mrsift.simulate.variation import WIDER
from mrsift.train.batches import NO_REGION, Volumes
from mrsift.types import Float32Array


@dataclass(frozen=True, slots=True)
class Row:
    """One volume of a pool.

    Attributes:
        label: Index in `LABEL_NAMES`.
        region: Index in `REGIONS`, or `NO_REGION`.
        subject: Volumes of one subject never stand on two sides of a split.
        note: What the simulator drew, in a few words.
    """

    label: int
    region: int
    subject: int
    note: str


class Pool:
    """The volumes of a pool, read when they are asked for.

    Attributes:
        rows: One per volume.
    """

    def __init__(self, folder: Path, shards: Iterable[int]) -> None:
        """Opens the shards that are there.

        Args:
            folder: Of `build_shard`.
            shards: First subjects of the shards wanted; those not yet built are left out.
        """
        self.rows: list[Row] = []
        self._files: list[NDArray[np.float16]] = []
        self._places: list[tuple[int, int]] = []
        for first in shards:
            table = folder / f"{first:06d}.json"
            if not table.is_file():
                continue
            rows = [Row(**row) for row in json.loads(table.read_text())]
            self._files.append(np.load(table.with_suffix(".npy"), mmap_mode="r"))
            self._places += [(len(self._files) - 1, index) for index in range(len(rows))]
            self.rows += rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Float32Array:
        """One volume, shape (slices, rows, columns), mean 0 and deviation 1."""
        file, place = self._places[index]
        volume: Float32Array = self._files[file][place].astype(np.float32)
        return volume

    @property
    def labels(self) -> NDArray[np.intp]:
        """Shape (n,), index in `LABEL_NAMES`."""
        return np.array([row.label for row in self.rows], dtype=np.intp)

    @property
    def regions(self) -> NDArray[np.intp]:
        """Shape (n,), index in `REGIONS`, or `NO_REGION`."""
        return np.array([row.region for row in self.rows], dtype=np.intp)


class PlainPool:
    """A pool as inference sees its volumes."""

    def __init__(self, pool: Volumes, settings: PreprocessSettings) -> None:
        self._pool = pool
        self._settings = settings

    def __len__(self) -> int:
        return len(self._pool)

    def __getitem__(self, index: int) -> Float32Array:
        """A volume at the size of the input, without augmentation."""
        return normalise(resize(self._pool[index], self._settings.input_shape), self._settings)


def build_shard(
    folder: Path, subjects: range, seed: int, settings: PreprocessSettings, label_maps: Path | None
) -> int:
    """Draws, prepares and writes the volumes of some subjects.

    Args:
        folder: Of the pool; made if missing.
        subjects: Indices for the simulator.
        seed: Of the simulator.
        settings: Of `PreprocessSettings.at_source`.
        label_maps: Folder of label maps for the simulator; None for drawn anatomy only.

    Returns:
        Number of volumes; 0 where the shard was there already.
    """
    drawn = (
        (subject, volume)
        for subject in subjects
        for volume in draw_subject(seed, subject, label_maps=label_maps, variation=WIDER)
    )
    return write_shard(folder, subjects.start, drawn, settings)


def write_shard(
    folder: Path,
    first: int,
    drawn: Iterable[tuple[int, SimulatedVolume]],
    settings: PreprocessSettings,
) -> int:
    """Prepares and writes volumes.

    Args:
        folder: Of the pool; made if missing.
        first: Names the shard.
        drawn: Subject and volume; not asked for where the shard was there already.
        settings: Of `PreprocessSettings.at_source`.

    Returns:
        Number of volumes; 0 where the shard was there already.
    """
    table = folder / f"{first:06d}.json"
    if table.is_file():
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    rows, volumes = [], []
    for subject, volume in drawn:
        rows.append(_row(volume, subject))
        ready = prepare(volume.voxels, volume.affine_lps_mm, settings)
        volumes.append(ready.astype(np.float16))
    fresh = table.with_suffix(".part.npy")
    np.save(fresh, np.stack(volumes))
    fresh.replace(table.with_suffix(".npy"))
    fresh = table.with_suffix(".part.json")
    fresh.write_text(json.dumps(rows))
    fresh.replace(table)
    return len(rows)


def _row(volume: SimulatedVolume, subject: int) -> dict[str, object]:
    """The fields of a `Row`."""
    return {
        "label": LABEL_NAMES.index(volume.label),
        "region": REGIONS.index(volume.region) if volume.region in REGIONS else NO_REGION,
        "subject": subject,
        "note": f"{volume.record['kind']} {volume.record['plane']} {volume.record['family']} "
        f"{' '.join(volume.record['steps'])}",
    }
