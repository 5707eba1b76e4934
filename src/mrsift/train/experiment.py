"""A recipe and a data set -> a whole run: cache, training, calibration, predictions."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import mrsift
from mrsift.dataset.table import Dataset, read_dataset
from mrsift.errors import ConfigError
from mrsift.models.catalogue import build
from mrsift.models.pretrained import load_pretrained
from mrsift.models.weights import to_safetensors
from mrsift.train.classes import Classified
from mrsift.train.curves import write_curves
from mrsift.train.fit import Task, check_loggers, fit
from mrsift.train.keeper import RunKeeper
from mrsift.train.plan import Plan
from mrsift.train.prepared import Prepared, prepare_volumes
from mrsift.train.processes import Processes, join_processes
from mrsift.train.recipe import Recipe
from mrsift.train.results import finish
from mrsift.train.run_folder import RunFolder, create_run, open_run, refuse_existing
from mrsift.train.study_recipe import for_volumes_only
from mrsift.train.watch import Watch, spoken_time


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run uses here; none of it is part of the recipe.

    Attributes:
        cache: Folder of prepared volumes; None for one beside the data.
        jobs: Volumes prepared at the same time; None for one per CPU.
        threads: Of torch; None for its own choice. A resumed run takes those it began with.
        command: As the user typed it, for the record.
    """

    cache: Path | None = None
    jobs: int | None = None
    threads: int | None = None
    command: str = ""


def train(
    recipe: Recipe,
    data: Path,
    out: Path,
    machine: Machine | None = None,
    watch: Watch | None = None,
    start: bytes | None = None,
) -> RunFolder:
    """Trains a recipe on a data set.

    Args:
        recipe: Of `load_recipe`.
        data: Parquet file, indexed and split.
        out: Folder of the run; must not exist.
        machine: What the run uses here.
        watch: Where it speaks to.
        start: Weights to begin with, as safetensors of the recipe's network.

    Returns:
        The folder, with predictions of every split.

    Raises:
        ConfigError: Something is wrong with recipe, data or folder; nothing was written.
        OutputError: The disk is full; what is there is whole.
    """
    machine, watch = machine or Machine(), watch or Watch()
    for_volumes_only(recipe.study, recipe.name, "train it with classify.experiment.train_studies")
    processes = join_processes()
    if machine.threads:
        torch.set_num_threads(machine.threads)
    if processes.first:
        refuse_existing(out)
    check_loggers(recipe)
    dataset = read_dataset(data)
    cache = cache_folder(machine, data)
    prepared = _prepare_in_turn(processes, recipe, dataset, cache, machine, watch)
    if processes.first:
        facts = {
            "mrsift_version": mrsift.__version__,
            "torch_version": torch.__version__,
            "command": machine.command,
            "data": str(data.resolve()),
            "cache": str(cache),
            "device": _device(processes),
            "threads": torch.get_num_threads(),
            "processes": processes.count,
            "seed": recipe.training.seed,
            "tuned_on": "validation",
            "labels": prepared.data.names,
            "counts": _counts(prepared.data),
            "left_out": [unreadable.reason for unreadable in prepared.exact.unreadable],
            "rows": len(prepared.data.rows),
        }
        create_run(out, recipe, dataset, facts, start or _start(recipe, prepared, watch))
    processes.wait()
    return _run(open_run(out), recipe, prepared, processes, watch)


def resume(path: Path, machine: Machine | None = None, watch: Watch | None = None) -> RunFolder:
    """Goes on with a run that was cut off, to the weights that it would have had.

    Args:
        path: Folder of the run.
        machine: `threads` and `cache` are taken from the run where they are None.
        watch: Where it speaks to.

    Raises:
        ConfigError: It is no run, is damaged, or its volumes are no longer what they were.
        OutputError: The disk is full; what is there is whole.
    """
    machine, watch = machine or Machine(), watch or Watch()
    processes = join_processes()
    folder = open_run(path)
    facts, recipe = folder.facts(), folder.recipe()
    torch.set_num_threads(machine.threads or int(facts["threads"]))
    cache = machine.cache or Path(facts["cache"])
    prepared = _prepare_in_turn(processes, recipe, folder.dataset(), cache, machine, watch)
    if len(prepared.data.rows) != facts["rows"]:
        raise ConfigError(
            f"{path}: began with {facts['rows']} volumes, and {len(prepared.data.rows)} can be "
            "read now, so it cannot go on as it began. Bring the files back, or start a new run"
        )
    return _run(folder, recipe, prepared, processes, watch)


def _start(recipe: Recipe, prepared: Prepared, watch: Watch) -> bytes | None:
    """Weights of another task to begin with, where the recipe names a file."""
    if recipe.training.start_from is None:
        return None
    torch.manual_seed(recipe.training.seed)
    network = build(recipe.network, len(prepared.data.names))
    watch.say(str(load_pretrained(network, recipe.training.start_from)))
    return to_safetensors(network)


def cache_folder(machine: Machine, data: Path) -> Path:
    """Where prepared volumes lie."""
    return (machine.cache or data.with_name(f"{data.stem}.cache")).resolve()


def _prepare_in_turn(
    processes: Processes,
    recipe: Recipe,
    dataset: Dataset,
    cache: Path,
    machine: Machine,
    watch: Watch,
) -> Prepared:
    """The first process prepares; the others find everything there."""
    if not processes.first:
        processes.wait()
    prepared = prepare_volumes(
        recipe, dataset, cache, machine.jobs, watch if processes.first else Watch()
    )
    if processes.first:
        processes.wait()
    return prepared


def _run(
    folder: RunFolder, recipe: Recipe, prepared: Prepared, processes: Processes, watch: Watch
) -> RunFolder:
    """Trains, then writes what came of it."""
    task = prepared.task()
    keeper = fit(folder, recipe, task, watch if processes.first else Watch(), processes)
    if not processes.first:
        return folder
    write_curves(folder.path, keeper.history, keeper.best_epoch)
    if recipe.training.max_steps is not None:
        watch.say(_whole_time(recipe, task, keeper, processes))
    facts = finish(folder, recipe, prepared, watch)
    folder.add_facts(facts | _ended(keeper))
    watch.say(f"ended: {keeper.stopped_because}; best epoch {keeper.best_epoch}; {folder.path}")
    return folder


def _ended(keeper: RunKeeper) -> dict[str, Any]:
    last: Mapping[str, Any] = keeper.history[-1]
    return {
        "stopped_because": keeper.stopped_because,
        "best_epoch": keeper.best_epoch,
        "epochs": last["epoch"],
        "steps": last["step"],
        "seconds": round(keeper.seconds, 3),
        "seconds_per_step": round(keeper.seconds_per_step, 5),
    }


def _whole_time(recipe: Recipe, task: Task, keeper: RunKeeper, processes: Processes) -> str:
    """How long all epochs would take at the pace that was measured."""
    settings = recipe.training
    plan = Plan(task.train.labels, "none", 0, settings.batch, processes.count)
    steps = plan.steps_per_epoch * settings.max_epochs
    return (
        f"{keeper.seconds_per_step:.3f} s a step over {keeper.history[-1]['step']} steps; the "
        f"whole experiment, {settings.max_epochs} epochs of {plan.steps_per_epoch} steps, would "
        f"take {spoken_time(steps * keeper.seconds_per_step)} of training"
    )


def _counts(data: Classified) -> dict[str, dict[str, int]]:
    """Split -> class -> volumes."""
    return {
        split: {
            name: int((data.labels[data.side(split)] == index).sum())
            for index, name in enumerate(data.names)
        }
        for split in ("train", "validation", "test")
    }


def _device(processes: Processes) -> str:
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    return name if processes.count == 1 else f"{processes.count} x {name}"
