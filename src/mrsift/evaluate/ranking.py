"""Measures of a ranking: does the score put strange before known, wrong before right?

All take weights of shape (draws, n), so that one call serves every draw of patients; a row
of ones is the data as they are. Rows of equal score are one step, so that their order does
not matter.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.bootstrap import PatientDraws
from mrsift.types import Float64Array

KEPT_KNOWN = 0.95
"""Share of known volumes that must pass where FPR95 is read off."""

_CHUNK = 100


def auroc(
    score: Float64Array, known: NDArray[np.bool_], weights: NDArray[np.number]
) -> Float64Array:
    """Chance that a known volume scores higher than another; ties count half.

    Args:
        score: Shape (n,), higher means more like what is known.
        known: Shape (n,).
        weights: Shape (draws, n), how often each row counts.

    Returns:
        Shape (draws,); NaN where a draw has one kind only.
    """
    inside, outside = _per_step(score, known, weights)
    below = outside.sum(axis=1, keepdims=True) - np.cumsum(outside, axis=1)
    wins = (inside * (below + outside / 2)).sum(axis=1)
    return _divide(wins, inside.sum(axis=1) * outside.sum(axis=1))


def false_positive_rate(
    score: Float64Array, known: NDArray[np.bool_], weights: NDArray[np.number]
) -> Float64Array:
    """FPR95: share of the others that passes where 95 % of the known volumes pass.

    Args:
        score: Shape (n,), higher means more like what is known.
        known: Shape (n,).
        weights: Shape (draws, n).

    Returns:
        Shape (draws,); NaN where a draw has one kind only.
    """
    inside, outside = _per_step(score, known, weights)
    total = inside.sum(axis=1, keepdims=True)
    enough = np.cumsum(inside, axis=1) >= KEPT_KNOWN * total - 1e-9
    first = np.argmax(enough, axis=1)
    passed = np.take_along_axis(np.cumsum(outside, axis=1), first[:, None], axis=1)[:, 0]
    return _divide(np.where(total[:, 0] > 0, passed, np.nan), outside.sum(axis=1))


def risk_coverage(
    confidence: Float64Array, wrong: NDArray[np.bool_]
) -> tuple[Float64Array, Float64Array]:
    """What share is wrong when only the surest answers are kept.

    Args:
        confidence: Shape (n,).
        wrong: Shape (n,).

    Returns:
        Coverage and risk, both of shape (steps,), coverage rising to 1.
    """
    ones = np.ones((1, len(confidence)))
    right, errors = _per_step(confidence, ~wrong, ones)
    kept = np.cumsum(right + errors, axis=1)[0]
    return kept / len(confidence), np.cumsum(errors, axis=1)[0] / kept


def area_under_risk(
    confidence: Float64Array, wrong: NDArray[np.bool_], weights: NDArray[np.number]
) -> Float64Array:
    """AURC: mean risk over all coverages; small is good.

    Args:
        confidence: Shape (n,).
        wrong: Shape (n,).
        weights: Shape (draws, n).

    Returns:
        Shape (draws,).

    Source:
        Geifman & El-Yaniv 2017, Selective Classification for Deep Neural Networks.
    """
    right, errors = _per_step(confidence, ~wrong, weights)
    size = right + errors
    kept, lost = np.cumsum(size, axis=1), np.cumsum(errors, axis=1)
    risk = np.divide(lost, kept, out=np.zeros_like(lost), where=kept > 0)
    return _divide((risk * size).sum(axis=1), size.sum(axis=1))


def average_precision(
    score: Float64Array, positive: NDArray[np.bool_], weights: NDArray[np.number]
) -> Float64Array:
    """Area under precision against recall, as a sum of steps; the base rate where nothing ranks.

    Args:
        score: Shape (n,), higher means more likely positive.
        positive: Shape (n,).
        weights: Shape (draws, n).

    Returns:
        Shape (draws,); NaN where a draw has no positive.
    """
    inside, outside = _per_step(score, positive, weights)
    found, named = np.cumsum(inside, axis=1), np.cumsum(inside + outside, axis=1)
    precision = np.divide(found, named, out=np.zeros_like(found), where=named > 0)
    return _divide((precision * inside).sum(axis=1), inside.sum(axis=1))


def on_draws(
    measure: Callable[[NDArray[np.number]], Float64Array], draws: PatientDraws
) -> Float64Array:
    """A measure on every draw of patients, a piece at a time so that it fits in memory.

    Args:
        measure: Weights of shape (some draws, n) -> shape (some draws,).
        draws: Of the patients of the n rows.

    Returns:
        Shape (draws,).
    """
    starts = range(0, len(draws.times), _CHUNK)
    parts = [measure(draws.times[at : at + _CHUNK][:, draws.patient]) for at in starts]
    return np.concatenate(parts)


def _per_step(
    score: Float64Array, first: NDArray[np.bool_], weights: NDArray[np.number]
) -> tuple[Float64Array, Float64Array]:
    """Weight of both kinds in each step of equal scores, from the highest down."""
    order = np.argsort(-score, kind="stable")
    begins = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    ranked, is_first = np.asarray(weights, np.float64)[:, order], first[order]
    kinds = [
        np.add.reduceat(np.where(kind, ranked, 0.0), begins, axis=1)
        for kind in (is_first, ~is_first)
    ]
    return kinds[0], kinds[1]


def _divide(part: Float64Array, whole: Float64Array) -> Float64Array:
    divided: Float64Array = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return divided
