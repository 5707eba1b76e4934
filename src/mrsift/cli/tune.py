"""`mrsift tune`: tries settings of a recipe on validation."""

import argparse
import os
from pathlib import Path

from mrsift.cli.arguments import existing_path, positive_number
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.train import add_machine, add_set
from mrsift.cli.watch import command_line, require_training, watching

SUMMARY = "try settings of a recipe on validation"
DESCRIPTION = """\
Trains again and again with the settings that [[tune]] of the recipe varies, and writes the
recipe with those that did best on validation volumes. Test volumes are never read. The same
command goes on with a search that was cut off."""
EPILOG = """\
exit status: 0 done, 1 the folder cannot be written, 2 wrong usage, recipe or data,
130 Ctrl-C (the same command goes on)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("recipe", metavar="RECIPE", help="TOML file, or a shipped recipe's name")
    parser.add_argument(
        "--data", metavar="FILE", type=existing_path, required=True, help="data.parquet"
    )
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="of the search (default: runs/tune-NAME)"
    )
    parser.add_argument(
        "--trials",
        metavar="N",
        type=positive_number,
        default=20,
        help="that shall be done in the end (default: %(default)s)",
    )
    add_set(parser)
    add_machine(parser)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Search, or go on searching.

    Raises:
        MrsiftError: Wrong usage, recipe or data, or a folder that cannot be written.
    """
    require_training("optuna")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.train.experiment import Machine
    from mrsift.train.recipe import load_recipe
    from mrsift.train.tune import tune

    recipe = load_recipe(arguments.recipe, arguments.set)
    out = arguments.out or Path("runs") / f"tune-{recipe.name}"
    machine = Machine(arguments.cache, arguments.jobs, arguments.threads, command_line())
    with watching() as watch:
        tune(recipe, arguments.data, out, arguments.trials, machine, watch)
    return ExitStatus.DONE
