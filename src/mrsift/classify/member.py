"""One network of a run: trained by the loop of `train`, then asked about every patient."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.answers import Answers
from mrsift.classify.folds import Part
from mrsift.classify.frozen import TEST, TRAIN, UNUSED, VALIDATION
from mrsift.classify.look import head_of, make_looker
from mrsift.classify.reading import PatientReading, as_logits, calibrated, read_patient
from mrsift.classify.sampling import Patients, make_task
from mrsift.config import StudyTrainingSettings
from mrsift.errors import ConfigError
from mrsift.evaluate.calibration import fit_temperature
from mrsift.evaluate.conformal import label_thresholds
from mrsift.train.classes import NO_CLASS
from mrsift.train.fit import Task, fit, load_network
from mrsift.train.keeper import RunKeeper
from mrsift.train.recipe import Recipe, with_settings
from mrsift.train.run_folder import RunFolder
from mrsift.train.watch import Watch
from mrsift.types import Float64Array

LEAST_FOR_TEMPERATURE = 40
"""Fewer inner patients than this cannot tell a temperature; it stays 1."""

SIDES = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
SEEDS_APART = 1000
"""Between the seeds of two repeats, so that no two networks begin alike."""


def sides_of(patients: Patients, part: Part) -> NDArray[np.int8]:
    """Which side each patient is on for one network, as in `frozen`, shape (n,)."""
    found = [SIDES[part.sides[name]] if name in part.sides else UNUSED for name in patients.names]
    return np.array(found, dtype=np.int8)


def recipe_of(recipe: Recipe, part: Part) -> Recipe:
    """The recipe with the seed of one network.

    Where the weights of the last epoch count, nothing may stop training before it.
    """
    seed = recipe.training.seed + SEEDS_APART * part.repeat + part.fold
    values: dict[str, int] = {"training.seed": seed}
    if recipe.study is not None and recipe.study.weights == "last":
        values["training.patience"] = recipe.training.max_epochs
    return with_settings(recipe, values)


def train_member(
    folder: RunFolder, recipe: Recipe, part: Part, patients: Patients, watch: Watch
) -> RunKeeper:
    """Trains one network, or goes on with it.

    Args:
        folder: Of this network.
        recipe: With its seed.
        part: Who trains.
        patients: Of the run.
        watch: Told of every epoch.

    Raises:
        ConfigError: The loss is no longer a number, or there are too few samples.
        OutputError: The disk is full; what is there is whole.
    """
    return fit(folder, recipe, _task(recipe, part, patients), watch)


def check_member(recipe: Recipe, part: Part, patients: Patients) -> None:
    """Refuses what could not be trained, before anything is written.

    Args:
        recipe: Of the run.
        part: Who trains.
        patients: Of the run.

    Raises:
        ConfigError: There are fewer samples than one step takes.
    """
    samples = len(_task(recipe, part, patients).train)
    if samples < recipe.training.batch:
        raise ConfigError(
            f"{part.name}: {len(part.patients('train'))} patients for training make {samples} "
            f"samples, fewer than the {recipe.training.batch} of one step; add patients, or "
            "--set training.batch=N"
        )


def _task(recipe: Recipe, part: Part, patients: Patients) -> Task:
    sides = sides_of(patients, part)
    train, inner = (np.flatnonzero(sides == side) for side in (TRAIN, VALIDATION))
    return make_task(recipe, patients, train, inner)


def weights_of(folder: RunFolder, study: StudyTrainingSettings) -> Path:
    """The checkpoint that answers."""
    return folder.last if study.weights == "last" else folder.best


def ask_member(
    folder: RunFolder, recipe: Recipe, part: Part, patients: Patients, watch: Watch
) -> Answers:
    """What a trained network says of every patient, and how that is to be read.

    Args:
        folder: Of this network, trained.
        recipe: With its seed.
        part: Who trained.
        patients: Of the run.
        watch: Told how far it is.

    Raises:
        ConfigError: A checkpoint is damaged.
    """
    study = recipe.study
    assert study is not None
    everybody = np.arange(len(patients.names))
    readings = list(read_all(weights_of(folder, study), recipe, patients, everybody, watch))
    values = np.stack([one.value for one in readings])
    sides = sides_of(patients, part)
    inner = sides == VALIDATION
    temperature = fit_inner(values[inner], patients.labels[inner])
    thresholds = label_thresholds(
        calibrated(values[inner], temperature), patients.labels[inner], recipe.calibration.coverage
    )
    asked = everybody[sides != TRAIN] if study.folds else everybody
    epoch_values = np.full((len(study.epochs_reported), *values.shape), np.nan)
    for found, epoch in zip(epoch_values, study.epochs_reported, strict=True):
        if (path := folder.at_epoch(epoch)).is_file():
            later = read_all(path, recipe, patients, asked, watch)
            found[asked] = [one.value for one in later]
    places = () if study.unit == "volume" else patients.slices
    return Answers(
        patients=np.array(patients.names, dtype=np.str_),
        sides=sides,
        values=values,
        draws=np.stack([one.draws for one in readings]),
        features=np.stack([one.features for one in readings]),
        temperature=np.array(temperature),
        thresholds=thresholds,
        epochs=np.array(study.epochs_reported, dtype=np.int64),
        epoch_values=epoch_values,
        slice_patient=np.repeat(np.arange(len(places)), [len(own) for own in places]),
        slice_number=np.concatenate([np.empty(0, dtype=np.intp), *places]),
        **_of_slices(readings[: len(places)], len(recipe.labels.names)),
    )


def read_all(
    weights: Path,
    recipe: Recipe,
    patients: Patients,
    asked: Sequence[int] | NDArray[np.intp],
    watch: Watch,
) -> Iterator[PatientReading]:
    """What the network of a checkpoint says of some patients, one after the other.

    Raises:
        ConfigError: The checkpoint is damaged or missing.
    """
    study = recipe.study
    assert study is not None
    network = load_network(weights, recipe, len(recipe.labels.names), 0)
    head = head_of(network)
    look = make_looker(network, whole=study.unit == "volume", mirrored=study.tta)
    for done, place in enumerate(asked):
        watch.progress("asking about patients", done, len(asked))
        views = look(patients.studies[int(place)])
        yield read_patient(views, head, study, (recipe.training.seed, int(place)))


def fit_inner(values: Float64Array, y_true: NDArray[np.intp]) -> float:
    """The temperature that makes the values of inner patients honest.

    Args:
        values: Shape (n, labels).
        y_true: Index of the label of each, shape (n,).

    Returns:
        1 where there are too few patients, or a label is missing among them.
    """
    if len(y_true) < LEAST_FOR_TEMPERATURE or len(np.unique(y_true)) < values.shape[1]:
        return 1.0
    return honest_temperature(as_logits(values), y_true)


def honest_temperature(logits: NDArray[np.floating], y_true: NDArray[np.integer]) -> float:
    """The temperature that fits best, never below 1 where every answer was right.

    Where nothing is wrong, the likelihood only grows with confidence, and a fit would say
    that the network is never in doubt. It has no evidence for that.

    Args:
        logits: Shape (n, labels).
        y_true: Shape (n,).
    """
    fitted = fit_temperature(logits, y_true)
    all_right = bool((np.asarray(logits).argmax(axis=1) == y_true).all())
    return max(fitted, 1.0) if all_right else fitted


def label_places(called: Sequence[str | None], names: Sequence[str]) -> NDArray[np.intp]:
    """Index of each label; `NO_CLASS` where there is none, or none of the recipe's."""
    index = {name: place for place, name in enumerate(names)}
    return np.array([index.get(name or "", NO_CLASS) for name in called], dtype=np.intp)


def _of_slices(readings: Sequence[PatientReading], labels: int) -> dict[str, Float64Array]:
    """Probabilities and weights of all slices, one after the other."""
    if not readings:
        return {
            "slice_probabilities": np.empty((0, labels)),
            "slice_attention": np.empty(0),
        }
    weights = [
        np.full(len(one.slices), np.nan) if one.attention is None else one.attention
        for one in readings
    ]
    return {
        "slice_probabilities": np.concatenate([one.slices for one in readings]),
        "slice_attention": np.concatenate(weights),
    }
