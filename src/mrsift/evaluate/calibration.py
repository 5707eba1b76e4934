"""Logits -> probabilities, and the temperature that makes them honest."""

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
