"""`mrsift classify audit`: probabilities or votes, and of how many slices?"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import check_outputs, existing_path, positive_number
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import standard_output

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from mrsift.classify.audit import Audit, Row

SUMMARY = "are published numbers probabilities or votes, and of how many slices?"
DESCRIPTION = """\
Takes a table with one line per patient and one or more numbers from 0 to 1, as printed in a paper
or a submission, and looks for the n that makes them k of n slices. Names n, its chance, and every
number that cannot be such a share."""
EPILOG = """\
exit status: 0 done, 1 an output could not be written, 2 wrong usage or no table, 130 Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The step's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument(
        "values",
        metavar="VALUES",
        type=existing_path,
        help="CSV: a column of patients, and one or more of numbers",
    )
    parser.add_argument(
        "--counts",
        metavar="FILE",
        type=existing_path,
        help="CSV: a column of patients, and the slices of each of their series",
    )
    parser.add_argument(
        "--max-slices",
        metavar="N",
        type=positive_number,
        default=600,
        help="look for n up to here (default: %(default)s)",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write one line per number there, as CSV"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Audit, write the table, then print.

    Raises:
        MrsiftError: No table, or an output that cannot be written.
    """
    inputs = [path for path in (arguments.values, arguments.counts) if path is not None]
    check_outputs([arguments.out], inputs)
    from mrsift.classify.audit_file import csv_text, read_counts, read_values
    from mrsift.classify.audit_table import audit

    columns, values = read_values(arguments.values)
    counts = read_counts(arguments.counts) if arguments.counts else None
    found = audit(columns, values, counts, arguments.max_slices)
    if arguments.out is not None:
        from mrsift.export.output_file import write_text

        write_text(arguments.out, csv_text(found))
    if sys.stdout is not None:
        from mrsift.export.terminal import open_console

        with standard_output():
            console = open_console(sys.stdout)
            with console.capture() as text:  # rich would end the process at a broken pipe
                _print(found, console)
            sys.stdout.write(text.get())
    return ExitStatus.DONE


def _print(found: "Audit", console: "Console") -> None:
    from rich.table import Table
    from rich.text import Text

    from mrsift.classify.audit_words import sentences, slices_words

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("patient", overflow="fold")
    table.add_column("n", no_wrap=True)
    table.add_column("by chance", no_wrap=True)
    for column in found.columns:
        table.add_column(Text(column), overflow="fold")
    for row in found.rows:
        cells = [_cell(row, place) for place in range(len(row.cells))]
        table.add_row(Text(row.patient), slices_words(row), f"{row.chance:.1g}", *cells)
    console.print(table)
    for said in sentences(found):
        console.print()
        console.print(Text(said))


def _cell(row: "Row", place: int) -> "Text":
    from rich.text import Text

    from mrsift.classify.audit_file import verdict

    cell = row.cells[place]
    if cell is None:
        return Text("-", "dim")
    found = verdict(row, place)
    if found == "share" and row.used is not None:
        return Text(f"{cell.votes(row.used)}/{row.used}")
    return Text(f"{cell.text} impossible", "bold red") if found == "impossible" else Text(cell.text)
