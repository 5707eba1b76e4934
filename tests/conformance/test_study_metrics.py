"""Areas of patients are those of scikit-learn, of SciPy, of the definition, and of print."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from mrsift.evaluate.chance import standard_error
from mrsift.evaluate.delong import area, area_difference, midranks
from mrsift.evaluate.ranking import average_precision

RATINGS = np.arange(1.0, 6.0)
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)
"""109 CT images rated from 1 to 5: Hanley & McNeil 1982, Radiology 143:29-36, table I."""


def drawn(levels: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random(150) < 0.4
    return np.round(rng.normal(positive * 0.8, 1.0) * levels) / levels, positive


def wins_of(score: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """1 where a positive scores above a negative, 0.5 where they tie; (positives, negatives)."""
    above, below = score[positive][:, None], score[~positive][None]
    return (above > below) + 0.5 * (above == below)


def by_definition(score: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Area and variance from all pairs of a positive and a negative."""
    wins = wins_of(score, positive)
    m, n = wins.shape
    variance = wins.mean(axis=1).var(ddof=1) / m + wins.mean(axis=0).var(ddof=1) / n
    return float(wins.mean()), float(variance)


@pytest.mark.parametrize("levels", [2, 10_000])
def test_area_and_variance(levels: int) -> None:
    score, positive = drawn(levels)
    found = area(score, positive)
    value, variance = by_definition(score, positive)
    assert found.value == pytest.approx(value)
    assert found.variance == pytest.approx(variance)
    assert found.value == pytest.approx(roc_auc_score(positive, score))
    wins = mannwhitneyu(score[positive], score[~positive]).statistic
    assert found.value == pytest.approx(wins / positive.sum() / (~positive).sum())
    np.testing.assert_array_equal(midranks(score), rankdata(score))


def test_difference_of_two_areas_of_the_same_patients() -> None:
    first, positive = drawn(3)
    second = first + np.random.default_rng(9).normal(size=len(first))
    found = area_difference(area(first, positive), area(second, positive))
    wins = wins_of(second, positive) - wins_of(first, positive)
    m, n = wins.shape
    variance = wins.mean(axis=1).var(ddof=1) / m + wins.mean(axis=0).var(ddof=1) / n
    half = 1.959964 * np.sqrt(variance)
    assert found.value == pytest.approx(wins.mean())
    assert (found.low, found.high) == pytest.approx(
        (wins.mean() - half, wins.mean() + half), abs=1e-6
    )


@pytest.mark.parametrize("levels", [2, 10_000])
def test_average_precision(levels: int) -> None:
    score, positive = drawn(levels)
    found = average_precision(score, positive, np.ones((1, len(score))))[0]
    assert found == pytest.approx(average_precision_score(positive, score))
    rows = np.random.default_rng(5).integers(0, len(score), len(score))
    weights = np.bincount(rows, minlength=len(score))[None]
    expected = average_precision_score(positive[rows], score[rows])
    assert average_precision(score, positive, weights)[0] == pytest.approx(expected)


def test_the_ratings_of_hanley_and_mcneil() -> None:
    score = np.concatenate([np.repeat(RATINGS, ABNORMAL), np.repeat(RATINGS, NORMAL)])
    positive = np.arange(109) < 51
    found = area(score, positive)
    estimate = found.estimate()
    # Print has 0.893 and 0.032 by their formula; Stata's roctab 0.8932, 0.0307 and this interval.
    assert found.value == pytest.approx(0.8932, abs=5e-5)
    assert np.sqrt(found.variance) == pytest.approx(0.0307, abs=5e-5)
    assert (estimate.low, estimate.high) == pytest.approx((0.83295, 0.95339), abs=5e-6)
    assert standard_error(found.value, 51, 58) == pytest.approx(0.032, abs=5e-4)


def test_mlstatkit_computes_the_same() -> None:
    delong = pytest.importorskip("MLstatkit.delong", reason="mlstatkit is not installed")
    score, positive = drawn(3)
    second = np.clip(score + np.random.default_rng(9).normal(size=len(score)), -5, 5)
    z, _ = delong.Delong_test(positive.astype(int), score, second)[:2]
    found = area_difference(area(score, positive), area(second, positive))
    ours = found.value / ((found.high - found.low) / 2 / 1.959964)
    assert abs(z) == pytest.approx(abs(ours), rel=1e-4)
