"""`mrsift adapt`: trains a bundle's network on with few labelled studies."""

import argparse
import os
from pathlib import Path

from mrsift.cli.arguments import existing_path
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.train import add_machine, add_set
from mrsift.cli.watch import command_line, require_training, watching

SUMMARY = "train a bundle's network on with your own studies"
DESCRIPTION = """\
Begins with the weights of a bundle and trains on with few labelled studies. The classes stay
those of the bundle, unless the data have others. Writes a run like mrsift train; go on with one
that was cut off by mrsift train --resume, and make a bundle of it by mrsift export."""
EPILOG = """\
exit status: 0 done, 1 the run could not be written (what is there is whole), 2 wrong usage,
bundle or data, 130 Ctrl-C (go on with mrsift train --resume)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        help="default for the one that ships, a folder, or a .mrsift file",
    )
    parser.add_argument(
        "--data", metavar="FILE", type=existing_path, required=True, help="data.parquet"
    )
    parser.add_argument(
        "--out", metavar="RUN", type=Path, required=True, help="folder of the run; must not exist"
    )
    add_set(parser)
    add_machine(parser)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Adapt.

    Raises:
        MrsiftError: Wrong usage, bundle or data, or a run that cannot be written.
    """
    require_training()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.train.adapt import adapt
    from mrsift.train.experiment import Machine

    machine = Machine(arguments.cache, arguments.jobs, arguments.threads, command_line())
    with watching() as watch:
        adapt(arguments.bundle, arguments.data, arguments.out, arguments.set, machine, watch)
    return ExitStatus.DONE
