"""Laws of areas, bands and shuffles, whatever the scores are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mrsift.classify.permutation import shuffled
from mrsift.evaluate.chance import (
    chance_band,
    detectable_area,
    permutation_p,
    shuffled_areas,
    standard_error,
)
from mrsift.evaluate.delong import area, area_difference, midranks
from mrsift.evaluate.ranking import average_precision
from mrsift.evaluate.study_areas import draw_within

Patients = tuple[np.ndarray, np.ndarray]
counts = st.integers(1, 400)


@st.composite
def patients(draw: st.DrawFn) -> Patients:
    """Scores with ties, and both labels at least twice."""
    values = draw(st.lists(st.integers(-5, 5), min_size=4, max_size=40))
    rest = draw(st.lists(st.booleans(), min_size=len(values) - 4, max_size=len(values) - 4))
    return np.array(values, float), np.array([True, True, False, False, *rest])


@given(patients())
def test_an_interval_holds_its_area_and_stays_within_0_and_1(drawn: Patients) -> None:
    found = area(*drawn).estimate()
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(patients())
def test_a_score_turned_round_has_the_rest_of_the_area(drawn: Patients) -> None:
    score, positive = drawn
    right, turned = area(score, positive), area(-score, positive)
    assert np.isclose(right.value + turned.value, 1)
    assert np.isclose(right.variance, turned.variance)
    assert np.isclose(area(score, ~positive).value, turned.value)


@given(patients())
def test_only_the_order_of_scores_counts(drawn: Patients) -> None:
    score, positive = drawn
    first, second = area(score, positive), area(np.exp(score), positive)
    assert first.value == second.value
    assert area_difference(first, second).value == 0
    weights = np.ones((1, len(score)))
    assert average_precision(score, positive, weights) == average_precision(
        np.exp(score), positive, weights
    )


@given(patients(), st.integers(0, 99))
def test_the_order_of_patients_does_not_count(drawn: Patients, seed: int) -> None:
    score, positive = drawn
    order = np.random.default_rng(seed).permutation(len(score))
    first, second = area(score, positive), area(score[order], positive[order])
    assert np.isclose(first.value, second.value)
    assert np.isclose(first.variance, second.variance)


@given(patients())
def test_ranks_sum_as_ranks_do(drawn: Patients) -> None:
    score, _ = drawn
    assert midranks(score).sum() == len(score) * (len(score) + 1) / 2


@given(counts, counts)
def test_bands_are_symmetric_and_shrink_with_patients(positives: int, negatives: int) -> None:
    band, more = chance_band(positives, negatives), chance_band(positives + 1, negatives)
    assert np.isclose(band.low + band.high, 1)
    assert more.high <= band.high
    assert band.high <= detectable_area(positives, negatives) <= 1
    assert standard_error(1.0, positives, negatives) == 0


@given(patients(), st.integers(0, 99))
def test_shuffled_areas_are_areas(drawn: Patients, seed: int) -> None:
    score, positive = drawn
    areas = shuffled_areas(score, positive, times=20, seed=seed)
    assert ((areas >= -1e-12) & (areas <= 1 + 1e-12)).all()
    p = permutation_p(area(score, positive).value, areas)
    assert 1 / 21 <= p <= 1


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(0, 99))
def test_a_shuffle_deals_out_the_same_labels(labels: list[int], number: int) -> None:
    mixed = shuffled(np.array(labels), 0, number)
    assert sorted(mixed.tolist()) == sorted(labels)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_a_draw_within_labels_keeps_how_many_there_are_of_each(labels: list[int]) -> None:
    kind = np.array(labels)
    draws = draw_within(kind, draws=5, seed=0)
    for label in np.unique(kind):
        assert (draws.times[:, kind == label].sum(axis=1) == (kind == label).sum()).all()
