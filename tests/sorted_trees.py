"""Scans with answers given by hand, and what was made of them."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mrsift.export.sort import Outcome, SortOptions, sort_studies
from mrsift.infer.identify import IdentifyOptions, identify_and_scan
from mrsift.ingest import Scan
from mrsift.types import Prediction, Report, VolumeInfo

Answer = Callable[[VolumeInfo], str]


def by_b_value(info: VolumeInfo) -> str:
    if info.b_value is None:
        return "T2W"
    return "DWI_HIGH" if info.b_value.s_per_mm2 >= 500 else "DWI_LOW"


def answered(path: Path, answer: Answer = by_b_value) -> tuple[Report, Scan]:
    """A scan in which `answer` has labelled every volume."""
    report, found = identify_and_scan([path], IdentifyOptions(evidence="header"))

    def given(one: Prediction) -> Prediction:
        return replace(one, label=answer(one.volume))

    studies = tuple(
        replace(study, predictions=tuple(map(given, study.predictions))) for study in report.studies
    )
    return replace(report, studies=studies), found


def sort(path: Path, out: Path, layout: str = "bids", answer: Answer = by_b_value) -> Outcome:
    """A tree in which `answer` has labelled every volume."""
    report, found = answered(path, answer)
    return sort_studies(report, found, out, SortOptions(layout))  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, str]:
    """Path -> SHA-256 of every file."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def names(folder: Path, suffix: str = ".nii.gz") -> list[str]:
    """Of files that end so; of a tree that another process writes to, those seen in passing."""
    found = (Path(there) / name for there, _, names in os.walk(folder) for name in names)
    return sorted(
        path.relative_to(folder).as_posix() for path in found if path.name.endswith(suffix)
    )
