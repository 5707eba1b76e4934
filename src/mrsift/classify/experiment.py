"""A recipe and a cohort -> a whole run: preparation, a network per fold, tables."""

import os
import platform
from pathlib import Path
from typing import Any

import torch

import mrsift
from mrsift.classify.answers import read_answers, write_answers
from mrsift.classify.folds import Part, cohort_warnings, make_parts
from mrsift.classify.frozen import write_features
from mrsift.classify.history import last_epoch, mean_history, write_histories
from mrsift.classify.member import ask_member, check_member, recipe_of, train_member
from mrsift.classify.patients import PreparedCohort, prepare_cohort
from mrsift.classify.results import Results, epochs_of, features_of, predictions_of, slices_of
from mrsift.classify.study_run import StudyRun, open_study_run, said_of
from mrsift.classify.tables import write_columns, write_patients
from mrsift.dataset.table import read_dataset
from mrsift.errors import ConfigError
from mrsift.models.catalogue import build
from mrsift.models.pretrained import load_pretrained
from mrsift.models.weights import to_safetensors
from mrsift.train.curves import write_curves
from mrsift.train.experiment import Machine, cache_folder
from mrsift.train.fit import check_loggers
from mrsift.train.recipe import Recipe
from mrsift.train.run_folder import create_run, refuse_existing
from mrsift.train.watch import Watch


def train_studies(
    recipe: Recipe,
    data: Path,
    out: Path,
    machine: Machine | None = None,
    watch: Watch | None = None,
) -> StudyRun:
    """Trains a recipe with a section `[study]` on a cohort.

    Args:
        recipe: Of `load_recipe`.
        data: Parquet file of a cohort.
        out: Folder of the run; must not exist.
        machine: What the run uses here.
        watch: Where it speaks to.

    Returns:
        The folder, with one row per patient in its predictions.

    Raises:
        ConfigError: Something is wrong with recipe, data or folder; nothing was written.
        OutputError: The disk is full; what is there is whole.
    """
    machine, watch = machine or Machine(), watch or Watch()
    _alone()
    if machine.threads:
        torch.set_num_threads(machine.threads)
    refuse_existing(out)
    check_loggers(recipe)
    assert recipe.study is not None
    dataset = read_dataset(data)
    cache = cache_folder(machine, data)
    cohort = prepare_cohort(recipe, dataset, cache, machine.jobs, watch)
    labels = cohort.labels()
    parts = make_parts(dataset.rows, labels, recipe.study, recipe.training.seed)
    for part in parts:
        check_member(recipe, part, cohort.patients)
    warnings = [*cohort.remarks, *cohort_warnings(dataset.rows, labels, recipe.study)]
    facts = {
        "mrsift_version": mrsift.__version__,
        "torch_version": torch.__version__,
        "command": machine.command,
        "data": str(data.resolve()),
        "cache": str(cache),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "threads": torch.get_num_threads(),
        "processes": 1,
        "seed": recipe.training.seed,
        "labels": recipe.labels.names,
        "left_out": cohort.left_out,
        "warnings": warnings,
        "rows": len(cohort.studies),
        **said_of(parts),
    }
    for reason in cohort.left_out:
        watch.say(f"left out: {reason}")
    for warning in warnings:
        watch.say(f"warning: {warning}")
    folder = create_run(out, recipe, dataset, facts, _start(recipe, watch))
    return _run(StudyRun(folder), recipe, cohort, parts, watch)


def resume_studies(
    path: Path, machine: Machine | None = None, watch: Watch | None = None
) -> StudyRun:
    """Goes on with a run on studies that was cut off.

    Args:
        path: Folder of the run.
        machine: `threads` and `cache` are taken from the run where they are None.
        watch: Where it speaks to.

    Raises:
        ConfigError: It is no such run, is damaged, or its patients are no longer what they were.
        OutputError: The disk is full; what is there is whole.
    """
    machine, watch = machine or Machine(), watch or Watch()
    _alone()
    run = open_study_run(path)
    facts, recipe = run.folder.facts(), run.folder.recipe()
    torch.set_num_threads(machine.threads or int(facts["threads"]))
    cache = machine.cache or Path(facts["cache"])
    cohort = prepare_cohort(recipe, run.folder.dataset(), cache, machine.jobs, watch)
    if len(cohort.studies) != facts["rows"]:
        raise ConfigError(
            f"{path}: began with {facts['rows']} patients, and {len(cohort.studies)} can be "
            "prepared now, so it cannot go on as it began. Bring the files back, or start a new run"
        )
    return _run(run, recipe, cohort, run.parts(), watch)


def _run(
    run: StudyRun, recipe: Recipe, cohort: PreparedCohort, parts: tuple[Part, ...], watch: Watch
) -> StudyRun:
    """Trains and asks each network in turn, then writes the tables."""
    history: list[dict[str, Any]] = []
    for number, part in enumerate(parts, start=1):
        folder, own = run.make_network(part), recipe_of(recipe, part)
        if len(parts) > 1:
            watch.say(f"network {number} of {len(parts)}: repeat {part.repeat}, fold {part.fold}")
        keeper = train_member(folder, own, part, cohort.patients, watch)
        history += [{"repeat": part.repeat, "fold": part.fold} | row for row in keeper.history]
        if not run.answers(part).is_file():
            answers = ask_member(folder, own, part, cohort.patients, watch)
            write_answers(run.answers(part), answers)
    said = tuple(read_answers(run.answers(part)) for part in parts)
    results = Results(recipe, cohort.studies, cohort.called, parts, said)
    write_histories(run.folder.path / "history.csv", history)
    write_curves(run.folder.path, mean_history(history), last_epoch(history))
    _write_tables(run, results)
    run.folder.add_facts(
        {
            "temperature": {
                part.name: float(one.temperature) for part, one in zip(parts, said, strict=True)
            },
            "conformal_coverage": recipe.calibration.coverage,
            "epochs": last_epoch(history),
            "tuned_on": "nothing" if recipe.study and recipe.study.weights == "last" else "inner",
        }
    )
    watch.say(f"ended: {len(parts)} networks, {len(results.asked)} patients; {run.folder.path}")
    return run


def _write_tables(run: StudyRun, results: Results) -> None:
    """The predictions last: where they are, the run is whole."""
    slices = slices_of(results)
    if slices["patient"]:
        write_columns(slices, run.slices)
    if len(results.answers[0].epochs):
        write_columns(epochs_of(results), run.epochs)
    write_features(run.features, features_of(results))
    predictions, own = predictions_of(results)
    write_patients(predictions, own, run.folder.predictions)


def _start(recipe: Recipe, watch: Watch) -> bytes | None:
    """Weights of another task to begin with, where the recipe names a file."""
    if recipe.training.start_from is None:
        return None
    torch.manual_seed(recipe.training.seed)
    network = build(recipe.network, len(recipe.labels.names))
    watch.say(str(load_pretrained(network, recipe.training.start_from)))
    return to_safetensors(network)


def _alone() -> None:
    """Refuses `torchrun`: the networks of a run are independent, and each is small."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError(
            "a recipe for studies trains in one process; start it without torchrun, and several "
            "runs beside each other where there are several GPUs"
        )
