"""The folders of the RSNA-MICCAI challenge -> the four sequences of each patient.

train/00000/FLAIR/Image-1.dcm     the folder names patient and sequence; file numbers
train/00000/T1wCE/Image-1.dcm     say nothing of the order of slices
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mrsift.config import IngestSettings
from mrsift.dataset.quality import SeriesQuality, series_quality, slice_gaps
from mrsift.dataset.rows import Progress
from mrsift.dataset.series import Found, Series
from mrsift.errors import IngestError
from mrsift.ingest.scan import Scan, list_files, scan_files
from mrsift.types import Skipped

FOLDERS: Final = {"FLAIR": "flair", "T1w": "t1w", "T1wCE": "t1w_ce", "T2w": "t2w"}
"""Folder of a sequence -> its role."""

PARTS: Final = ("train", "test")
EXCLUDED: Final = ("00109", "00123", "00709")
"""Patients whom the organisers advise to leave out: images that are empty or do not fit."""


def challenge_series(path: Path, tell: Progress, *, keep_all: bool = False) -> Found:
    """Find the sequences of every patient, headers only, one folder at a time.

    Args:
        path: Folder of patients, or the folder with `train` and `test` in it.
        tell: Called after each patient.
        keep_all: Also the patients in `EXCLUDED`.

    Raises:
        IngestError: No patient's folder is there.
    """
    root = path.resolve()
    folders = list(_patients(root))
    if not folders:
        raise IngestError(
            f"{path}: no folder of a patient with {', '.join(FOLDERS)} in it; give the folder "
            "that holds 00000, 00002, ..., or train and test"
        )
    series: list[Series] = []
    skipped: list[Skipped] = []
    names = [folder.name for folder in folders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise IngestError(f"{path}: {', '.join(twice[:3])} is below train and below test; keep one")
    excluded = [folder.name for folder in folders if folder.name in EXCLUDED and not keep_all]
    folders = [folder for folder in folders if folder.name not in excluded]
    for done, folder in enumerate(folders):
        tell("reading headers", done, len(folders))
        for name, role in FOLDERS.items():
            one, left_out = _series(root, folder / name, folder.name, role)
            series.append(one)
            skipped += left_out
    return Found(root, tuple(series), tuple(skipped), tuple(excluded))


def _patients(root: Path) -> Iterator[Path]:
    """Folders that hold a sequence, below the root or below its parts."""
    for place in (root, *(root / part for part in PARTS)):
        entries = sorted(place.iterdir()) if place.is_dir() else []
        for entry in entries:
            if entry.is_dir() and any((entry / name).is_dir() for name in FOLDERS):
                yield entry


def _series(
    root: Path, folder: Path, patient: str, role: str
) -> tuple[Series, tuple[Skipped, ...]]:
    """The volume of one folder."""
    path = folder.relative_to(root).as_posix()
    if not folder.is_dir():
        return Series(SeriesQuality(patient, role, path, False, "no such folder"), None), ()
    scan = _scan(root, folder, path)
    infos = [info for study in scan.studies for info in study.volumes]
    if not infos:
        why = f": {scan.skipped[0].reason}" if scan.skipped else ""
        remark = f"no volume in the folder{why}"
        return Series(SeriesQuality(patient, role, path, False, remark), None), scan.skipped
    best = max(infos, key=lambda info: (info.shape[0], info.shape[1] * info.shape[2]))
    planes = scan.planes(best)
    quality = series_quality(patient, role, path, best, planes)
    remarks = [quality.remark] if quality.remark else []
    if len(infos) > 1:
        shapes = ", ".join(f"{info.shape[0]} slices" for info in infos)
        remarks.append(f"{len(infos)} volumes in the folder ({shapes}); the largest is used")
    doubled = sum(item.reason.startswith("duplicate of ") for item in scan.skipped)
    quality = replace(
        quality,
        remark="; ".join(remarks),
        doubled_files=doubled,
        left_out_files=len(scan.skipped)
        - doubled
        + sum(info.shape[0] for info in infos if info is not best),
    )
    return Series(quality, best, slice_gaps(best, planes)), scan.skipped


def _scan(root: Path, folder: Path, path: str) -> Scan:
    """One folder, with paths relative to the root of all."""
    settings = IngestSettings()
    sources, skipped = list_files([folder], settings)
    sources = [replace(source, path=f"{path}/{source.path}") for source in sources]
    return scan_files(sources, _below(path, skipped), [root], settings)


def _below(path: str, skipped: Sequence[Skipped]) -> list[Skipped]:
    return [
        replace(one, path=path if one.path == Path(path).name else f"{path}/{one.path}")
        for one in skipped
    ]
