"""`mrsift classify`: labels of whole studies; each step has a file of its own."""

import argparse

from mrsift.cli import (
    classify_audit,
    classify_explain,
    classify_leak,
    classify_permute,
    classify_predict,
)
from mrsift.cli.exit_status import ExitStatus

SUMMARY = "labels of whole studies: predict, check, explain"
DESCRIPTION = """\
One label for a patient from several sequences: what a model says of new patients, what such a
number rests on, and what a published table of such numbers can be."""
EPILOG = """\
Research use only; not a medical device."""
STEPS = (classify_predict, classify_audit, classify_explain, classify_permute, classify_leak)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of each step; `docs/reference/cli.md` explains each."""
    steps = parser.add_subparsers(title="steps", metavar="STEP", required=True)
    for step in STEPS:
        step_parser = steps.add_parser(
            step.__name__.rpartition("classify_")[2],
            help=step.SUMMARY,
            description=step.DESCRIPTION,
            epilog=step.EPILOG,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        step.add_arguments(step_parser)
        step_parser.set_defaults(step=step.run)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """The step that was asked for.

    Raises:
        MrsiftError: Wrong usage, no run, or an output that cannot be written.
    """
    status: ExitStatus = arguments.step(arguments)
    return status
