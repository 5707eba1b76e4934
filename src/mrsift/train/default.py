"""Makes the shipped bundle: `python -m mrsift.train.default pool|fit|bundle`.

pool    draws and prepares simulated volumes (hours on one core; stop and go on at will)
fit     trains the recipe `default` on them, first on small volumes (the same)
bundle  calibrates, exports and writes the bundle with its card
"""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import mrsift
from mrsift.bundle import REGIONS, shipped_bundle_path
from mrsift.errors import ConfigError
from mrsift.labels import LABEL_NAMES
from mrsift.models.weights import network_of_bundle, to_safetensors
from mrsift.train.batches import Labelled
from mrsift.train.card import SIMULATED
from mrsift.train.curves import write_curves
from mrsift.train.fit import Task, fit, load_network
from mrsift.train.pool import PlainPool, Pool, build_shard
from mrsift.train.recipe import Recipe, load_recipe
from mrsift.train.run_folder import RunFolder, create_run
from mrsift.train.shipped import write_shipped
from mrsift.train.teachers import teachers_of
from mrsift.train.watch import Watch

SUBJECTS_PER_SHARD = 10
VALIDATION_EVERY = 10
"""One shard of ten is kept out of training."""

FIRST_EPOCHS = 20
"""Of the run on small volumes, which costs a fifth as much a step and learns the most."""

POOL_SEED = 7


def main(arguments: list[str] | None = None) -> None:
    """Runs one of the three commands."""
    parser = argparse.ArgumentParser(prog="python -m mrsift.train.default", description=__doc__)
    parser.add_argument("command", choices=["pool", "fit", "bundle"])
    parser.add_argument("--runs", type=Path, required=True, help="folder for pool and runs")
    parser.add_argument("--subjects", type=int, default=2000, help="one after the last subject")
    parser.add_argument("--start", type=int, default=0, help="first subject that is used")
    parser.add_argument("--labelmaps", type=Path, help="folder of label maps of heads and pelves")
    parser.add_argument(
        "--set", action="append", default=[], help="section.key=value of the recipe"
    )
    parser.add_argument("--fit", default="fit", help="name of the training run")
    parser.add_argument("--start-from", type=Path, help="bundle whose weights to start from")
    parser.add_argument(
        "--teachers",
        type=Path,
        nargs="+",
        default=[],
        metavar="BUNDLE",
        help="whose answers the fit learns beside the labels",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=shipped_bundle_path(SIMULATED.name))
    parser.add_argument("--version", default="0")
    parser.add_argument("--made-by", help="commands for the card, where there were more than three")
    parser.add_argument("--real", type=Path, help="Markdown with results on real scans")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    {"pool": _pool, "fit": _fit, "bundle": _bundle}[given.command](given)


def _recipe(given: argparse.Namespace) -> Recipe:
    return load_recipe("default", given.set)


def _pool(given: argparse.Namespace) -> None:
    """Draws every shard that is not there yet."""
    recipe = _recipe(given)
    settings = recipe.preprocess.at_source()
    for first in range(given.start, given.subjects, SUBJECTS_PER_SHARD):
        subjects = range(first, first + SUBJECTS_PER_SHARD)
        count = build_shard(given.runs / "pool", subjects, POOL_SEED, settings, given.labelmaps)
        print(f"subjects {first} to {subjects.stop - 1}: {count} volumes", flush=True)


def _fit(given: argparse.Namespace) -> None:
    """Trains on what is in the pool, or goes on with the runs of that name."""
    recipe = _recipe(given)
    if given.start_from:
        start = to_safetensors(network_of_bundle(given.start_from)[0])
    else:
        small = _small(recipe)
        folder = RunFolder(given.runs / f"{given.fit}-small")
        _train(given, small, folder, None)
        start = to_safetensors(load_network(folder.best, small, len(LABEL_NAMES), len(REGIONS)))
    _train(given, recipe, RunFolder(given.runs / given.fit), start)


def _small(recipe: Recipe) -> Recipe:
    """The recipe on a third of the voxels."""
    slices, rows, columns = recipe.preprocess.input_shape
    shape = (slices * 3 // 4, rows * 2 // 3, columns * 2 // 3)
    return replace(
        recipe,
        preprocess=replace(recipe.preprocess, input_shape=shape),
        training=replace(recipe.training, max_epochs=FIRST_EPOCHS),
    )


def _train(
    given: argparse.Namespace, recipe: Recipe, folder: RunFolder, start: bytes | None
) -> None:
    """One run, from these weights or fresh ones.

    Raises:
        ConfigError: The run began with other teachers.
    """
    teachers = [str(path) for path in given.teachers]
    train, validation = _both_sides(given)
    print(f"{len(train)} volumes", np.bincount(train.labels, minlength=9), flush=True)
    if not (folder.path / "recipe.toml").is_file():
        facts = {
            "mrsift_version": mrsift.__version__,
            "command": shlex.join(sys.argv),
            "volumes": [len(train), len(validation)],
            "teachers": teachers,
        }
        create_run(folder.path, recipe, None, facts, start)
    elif folder.facts().get("teachers", []) != teachers:
        raise ConfigError(f"{folder.path}: began with other --teachers; give the same again")
    recipe = folder.recipe()
    sides = (_labelled(train), _labelled(validation, PlainPool(validation, recipe.preprocess)))
    watch = Watch(say=lambda line: print(line, flush=True))
    task = Task(LABEL_NAMES, REGIONS, *sides, teachers=teachers_of(given.teachers))
    keeper = fit(folder, recipe, task, watch)
    write_curves(folder.path, keeper.history, keeper.best_epoch)
    ended = {"stopped_because": keeper.stopped_because, "best_epoch": keeper.best_epoch}
    folder.add_facts(ended | {"steps": keeper.history[-1]["step"], "seconds": keeper.seconds})


def open_pool(runs: Path, subjects: range, *, validation: bool) -> Pool:
    """The shards of one side of the split, as far as they are there."""
    firsts = range(subjects.start, subjects.stop, SUBJECTS_PER_SHARD)
    kept = [
        first
        for first in firsts
        if ((first // SUBJECTS_PER_SHARD) % VALIDATION_EVERY == 0) == validation
    ]
    return Pool(runs / "pool", kept)


def _both_sides(given: argparse.Namespace) -> tuple[Pool, Pool]:
    """For training, and kept out."""
    subjects = range(given.start, given.subjects)
    train, kept_out = (open_pool(given.runs, subjects, validation=side) for side in (False, True))
    return train, kept_out


def _labelled(pool: Pool, volumes: PlainPool | None = None) -> Labelled:
    return Labelled(volumes or pool, np.arange(len(pool)), pool.labels, pool.regions)


def _bundle(given: argparse.Namespace) -> None:
    """Calibrates on the subjects kept out, exports, and writes the bundle."""
    folder = RunFolder(given.runs / given.fit)
    recipe, run = folder.recipe(), folder.facts()
    train, validation = _both_sides(given)
    command = given.made_by or (
        f"python -m mrsift.train.default pool --runs DIR --subjects {given.subjects}; fit; bundle"
    )
    facts = {
        "version": given.version,
        "made by": command,
        "simulated volumes": f"{len(train)} for training, {len(validation)} kept out",
        "training": f"{_small_steps(given)}{run['steps']} steps of {recipe.training.batch} "
        f"volumes, best epoch {run['best_epoch']}",
    }
    network = load_network(folder.best, recipe, len(LABEL_NAMES), len(REGIONS))
    write_shipped(given.out, (network, recipe), (train, validation), (SIMULATED, facts), given.real)


def _small_steps(given: argparse.Namespace) -> str:
    """What the run on small volumes added, where there was one."""
    folder = RunFolder(given.runs / f"{given.fit}-small")
    if not folder.path.is_dir():
        return ""
    shape = folder.recipe().preprocess.input_shape
    return f"{folder.facts()['steps']} steps at {shape}, then "


if __name__ == "__main__":
    main()
