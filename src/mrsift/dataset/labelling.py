"""Rows of a label table meet the volumes of a scan; what finds no partner is named."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mrsift.dataset.finding import Finding
from mrsift.export.rows import count
from mrsift.ingest.label_match import match_rows
from mrsift.ingest.label_table import LabelRow
from mrsift.types import VolumeInfo


@dataclass(frozen=True, slots=True, eq=False)
class Labelling:
    """Which volume got which row, and everything that did not fit, in words.

    Attributes:
        labelled: Each volume with the one row that speaks for it.
        labels_without_volume: Rows that name nothing that was found.
        volumes_without_label: Left out of the data set.
        volumes_with_two_labels: Rows disagree about them; left out of the data set.
        rows_without_label: Their cell is empty; the volumes they name are left out.
        rows_of_many: Rows that name volumes of several series or b-values; each of these got
            the label.
    """

    labelled: tuple[tuple[VolumeInfo, LabelRow], ...]
    labels_without_volume: tuple[str, ...] = ()
    volumes_without_label: tuple[str, ...] = ()
    volumes_with_two_labels: tuple[str, ...] = ()
    rows_without_label: tuple[str, ...] = ()
    rows_of_many: tuple[str, ...] = ()


def label_volumes(rows: Sequence[LabelRow], infos: Sequence[VolumeInfo]) -> Labelling:
    """Give every volume the label of the row that names it.

    Args:
        rows: Of one label table; their paths are relative to what was scanned.
        infos: Of one scan.
    """
    matched = match_rows(rows, infos)
    said: dict[str, list[LabelRow]] = {info.volume_id: [] for info in infos}
    for position, found in matched.items():
        for info in found:
            said[info.volume_id].append(rows[position])
    labelled, without, disputed = [], [], []
    for info in infos:
        speaking = [row for row in said[info.volume_id] if row.label is not None]
        if not speaking:
            without.append(volume_words(info))
        elif quarrel := _quarrel(speaking):
            disputed.append(f"{volume_words(info)}: {quarrel}")
        else:
            merged: Mapping[str, str] = {}
            for row in speaking:
                merged = {**row.extra, **merged}
            patient = next((row.patient for row in speaking if row.patient), None)
            labelled.append((info, replace(speaking[0], patient=patient, extra=merged)))
    return Labelling(
        labelled=tuple(labelled),
        labels_without_volume=tuple(
            row.names for i, row in enumerate(rows) if row.label is not None and not matched[i]
        ),
        volumes_without_label=tuple(without),
        volumes_with_two_labels=tuple(disputed),
        rows_without_label=tuple(row.names for row in rows if row.label is None),
        rows_of_many=tuple(
            f"{row.names}: {many}"
            for i, row in enumerate(rows)
            if row.label is not None and (many := _many(matched[i]))
        ),
    )


def labels_from_folders(infos: Sequence[VolumeInfo]) -> tuple[LabelRow, ...]:
    """Labels where the folders directly below the input are named by class.

    Args:
        infos: Of a scan of one folder.

    Returns:
        One row per volume; without label for a volume that lies in no folder.
    """
    rows = []
    for number, info in enumerate(infos, 1):
        parts = PurePosixPath(info.files[0].replace("!", "/")).parts
        label = parts[0] if len(parts) > 1 else None
        rows.append(LabelRow(number, label, volume_id=info.volume_id))
    return tuple(rows)


def relative_to_root(rows: Sequence[LabelRow], root: Path, table: Path) -> tuple[LabelRow, ...]:
    """Rows whose paths are relative to the root, however the table wrote them.

    Args:
        rows: Paths relative to the root, to the folder of the table, or absolute.
        root: Existing folder, absolute.
        table: The file that the rows were read from.
    """
    beside = Path(os.path.abspath(table)).parent  # noqa: PTH100  # a link keeps its name
    return tuple(
        row if row.path is None else replace(row, path=_relative(row.path, root, beside))
        for row in rows
    )


def volume_words(info: VolumeInfo) -> str:
    """A volume by its files, for messages."""
    words = [info.files[0]]
    if len(info.files) > 1:
        words = [os.path.commonpath([file.replace("!", "!/") for file in info.files])]
        words = [words[0].replace("!/", "!") or "."]
    if info.b_value is not None:
        words.append(f"b {info.b_value.s_per_mm2:g}")
    if info.index is not None:
        words.append(f"index {info.index}")
    return " ".join(words)


def _relative(path: str, root: Path, beside: Path) -> str:
    if not Path(path).is_absolute() and (root / path).exists():
        return path
    other = Path(os.path.abspath(beside / path))  # noqa: PTH100
    if other.is_relative_to(root) and other.exists():
        return other.relative_to(root).as_posix()
    return path


def _quarrel(rows: Sequence[LabelRow]) -> str | None:
    """What rows about one volume disagree on, in words."""
    labels = dict.fromkeys(row.label for row in rows)
    if len(labels) > 1:
        return f"labels {', '.join(map(str, labels))}"
    columns = dict.fromkeys(name for row in rows for name in row.extra)
    for name in columns:
        if len({row.extra[name] for row in rows if name in row.extra}) > 1:
            return f"two values of {name}"
    return "two patients" if len({row.patient for row in rows if row.patient}) > 1 else None


def _many(infos: Sequence[VolumeInfo]) -> str | None:
    """What a row that names several kinds of volumes names, in words."""
    series = {info.series_instance_uid or info.files for info in infos}
    b_values = {None if info.b_value is None else info.b_value.s_per_mm2 for info in infos}
    if len(series) > 1:
        return f"{len(series)} series"
    return f"{len(b_values)} b-values" if len(b_values) > 1 else None


def labelling_findings(labelling: Labelling) -> list[Finding]:
    """What did not fit, each kind in one line."""
    two, none = labelling.volumes_with_two_labels, labelling.volumes_without_label
    lost, empty = labelling.labels_without_volume, labelling.rows_without_label
    many = labelling.rows_of_many
    found = [
        Finding(
            "warning",
            "label_without_volume",
            f"{count(len(lost), 'label')} that no volume has; check path, inside and b_value "
            "against mrsift show",
            lost,
        ),
        Finding(
            "warning",
            "two_labels",
            f"{count(len(two), 'volume')} with two labels, left out; make the table say one",
            two,
        ),
        Finding(
            "warning",
            "volume_without_label",
            f"{count(len(none), 'volume')} that no label names, left out",
            none,
        ),
        Finding(
            "warning",
            "row_without_label",
            f"{count(len(empty), 'row')} without label, passed over",
            empty,
        ),
        Finding(
            "warning",
            "label_of_many",
            f"{count(len(many), 'row')} naming volumes of several series or b-values; each got "
            "the label, which is right only if you meant all of them",
            many,
        ),
    ]
    return [finding for finding in found if finding.names]
