"""Laws of evaluation, for any answers."""

from dataclasses import fields, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.evaluate import confusion
from mrsift.evaluate.bootstrap import draw_patients
from mrsift.evaluate.calibration import bin_of, reliability, softmax
from mrsift.evaluate.cases import find_cases
from mrsift.evaluate.conformal import label_thresholds, prediction_set, set_members
from mrsift.evaluate.paired import compare, mcnemar_p_value
from mrsift.evaluate.predictions import Predictions, from_table, make_predictions, to_table
from mrsift.evaluate.ranking import area_under_risk, auroc, false_positive_rate, risk_coverage
from mrsift.evaluate.scores import Scores, score
from mrsift.evaluate.summary import evaluate

NAMES = ("A", "B", "UNKNOWN")
FEW = settings(max_examples=30, deadline=None)


@st.composite
def tables(draw: st.DrawFn) -> Predictions:
    """Any small table: labels that never occur, one patient, all right, all wrong."""
    rows = draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    patients = draw(st.integers(1, 8))
    probabilities = softmax(rng.normal(0, draw(st.sampled_from([0.0, 1.0, 20.0])), (rows, 3)))
    label = rng.choice(np.array([*NAMES, "C"], object), rows)
    answers = np.array(NAMES, object)[probabilities.argmax(axis=1)]
    if draw(st.booleans()):
        label = answers.copy()
    return make_predictions(
        NAMES,
        {
            "volume_id": [f"v{row:02d}" for row in range(rows)],
            "patient": [f"p{number}" for number in rng.integers(0, patients, rows)],
            "label": label,
            "predicted": answers,
            "probabilities": probabilities,
            "in_distribution": np.round(rng.random(rows), 1),
            "split": rng.choice(np.array(["validation", "test", "test"], object), rows),
            "site": rng.choice(np.array(["x", "y", None], object), rows),
            "reader_1": rng.choice(np.array([*NAMES, None], object), rows),
            "reader_2": rng.choice(np.array([*NAMES, None], object), rows),
        },
    )


def scores_of(table: Predictions) -> Scores:
    cases = find_cases(table)
    return score(cases, table.patient[cases.rows], draws=60, seed=0)


def all_estimates(scores: Scores):
    return [*scores.overall.values(), *(e for row in scores.labels.values() for e in row.values())]


@FEW
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(table: Predictions, random) -> None:
    order = list(range(len(table)))
    random.shuffle(order)
    one, other = (evaluate(t, draws=20) for t in (table, table.rows(np.array(order))))
    for field in fields(one):
        first, second = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_allclose(
            numbers_in(first), numbers_in(second), rtol=1e-9, atol=1e-12, err_msg=field.name
        )


def numbers_in(value: object) -> list[float]:
    """Every number of a value, in a fixed order; the values of histograms are sorted."""
    if isinstance(value, int | float | np.number):
        return [float(value)]
    if isinstance(value, np.ndarray):
        return sorted(map(float, value.ravel()))
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for part in value for number in numbers_in(part)]
    if hasattr(value, "__dataclass_fields__"):
        return [n for field in fields(value) for n in numbers_in(getattr(value, field.name))]
    return []


@FEW
@given(tables())
def test_counts_add_up(table: Predictions) -> None:
    scores = scores_of(table)
    assert scores.matrix.sum() == scores.volumes == sum(find_cases(table).y_true >= 0)
    cells = confusion.one_against_rest(scores.matrix)
    assert (cells >= 0).all()
    assert (cells.sum(axis=1) == scores.volumes).all()
    accuracy = scores.overall["accuracy"]
    assert accuracy.successes == cells[:, confusion.TP].sum()
    assert accuracy.total == scores.volumes


@FEW
@given(tables())
def test_intervals_hold_the_number_and_stay_in_range(table: Predictions) -> None:
    for found in all_estimates(scores_of(table)):
        if found.method == "none":
            assert np.isnan(found.low)
            assert np.isnan(found.high)
        else:
            assert -1 <= found.low <= found.value <= found.high <= 1
            assert found.low < found.high


@FEW
@given(tables())
def test_same_seed_same_intervals(table: Predictions) -> None:
    once, again = (numbers_in(scores_of(table)) for _ in range(2))
    np.testing.assert_array_equal(once, again)


@FEW
@given(tables())
def test_names_of_patients_do_not_matter_to_the_numbers(table: Predictions) -> None:
    renamed = replace(table, patient=np.array([f"z{p}" for p in table.patient], object))
    np.testing.assert_array_equal(numbers_in(scores_of(table)), numbers_in(scores_of(renamed)))


@FEW
@given(tables())
def test_drawn_sums_are_of_as_many_patients(table: Predictions) -> None:
    draws = draw_patients(table.patient, draws=30, seed=3)
    assert (draws.times.sum(axis=1) == draws.patients).all()
    ones = draws.per_patient(np.ones(len(table)))
    assert ones.sum() == len(table)
    np.testing.assert_array_equal(draws.resample(ones), draws.times @ ones)


@FEW
@given(tables())
def test_a_file_changes_nothing(table: Predictions) -> None:
    again = from_table(to_table(table))
    np.testing.assert_array_equal(numbers_in(scores_of(table)), numbers_in(scores_of(again)))


@FEW
@given(tables())
def test_exchanging_the_models_turns_the_sign(table: Predictions) -> None:
    other = replace(table, predicted=np.roll(table.predicted, 1))
    there = compare(table, other, "all", draws=30, seed=0)
    back = compare(other, table, "all", draws=30, seed=0)
    assert there.all_volumes.p_value == back.all_volumes.p_value
    for name, found in there.differences.items():
        turned = back.differences[name]
        expected = (-found.high, -found.value, -found.low)
        np.testing.assert_allclose((turned.low, turned.value, turned.high), expected, atol=1e-12)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_a_probability_that_takes_no_side(b: int, c: int) -> None:
    assert 0 < mcnemar_p_value(b, c) <= 1
    assert mcnemar_p_value(b, c) == mcnemar_p_value(c, b)
    assert mcnemar_p_value(b + 1, b) == 1.0


scored = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30)


@given(scored)
def test_turning_the_score_turns_the_auroc(rows: list[tuple[int, bool]]) -> None:
    value = np.array([row[0] for row in rows], float)
    known = np.array([row[1] for row in rows])
    ones = np.ones((1, len(rows)))
    area, turned = auroc(value, known, ones)[0], auroc(-value, known, ones)[0]
    if known.all() or not known.any():
        assert np.isnan(area)
    else:
        np.testing.assert_allclose(area + turned, 1.0)
        assert 0 <= false_positive_rate(value, known, ones)[0] <= 1


@given(scored)
def test_risk_at_full_coverage_is_the_error_rate(rows: list[tuple[int, bool]]) -> None:
    value = np.array([row[0] for row in rows], float)
    wrong = np.array([row[1] for row in rows])
    coverage, risk = risk_coverage(value, wrong)
    np.testing.assert_allclose((coverage[-1], risk[-1]), (1.0, wrong.mean()))
    assert (np.diff(coverage) > 0).all()
    area = area_under_risk(value, wrong, np.ones((1, len(rows))))[0]
    assert risk.min() - 1e-12 <= area <= risk.max() + 1e-12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_every_probability_is_in_one_bin(confidence: list[float]) -> None:
    values = np.array(confidence)
    place = bin_of(values)
    assert ((place / 10 <= values + 1e-12) & (values <= (place + 1) / 10 + 1e-12)).all()
    assert reliability(values, values > 0.5).counts.sum() == len(values)


@FEW
@given(tables(), st.floats(0.5, 0.99))
def test_a_larger_promise_gives_larger_sets(table: Predictions, coverage: float) -> None:
    y_true = np.arange(len(table)) % 3
    small, large = (
        set_members(table.probabilities, label_thresholds(table.probabilities, y_true, promise))
        for promise in (coverage / 2, coverage)
    )
    assert (large >= small).all()
    thresholds = label_thresholds(table.probabilities, y_true, coverage)
    for row, members in zip(table.probabilities, large, strict=True):
        assert set(prediction_set(row, thresholds)) == set(np.flatnonzero(members))
