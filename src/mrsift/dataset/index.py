"""A folder and what people say of its volumes -> a data set, and everything that did not fit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import mrsift
from mrsift.dataset.corrected import ByHand, by_hand_findings, set_by_hand
from mrsift.dataset.finding import Finding
from mrsift.dataset.identity import patient_of_place, patient_pseudonym
from mrsift.dataset.labelling import (
    Labelling,
    label_volumes,
    labelling_findings,
    labels_from_folders,
)
from mrsift.dataset.rows import Progress, Wanted, read_rows
from mrsift.dataset.table import Dataset, DatasetRow
from mrsift.export.rows import count
from mrsift.ingest.corrections import Corrections, Labelled, read_corrections
from mrsift.ingest.label_table import LabelRow
from mrsift.ingest.parts import scan_in_parts
from mrsift.ingest.source import shared_root
from mrsift.types import Skipped, VolumeInfo

Source = Literal["folders", "corrections"]
"""Labels that come with the data."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A data set with what was said of it, and what was left out.

    Attributes:
        dataset: One row per labelled volume that could be read, in order of files.
        labelling: Rows and volumes that did not find each other.
        by_hand: What corrections did to the labels.
        skipped: Files that are no image or could not be read.
        patients_from: Where the names of patients came from -> volumes.
    """

    dataset: Dataset
    labelling: Labelling
    by_hand: ByHand
    skipped: tuple[Skipped, ...]
    patients_from: Mapping[str, int]


def index_folder(
    path: Path,
    labels: Sequence[LabelRow] | Source,
    jobs: int | None = None,
    on_progress: Progress | None = None,
    corrections: Path | None = None,
) -> Index:
    """Find, label and fingerprint every volume below a path.

    Voxels are read once, `jobs` volumes at a time, and not kept; headers only for some studies
    at a time.

    Args:
        path: Folder, file or archive.
        labels: Rows whose paths are relative to `path`, or to the folder of a file; `folders`
            where the folders directly below `path` are named by class; `corrections` for what
            people set by hand, and nothing else.
        jobs: Volumes read at the same time; None for one per CPU, at most 8.
        on_progress: Called from this thread.
        corrections: Table of corrected labels that is read instead of those beside the studies.

    Returns:
        The data set; empty where no label met a volume.

    Raises:
        IngestError: The path does not exist.
        ConfigError: `corrections` cannot be read, or a row of it cannot be used.
    """
    tell: Progress = on_progress or (lambda _doing, _done, _total: None)
    found = _find(path, tell)
    beside = Labelled(found.root, found.infos, list(found.tables))
    said_by_hand = read_corrections(beside, corrections)
    if labels == "corrections":
        rows: Sequence[LabelRow] = _rows(said_by_hand)
    else:
        rows = labels_from_folders(found.infos) if labels == "folders" else labels
    labelling, by_hand = set_by_hand(label_volumes(rows, found.infos), found.infos, said_by_hand)
    kept: list[DatasetRow] = []
    skipped = list(found.skipped)
    origins: Counter[str] = Counter()
    wanted = []
    for info, said in sorted(
        labelling.labelled, key=lambda pair: (pair[0].files, pair[0].index or 0)
    ):
        who, origin = _patient(info, said, found.patients, by_folders=labels == "folders")
        origins[origin] += 1
        wanted.append(Wanted(info, said, who))
    for read in read_rows(found.root, wanted, lambda _voxels: None, jobs, tell):
        if isinstance(read.row, Skipped):
            skipped.append(read.row)
        elif read.row.volume_id in by_hand.label_before:
            before = by_hand.label_before[read.row.volume_id] if labels != "corrections" else None
            kept.append(replace(read.row, corrected=True, label_before=before))
        else:
            kept.append(read.row)
    facts = {"mrsift_version": mrsift.__version__, "root": str(found.root)}
    return Index(Dataset(tuple(kept), facts), labelling, by_hand, tuple(skipped), dict(origins))


def root_of(path: Path) -> Path:
    """The folder that paths of volumes are relative to when `path` is scanned."""
    return shared_root([path])


@dataclass(slots=True)
class _Found:
    """What is kept of all parts of a scan."""

    root: Path
    infos: list[VolumeInfo]
    skipped: list[Skipped]
    patients: dict[str, str]
    tables: dict[Path, None]


def _find(path: Path, tell: Progress) -> _Found:
    kept = _Found(root_of(path), [], [], {}, {})
    step = partial(tell, "reading headers")
    for part in scan_in_parts(path, on_progress=step):
        kept.skipped += part.skipped
        for info in (info for study in part.studies for info in study.volumes):
            kept.infos.append(info)
            if identity := part.patient(info):
                kept.patients[info.volume_id] = patient_pseudonym(identity)
        kept.tables |= dict.fromkeys(part.corrections)  # a table may lie above several parts
    return kept


def _rows(said: Corrections) -> list[LabelRow]:
    """What people set by hand, as a label table."""
    return [
        LabelRow(number, one.label, volume_id=volume_id)
        for number, (volume_id, one) in enumerate(said.labels.items(), 1)
    ]


def _patient(
    info: VolumeInfo, said: LabelRow, pseudonyms: Mapping[str, str], *, by_folders: bool
) -> tuple[str, str]:
    """Whose a volume is, and where that was found."""
    if said.patient:
        return said.patient, "the label table"
    if info.volume_id in pseudonyms:
        return pseudonyms[info.volume_id], "PatientID, as a pseudonym"
    return patient_of_place(info, by_folders=by_folders)


def index_findings(index: Index) -> list[Finding]:
    """What was left out, and where the names of patients came from, each in one line."""
    found = [*labelling_findings(index.labelling), *by_hand_findings(index.by_hand)]
    marked = sum(row.corrected for row in index.dataset.rows)
    if marked:
        found.append(Finding("note", "by_hand", f"{count(marked, 'label')} set by hand"))
    found += skipped_findings(index.skipped)
    origins = tuple(f"{origin}: {count(n, 'volume')}" for origin, n in index.patients_from.items())
    if origins:
        found.append(Finding("note", "patients_from", "patients are told apart by:", origins))
    return found


def skipped_findings(skipped: Sequence[Skipped]) -> list[Finding]:
    """Files that are no image or could not be read, each kind in one line."""
    found = []
    unread = tuple(f"{item.path}: {item.reason}" for item in skipped if item.is_mr)
    if unread:
        says = f"MR files that could not be read, left out: {len(unread)}"
        found.append(Finding("warning", "unreadable", says, unread))
    others = tuple(f"{item.path}: {item.reason}" for item in skipped if not item.is_mr)
    if others:
        says = f"files that are no MR images, left out: {len(others)}"
        found.append(Finding("note", "no_image", says, others))
    return found
