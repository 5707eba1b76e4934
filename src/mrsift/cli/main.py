"""What all verbs share: the parser, errors in one line, Ctrl-C, and the exit status."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from mrsift import __version__
from mrsift.cli import (
    adapt,
    classify,
    compare,
    dataset,
    evaluate,
    export,
    identify,
    show,
    simulate,
    sort,
    train,
    tune,
    view,
)
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import never_fail_on_text, standard_output, tell
from mrsift.errors import MrsiftError, OutputError

VERBS = (
    identify,
    show,
    view,
    sort,
    simulate,
    dataset,
    train,
    tune,
    evaluate,
    compare,
    export,
    adapt,
    classify,
)


def make_parser() -> argparse.ArgumentParser:
    """The command with all its verbs."""
    parser = argparse.ArgumentParser(
        prog="mrsift",
        description="Tells what every series of an MR study is, from its pixels.",
        epilog="Research use only; not a medical device.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mrsift {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for verb in VERBS:
        verb_parser = verbs.add_parser(
            verb.__name__.rpartition(".")[2],
            help=verb.SUMMARY,
            description=verb.DESCRIPTION,
            epilog=verb.EPILOG,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.add_arguments(verb_parser)
        verb_parser.set_defaults(verb=verb.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; None for those of the process.

    Returns:
        Exit status.

    Raises:
        SystemExit: After `--help` and `--version`, and with status 2 for wrong usage.
    """
    chosen = None
    try:
        with standard_output():
            chosen = make_parser().parse_args(arguments)
        if chosen is None:  # help, for a reader that left early
            return ExitStatus.DONE
        return int(chosen.verb(chosen))
    except OutputError as error:
        tell(str(error))
        return ExitStatus.NOT_WRITTEN
    except MrsiftError as error:
        tell(str(error))
        return ExitStatus.USAGE
    except KeyboardInterrupt:
        tell("interrupted; an output that was not finished was not written")
        return ExitStatus.INTERRUPTED


def run() -> NoReturn:
    """Entry point of the console script."""
    never_fail_on_text()
    sys.exit(main())
