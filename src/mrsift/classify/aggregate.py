"""What a network says of slices -> one value for the patient, named by how it is made.

None of these is a probability that anyone has checked: slices of one patient are almost copies
of each other, so their number says little. Calibration comes after, over patients.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mrsift.config import Aggregate
from mrsift.evaluate.calibration import softmax
from mrsift.types import Float64Array

Logits = NDArray[np.floating]


def aggregate(
    logits: Logits, how: Aggregate, top_k: int = 5, attention: Logits | None = None
) -> Float64Array:
    """The value of each label for one patient.

    Args:
        logits: Of slices, shape (..., slices, labels), one slice or more.
        how: One of the functions of this page.
        top_k: Slices that `top_k` counts.
        attention: Score of each slice before the softmax, shape (..., slices); for `attention`.

    Returns:
        Shape (..., labels), 0 to 1, sums to 1 over the labels.
    """
    if how == "attention":
        if attention is None:
            raise ValueError("attention needs a score of each slice")
        return attended(logits, attention)
    if how == "top_k":
        return strongest(softmax(logits), top_k)
    return _OF_PROBABILITIES[how](softmax(logits))


def vote_share(probabilities: Float64Array) -> Float64Array:
    """Share of the slices whose most probable label it is; equals share a vote.

    Source:
        Our reading of table 2 of Su et al. 2022, whose values are fractions of slices.
    """
    most = probabilities == probabilities.max(axis=-1, keepdims=True)
    votes = most / most.sum(axis=-1, keepdims=True)
    share: Float64Array = votes.mean(axis=-2)
    return share


def mean(probabilities: Float64Array) -> Float64Array:
    """Mean probability of the slices."""
    return _sums_to_one(probabilities.mean(axis=-2))


def median(probabilities: Float64Array) -> Float64Array:
    """Median probability of the slices, made to sum to 1."""
    return _sums_to_one(np.median(probabilities, axis=-2))


def strongest(probabilities: Float64Array, count: int) -> Float64Array:
    """Mean probability of the second label over the slices that show it most.

    Args:
        probabilities: Shape (..., slices, 2).
        count: Of those slices; all where there are fewer.
    """
    finding = np.sort(probabilities[..., 1], axis=-1)[..., -count:].mean(axis=-1)
    return np.stack([1.0 - finding, finding], axis=-1)


def noisy_or(probabilities: Float64Array) -> Float64Array:
    """Probability that a slice or more shows the second label, were slices independent.

    They are not, so a long stack of doubtful slices comes near 1, and the order of patients
    is lost where the numbers can no longer be told from it.

    Args:
        probabilities: Shape (..., slices, 2).

    Source:
        Pearl 1988, Probabilistic Reasoning in Intelligent Systems, section 4.3.2.
    """
    none = np.exp(np.log(np.maximum(probabilities[..., 0], 1e-300)).sum(axis=-1))
    return np.stack([none, 1.0 - none], axis=-1)


def attended(logits: Logits, scores: Logits) -> Float64Array:
    """Softmax of the slices' logits, averaged with the weights of the attention.

    The head is linear, so this is what the network says of the bag.

    Args:
        logits: Shape (..., slices, labels).
        scores: Shape (..., slices).

    Source:
        Ilse, Tomczak, Welling 2018, Attention-based Deep Multiple Instance Learning.
    """
    return softmax((softmax(scores)[..., None] * logits).sum(axis=-2))


def _sums_to_one(values: Float64Array) -> Float64Array:
    total = values.sum(axis=-1, keepdims=True)
    shares: Float64Array = np.divide(
        values, total, out=np.full_like(values, 1.0 / values.shape[-1]), where=total > 0
    )
    return shares


_OF_PROBABILITIES: dict[str, Callable[[Float64Array], Float64Array]] = {
    "vote_share": vote_share,
    "mean": mean,
    "median": median,
    "noisy_or": noisy_or,
}
