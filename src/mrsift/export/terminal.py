"""What the tables of `identify` and `show` share on the terminal."""

import os
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mrsift.export import rows
from mrsift.types import Skipped, VolumeInfo

WIDE = 110
"""From so many columns on, size and spacing stand side by side."""

NAMES_SHOWN = 3
REASONS_SHOWN = 12
SHORT_LIST = 12

_LINES_RUN_ON = 1000


def open_console(stream: TextIO) -> Console:
    """A console that wraps on a terminal and lets lines run on in a pipe or a file.

    Args:
        stream: Standard output or standard error.

    Returns:
        Console without markup, emoji codes or coloured numbers.
    """
    runs_on = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        width=_LINES_RUN_ON if runs_on else None,
    )


def heading(path: str, number: int, count: int) -> Text:
    """The line above a study; numbered where there are several."""
    which = "Study" if count == 1 else f"Study {number} of {count}"
    return Text(f"{which}: {rows.one_line(path)}", "bold")


def make_table() -> Table:
    """A table with the columns that name a volume."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("#", no_wrap=True, justify="right")
    table.add_column("description", overflow="fold", min_width=12)
    table.add_column("volume", overflow="fold", min_width=8)
    return table


def add_grid_columns(table: Table, *, wide: bool) -> None:
    """The columns for `grid_cells`."""
    if wide:
        table.add_column("slices×rows×cols", no_wrap=True)
        table.add_column("spacing mm", no_wrap=True)
    else:
        table.add_column("size, mm", no_wrap=True)


def name_cells(row: Sequence[VolumeInfo], study: Sequence[VolumeInfo]) -> list[Text]:
    """Cells for `make_table`.

    Args:
        row: Volumes of this row.
        study: All volumes of the study.
    """
    info = row[0]
    return [
        Text(rows.series_number(row)),
        Text(rows.description(info), "" if info.series_description else "dim"),
        Text(", ".join(rows.volume_words(row, rows.same_series(info, study)))),
    ]


def grid_cells(info: VolumeInfo, *, wide: bool) -> list[Text]:
    """Cells for `add_grid_columns`."""
    size, spacing = Text(rows.shape_words(info)), Text(rows.spacing_words(info))
    return [size, spacing] if wide else [Text("\n").join([size, spacing])]


def print_skipped(skipped: Sequence[Skipped], console: Console) -> None:
    """Print what was left out, grouped by reason; few are named all, of many the first."""
    if not skipped:
        return
    console.print(Text(f"Skipped {rows.count(len(skipped), 'file')}", "bold"))
    groups = rows.skipped_by_reason(skipped)
    everything = len(skipped) <= SHORT_LIST
    shortened = False
    for reason, items in groups[: None if everything else REASONS_SHOWN]:
        style = "yellow" if any(item.is_mr for item in items) else ""
        console.print(Text(f"  {len(items)} × {reason}", style))
        shown = items if everything else items[:NAMES_SHOWN]
        for item in shown:
            console.print(Text(f"      {rows.one_line(item.path)}", "dim"))
        if len(items) > len(shown):
            shortened = True
            console.print(Text(f"      and {len(items) - len(shown)} more", "dim"))
    if not everything and len(groups) > REASONS_SHOWN:
        shortened = True
        rest = sum(len(items) for _, items in groups[REASONS_SHOWN:])
        console.print(Text(f"  {rest} × for other reasons"))
    if shortened:
        console.print(Text("  --json FILE lists every file with its reason.", "dim"))
    console.print()
