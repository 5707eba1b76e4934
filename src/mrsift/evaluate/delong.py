"""The area under a ROC curve with its variance, from the ranks of the scores."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.intervals import Z_95, Estimate, largest_rate_unseen
from mrsift.types import Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """How well one score tells two kinds of patients apart.

    Attributes:
        value: Chance that a positive scores higher than a negative, ties counting half; NaN
            where one kind is missing.
        positives: Shape (m,), for each positive the share of negatives it scores above.
        negatives: Shape (n,), for each negative the share of positives that score above it.
    """

    value: float
    positives: Float64Array
    negatives: Float64Array

    @property
    def variance(self) -> float:
        """Of `value`; NaN with fewer than two of a kind."""
        parts = (self.positives, self.negatives)
        if min(map(len, parts)) < 2:
            return math.nan
        return sum(float(part.var(ddof=1)) / len(part) for part in parts)

    def estimate(self) -> Estimate:
        """The area with its interval of 95 %.

        Where every positive scores above every negative the variance is 0 and says nothing;
        the bound then counts pairs of one positive and one negative, no patient in two pairs.
        No interval comes closer to 0 or 1 than that bound.
        """
        patients = len(self.positives) + len(self.negatives)
        pairs = min(len(self.positives), len(self.negatives))
        found = Estimate(self.value, math.nan, math.nan, None, patients, patients, "none")
        if math.isnan(self.variance):
            return found
        unseen = largest_rate_unseen(pairs)
        if self.value in (0, 1):
            low, high = (1 - unseen, 1.0) if self.value else (0.0, unseen)
            return replace(found, low=low, high=high, method="bound")
        half = Z_95 * math.sqrt(self.variance)
        low, high = max(0.0, self.value - half), min(1.0, self.value + half)
        low, high = min(low, 1 - unseen), max(high, unseen)
        return replace(found, low=low, high=high, method="delong")


def area(score: Float64Array, positive: NDArray[np.bool_]) -> Area:
    """The area under the ROC curve of a score.

    Args:
        score: Shape (n,), higher means more likely positive.
        positive: Shape (n,).

    Source:
        DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837-845; by ranks as in Sun & Xu
        2014, IEEE Signal Processing Letters 21:1389-1393.
    """
    above, below = score[positive], score[~positive]
    m, n = len(above), len(below)
    if not m or not n:
        return Area(math.nan, np.full(m, math.nan), np.full(n, math.nan))
    ranks = midranks(np.concatenate([above, below]))
    of_positives = (ranks[:m] - midranks(above)) / n
    of_negatives = 1 - (ranks[m:] - midranks(below)) / m
    return Area(float(of_positives.mean()), of_positives, of_negatives)


def midranks(values: Float64Array) -> Float64Array:
    """Ranks from 1; equal values share the mean of theirs.

    Args:
        values: Shape (n,).
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Float64Array = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def area_difference(first: Area, second: Area) -> Estimate:
    """Second minus first, for two scores of the same patients in the same order.

    Args:
        first: Of one score.
        second: Of the other.
    """
    patients = len(first.positives) + len(first.negatives)
    value = second.value - first.value
    found = Estimate(value, math.nan, math.nan, None, patients, patients, "none")
    parts = (second.positives - first.positives, second.negatives - first.negatives)
    if min(map(len, parts)) < 2:
        return found
    variance = sum(float(part.var(ddof=1)) / len(part) for part in parts)
    if variance < 1e-12:
        return found
    half = Z_95 * math.sqrt(variance)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return replace(found, low=low, high=high, method="delong")
