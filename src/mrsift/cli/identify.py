"""`mrsift identify`: names every volume below the given paths."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import (
    STDOUT,
    add_corrections_argument,
    bundle_path,
    check_outputs,
    existing_path,
    positive_number,
    volume_and_label,
)
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.progress import progress_bar
from mrsift.cli.streams import standard_output, tell

if TYPE_CHECKING:
    from mrsift.types import Report

SUMMARY = "name every volume in folders, files and archives"
DESCRIPTION = """\
Names every MR volume below the given paths and prints one table per study.
DICOM with or without extension, .zip, .tar, .tar.gz, NIfTI, NRRD and MetaImage are read."""
EPILOG = """\
exit status: 0 done (what was skipped is listed), 1 an output could not be written,
2 wrong usage, 3 nothing readable, 4 --strict and an MR file was skipped, 130 Ctrl-C.
Research use only; not a medical device."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=existing_path, help="folder, file or archive"
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        default="auto",
        help="labels that count as known: auto, prostate, brain, all, or a .toml file"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--evidence",
        choices=("both", "pixels", "header"),
        default="both",
        help="what may be used; pixels uses nothing of the header but geometry"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        metavar="BUNDLE",
        type=bundle_path,
        help="model bundle: sim-and-real (the default), sim, a folder or a .mrsift file",
    )
    add_corrections_argument(parser)
    parser.add_argument(
        "--set-label",
        metavar="ID=LABEL",
        action="append",
        default=[],
        type=volume_and_label,
        help="correct the label of a volume, now and in the table of corrections; repeatable",
    )
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="write JSON; - for standard output, no table then"
    )
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write one line per volume")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a report with pictures")
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=positive_number,
        help="volumes worked on at the same time (default: one per CPU, at most 8)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 4 if an MR file had to be skipped"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Identify, write the files, then print the table.

    Raises:
        MrsiftError: Wrong usage, or an output that cannot be written.
    """
    tables = [arguments.corrections] if arguments.corrections else []
    check_outputs([arguments.json, arguments.csv, arguments.html], [*arguments.paths, *tables])
    # Volumes are worked on side by side; starting threads of NumPy's own takes longer than
    # importing it. What the user has set stays.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.infer.identify import IdentifyOptions, identify_and_scan

    options = IdentifyOptions(
        profile=arguments.profile,
        evidence=arguments.evidence,
        model=arguments.model,
        jobs=arguments.jobs,
        previews=arguments.html is not None,
        corrections=arguments.corrections,
        corrections_to_be_made=bool(arguments.set_label),
        set_labels=tuple(arguments.set_label),
    )
    with progress_bar() as on_progress:
        report, found = identify_and_scan(arguments.paths, options, on_progress=on_progress)
    if arguments.set_label:
        _keep_corrections(report, found.root, arguments)
    _write_files(report, arguments)
    _print(report, arguments.json)
    return _status(report, arguments.strict)


def _keep_corrections(report: "Report", root: Path, arguments: argparse.Namespace) -> None:
    """Write --set-label into the tables, one per study unless one is named for all."""
    from mrsift.export.corrections_file import corrections_table, record_corrections
    from mrsift.export.rows import count

    labels = dict(arguments.set_label)
    for study in report.studies:
        said = [
            (one, labels[one.volume.volume_id])
            for one in study.predictions
            if one.volume.volume_id in labels
        ]
        if said:
            infos = [one.volume for one in study.predictions]
            table = arguments.corrections or corrections_table(infos, root)
            record_corrections(table, said, root)
            tell(f"{count(len(said), 'label')} kept in {table}")


def _write_files(report: "Report", arguments: argparse.Namespace) -> None:
    """Each output loads only what it needs, which is most of the time it takes."""
    from mrsift.export.output_file import write_text

    if arguments.json is not None and arguments.json != STDOUT:
        from mrsift.export.json_report import identify_json, to_text

        write_text(arguments.json, to_text(identify_json(report)))
    if arguments.csv is not None:
        from mrsift.export.csv_table import csv_text

        write_text(arguments.csv, csv_text(report))
    if arguments.html is not None:
        from mrsift.export.html_report import html_text

        write_text(arguments.html, html_text(report))


def _print(report: "Report", json_path: Path | None) -> None:
    if sys.stdout is None:
        return
    with standard_output():
        if json_path == STDOUT:
            from mrsift.export.json_report import identify_json, to_text

            sys.stdout.write(to_text(identify_json(report)))
        else:
            from mrsift.export.terminal import open_console
            from mrsift.export.terminal_table import print_report

            console = open_console(sys.stdout)
            with console.capture() as table:  # rich would end the process at a broken pipe
                print_report(report, console)
            sys.stdout.write(table.get())


def _status(report: "Report", strict: bool) -> ExitStatus:
    if not any(study.predictions for study in report.studies):
        tell(f"no MR volume could be read; files skipped: {len(report.skipped)}")
        return ExitStatus.NOTHING_READABLE
    skipped_mr = sum(item.is_mr for item in report.skipped)
    if strict and skipped_mr:
        tell(f"--strict, and MR files were skipped: {skipped_mr}")
        return ExitStatus.SKIPPED_MR
    return ExitStatus.DONE
