"""What chance alone gives in so many patients."""

import numpy as np
import pytest

from mrsift.evaluate.chance import (
    band_of,
    chance_band,
    detectable_area,
    permutation_p,
    shuffled_areas,
    standard_error,
)

# Positives, negatives; standard error at 0.5, band, detectable with 80 % power. 582 are the
# patients of RSNA-MICCAI 2021 that are used, 29 a hold-out of 5 %, 87 its public test, 117 one of
# five folds, 348 about its private test.
TABLE = {
    29: ((15, 14), 0.109, (0.286, 0.714), 0.81),
    87: ((44, 43), 0.062, (0.378, 0.622), 0.675),
    117: ((59, 58), 0.054, (0.395, 0.605), 0.65),
    348: ((174, 174), 0.031, (0.439, 0.561), 0.587),
    582: ((306, 276), 0.024, (0.453, 0.547), 0.567),
}


@pytest.mark.parametrize("patients", TABLE)
def test_bands_of_the_challenge(patients: int) -> None:
    counts, error, band, detectable = TABLE[patients]
    found = chance_band(*counts)
    assert standard_error(0.5, *counts) == pytest.approx(error, abs=5e-4)
    assert (found.low, found.high) == pytest.approx(band, abs=1e-3)
    assert detectable_area(*counts) == pytest.approx(detectable, abs=5e-3)


def test_shuffles_agree_with_the_formula() -> None:
    score = np.random.default_rng(3).normal(size=117)
    positive = np.arange(117) < 59
    areas = shuffled_areas(score, positive, times=4000, seed=0)
    found, expected = band_of(areas), chance_band(59, 58)
    assert areas.mean() == pytest.approx(0.5, abs=0.005)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.012)


def test_ties_narrow_the_band() -> None:
    positive = np.arange(100) < 50
    votes = np.round(np.random.default_rng(4).random(100))  # two values only
    found, expected = (
        band_of(shuffled_areas(votes, positive, times=2000, seed=0)),
        chance_band(50, 50),
    )
    assert found.high - found.low < 0.95 * (expected.high - expected.low)


def test_a_score_that_is_the_same_for_all_is_chance_itself() -> None:
    areas = shuffled_areas(np.ones(20), np.arange(20) < 7, times=50, seed=0)
    assert areas.tolist() == [0.5] * 50


def test_p_has_a_floor_and_counts_ties_against() -> None:
    null = np.linspace(0.3, 0.7, 199)
    assert permutation_p(0.9, null) == 1 / 200
    assert permutation_p(0.7, null) == 2 / 200  # as good as the best shuffle
    assert permutation_p(0.0, null) == 1.0
