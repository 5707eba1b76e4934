"""Labels that a person has set, kept in tables beside the studies or in one place.

A correction is a row of a label table (`label_table.py`). What a table says of the volumes of
a scan is settled here, once, for everybody who honours corrections.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mrsift.errors import ConfigError
from mrsift.ingest.label_match import match_rows
from mrsift.ingest.label_table import LabelRow, read_label_table
from mrsift.ingest.scan import Scan
from mrsift.types import Skipped, VolumeInfo

_LINES_NAMED = 5


@dataclass(frozen=True, slots=True)
class SetLabel:
    """What a person said of one volume.

    Attributes:
        source: The table that says it, as it is shown to people.
    """

    label: str
    source: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """What people said of the volumes of a scan.

    Attributes:
        labels: Volume id -> the label that holds.
        problems: Rows and tables that could not be used, and why.
    """

    labels: dict[str, SetLabel]
    problems: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Labelled:
    """Volumes, and the tables that lie beside them.

    Attributes:
        root: Folder that the files of the volumes are relative to.
        beside: Tables of corrected labels among or beside the input.
    """

    root: Path
    infos: Sequence[VolumeInfo]
    beside: Sequence[Path]

    @classmethod
    def of(cls, found: Scan) -> "Labelled":
        """Those of a scan."""
        infos = [info for study in found.studies for info in study.volumes]
        return cls(found.root, infos, found.corrections)


def read_corrections(
    found: Labelled,
    central: Path | None = None,
    known: Collection[str] | None = None,
    *,
    to_be_made: bool = False,
) -> Corrections:
    """What the tables say of volumes.

    Args:
        found: The volumes; the tables beside them are read where there is no other.
        central: One table that is read instead of those beside the studies.
        known: Labels that there are; None where any word will do.
        to_be_made: `central` holds nothing where there is no such file yet.

    Returns:
        Labels, and what could not be used of the tables beside the studies.

    Raises:
        ConfigError: `central` cannot be read, or a row of it cannot be used.
    """
    if central is not None:
        rows = () if to_be_made and not central.exists() else read_label_table(central)
        settled = _settle(found, {central: rows}, known)
        for problem in settled.problems:
            if problem.is_mr:
                raise ConfigError(f"{problem.path}: {problem.reason}")
        ignored = [
            Skipped(_shown(found, table), "not read, because --corrections names another table")
            for table in found.beside
            if table.resolve() != central.resolve()
        ]
        return Corrections(settled.labels, (*settled.problems, *ignored))
    tables: dict[Path, tuple[LabelRow, ...]] = {}
    unread = []
    for table in found.beside:
        try:
            tables[table] = read_label_table(table)
        except ConfigError as error:
            reason = str(error).removeprefix(f"{table}: ")
            unread.append(Skipped(_shown(found, table), f"no correction used: {reason}", True))
    settled = _settle(found, tables, known)
    return Corrections(settled.labels, (*unread, *settled.problems))


def check_set_labels(
    found: Scan, set_labels: Sequence[tuple[str, str]], known: Collection[str]
) -> None:
    """Raises ConfigError where one of the (volume id, label) cannot be meant."""
    there = {info.volume_id for study in found.studies for info in study.volumes}
    said: dict[str, str] = {}
    for volume_id, label in set_labels:
        if volume_id not in there:
            raise ConfigError(
                f"--set-label {volume_id!r:.40}: there is no such volume here; --json, --csv and "
                "--html give the volume_id of each"
            )
        check_label(label, known)
        if said.setdefault(volume_id, label) != label:
            raise ConfigError(f"--set-label {volume_id}: is set to {said[volume_id]} and {label}")


def check_label(label: str, known: Collection[str]) -> None:
    """Raises ConfigError, with the label that was meant, where there is no such label."""
    from difflib import get_close_matches

    if label in known:
        return
    close = get_close_matches(label.upper(), list(known), 1, 0.5)
    hint = f"did you mean {close[0]}?" if close else f"choose one of {', '.join(known)}"
    raise ConfigError(f"{label!r:.40} is no label; {hint}")


def _settle(
    found: Labelled, tables: dict[Path, tuple[LabelRow, ...]], known: Collection[str] | None
) -> Corrections:
    said: dict[str, dict[str, str]] = defaultdict(dict)  # volume id -> label -> where it stands
    problems = []
    for table, all_rows in tables.items():
        shown = _shown(found, table)
        rows = [row for row in all_rows if row.label is not None]
        matched = match_rows(rows_from_root(rows, found.root, table), found.infos)
        nowhere = []
        for position, row in enumerate(rows):
            assert row.label is not None
            if not matched[position]:
                nowhere.append(row.names)
                continue
            try:
                check_label(row.label, {row.label} if known is None else known)
            except ConfigError as error:
                problems.append(Skipped(shown, f"{row.names}: {error}", True))
                continue
            for info in matched[position]:
                said[info.volume_id].setdefault(row.label, f"{shown} line {row.number}")
        if nowhere and _lies_in(table, found.root):
            problems.append(Skipped(shown, _nowhere(nowhere, len(rows))))
    labels = {}
    for volume_id, places in said.items():
        if len(places) > 1:
            words = ", ".join(f"{label} ({place})" for label, place in places.items())
            reason = f"volume {volume_id} is corrected to {words}; keep one of these rows"
            shown = next(iter(places.values())).rpartition(" line ")[0]
            problems.append(Skipped(shown, reason, True))
            continue
        ((label, place),) = places.items()
        labels[volume_id] = SetLabel(label, place.rpartition(" line ")[0])
    return Corrections(labels, tuple(problems))


def rows_from_root(rows: Sequence[LabelRow], root: Path, table: Path) -> list[LabelRow]:
    """Rows with paths relative to the root of the scan; in the table they are to its folder."""
    folder = Path(os.path.abspath(table)).parent  # noqa: PTH100  # a link keeps its name
    return [
        row
        if row.path is None
        else replace(row, path=os.path.relpath(folder / row.path, root).replace(os.sep, "/"))
        for row in rows
    ]


def _nowhere(names: Sequence[str], count: int) -> str:
    shown = ", ".join(names[:_LINES_NAMED])
    more = f" and {len(names) - _LINES_NAMED} more" if len(names) > _LINES_NAMED else ""
    return f"{len(names)} of {count} corrections name no volume that was found here: {shown}{more}"


def _lies_in(table: Path, root: Path) -> bool:
    return Path(os.path.abspath(table)).is_relative_to(root)  # noqa: PTH100


def _shown(found: Labelled, table: Path) -> str:
    absolute = Path(os.path.abspath(table))  # noqa: PTH100
    return str(absolute.relative_to(found.root)) if _lies_in(table, found.root) else str(table)
