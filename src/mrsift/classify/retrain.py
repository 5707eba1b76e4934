"""Controls that train: the whole run under shuffled labels, and the leak on purpose.

What is trained lies in a folder of its own within the run and is removed when its answers are
kept; one that was cut off goes on.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.answers import read_answers, write_answers
from mrsift.classify.evidence import PERMUTED_HISTORY
from mrsift.classify.folds import Part, make_parts
from mrsift.classify.heads import mean_area
from mrsift.classify.history import write_histories
from mrsift.classify.leak import halves_of, leak_of, leaking_part, write_leak
from mrsift.classify.member import ask_member, label_places, recipe_of, train_member
from mrsift.classify.patients import PreparedCohort, prepare_cohort
from mrsift.classify.permutation import PermutationFile, begin, shuffled
from mrsift.classify.results import Results, predictions_of
from mrsift.classify.sampling import Patients
from mrsift.classify.study_run import StudyRun
from mrsift.evaluate.predictions import Predictions, read_predictions
from mrsift.evaluate.study_evidence import Leak, Permutation
from mrsift.train.recipe import Recipe, with_settings
from mrsift.train.run_folder import RunFolder
from mrsift.train.watch import Watch

FOLDER = "controls"
"""Within the run; holds what is being trained."""


@dataclass(frozen=True, slots=True, eq=False)
class Controlled:
    """A run that controls are made for.

    Attributes:
        run: It has ended.
        recipe: Of it, without what a control does not need.
        cohort: Prepared as it was.
    """

    run: StudyRun
    recipe: Recipe
    cohort: PreparedCohort


def prepare_controls(
    run: StudyRun, cache: Path | None, jobs: int | None, watch: Watch
) -> Controlled:
    """The run's patients as it saw them.

    Args:
        run: That has ended.
        cache: Of prepared patients; None takes that of the run.
        jobs: Patients prepared at the same time.
        watch: Told how far it is.

    Raises:
        ConfigError: The patients cannot be prepared any more.
    """
    recipe, facts = run.folder.recipe(), run.folder.facts()
    leaner = with_settings(recipe, {"study.epochs_reported": [], "study.mc_dropout": 0})
    folder = cache or Path(str(facts["cache"]))
    cohort = prepare_cohort(recipe, run.folder.dataset(), folder, jobs, watch)
    return Controlled(run, leaner, cohort)


def permute_retrained(control: Controlled, times: int, seed: int, watch: Watch) -> Permutation:
    """Train every network anew under shuffled labels, until there are enough shuffles.

    Args:
        control: Of `prepare_controls`.
        times: Shuffles there shall be.
        seed: Of the shuffles.
        watch: Told of every network.

    Raises:
        ConfigError: A shuffle cannot be trained.
        OutputError: The disk is full; what is there is whole.
    """
    run, cohort = control.run, control.cohort
    keep = PermutationFile(run.folder.path, "retrained")
    found = begin(keep, run_area(read_predictions(run.folder.predictions)), seed)
    labelled = np.flatnonzero(cohort.patients.labels >= 0)
    while (number := len(found.areas)) < times:
        watch.say(f"shuffle {number + 1} of {times}")
        labels = cohort.patients.labels.copy()
        labels[labelled] = shuffled(labels[labelled], seed, number)
        area, history = _train_shuffled(control, labels, f"shuffle-{number}", watch)
        if number == 0:
            write_histories(run.folder.path / PERMUTED_HISTORY, history)
        found = replace(found, areas=np.append(found.areas, area))
        keep.write(found)
        shutil.rmtree(_folder(run, f"shuffle-{number}"), ignore_errors=True)
    return found


def run_leak(control: Controlled, seed: int, watch: Watch, *, shuffle: bool) -> Leak:
    """Train one network with slices of every patient on both sides.

    Args:
        control: Of `prepare_controls`.
        seed: Of the shuffle.
        watch: Told of every epoch.
        shuffle: Shuffle labels over patients first.

    Raises:
        ConfigError: No labelled patient has two slices.
        OutputError: The disk is full; what is there is whole.
    """
    run, patients = control.run, control.cohort.patients
    assert control.recipe.study is not None
    labels = patients.labels.copy()
    if shuffle:
        known = labels >= 0
        labels[known] = shuffled(labels[known], seed, 0)
    halves = halves_of(patients, labels)
    part = leaking_part(halves, control.recipe.study.inner_share, control.recipe.training.seed)
    name = "leak-shuffled" if shuffle else "leak"
    # Otherwise one hold-out asks only those whom a fold leaves out.
    recipe = with_settings(control.recipe, {"study.folds": 0})
    whole = StudyRun(RunFolder(_folder(run, name)))
    _train_and_ask(whole, recipe, (part,), halves, watch)
    leak = leak_of(read_answers(whole.answers(part)), halves, shuffled=shuffle)
    write_leak(run.folder.path, leak)
    shutil.rmtree(whole.folder.path, ignore_errors=True)
    return leak


def run_area(predictions: Predictions) -> float:
    """AUC of a run's own test patients, as `heads.mean_area` computes it.

    Args:
        predictions: Of the run.
    """
    known = np.isin(predictions.label.astype(str), predictions.names)
    main = predictions.rows(known & (predictions.split == "test"))
    place = {name: index for index, name in enumerate(predictions.names)}
    y_true = np.array([place[label] for label in main.label], np.intp)
    return mean_area(main.probabilities, y_true)


def _train_shuffled(
    control: Controlled, labels: NDArray[np.intp], name: str, watch: Watch
) -> tuple[float, list[dict[str, Any]]]:
    """AUC and history of the whole run with other labels."""
    run, cohort, recipe = control.run, control.cohort, control.recipe
    assert recipe.study is not None
    names = recipe.labels.names
    called = tuple(names[place] if place >= 0 else None for place in labels.tolist())
    by_patient = {
        patient: label
        for patient, label in zip(cohort.patients.names, called, strict=True)
        if label is not None
    }
    rows = run.folder.dataset().rows
    parts = make_parts(rows, by_patient, recipe.study, recipe.training.seed)
    patients = replace(cohort.patients, labels=label_places(called, names))
    whole = StudyRun(RunFolder(_folder(run, name)))
    history = _train_and_ask(whole, recipe, parts, patients, watch)
    answers = tuple(read_answers(whole.answers(part)) for part in parts)
    table, _ = predictions_of(Results(recipe, cohort.studies, called, parts, answers))
    return run_area(table), history


def _train_and_ask(
    whole: StudyRun, recipe: Recipe, parts: Sequence[Part], patients: Patients, watch: Watch
) -> list[dict[str, Any]]:
    history = []
    for part in parts:
        folder, own = whole.make_network(part), recipe_of(recipe, part)
        keeper = train_member(folder, own, part, patients, watch)
        history += [{"repeat": part.repeat, "fold": part.fold} | row for row in keeper.history]
        if not whole.answers(part).is_file():
            write_answers(whole.answers(part), ask_member(folder, own, part, patients, watch))
    return history


def _folder(run: StudyRun, name: str) -> Path:
    """Of one control, with the weights that the run began with."""
    path = run.folder.path / FOLDER / name
    (path / "checkpoints").mkdir(parents=True, exist_ok=True)
    start = RunFolder(path).start
    if run.folder.start.is_file() and not start.exists():
        start.symlink_to(run.folder.start.resolve())
    return path
