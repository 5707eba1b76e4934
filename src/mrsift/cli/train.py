"""`mrsift train`: trains a recipe on a data set, or goes on with a run."""

import argparse
import os
from pathlib import Path

from mrsift.cli.arguments import existing_path, positive_number
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.watch import command_line, require_training, watching
from mrsift.errors import ConfigError

SUMMARY = "train a network on labelled volumes"
DESCRIPTION = """\
Trains what a recipe says on a data set that was indexed and split, and writes one folder: the
best weights, history and curves, and the predictions that mrsift evaluate reads. A run that was
cut off, even by kill -9, goes on with --resume and ends with the same weights. Several GPUs or
machines: torchrun --nproc-per-node N --no-python mrsift train ..."""
EPILOG = """\
exit status: 0 done, 1 the run could not be written (what is there is whole), 2 wrong usage,
recipe or data, 130 Ctrl-C (go on with --resume)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument(
        "recipe", metavar="RECIPE", nargs="?", help="TOML file, or the name of a shipped recipe"
    )
    parser.add_argument("--data", metavar="FILE", type=existing_path, help="data.parquet")
    parser.add_argument("--out", metavar="RUN", type=Path, help="folder of the run; must not exist")
    add_set(parser)
    parser.add_argument(
        "--resume", metavar="RUN", type=existing_path, help="go on with a run that was cut off"
    )
    add_machine(parser)


def add_set(parser: argparse.ArgumentParser) -> None:
    """The option that changes a recipe."""
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a setting of the recipe, e.g. optimiser.learning_rate=3e-4; may be repeated",
    )


def add_machine(parser: argparse.ArgumentParser) -> None:
    """The options that say what a run uses here."""
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        type=Path,
        help="prepared volumes (default: beside the data, as NAME.cache)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=positive_number,
        help="volumes prepared at the same time (default: one per CPU, at most 8)",
    )
    parser.add_argument(
        "--threads", metavar="N", type=positive_number, help="of torch (default: its own choice)"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Train, or go on.

    Raises:
        MrsiftError: Wrong usage, recipe or data, or a run that cannot be written.
    """
    _check(arguments)
    require_training()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # volumes are prepared side by side
    from mrsift.classify.experiment import resume_studies, train_studies
    from mrsift.train.experiment import Machine, resume, train
    from mrsift.train.recipe import load_recipe
    from mrsift.train.run_folder import open_run

    machine = Machine(arguments.cache, arguments.jobs, arguments.threads, command_line())
    with watching() as watch:
        if arguments.resume is not None:
            of_studies = open_run(arguments.resume).recipe().study is not None
            (resume_studies if of_studies else resume)(arguments.resume, machine, watch)
        else:
            recipe = load_recipe(arguments.recipe, arguments.set)
            of_studies = recipe.study is not None
            start = train_studies if of_studies else train
            start(recipe, arguments.data, arguments.out, machine, watch)
    return ExitStatus.DONE


def _check(arguments: argparse.Namespace) -> None:
    """Refuses what does not go together."""
    new = {"RECIPE": arguments.recipe, "--data": arguments.data, "--out": arguments.out}
    if arguments.resume is not None:
        given = [name for name, value in new.items() if value is not None]
        given += ["--set"] if arguments.set else []
        if given:
            raise ConfigError(
                f"--resume goes on with the recipe and the data of the run; leave {given[0]} out"
            )
        return
    missing = [name for name, value in new.items() if value is None]
    if missing:
        raise ConfigError(
            f"{', '.join(missing)} missing; mrsift train RECIPE --data FILE --out RUN, or "
            "mrsift train --resume RUN"
        )
