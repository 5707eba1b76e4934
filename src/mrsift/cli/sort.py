"""`mrsift sort`: a tree of the volumes below a path, sorted by what they are."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import (
    add_corrections_argument,
    bundle_path,
    existing_path,
    positive_number,
)
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.progress import progress_bar
from mrsift.cli.streams import standard_output, tell
from mrsift.errors import ConfigError

if TYPE_CHECKING:
    from mrsift.export.sort import Outcome
    from mrsift.types import Report

SUMMARY = "copy volumes into folders or files named by what they are"
DESCRIPTION = """\
Names every MR volume below PATH as identify does, and fills the folder OUT:
  bids    NIfTI with BIDS names, sidecars, b-values and directions; maps as derivatives
  label   the objects as they are, in folders by label
  nnunet  one NIfTI file per role of the profile, on one grid: case_0000.nii.gz
PATH is only read. Nothing in OUT is overwritten; an interrupted run is completed by the same
command. Numbers stand for patients; the key lies beside OUT."""
EPILOG = """\
exit status: 0 done (what was left out is listed), 1 OUT could not be written or holds something
else, 2 wrong usage, 3 nothing readable, 130 Ctrl-C.
Research use only; not a medical device."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("path", metavar="PATH", type=existing_path, help="folder, file or archive")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to fill; made if missing")
    parser.add_argument(
        "--layout", choices=("bids", "label", "nnunet"), required=True, help="of OUT, see above"
    )
    parser.add_argument(
        "--link",
        action="store_true",
        help="with --layout label: link to the objects instead of copying them, hard where OUT is"
        " on the same disk, else symbolic",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done, and write nothing"
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        default="auto",
        help="labels and roles that count: auto, prostate, brain, all, or a .toml file"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--evidence",
        choices=("both", "pixels", "header"),
        default="both",
        help="what the labels may come from, as in identify (default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        metavar="BUNDLE",
        type=bundle_path,
        help="model bundle: sim-and-real (the default), sim, a folder or a .mrsift file",
    )
    add_corrections_argument(parser)
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=positive_number,
        help="volumes identified at the same time (default: one per CPU, at most 8)",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Identify, sort, then print the table.

    Raises:
        MrsiftError: Wrong usage, or a tree that cannot be written.
    """
    from mrsift.export.sort import SortOptions, check_place, sort_studies

    if arguments.link and arguments.layout != "label":
        raise ConfigError("--link: only --layout label keeps the objects as they are; leave it out")
    check_place(arguments.path, arguments.out)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in identify
    from mrsift.infer.identify import IdentifyOptions, identify_and_scan
    from mrsift.infer.profile_file import read_profile

    options = IdentifyOptions(
        profile=arguments.profile,
        evidence=arguments.evidence,
        model=arguments.model,
        jobs=arguments.jobs,
        corrections=arguments.corrections,
    )
    own = read_profile(Path(arguments.profile)) if arguments.profile.endswith(".toml") else None
    wanted = SortOptions(arguments.layout, arguments.link, arguments.dry_run, own)
    with progress_bar() as on_progress:
        report, found = identify_and_scan([arguments.path], options, on_progress=on_progress)
        outcome = sort_studies(report, found, arguments.out, wanted, on_progress)
    _print(outcome, report, arguments.out)
    return _status(outcome, report)


def _print(outcome: "Outcome", report: "Report", out: Path) -> None:
    if sys.stdout is None:
        return
    from mrsift.export.terminal import open_console
    from mrsift.export.terminal_sort import print_outcome

    with standard_output():
        console = open_console(sys.stdout)
        with console.capture() as table:  # rich would end the process at a broken pipe
            print_outcome(outcome, out, report.skipped, console)
        sys.stdout.write(table.get())


def _status(outcome: "Outcome", report: "Report") -> ExitStatus:
    from mrsift.export.sort_write import REFUSED

    if not report.studies:
        tell(f"no MR volume could be read; files skipped: {len(report.skipped)}")
        return ExitStatus.NOTHING_READABLE
    refused = sum(done.how == REFUSED for _, done in outcome.entries)
    if refused:
        tell(f"not overwritten, because something else is there: {refused}")
        return ExitStatus.NOT_WRITTEN
    return ExitStatus.DONE
