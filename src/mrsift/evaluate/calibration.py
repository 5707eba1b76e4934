"""Logits -> probabilities, the temperature that makes them honest, and how honest they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float64Array


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> Float64Array:
    """Probabilities along the last axis.

    Args:
        logits: Shape (..., labels).
        temperature: Logits are divided by it; above 1 makes the answer less sure.

    Returns:
        Same shape, sums to 1 along the last axis.
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: Float64Array = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def negative_log_likelihood(
    logits: NDArray[np.floating], y_true: NDArray[np.integer], temperature: float = 1.0
) -> float:
    """Mean of -log P(right label).

    Args:
        logits: Shape (n, labels).
        y_true: Shape (n,), index of the right label.
        temperature: As in `softmax`.
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    top = scaled.max(axis=1)
    log_sum = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
    return float(np.mean(log_sum - scaled[np.arange(len(scaled)), y_true]))


def fit_temperature(logits: NDArray[np.floating], y_true: NDArray[np.integer]) -> float:
    """The temperature with the smallest negative log likelihood, between 0.05 and 20.

    Args:
        logits: Shape (n, labels), of volumes that the network was not trained on.
        y_true: Shape (n,), index of the right label.

    Source:
        Guo et al. 2017, On Calibration of Modern Neural Networks. The likelihood is convex
        in 1 / temperature, so bracketing finds the one minimum.
    """
    low, high = 1 / 20.0, 1 / 0.05
    for _ in range(100):
        third = (high - low) / 3
        left = negative_log_likelihood(logits, y_true, 1 / (low + third))
        right = negative_log_likelihood(logits, y_true, 1 / (high - third))
        low, high = (low, high - third) if left <= right else (low + third, high)
    return 2.0 / (low + high)


BINS = 10
"""Bins of equal width in which confidence is compared with accuracy."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Confidence against accuracy, in bins of equal width from 0 to 1.

    Attributes:
        counts: Shape (bins,), volumes.
        confidence: Shape (bins,), mean probability of the answers; NaN in an empty bin.
        accuracy: Shape (bins,), share of them that is right; NaN in an empty bin.
    """

    counts: NDArray[np.intp]
    confidence: Float64Array
    accuracy: Float64Array


def bin_of(confidence: Float64Array, bins: int = BINS) -> NDArray[np.intp]:
    """Bin of each probability; a bin holds its upper edge, the first one 0 as well."""
    return np.clip(np.ceil(confidence * bins).astype(np.intp) - 1, 0, bins - 1)


def reliability(
    confidence: Float64Array, right: NDArray[np.bool_], bins: int = BINS
) -> Reliability:
    """The curve behind a reliability diagram.

    Args:
        confidence: Shape (n,), probability of the answer, 0 to 1.
        right: Shape (n,), whether the answer is right.
        bins: How many.
    """
    place = bin_of(confidence, bins)
    counts = np.bincount(place, minlength=bins)
    sums = [np.bincount(place, weights=values, minlength=bins) for values in (confidence, right)]
    means = [
        np.divide(total, counts, out=np.full(bins, np.nan), where=counts > 0) for total in sums
    ]
    return Reliability(counts, *means)


def calibration_error(
    counts: NDArray[np.number], confidence: NDArray[np.number], right: NDArray[np.number]
) -> Float64Array:
    """Expected calibration error: mean distance of confidence and accuracy over the volumes.

    Args:
        counts: Shape (..., bins), volumes.
        confidence: Shape (..., bins), sum of their probabilities.
        right: Shape (..., bins), how many of them are right.

    Returns:
        Shape (...).

    Source:
        Naeini et al. 2015, AAAI; in the form of Guo et al. 2017.
    """
    error: Float64Array = np.abs(confidence - right).sum(axis=-1) / counts.sum(axis=-1)
    return error


def brier_scores(probabilities: Float64Array, y_true: NDArray[np.integer]) -> Float64Array:
    """Squared distance of the probabilities from the truth, summed over labels, 0 to 2.

    Args:
        probabilities: Shape (n, labels).
        y_true: Shape (n,), index of the right label.

    Returns:
        Shape (n,); the mean is the Brier score.

    Source:
        Brier 1950, Mon Weather Rev 78:1-3.
    """
    truth = np.eye(probabilities.shape[1])[y_true]
    scores: Float64Array = ((probabilities - truth) ** 2).sum(axis=1)
    return scores
