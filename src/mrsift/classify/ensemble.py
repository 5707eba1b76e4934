"""Answers of several networks -> one answer for each patient; NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.reading import calibrated
from mrsift.evaluate.conformal import set_members
from mrsift.types import Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What one network says of some patients.

    Attributes:
        values: Of each label, not calibrated, shape (patients, labels).
        draws: The same in every dropout pass and view, shape (patients, draws, labels).
        temperature: Of its values.
        thresholds: Smallest calibrated probability at which a label stays, shape (labels,).
    """

    values: Float64Array
    draws: Float64Array
    temperature: float
    thresholds: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """What several networks say of one patient together.

    Attributes:
        value: Of each label, mean, not calibrated, shape (labels,).
        probabilities: Calibrated by each network, then averaged, shape (labels,).
        members: Labels that cannot be ruled out, shape (labels,).
        deviation: Of the last label's value over all draws of all networks; NaN for one draw.
    """

    value: Float64Array
    probabilities: Float64Array
    members: NDArray[np.bool_]
    deviation: float


def merge(networks: Sequence[Voice], patient: int) -> Merged:
    """One answer of those networks that may be asked about a patient.

    A label stays in the set where at least half of the networks' sets hold it, and the most
    probable one always does. If each set holds the right label with probability 1 - a, the
    majority holds it with 1 - 2 a or more.

    Args:
        networks: One or more.
        patient: Place among their patients.

    Source:
        Gasparin and Ramdas 2024, Merging uncertainty sets via majority vote, theorem 2.1.
    """
    probabilities = np.stack([calibrated(one.values[patient], one.temperature) for one in networks])
    votes = [
        set_members(own, one.thresholds) for own, one in zip(probabilities, networks, strict=True)
    ]
    mean = probabilities.mean(axis=0)
    members = np.mean(votes, axis=0) >= 0.5
    members[mean.argmax()] = True
    draws = np.concatenate([one.draws[patient, :, -1] for one in networks])
    return Merged(
        np.mean([one.values[patient] for one in networks], axis=0),
        mean,
        members,
        float(draws.std(ddof=1)) if len(draws) > 1 else float("nan"),
    )
