"""What `mrsift show` prints: series, volumes, geometry, where each b-value stood."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mrsift.export import rows
from mrsift.export.terminal import (
    WIDE,
    add_grid_columns,
    grid_cells,
    heading,
    make_table,
    name_cells,
    print_skipped,
)
from mrsift.types import VolumeInfo

if TYPE_CHECKING:
    from mrsift.ingest import Scan


def print_scan(scan: "Scan", console: Console) -> None:
    """Print every study as ingest sees it, then what was skipped."""
    for number, study in enumerate(scan.studies, 1):
        console.print(heading(study.path, number, len(scan.studies)))
        console.print(_table(study.volumes, wide=console.width >= WIDE))
        console.print()
    print_skipped(scan.skipped, console)
    volumes = [info for study in scan.studies for info in study.volumes]
    series = {rows.series_key(info) for info in volumes}
    counts = [
        f"{rows.count(len(volumes), 'volume')} in {len(series)} series",
        rows.count(len(scan.studies), "study"),
        *([f"{rows.count(len(scan.skipped), 'file')} skipped"] if scan.skipped else []),
    ]
    console.print(Text(f"{', '.join(counts)}."))


def _table(volumes: Sequence[VolumeInfo], *, wide: bool) -> Table:
    table = make_table()
    add_grid_columns(table, wide=wide)
    table.add_column("files", no_wrap=True, justify="right")
    table.add_column("b-value from, remarks", overflow="fold", min_width=16)
    for row in rows.fold(volumes, rows.volume_key):
        files = {file for info in row for file in info.files}
        cells = [*name_cells(row, volumes), *grid_cells(row[0], wide=wide)]
        table.add_row(*cells, Text(str(len(files))), Text("; ".join(_remarks(row))))
    return table


def _remarks(row: Sequence[VolumeInfo]) -> list[str]:
    found = []
    if b_value := row[0].b_value:
        raw = "" if b_value.raw == f"{b_value.s_per_mm2:g}" else f" = {rows.one_line(b_value.raw)}"
        found.append(f"b: {rows.one_line(b_value.source)}{raw}")
    if row[0].obliquity_deg >= 0.5:
        found.append(f"{row[0].obliquity_deg:.0f}° off axis")
    found += [*(["localizer"] if row[0].localizer else []), *rows.flags(row[0])]
    remarks = dict.fromkeys(remark for info in row for remark in info.remarks)
    return found + [rows.one_line(remark) for remark in remarks]
