"""What chance alone gives: the area that a score without information has in so many patients."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.delong import midranks
from mrsift.evaluate.intervals import Z_95
from mrsift.types import Float64Array

Z_80 = 0.8416212335729143
"""Normal point that 80 % lie below: the usual power."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Band:
    """Areas that chance alone reaches 95 times in 100.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


def standard_error(area: float, positives: int, negatives: int) -> float:
    """Standard error of an area, from the area and the two counts alone.

    Args:
        area: 0 to 1; at 0.5 this is the exact one of scores without ties.
        positives: Patients of one label, 1 or more.
        negatives: Patients of the other, 1 or more.

    Source:
        Hanley & McNeil 1982, Radiology 143:29-36.
    """
    pair_of_positives = area / (2 - area)
    pair_of_negatives = 2 * area**2 / (1 + area)
    variance = (
        area * (1 - area)
        + (positives - 1) * (pair_of_positives - area**2)
        + (negatives - 1) * (pair_of_negatives - area**2)
    ) / (positives * negatives)
    return math.sqrt(variance)


def chance_band(positives: int, negatives: int) -> Band:
    """Where the area of a score without information lies, by the counts alone.

    Args:
        positives: Patients of one label, 1 or more.
        negatives: Patients of the other, 1 or more.
    """
    half = Z_95 * standard_error(0.5, positives, negatives)
    return Band(max(0.0, 0.5 - half), min(1.0, 0.5 + half))


def detectable_area(positives: int, negatives: int) -> float:
    """Smallest true area that so many patients tell from chance 80 times in 100.

    Args:
        positives: Patients of one label, 1 or more.
        negatives: Patients of the other, 1 or more.

    Returns:
        At most 1, with the standard error of an area of 0.5 throughout.
    """
    return min(1.0, 0.5 + (Z_95 + Z_80) * standard_error(0.5, positives, negatives))


def shuffled_areas(
    score: Float64Array, positive: NDArray[np.bool_], *, times: int, seed: int
) -> Float64Array:
    """Areas of the same scores under shuffled labels: exact for these very scores and ties.

    The scores stay; how a model would have learned the shuffled labels is a question for a
    permutation test that fits it anew.

    Args:
        score: Shape (n,).
        positive: Shape (n,), both kinds.
        times: Shuffles.
        seed: Of the shuffles.

    Returns:
        Shape (times,).
    """
    rng = np.random.default_rng(seed)
    ranks, m = midranks(score), int(positive.sum())
    n = len(positive) - m
    sums = []
    for start in range(0, times, _CHUNK):
        rows = np.tile(positive, (min(_CHUNK, times - start), 1))
        sums.append(rng.permuted(rows, axis=1) @ ranks)
    areas: Float64Array = (np.concatenate(sums) - m * (m + 1) / 2) / (m * n)
    return areas


def band_of(areas: Float64Array) -> Band:
    """The middle 95 % of areas found under shuffled labels.

    Args:
        areas: Shape (times,).
    """
    low, high = np.quantile(areas, [0.025, 0.975])
    return Band(float(low), float(high))


def permutation_p(observed: float, areas: Float64Array) -> float:
    """Share of shuffles at least as good, the labels as they are counted among them.

    Args:
        observed: Area with the labels as they are.
        areas: Shape (times,), under shuffled labels.

    Returns:
        At least 1 / (times + 1), the smallest p that so many shuffles can give.

    Source:
        Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39.
    """
    return (1 + int((areas >= observed - 1e-12).sum())) / (len(areas) + 1)
