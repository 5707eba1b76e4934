"""What a network saw in a study -> the patient's value, and how much it wavers; NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mrsift.classify.aggregate import aggregate
from mrsift.config import StudyTrainingSettings
from mrsift.evaluate.calibration import softmax
from mrsift.types import Float32Array, Float64Array

LEAST_VALUE = 0.005
"""Values below count as this: no share of slices rules a label out for good."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a network saw in one study.

    Attributes:
        features: Before the head, shape (slices, k); one row for a volume.
        attention: Score of each slice before the softmax, shape (slices,); None without.
    """

    features: Float32Array
    attention: Float32Array | None


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The last layer of a network.

    Attributes:
        weight: Shape (labels, k).
        bias: Shape (labels,).
        dropout: Share of the features that training drops before it.
    """

    weight: Float64Array
    bias: Float64Array
    dropout: float

    def logits(self, features: Float32Array | Float64Array) -> Float64Array:
        """Shape (..., k) to (..., labels)."""
        found: Float64Array = features @ self.weight.T + self.bias
        return found


@dataclass(frozen=True, slots=True, eq=False)
class PatientReading:
    """What one network says of one patient.

    Attributes:
        value: Of each label, aggregated, shape (labels,).
        draws: The same in every dropout pass of every view, shape (draws, labels); only the
            value of each view where there are no passes.
        features: What the head saw, of the patient, shape (k,).
        slices: Probability of each label for each slice, shape (slices, labels).
        attention: Weight of each slice, sums to 1, shape (slices,); None without.
    """

    value: Float64Array
    draws: Float64Array
    features: Float32Array
    slices: Float64Array
    attention: Float64Array | None


def read_patient(
    views: Sequence[Seen], head: Head, study: StudyTrainingSettings, seed: Sequence[int]
) -> PatientReading:
    """The value of a patient from one network.

    Args:
        views: The study, and its mirror image where the recipe asks.
        head: Of the network.
        study: Of the recipe.
        seed: Of the dropout passes: the same seed draws the same.
    """
    values = np.stack([_value(one, head.logits(one.features), study) for one in views])
    draws = values
    if study.mc_dropout:
        rng = np.random.default_rng(seed)
        draws = np.concatenate([_dropped(one, head, study, rng) for one in views])
    probabilities = np.mean([softmax(head.logits(one.features)) for one in views], axis=0)
    weights = [softmax(one.attention) for one in views if one.attention is not None]
    return PatientReading(
        values.mean(axis=0),
        draws,
        np.mean([_pooled(one) for one in views], axis=0).astype(np.float32),
        probabilities,
        np.mean(weights, axis=0) if weights else None,
    )


def as_logits(values: Float64Array) -> Float64Array:
    """Logarithms of values, none of which may be 0; any shape."""
    logits: Float64Array = np.log(np.maximum(values, LEAST_VALUE))
    return logits


def calibrated(values: Float64Array, temperature: float) -> Float64Array:
    """Values of patients as probabilities, shape (..., labels)."""
    return softmax(as_logits(values), temperature)


def _value(seen: Seen, logits: Float64Array, study: StudyTrainingSettings) -> Float64Array:
    return aggregate(logits, study.aggregate, study.top_k, seen.attention)


def _pooled(seen: Seen) -> Float64Array:
    """What the head saw of the patient as a whole, shape (k,)."""
    if seen.attention is None:
        pooled: Float64Array = seen.features.mean(axis=0, dtype=np.float64)
        return pooled
    attended: Float64Array = softmax(seen.attention) @ seen.features
    return attended


def _dropped(
    seen: Seen, head: Head, study: StudyTrainingSettings, rng: np.random.Generator
) -> Float64Array:
    """Values with features dropped as in training, shape (passes, labels).

    Only the head drops anything, so the features need not be made anew.
    """
    features = seen.features if seen.attention is None else _pooled(seen)[None]
    attention = None if seen.attention is None else np.zeros(1)
    found = []
    for _ in range(study.mc_dropout):
        kept = rng.random(features.shape) >= head.dropout
        logits = head.logits(features * kept / (1.0 - head.dropout))
        found.append(aggregate(logits, study.aggregate, study.top_k, attention))
    return np.stack(found)
