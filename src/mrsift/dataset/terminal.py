"""What `mrsift dataset` prints: counts as a table, findings below it."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mrsift.dataset.counts import Count, CountTable
from mrsift.dataset.finding import Finding
from mrsift.export.rows import DASH, one_line

NAMES_SHOWN = 3
_SIGNS = {"error": ("✗", "bold red"), "warning": ("!", "yellow"), "note": ("·", "dim")}


def print_counts(table: CountTable, console: Console) -> None:
    """Print volumes, and patients in brackets, of one thing against a few others."""
    shown = _table(table)
    for name, counts in table.lines:
        cells = [Text(one_line(name)), *map(_both, counts)]
        shown.add_row(*cells, style="bold" if name == "all" else "")
    _print(shown, "Volumes (patients).", console)


def print_volumes(table: CountTable, console: Console) -> None:
    """Print volumes of one thing against many others, and the patients of each line."""
    shown = _table(table)
    shown.add_column("patients", justify="right", overflow="fold")
    for name, counts in table.lines:
        volumes = [_number(count.volumes) for count in counts]
        cells = [Text(one_line(name)), *volumes, _number(counts[-1].patients)]
        shown.add_row(*cells, style="bold" if name == "all" else "")
    _print(shown, "Volumes.", console)


def print_findings(
    findings: Sequence[Finding], console: Console, names_shown: int | None = NAMES_SHOWN
) -> None:
    """Print each finding with the first of its names, or with all where there is no limit."""
    shortened = False
    for finding in findings:
        sign, style = _SIGNS[finding.level]
        console.print(Text.assemble((f"{sign} ", style), (one_line(finding.says), style)))
        shown = finding.names[:names_shown]
        for name in shown:
            console.print(Text(f"    {one_line(name)}", "dim"))
        if len(finding.names) > len(shown):
            shortened = True
            console.print(Text(f"    and {len(finding.names) - len(shown)} more", "dim"))
    if shortened:
        console.print(Text("--json FILE lists all of them.", "dim"))


def findings_json(findings: Sequence[Finding], schema: str) -> dict[str, object]:
    """Findings for programs."""
    return {
        "schema": schema,
        "findings": [
            {
                "level": finding.level,
                "kind": finding.kind,
                "says": finding.says,
                "names": list(finding.names),
            }
            for finding in findings
        ],
    }


def _table(table: CountTable) -> Table:
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    shown.add_column(table.lines_are, no_wrap=True)
    for name in table.columns:
        shown.add_column(one_line(name), justify="right", overflow="fold")
    return shown


def _print(shown: Table, counted: str, console: Console) -> None:
    console.print(shown)
    console.print(Text(counted, "dim"))
    console.print()


def _number(count: int) -> Text:
    return Text(str(count)) if count else Text(DASH, "dim")


def _both(count: Count) -> Text:
    if count.volumes == 0:
        return Text(DASH, "dim")
    return Text.assemble(str(count.volumes), (f" ({count.patients})", "dim"))
