"""What `mrsift sort` prints: per study what went where, and what was left out."""

from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mrsift.export import rows
from mrsift.export.sort import Outcome
from mrsift.export.sort_case import key_path
from mrsift.export.sort_item import Entry
from mrsift.export.sort_manifest import MANIFEST
from mrsift.export.sort_write import LEFT_OUT, REFUSED, Done
from mrsift.export.terminal import print_skipped
from mrsift.types import Skipped, VolumeInfo

Row = tuple[Entry, Done]


def print_outcome(
    outcome: Outcome, out: Path, skipped: Sequence[Skipped], console: Console
) -> None:
    """Print what a run did, or would do.

    Args:
        outcome: Of `sort_studies`.
        out: The tree.
        skipped: What was not even identified.
        console: Where to.
    """
    for case in outcome.cases:
        own = [row for row in outcome.entries if row[0].case == case.folder]
        heading = f"{case.folder}, files {case.name}_…: {rows.one_line(case.report.path)}"
        console.print(Text(heading, "bold"))
        console.print(_table(own) if own else Text("nothing; why stands below"))
        console.print()
    print_skipped([*skipped, *outcome.left_out], console)
    console.print(Text(_summary(outcome, out)))


def _table(own: Sequence[Row]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    by_number = any(info.series_number is not None for one, _ in own for info in one.volumes)
    table.add_column(
        "#" if by_number else "from",
        no_wrap=by_number,
        overflow="fold",
        justify="right" if by_number else "left",
    )
    table.add_column("label", overflow="fold")
    table.add_column("volumes", no_wrap=True, justify="right")
    table.add_column("done", no_wrap=True)
    table.add_column("file or folder", overflow="fold", min_width=30)
    for folded in rows.fold(own, _key):
        entry, done = folded[0]
        volumes = [info for one, _ in folded for info in one.volumes]
        numbers = [info.series_number for info in volumes if info.series_number is not None]
        # Without DICOM there is no series number, and the new name does not say what was what.
        origin = rows.ranges(numbers) or _files(volumes)
        where = _without_case(_place(entry), entry.case)
        if len(folded) > 1:
            where += f" and {len(folded) - 1} more like it"
        by_hand = "set by hand" if any(entry.by_hand) else ""
        if remark := done.reason or "; ".join(filter(None, (by_hand, entry.remark))):
            where += f" ({rows.one_line(remark)})"
        table.add_row(
            Text(origin),
            Text(", ".join(dict.fromkeys(entry.labels))),
            Text(str(len(volumes))),
            Text(done.how, "yellow" if done.how in (LEFT_OUT, REFUSED) else ""),
            Text(where),
        )
    return table


def _files(volumes: Sequence[VolumeInfo]) -> str:
    """The file of a volume, and how many others there are."""
    found = list(dict.fromkeys(map(rows.description, volumes)))
    return found[0] + (f" and {len(found) - 1} more" if len(found) > 1 else "")


def _key(row: Row) -> Hashable:
    entry, done = row
    places = entry.files[0].target.rpartition("/")[0] if len(entry.files) < 5 else _top(entry)
    numbers = {info.series_number for info in entry.volumes}
    return (frozenset(numbers), entry.labels, entry.by_hand, done, places, entry.remark)


def _place(entry: Entry) -> str:
    """The file, or the folder where there are many."""
    first = entry.files[0].target
    folders = {file.target.rpartition("/")[0] for file in entry.files}
    alone = first.endswith((".nii.gz", ".nii", ".nrrd", ".mha"))
    return (
        first
        if alone or len(folders) > 1
        else f"{folders.pop()}/ ({rows.count(len(entry.files), 'file')})"
    )


def _without_case(target: str, case: str) -> str:
    """A place without what the heading says already: `anat/…_T2w.nii.gz`."""
    return target.replace(f"{case}/", "").replace(f"{case.replace('/', '_')}_", "…_")


def _top(entry: Entry) -> str:
    return entry.files[0].target.partition("/")[0]


def _summary(outcome: Outcome, out: Path) -> str:
    counts = Counter(done.how for _, done in outcome.entries)
    said = ", ".join(f"{how} {count}" for how, count in counts.items())
    head = f"{rows.count(len(outcome.entries), 'item')}: {said or 'nothing'}."
    if counts.keys() <= {"planned"}:
        return f"{head} Nothing was written (--dry-run)."
    return (
        f"{head} Checksums of every file: {out / MANIFEST}. "
        f"Which number is which study: {key_path(out)}."
    )
