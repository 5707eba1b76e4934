"""Answers of all networks of a run -> its tables: patients, slices, epochs, features."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mrsift.classify.answers import Answers
from mrsift.classify.cohort import Study
from mrsift.classify.ensemble import merge
from mrsift.classify.folds import Part
from mrsift.classify.frozen import TEST, UNUSED, FrozenFeatures
from mrsift.dataset.answers import path_hash
from mrsift.dataset.table import SPLITS, DatasetRow
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.train.recipe import Recipe

Columns = dict[str, list[Any]]
SIDE_NAMES = dict(enumerate(SPLITS)) | {UNUSED: None}


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Networks that may be asked about one patient, and on which side that is.

    Attributes:
        patient: Place in the run.
        split: As in the predictions.
        networks: Places of the networks.
    """

    patient: int
    split: str | None
    networks: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """All networks of a run.

    Attributes:
        recipe: Of the run.
        studies: Patients, in the order of the answers.
        called: Label of each; None where there is none.
        parts: One per network.
        answers: One per network.
    """

    recipe: Recipe
    studies: tuple[Study, ...]
    called: tuple[str | None, ...]
    parts: tuple[Part, ...]
    answers: tuple[Answers, ...]
    asked: tuple[Asked, ...] = field(init=False)

    def __post_init__(self) -> None:
        rows = [row for place in range(len(self.studies)) for row in self._asked(place)]
        object.__setattr__(self, "asked", tuple(rows))

    def _asked(self, patient: int) -> list[Asked]:
        """Out of fold with cross-validation; by all networks where there is no label."""
        networks = range(len(self.answers))
        sides = [int(self.answers[one].sides[patient]) for one in networks]
        if all(side == UNUSED for side in sides):
            return [Asked(patient, None, tuple(networks))]
        if len(self.answers) == 1:
            return [Asked(patient, SIDE_NAMES[sides[0]], (0,))]
        out = tuple(one for one in networks if sides[one] == TEST)
        return [Asked(patient, "test", out)] if out else []


def predictions_of(results: Results) -> tuple[Predictions, Columns]:
    """One row per patient and split, and the columns that only runs on studies have.

    Args:
        results: Of all networks.
    """
    names, study = results.recipe.labels.names, results.recipe.study
    assert study is not None
    voices = [one.voice() for one in results.answers]
    merged = [merge([voices[one] for one in row.networks], row.patient) for row in results.asked]
    rows = [_first(results.studies[row.patient], study.reference_role) for row in results.asked]
    folds = [_fold(row, results.parts) for row in results.asked]
    counts = slice_counts(results)
    columns: dict[str, object] = {
        name: [getattr(row, name) for row in rows]
        for name in ("patient", "site", "vendor", "model", "field_strength_t", "plane")
    }
    columns |= {
        "volume_id": [patient_id(row.patient) for row in rows],
        "split": [row.split for row in results.asked],
        "fold": folds,
        "label": [results.called[row.patient] for row in results.asked],
        "probabilities": np.array([one.probabilities for one in merged]),
        "predicted": [names[int(one.probabilities.argmax())] for one in merged],
        "prediction_set": [
            "|".join(name for name, stays in zip(names, one.members, strict=True) if stays)
            for one in merged
        ],
        "source_path_hash": [path_hash(row) for row in rows],
    }
    own: Columns = {
        "value": [float(one.value[-1]) for one in merged],
        "epistemic_sd": [None if np.isnan(one.deviation) else one.deviation for one in merged],
        "slices": [counts[row.patient] for row in results.asked],
        "networks": [len(row.networks) for row in results.asked],
    }
    return make_predictions(names, columns), own


def slices_of(results: Results) -> Columns:
    """One row per slice and network that may be asked; empty lists with volumes."""
    names = results.recipe.labels.names
    said_by = [f"p_{name}" for name in names]
    wanted = ("patient", "split", "fold", "repeat", "slice", *said_by, "attention")
    columns: Columns = {name: [] for name in wanted}
    for asked in results.asked:
        for network in asked.networks:
            answers, part = results.answers[network], results.parts[network]
            own = np.flatnonzero(answers.slice_patient == asked.patient)
            said: Mapping[str, list[Any]] = {
                "patient": [results.studies[asked.patient].patient] * len(own),
                "split": [asked.split] * len(own),
                "fold": [part.fold] * len(own),
                "repeat": [part.repeat] * len(own),
                "slice": answers.slice_number[own].tolist(),
                "attention": [
                    None if np.isnan(weight) else weight
                    for weight in answers.slice_attention[own].tolist()
                ],
            }
            for name, values in said.items():
                columns[name] += values
            for place, name in enumerate(said_by):
                columns[name] += answers.slice_probabilities[own, place].tolist()
    return columns


def epochs_of(results: Results) -> Columns:
    """The last label's value of every patient after each reported epoch that was reached."""
    columns: Columns = {name: [] for name in ("patient", "epochs", "value", "split", "slices")}
    counts = slice_counts(results)
    for place, epoch in enumerate(results.answers[0].epochs.tolist()):
        for asked in results.asked:
            values = [
                results.answers[one].epoch_values[place, asked.patient, -1]
                for one in asked.networks
            ]
            if np.isnan(values).any():
                continue
            columns["patient"].append(results.studies[asked.patient].patient)
            columns["epochs"].append(epoch)
            columns["value"].append(float(np.mean(values)))
            columns["split"].append(asked.split)
            columns["slices"].append(counts[asked.patient])
    return columns


def features_of(results: Results) -> FrozenFeatures:
    """What every network saw in every patient."""
    return FrozenFeatures(
        tuple(study.patient for study in results.studies),
        np.stack([one.features for one in results.answers]),
        np.stack([one.sides for one in results.answers]),
        np.array([part.repeat for part in results.parts], dtype=np.intp),
        np.array([part.fold for part in results.parts], dtype=np.intp),
    )


def slice_counts(results: Results) -> list[int]:
    """Slices of each patient that made its value; 1 with volumes."""
    first = results.answers[0].slice_patient
    if not len(first):
        return [1] * len(results.studies)
    return [int(n) for n in np.bincount(first, minlength=len(results.studies))]


def patient_id(patient: str) -> str:
    """Stands where other tables have the identity of a volume."""
    return hashlib.sha256(patient.encode()).hexdigest()[:16]


def _first(study: Study, role: str) -> DatasetRow:
    """The sequence that stands for the patient's scanner and place."""
    return study.rows[role] if role in study.rows else next(iter(study.rows.values()))


def _fold(asked: Asked, parts: Sequence[Part]) -> int | None:
    """Of the first repeat, where one network answers in each."""
    tested = asked.split == "test" and len(parts) > 1
    return parts[asked.networks[0]].fold if tested else None
