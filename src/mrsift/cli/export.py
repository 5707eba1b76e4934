"""`mrsift export`: a run that has ended -> a bundle."""

import argparse
from pathlib import Path

from mrsift.cli.arguments import existing_path
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import tell
from mrsift.cli.watch import require_training

SUMMARY = "make a bundle for identify from a run"
DESCRIPTION = """\
Writes the best weights of a run, with calibration, checksums and a card, as one .mrsift file for
mrsift identify --model. Identifying needs no torch."""
EPILOG = "exit status: 0 done, 1 the bundle cannot be written, 2 wrong usage or a damaged run."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("run_folder", metavar="RUN", type=existing_path, help="folder of the run")
    parser.add_argument(
        "--out", metavar="BUNDLE", type=Path, required=True, help="file that ends in .mrsift"
    )
    parser.add_argument(
        "--licence",
        metavar="SPDX",
        default="NOASSERTION",
        help="of the weights, for the card (default: %(default)s, nothing is said)",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Export.

    Raises:
        MrsiftError: The run has not ended or is damaged, or the bundle cannot be written.
    """
    require_training("onnx")
    from mrsift.train.bundle_export import export_run

    export_run(arguments.run_folder, arguments.out, arguments.licence)
    tell(f"{arguments.out}: try it with: mrsift identify EXAM --model {arguments.out}")
    return ExitStatus.DONE
