"""One label of patients against the rest: areas, their intervals, and what chance would give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.bootstrap import PatientDraws
from mrsift.evaluate.chance import Band, band_of, chance_band, detectable_area, shuffled_areas
from mrsift.evaluate.delong import Area, area
from mrsift.evaluate.intervals import Z_95, Estimate, estimate_drawn, largest_rate_unseen
from mrsift.evaluate.ranking import auroc, average_precision, on_draws
from mrsift.types import Float64Array

SHUFFLES = 2000
"""Shuffles of the labels behind a chance band that is drawn."""

GRID = 101
"""Points at which the chance bands of curves are drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class CurveBand:
    """A curve with what chance gives in so many patients.

    Attributes:
        x: Shape (points,), of the curve.
        y: Shape (points,).
        grid: Shape (GRID,), where the band is drawn.
        low: Shape (GRID,), lower end of 95 % under shuffled labels.
        high: Shape (GRID,).
    """

    x: Float64Array
    y: Float64Array
    grid: Float64Array
    low: Float64Array
    high: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class LabelArea:
    """How well one label is told from the rest.

    Attributes:
        label: Its name.
        positives: Patients of it.
        negatives: All others.
        pooled: AUC over all patients, DeLong's interval.
        drawn: The same AUC, interval of patients drawn within each label.
        folds: Fold -> its AUC; empty where there are no folds.
        mean_of_folds: Mean of these, of folds with both kinds; None without folds.
        band: Where chance alone lies, by the counts.
        shuffled: The same for these very scores and their ties.
        detectable: Smallest AUC that so many patients tell from chance 80 times in 100.
        average_precision: Area under precision against recall.
        base_rate: Average precision of a score that says nothing.
        roc: Sensitivity against 1 - specificity.
        precision: Precision against recall.
    """

    label: str
    positives: int
    negatives: int
    pooled: Estimate
    drawn: Estimate
    folds: dict[str, Estimate]
    mean_of_folds: Estimate | None
    band: Band
    shuffled: Band
    detectable: float
    average_precision: Estimate
    base_rate: float
    roc: CurveBand
    precision: CurveBand


def draw_within(kind: NDArray[np.intp], *, draws: int, seed: int) -> PatientDraws:
    """Patients drawn with replacement within each label, so that each draw has them all.

    Args:
        kind: Shape (n,), index of each patient's label; one row is one patient.
        draws: How many.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    times = np.zeros((draws, len(kind)), np.uint16)
    for label in np.unique(kind):
        members = np.flatnonzero(kind == label)
        share = np.full(len(members), 1 / len(members))
        times[:, members] = rng.multinomial(len(members), share, size=draws)
    return PatientDraws(np.arange(len(kind)), times)


def label_area(
    label: str,
    score: Float64Array,
    positive: NDArray[np.bool_],
    fold: Float64Array,
    drawing: tuple[int, int],
) -> LabelArea:
    """Everything about one label.

    Args:
        label: Its name.
        score: Shape (n,), one value per patient.
        positive: Shape (n,), both kinds occur.
        fold: Shape (n,), NaN where there are none.
        drawing: (draws, seed).
    """
    m, n = int(positive.sum()), int((~positive).sum())
    draws = draw_within(positive.astype(np.intp), draws=drawing[0], seed=drawing[1])
    pooled = area(score, positive)
    by_fold = _fold_areas(score, positive, fold)
    return LabelArea(
        label=label,
        positives=m,
        negatives=n,
        pooled=pooled.estimate(),
        drawn=_drawn(pooled, score, positive, draws),
        folds={name: found.estimate() for name, found in by_fold.items()},
        mean_of_folds=_mean_of(list(by_fold.values())),
        band=chance_band(m, n),
        shuffled=band_of(shuffled_areas(score, positive, times=SHUFFLES, seed=drawing[1])),
        detectable=detectable_area(m, n),
        average_precision=_precision(score, positive, draws),
        base_rate=m / (m + n),
        roc=_roc(score, positive, drawing[1]),
        precision=_precision_recall(score, positive, drawing[1]),
    )


def _drawn(
    found: Area, score: Float64Array, positive: NDArray[np.bool_], draws: PatientDraws
) -> Estimate:
    drawn = on_draws(lambda weights: auroc(score, positive, weights), draws)
    pairs = min(int(positive.sum()), int((~positive).sum()))
    floor = 1 - largest_rate_unseen(pairs)
    return estimate_drawn(found.value, drawn, (len(score), len(score)), floor)


def _precision(score: Float64Array, positive: NDArray[np.bool_], draws: PatientDraws) -> Estimate:
    value = float(average_precision(score, positive, np.ones((1, len(score))))[0])
    drawn = on_draws(lambda weights: average_precision(score, positive, weights), draws)
    floor = 1 - largest_rate_unseen(int(positive.sum()))
    return estimate_drawn(value, drawn, (len(score), len(score)), floor)


def _fold_areas(
    score: Float64Array, positive: NDArray[np.bool_], fold: Float64Array
) -> dict[str, Area]:
    numbers = np.unique(fold[~np.isnan(fold)])
    if len(numbers) < 2:
        return {}
    return {f"{k:.0f}": area(score[fold == k], positive[fold == k]) for k in numbers}


def _mean_of(areas: Sequence[Area]) -> Estimate | None:
    """Mean of areas of different patients; their variances add."""
    known = [found for found in areas if not np.isnan(found.value)]
    if not known:
        return None
    value = float(np.mean([found.value for found in known]))
    patients = sum(len(found.positives) + len(found.negatives) for found in known)
    variance = sum(found.variance for found in known) / len(known) ** 2
    if np.isnan(variance) or variance == 0:
        return Estimate(value, np.nan, np.nan, None, patients, patients, "none")
    half = float(Z_95 * np.sqrt(variance))
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Estimate(value, low, high, None, patients, patients, "delong")


def _roc(score: Float64Array, positive: NDArray[np.bool_], seed: int) -> CurveBand:
    x, y = _steps(score, positive)
    grid = np.linspace(0, 1, GRID)
    drawn = [np.interp(grid, *_steps(score, mixed)) for mixed in _shuffles(positive, seed)]
    return CurveBand(x, y, grid, *np.quantile(drawn, [0.025, 0.975], axis=0))


def _precision_recall(score: Float64Array, positive: NDArray[np.bool_], seed: int) -> CurveBand:
    grid = np.linspace(0.02, 1, GRID)
    x, y = _precision_steps(score, positive)
    drawn = [
        np.interp(grid, *_precision_steps(score, mixed)) for mixed in _shuffles(positive, seed)
    ]
    return CurveBand(x, y, grid, *np.quantile(drawn, [0.025, 0.975], axis=0))


def _shuffles(positive: NDArray[np.bool_], seed: int) -> Sequence[NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    return [rng.permutation(positive) for _ in range(SHUFFLES // 4)]


def _steps(score: Float64Array, positive: NDArray[np.bool_]) -> tuple[Float64Array, Float64Array]:
    """1 - specificity and sensitivity at every threshold, both from 0 to 1."""
    found, named = _counted(score, positive)
    m, n = positive.sum(), (~positive).sum()
    zero = np.zeros(1)
    return np.concatenate([zero, (named - found) / n]), np.concatenate([zero, found / m])


def _precision_steps(
    score: Float64Array, positive: NDArray[np.bool_]
) -> tuple[Float64Array, Float64Array]:
    """Recall and precision at every threshold, recall rising."""
    found, named = _counted(score, positive)
    return found / positive.sum(), found / named


def _counted(score: Float64Array, positive: NDArray[np.bool_]) -> tuple[Float64Array, Float64Array]:
    """Positives, and patients, at or above every threshold from the highest down."""
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))
    return np.cumsum(positive[order])[last].astype(np.float64), (last + 1).astype(np.float64)
