"""`mrsift show`: what ingest sees, without asking what it is."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import STDOUT, check_outputs, existing_path
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.progress import progress_bar
from mrsift.cli.streams import standard_output, tell

if TYPE_CHECKING:
    from mrsift.ingest import Scan

SUMMARY = "show series, volumes, geometry and b-values, without naming them"
DESCRIPTION = """\
Shows what is read from headers: series, the volumes they hold, geometry, b-values and
where each came from, and what was skipped. No pixels are read and nothing is named."""
EPILOG = """\
exit status: 0 done (what was skipped is listed), 1 an output could not be written,
2 wrong usage, 3 nothing readable, 130 Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("path", metavar="PATH", type=existing_path, help="folder, file or archive")
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="write JSON; - for standard output, no table then"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Scan, write the file, then print the table.

    Raises:
        MrsiftError: Wrong usage, or an output that cannot be written.
    """
    check_outputs([arguments.json], [arguments.path])
    from mrsift.ingest import scan

    with progress_bar() as bar:
        on_progress = None
        if bar is not None:
            on_progress = lambda done, total: bar("reading headers", done, total)  # noqa: E731
        found = scan([arguments.path], on_progress=on_progress)
    _output(found, arguments.json)
    if not found.studies:
        tell(f"no MR volume was found; files skipped: {len(found.skipped)}")
        return ExitStatus.NOTHING_READABLE
    return ExitStatus.DONE


def _output(found: "Scan", json_path: Path | None) -> None:
    text = ""
    if json_path is not None:
        from mrsift.export.json_report import show_json, to_text

        text = to_text(show_json(found))
        if json_path != STDOUT:
            from mrsift.export.output_file import write_text

            write_text(json_path, text)
    if sys.stdout is None:
        return
    with standard_output():
        if json_path == STDOUT:
            sys.stdout.write(text)
        else:
            from mrsift.export.terminal import open_console
            from mrsift.export.terminal_scan import print_scan

            console = open_console(sys.stdout)
            with console.capture() as table:  # rich would end the process at a broken pipe
                print_scan(found, console)
            sys.stdout.write(table.get())
