"""A folder and what people say of its volumes -> a data set, and everything that did not fit."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import mrsift
from mrsift.dataset.corrected import ByHand, by_hand_findings, set_by_hand
from mrsift.dataset.finding import Finding
from mrsift.dataset.identity import patient_of_place, patient_pseudonym, vendor_name
from mrsift.dataset.labelling import (
    Labelling,
    label_volumes,
    labelling_findings,
    labels_from_folders,
)
from mrsift.dataset.table import SPLITS, Dataset, DatasetRow, Split
from mrsift.dataset.thumbprint import thumbprint
from mrsift.dataset.voxels import pixel_sha256, source_stamp
from mrsift.errors import IngestError
from mrsift.export.csv_table import columns
from mrsift.export.rows import count
from mrsift.ingest.corrections import Corrections, Labelled, read_corrections
from mrsift.ingest.label_table import LabelRow
from mrsift.ingest.parts import scan_in_parts
from mrsift.ingest.reopen import read_again
from mrsift.ingest.source import shared_root
from mrsift.types import Skipped, VolumeInfo

MAX_JOBS = 8
Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is."""

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
    pending = sorted(labelling.labelled, key=lambda pair: (pair[0].files, pair[0].index or 0))
    workers = ThreadPoolExecutor(
        jobs or min(MAX_JOBS, len(os.sched_getaffinity(0))), thread_name_prefix="mrsift-volume"
    )
    try:
        futures = []
        for info, said in pending:
            who, origin = _patient(info, said, found.patients, by_folders=labels == "folders")
            origins[origin] += 1
            futures.append(workers.submit(_row, found.root, info, said, who))
        for done, future in enumerate(futures):
            tell("reading voxels", done, len(futures))
            result = future.result()
            if isinstance(result, Skipped):
                skipped.append(result)
            elif result.volume_id in by_hand.label_before:
                before = by_hand.label_before[result.volume_id] if labels != "corrections" else None
                kept.append(replace(result, corrected=True, label_before=before))
            else:
                kept.append(result)
    finally:  # Ctrl-C: finish the volumes in hand, drop the rest
        workers.shutdown(cancel_futures=True)
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


def _row(root: Path, info: VolumeInfo, said: LabelRow, patient: str) -> DatasetRow | Skipped:
    """One volume, from file to fingerprint, read by the way that training will read it."""
    try:
        stamp = source_stamp(root, info.files)  # before the voxels: a later change shows
        voxels = read_again(root, info).voxels
    except IngestError as error:
        more = f" (and {len(info.files) - 1} more files)" if len(info.files) > 1 else ""
        return Skipped(info.files[0], f"{error}{more}", True, info.study_instance_uid)
    free = _free_columns(said)
    split: Split | None = next((one for one in SPLITS if free.get("split") == one), None)
    if split is not None:
        del free["split"]
    return DatasetRow(
        volume_id=info.volume_id,
        root=str(root),
        files=info.files,
        frames=info.frames,
        index=info.index,
        shape=info.shape,
        affine_lps_mm=info.affine_lps_mm,
        patient=patient,
        label=said.label,
        site=free.get("site", "unknown"),
        vendor=vendor_name(info.header.manufacturer) or vendor_name(free.get("vendor")),
        model=info.header.manufacturer_model_name or free.get("model"),
        field_strength_t=info.header.magnetic_field_strength_t,
        plane=info.plane,
        b_value_s_per_mm2=None if info.b_value is None else info.b_value.s_per_mm2,
        localizer=info.localizer,
        corrected=_of_identify(said) and said.extra.get("corrected") == "true",
        label_before=said.extra.get("label_before") if _of_identify(said) else None,
        split=split,
        source_stamp=stamp,
        pixel_sha256=pixel_sha256(voxels),
        thumbprint=thumbprint(voxels, info.affine_lps_mm),
        extra=free,
    )


def _free_columns(said: LabelRow) -> dict[str, str]:
    """What a person wrote beside the label; what `mrsift identify` wrote is left out."""
    if not _of_identify(said):
        return dict(said.extra)
    written = columns(())
    return {
        name: value
        for name, value in said.extra.items()
        if name not in written and not name.startswith("p_")
    }


def _of_identify(said: LabelRow) -> bool:
    """Whether a row has the columns of `mrsift identify --csv`."""
    return "pixels_label" in said.extra or "header_label" in said.extra


def index_findings(index: Index) -> list[Finding]:
    """What was left out, and where the names of patients came from, each in one line."""
    found = [*labelling_findings(index.labelling), *by_hand_findings(index.by_hand)]
    marked = sum(row.corrected for row in index.dataset.rows)
    if marked:
        found.append(Finding("note", "by_hand", f"{count(marked, 'label')} set by hand"))
    unread = tuple(f"{item.path}: {item.reason}" for item in index.skipped if item.is_mr)
    if unread:
        says = f"MR files that could not be read, left out: {len(unread)}"
        found.append(Finding("warning", "unreadable", says, unread))
    others = tuple(f"{item.path}: {item.reason}" for item in index.skipped if not item.is_mr)
    if others:
        says = f"files that are no MR images, left out: {len(others)}"
        found.append(Finding("note", "no_image", says, others))
    origins = tuple(f"{origin}: {count(n, 'volume')}" for origin, n in index.patients_from.items())
    if origins:
        found.append(Finding("note", "patients_from", "patients are told apart by:", origins))
    return found
