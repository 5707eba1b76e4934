"""`mrsift classify leak`: how good a model looks when slices of a patient are on both sides."""

import argparse
import os

from mrsift.cli.arguments import existing_path
from mrsift.cli.classify_permute import add_preparation
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import tell
from mrsift.cli.watch import require_training, watching

SUMMARY = "a control that leaks on purpose: slices of a patient on both sides"
DESCRIPTION = """\
Trains the run's recipe once more with every second slice of each patient to learn from and the
others to be asked about, with the labels as they are and with labels shuffled over the patients.
The numbers say nothing of new patients: they show how good a model looks that way. mrsift evaluate
shows them, flagged as a leak."""
EPILOG = """\
exit status: 0 done, 1 the run could not be written, 2 wrong usage or run, 130 Ctrl-C (the same
command goes on)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The step's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("run", metavar="RUN", type=existing_path, help="folder of mrsift train")
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="of the shuffle (default: %(default)s)"
    )
    add_preparation(parser)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Train both controls, keep them, and say what was found.

    Raises:
        MrsiftError: Wrong usage or run, or a run that cannot be written.
    """
    require_training()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.classify.retrain import prepare_controls, run_leak
    from mrsift.classify.study_run import open_study_run
    from mrsift.evaluate.study_controls import find_leak

    folder = open_study_run(arguments.run)
    with watching() as watch:
        control = prepare_controls(folder, arguments.cache, arguments.jobs, watch)
        for shuffle, labels in ((False, "labels as they are"), (True, "labels shuffled")):
            leak = run_leak(control, arguments.seed, watch, shuffle=shuffle)
            found = find_leak(leak, 0)
            accuracy = found.accuracy
            tell(
                f"LEAK on purpose, {labels}: accuracy of slices {accuracy.value:.3f}"
                f" ({accuracy.low:.3f} to {accuracy.high:.3f}),"
                f" {'inflated' if found.inflated else 'not inflated'}"
            )
    return ExitStatus.DONE
