"""What a study run leaves, drawn by hand: patients, folds, slices, epochs, curves."""

import hashlib
from dataclasses import replace

import numpy as np

from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.evaluate.study_evidence import (
    Curve,
    EpochValues,
    Leak,
    Permutation,
    SliceAnswers,
    StudyEvidence,
)

EPOCHS = (10, 20, 50, 100)


def study_predictions(
    patients: int = 120, *, distance: float = 0.0, folds: int = 5, seed: int = 1
) -> Predictions:
    """One row per patient, out of fold; `distance` of the two labels in deviations."""
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(patients) % 2 == 0)
    score = rng.normal(distance * positive, 1.0) - distance / 2
    p = 1 / (1 + np.exp(-score))
    names = [f"{number:05d}" for number in range(patients)]
    thresholds = np.where(p > 0.8, "1", np.where(p < 0.2, "0", "0|1"))
    return make_predictions(
        ("0", "1"),
        {
            "volume_id": [hashlib.sha256(name.encode()).hexdigest()[:16] for name in names],
            "patient": names,
            "label": np.where(positive, "1", "0"),
            "probabilities": np.stack([1 - p, p], axis=1),
            "predicted": np.where(p > 0.5, "1", "0"),
            "prediction_set": thresholds,
            "split": ["test"] * patients,
            "fold": np.arange(patients) % folds,
            "site": np.array(["north", "south", "river"])[rng.integers(0, 3, patients)],
            "plane": ["axial"] * patients,
        },
    )


def study_evidence(predictions: Predictions, *, seed: int = 2) -> StudyEvidence:
    """Everything a run may leave beside these predictions."""
    rng = np.random.default_rng(seed)
    n, slices = len(predictions), 12
    patient = np.repeat(predictions.patient, slices)
    positive = np.repeat(predictions.label == "1", slices)
    p = np.clip(rng.normal(np.repeat(predictions.probabilities[:, 1], slices), 0.15), 0, 1)
    epochs = np.tile(EPOCHS, n)
    values = np.clip(rng.normal(np.repeat(predictions.probabilities[:, 1], 4), 0.1), 0, 1)
    memory = np.where(positive, 0.9, 0.1) + rng.normal(0, 0.2, len(p))
    return StudyEvidence(
        target="MGMT_value",
        trained_patients=int(0.64 * n),
        slices=SliceAnswers(patient, np.array(["test"] * len(p), object), p),
        epochs=EpochValues(
            np.repeat(predictions.patient, 4), epochs, values, np.array(["test"] * 4 * n, object)
        ),
        curves=tuple(curve(f"fold {k}", 0.95, rng) for k in range(5)),
        permuted_curves=(curve("labels shuffled", 0.93, rng),),
        permutation=Permutation(rng.normal(0.5, 0.045, 199), 0.55, "frozen", 0),
        leaks=(Leak(patient, positive, memory, False), Leak(patient, positive, memory, True)),
        confounders={
            "matrix size": dict(zip(predictions.patient, rng.normal(size=n), strict=True)),
            "site": dict(zip(predictions.patient, rng.integers(0, 3, n) * 1.0, strict=True)),
        },
    )


def curve(name: str, reached: float, rng: np.random.Generator) -> Curve:
    """A network that remembers what it learns from, and learns nothing."""
    epoch = np.arange(1.0, 21.0)
    rise = 1 - np.exp(-epoch / 6)
    return Curve(
        name,
        epoch,
        {
            "train_accuracy": 0.5 + (reached - 0.5) * rise + rng.normal(0, 0.01, 20),
            "validation_balanced_accuracy": rng.normal(0.5, 0.04, 20),
            "train_loss": 0.69 - 0.55 * rise,
            "validation_loss": 0.69 + 0.4 * rise + rng.normal(0, 0.02, 20),
        },
    )


def without_folds(predictions: Predictions) -> Predictions:
    """The same patients as one hold-out."""
    return replace(predictions, fold=np.full(len(predictions), np.nan))
