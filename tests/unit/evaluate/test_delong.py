"""The area under a ROC curve, its interval, and the edges where a variance says nothing."""

import math

import numpy as np
import pytest

from mrsift.evaluate.delong import area, area_difference, midranks


def test_areas_of_four_patients_by_hand() -> None:
    # Pairs: 3 > 1, 3 > 2, 2 = 2 (half), 2 > 1: 3.5 of 4.
    found = area(np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False]))
    assert found.value == 3.5 / 4
    assert found.positives.tolist() == [1.0, 0.75]
    assert found.negatives.tolist() == [0.75, 1.0]


def test_ranks_share_ties() -> None:
    assert midranks(np.array([5.0, 1.0, 5.0, 3.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


@pytest.mark.parametrize(("sign", "value"), [(1.0, 1.0), (-1.0, 0.0)])
def test_a_perfect_order_has_a_bound_that_counts_pairs(sign: float, value: float) -> None:
    positive = np.arange(40) < 10
    found = area(sign * positive, positive).estimate()
    unseen = 1 - 0.05 ** (1 / 10)  # ten pairs without a patient in two of them
    ends = (1 - unseen, 1.0) if value else (0.0, unseen)
    assert (found.value, found.method) == (value, "bound")
    assert (found.low, found.high) == pytest.approx(ends)


def test_no_interval_comes_closer_to_1_than_the_bound() -> None:
    positive = np.arange(40) < 20
    score = positive + np.where(np.arange(40) == 0, -1.5, 0.0)  # one positive below all others
    found = area(score, positive).estimate()
    assert found.low <= 0.05 ** (1 / 20)
    assert found.high == 1.0


def test_without_a_second_label_there_is_no_area() -> None:
    found = area(np.arange(5.0), np.ones(5, bool)).estimate()
    assert math.isnan(found.value)
    assert found.method == "none"


def test_one_of_a_kind_has_an_area_and_no_interval() -> None:
    found = area(np.arange(5.0), np.arange(5) == 3).estimate()
    assert found.value == 0.75
    assert math.isnan(found.low)
    assert found.method == "none"


def test_a_score_beside_itself_differs_by_nothing_with_no_interval() -> None:
    rng = np.random.default_rng(1)
    positive, score = rng.random(50) < 0.5, rng.normal(size=50)
    found = area_difference(area(score, positive), area(score, positive))
    assert (found.value, found.method) == (0.0, "none")


def test_pairs_make_a_difference_surer_than_two_intervals() -> None:
    rng = np.random.default_rng(2)
    positive = rng.random(200) < 0.5
    score = rng.normal(positive * 1.0)
    first = area(score + rng.normal(0, 0.2, 200), positive)
    second = area(score, positive)
    paired = area_difference(first, second)
    apart = math.sqrt(first.variance + second.variance) * 2 * 1.96
    assert paired.high - paired.low < apart / 2
    assert paired.value == pytest.approx(second.value - first.value)
