"""Table 1: the paper's own arithmetic, bounds without errors, labels that never occur."""

import math

import numpy as np
import pytest

from mrsift.evaluate.cases import Cases
from mrsift.evaluate.scores import Scores, score

PAPER = ("T2WI_nan", "T2WI_fs", "DWI_High", "DWI_Low", "ADC")
TEST = (101, 118, 105, 102, 90)
VALIDATION = (100, 120, 105, 102, 86)


def scores_of(counts: tuple[int, ...], errors: dict[tuple[str, str], int]) -> Scores:
    """The paper's matrix with the errors named; one volume of each label per patient."""
    y_true = np.repeat(range(5), counts)
    y_pred = y_true.copy()
    for (label, answer), wrong in errors.items():
        place = np.flatnonzero((y_true == PAPER.index(label)) & (y_pred == y_true))[:wrong]
        y_pred[place] = PAPER.index(answer)
    patient = np.concatenate([np.arange(count) for count in counts]).astype(object)
    cases = Cases(PAPER, y_true, y_pred, np.arange(len(y_true)), 0, 0)
    return score(cases, patient, draws=200, seed=0)


def printed(scores: Scores, label: str) -> dict[str, float]:
    return {name: round(found.value, 3) for name, found in scores.labels[label].items()}


def test_the_papers_test_table_and_its_accuracy_that_is_a_balanced_one() -> None:
    scores = scores_of(TEST, {("DWI_High", "DWI_Low"): 1})
    assert printed(scores, "DWI_High") == {
        "accuracy": 0.998,  # 515 of 516; the paper prints .995 under this name
        "balanced_accuracy": 0.995,
        "sensitivity": 0.990,
        "specificity": 1.000,
        "ppv": 1.000,
        "npv": 0.998,
        "f1": 0.995,
        "kappa": 0.994,
    }
    assert printed(scores, "DWI_Low") == {
        "accuracy": 0.998,
        "balanced_accuracy": 0.999,  # as printed
        "sensitivity": 1.000,
        "specificity": 0.998,
        "ppv": 0.990,
        "npv": 1.000,
        "f1": 0.995,
        "kappa": 0.994,
    }
    accuracy = scores.labels["DWI_High"]["accuracy"]
    assert (accuracy.successes, accuracy.total) == (515, 516)


def test_the_papers_validation_table_needs_a_sensitivity_that_no_count_gives() -> None:
    assert not [k for k in range(106) if round(k / 105, 3) == 0.978]
    assert not [k for k in range(809) if round(k / 808, 3) == 0.987]  # train DWI_Low
    scores = scores_of(VALIDATION, {("DWI_High", "DWI_Low"): 2})
    assert printed(scores, "DWI_Low")["specificity"] == 0.995
    assert printed(scores, "DWI_Low")["ppv"] == 0.981
    assert printed(scores, "DWI_High")["accuracy"] == 0.996
    assert printed(scores, "DWI_High")["sensitivity"] == 0.981
    # What is printed as accuracy, .989, follows from the sensitivity as printed.
    assert round((0.978 + 1.000) / 2, 3) == 0.989


def test_a_perfect_label_has_a_bound_that_counts_patients() -> None:
    scores = scores_of(TEST, {})
    sensitivity = scores.labels["ADC"]["sensitivity"]
    assert (sensitivity.value, sensitivity.high, sensitivity.method) == (1.0, 1.0, "bound")
    assert sensitivity.low == pytest.approx(0.05 ** (1 / 90))
    specificity = scores.labels["ADC"]["specificity"]
    assert specificity.patients == 118
    assert specificity.low == pytest.approx(0.05 ** (1 / 118))
    f1 = scores.labels["ADC"]["f1"]
    assert f1.low == pytest.approx(2 * 0.05 ** (1 / 90) / (1 + 0.05 ** (1 / 90)))
    for estimates in (*scores.labels.values(), scores.overall):
        assert {found.method for found in estimates.values()} == {"bound"}
        assert all(0.8 < found.low < 1 for found in estimates.values())


def test_errors_never_bring_a_better_bound_than_none() -> None:
    without, one = scores_of(TEST, {}), scores_of(TEST, {("DWI_High", "DWI_Low"): 1})
    for label in PAPER:
        for measure, found in one.labels[label].items():
            assert found.low <= without.labels[label][measure].low + 1e-12, (label, measure)
    for measure, found in one.overall.items():
        # An error moves the margins, and with them the agreement by chance, a little.
        assert found.low <= without.overall[measure].low + 1e-5, measure


def test_one_volume_per_patient_has_wilsons_interval() -> None:
    found = scores_of(TEST, {("DWI_High", "DWI_Low"): 1}).labels["DWI_High"]["sensitivity"]
    assert found.method == "wilson"
    assert (found.low, found.high) == pytest.approx((0.94801, 0.99832), abs=1e-5)


def test_a_label_that_never_occurs_is_no_number() -> None:
    scores = scores_of((5, 5, 5, 5, 0), {})
    absent = scores.labels["ADC"]
    for measure in ("sensitivity", "ppv", "f1"):
        assert math.isnan(absent[measure].value)
        assert absent[measure].method == "none"
    assert absent["specificity"].value == 1.0
    assert scores.overall["balanced_accuracy"].value == 1.0


def test_a_label_that_is_never_found_has_an_upper_bound() -> None:
    found = scores_of((9, 9, 9, 9, 9), {("ADC", "DWI_Low"): 9}).labels["ADC"]
    assert found["sensitivity"].value == 0.0
    assert found["sensitivity"].high == pytest.approx(1 - 0.05 ** (1 / 9))
    assert found["balanced_accuracy"].value == 0.5
    assert found["balanced_accuracy"].low < 0.5 < found["balanced_accuracy"].high
    assert found["f1"].high > 0
    assert math.isnan(found["ppv"].value)


def test_one_patient_gives_no_interval() -> None:
    cases = Cases(PAPER, np.array([0, 0, 1]), np.array([0, 1, 1]), np.arange(3), 0, 0)
    scores = score(cases, np.array(["a"] * 3, object), draws=50, seed=0)
    assert scores.overall["accuracy"].method == "none"
    assert scores.overall["kappa"].method == "none"


def test_unknown_for_a_known_volume_is_an_error_and_lowers_the_coverage() -> None:
    names = ("A", "B", "UNKNOWN")
    cases = Cases(names, np.array([0, 0, 1, 2]), np.array([0, 2, 1, 2]), np.arange(4), 0, 0)
    scores = score(cases, np.array(list("abcd"), object), draws=50, seed=0)
    assert scores.overall["accuracy"].value == 0.75
    coverage = scores.overall["coverage"]
    assert (coverage.successes, coverage.total) == (2, 3)
