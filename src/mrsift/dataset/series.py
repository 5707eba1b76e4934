"""The sequences of patients as they were found, before any voxel is read."""

from dataclasses import dataclass
from pathlib import Path

from mrsift.dataset.quality import SeriesQuality
from mrsift.types import Skipped, VolumeInfo


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One sequence of one patient, found or not.

    Attributes:
        quality: As far as headers show it; `used` is False where there is no volume.
        info: None where there is no volume.
        gaps: As `quality.slice_gaps` gives them.
    """

    quality: SeriesQuality
    info: VolumeInfo | None
    gaps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What lies below a path.

    Attributes:
        root: Absolute folder that the files of volumes are relative to.
        series: Of every patient, each role once.
        skipped: Files that were left out.
        excluded: Patients that are there and were left out by name.
        remarks: What a user should know of whole patients.
    """

    root: Path
    series: tuple[Series, ...]
    skipped: tuple[Skipped, ...]
    excluded: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
