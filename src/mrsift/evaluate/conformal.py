"""Prediction sets: all labels that cannot be ruled out, one threshold per label."""

import math

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float64Array


def label_thresholds(
    probabilities: Float64Array, y_true: NDArray[np.integer], coverage: float
) -> Float64Array:
    """Smallest probability at which each label stays in the set.

    A new volume of a label, drawn like the calibration volumes, has its label in the set
    with at least the wanted probability. Where scanners differ from those, nothing is
    promised.

    Args:
        probabilities: Shape (n, labels), of calibration volumes.
        y_true: Shape (n,), index of the right label.
        coverage: Wanted share of each label's volumes whose set holds it, 0 to 1.

    Returns:
        Shape (labels,). 0 (the label is in every set) where there are too few volumes to
        promise more.

    Source:
        Vovk 2012, Conditional validity of inductive conformal predictors (label-conditional).
    """
    thresholds = np.zeros(probabilities.shape[1])
    for label in range(len(thresholds)):
        scores = np.sort(probabilities[y_true == label, label])
        # The rank that keeps `coverage` of n + 1 exchangeable volumes at or above it.
        rank = math.floor((1.0 - coverage) * (len(scores) + 1) + 1e-9)
        if rank >= 1:
            thresholds[label] = scores[rank - 1]
    return thresholds


def set_members(probabilities: Float64Array, thresholds: Float64Array) -> NDArray[np.bool_]:
    """Which labels stay; the most probable one always does.

    Args:
        probabilities: Shape (..., labels).
        thresholds: Shape (labels,), of `label_thresholds`.

    Returns:
        Shape (..., labels).
    """
    stays: NDArray[np.bool_] = probabilities >= thresholds
    first = np.argmax(probabilities, axis=-1)
    np.put_along_axis(stays, first[..., None], True, axis=-1)
    return stays


def prediction_set(probabilities: Float64Array, thresholds: Float64Array) -> NDArray[np.intp]:
    """Labels that stay, most probable first.

    Args:
        probabilities: Shape (labels,).
        thresholds: Shape (labels,), of `label_thresholds`.
    """
    order = np.argsort(-probabilities, kind="stable")
    kept: NDArray[np.intp] = order[set_members(probabilities, thresholds)[order]]
    return kept
