"""What the steps of `mrsift dataset` print and write: counts, and what was noticed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import STDOUT
from mrsift.cli.streams import standard_output

if TYPE_CHECKING:
    from mrsift.dataset.counts import CountTable
    from mrsift.dataset.finding import Finding


def write_findings(findings: Sequence["Finding"], path: Path | None, schema: str) -> None:
    """Everything that was noticed, as JSON.

    Args:
        findings: In order.
        path: None for nowhere, `-` for standard output.
        schema: Name that the file calls itself.

    Raises:
        OutputError: The file cannot be written.
    """
    if path is None:
        return
    from mrsift.dataset.terminal import findings_json
    from mrsift.export.json_report import to_text
    from mrsift.export.output_file import write_text

    text = to_text(findings_json(findings, schema))
    if path != STDOUT:
        write_text(path, text)
    elif sys.stdout is not None:
        with standard_output():
            sys.stdout.write(text)


def print_dataset(
    tables: Sequence["CountTable"],
    findings: Sequence["Finding"],
    *,
    names_shown: int | None = 3,
    quiet: bool = False,
) -> None:
    """Counts and findings for people.

    Args:
        tables: How much there is of what.
        findings: In order.
        names_shown: Of each finding; None for all.
        quiet: Standard output is taken.
    """
    if sys.stdout is None or quiet:
        return
    from mrsift.dataset.terminal import print_counts, print_findings, print_volumes
    from mrsift.export.terminal import open_console

    with standard_output():
        console = open_console(sys.stdout)
        with console.capture() as text:  # rich would end the process at a broken pipe
            for table in tables:
                (print_counts if table.lines_are == "class" else print_volumes)(table, console)
            print_findings(findings, console, names_shown)
        sys.stdout.write(text.get())
