"""Every number that scikit-learn or SciPy also has is theirs."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from mrsift.evaluate import confusion, ranking
from mrsift.evaluate.agreement import agreements
from mrsift.evaluate.bootstrap import draw_patients
from mrsift.evaluate.calibration import (
    brier_scores,
    calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability,
    softmax,
)
from mrsift.evaluate.cases import find_cases
from mrsift.evaluate.intervals import largest_rate_unseen
from mrsift.evaluate.paired import mcnemar_p_value
from mrsift.evaluate.predictions import make_predictions
from mrsift.evaluate.scores import score
from tests.simulated_predictions import NAMES, simulated_predictions

SHARED = {
    "sensitivity": metrics.recall_score,
    "ppv": metrics.precision_score,
    "f1": metrics.f1_score,
    "kappa": metrics.cohen_kappa_score,
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
}


@pytest.fixture(scope="module")
def table():
    """The simulated study with enough errors that no measure is trivial."""
    return simulated_predictions(200, seed=3, difficulty=2.5)


@pytest.fixture(scope="module")
def found(table):
    cases = find_cases(table)
    return cases, score(cases, table.patient[cases.rows], draws=50, seed=0)


@pytest.mark.parametrize("measure", SHARED)
@pytest.mark.parametrize("label", range(len(NAMES)))
def test_measures_of_one_label(found, measure: str, label: int) -> None:
    cases, scores = found
    expected = SHARED[measure](cases.y_true == label, cases.y_pred == label)
    assert scores.labels[cases.names[label]][measure].value == pytest.approx(expected)


@pytest.mark.parametrize("label", range(len(NAMES)))
def test_specificity_and_npv_are_recall_and_precision_of_the_rest(found, label: int) -> None:
    cases, scores = found
    rest_true, rest_pred = cases.y_true != label, cases.y_pred != label
    ours = scores.labels[cases.names[label]]
    assert ours["specificity"].value == pytest.approx(metrics.recall_score(rest_true, rest_pred))
    assert ours["npv"].value == pytest.approx(metrics.precision_score(rest_true, rest_pred))


def test_measures_over_all_labels(found) -> None:
    cases, scores = found
    y_true, y_pred = cases.y_true, cases.y_pred
    expected = {
        "accuracy": metrics.accuracy_score(y_true, y_pred),
        "balanced_accuracy": metrics.balanced_accuracy_score(y_true, y_pred),
        "macro_f1": metrics.f1_score(y_true, y_pred, average="macro"),
        "kappa": metrics.cohen_kappa_score(y_true, y_pred),
    }
    ours = {measure: scores.overall[measure].value for measure in expected}
    assert ours == pytest.approx(expected)
    np.testing.assert_array_equal(scores.matrix, metrics.confusion_matrix(y_true, y_pred))


def test_a_label_that_does_not_occur_has_no_part_in_means() -> None:
    y_true, y_pred = np.array([0, 0, 1, 1, 1]), np.array([0, 2, 1, 1, 0])
    matrix = confusion.confusion_matrix(y_true, y_pred, 4)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        expected = metrics.balanced_accuracy_score(y_true, y_pred)
    assert confusion.balanced_accuracy(matrix) == pytest.approx(expected)
    macro = metrics.f1_score(y_true, y_pred, average="macro", labels=[0, 1])
    assert confusion.macro_f1(matrix) == pytest.approx(macro)


def test_a_draw_of_patients_is_the_measure_on_their_rows(table) -> None:
    cases = find_cases(table)
    patient = table.patient[cases.rows]
    draws = draw_patients(patient, draws=5, seed=1)
    counts = confusion.confusion_per_patient(
        cases.y_true, cases.y_pred, draws.patient, (draws.patients, len(cases.names))
    )
    matrices = draws.resample(counts)
    known = cases.y_true != 5
    score_of_known = table.in_distribution[cases.rows]
    for times, matrix in zip(draws.times, matrices, strict=True):
        rows = np.repeat(np.arange(len(cases.rows)), times[draws.patient])
        y_true, y_pred = cases.y_true[rows], cases.y_pred[rows]
        macro = metrics.f1_score(y_true, y_pred, average="macro")
        assert confusion.macro_f1(matrix) == pytest.approx(macro)
        assert confusion.kappa(matrix) == pytest.approx(metrics.cohen_kappa_score(y_true, y_pred))
        ours = ranking.auroc(score_of_known, known, times[draws.patient][None])
        expected = metrics.roc_auc_score(known[rows], score_of_known[rows])
        assert ours[0] == pytest.approx(expected)


@pytest.mark.parametrize("levels", [3, 10_000])
def test_auroc_and_fpr95(levels: int) -> None:
    rng = np.random.default_rng(2)
    known = rng.random(400) < 0.7
    value = np.round(rng.normal(known, 1.0) * levels) / levels  # few levels: many ties
    ones = np.ones((1, 400))
    assert ranking.auroc(value, known, ones)[0] == pytest.approx(
        metrics.roc_auc_score(known, value)
    )
    false_positive, true_positive, _ = metrics.roc_curve(known, value, drop_intermediate=False)
    expected = false_positive[np.argmax(true_positive >= 0.95)]
    assert ranking.false_positive_rate(value, known, ones)[0] == pytest.approx(expected)


def test_probabilities(table) -> None:
    known = table.probabilities
    y_true = np.array([NAMES.index(label) for label in table.label])
    brier = metrics.brier_score_loss(y_true, known, labels=range(len(NAMES)), scale_by_half=False)
    assert brier_scores(known, y_true).mean() == pytest.approx(brier)
    logits = np.log(np.maximum(known, 1e-300))
    loss = metrics.log_loss(y_true, softmax(logits), labels=range(len(NAMES)))
    assert negative_log_likelihood(logits, y_true) == pytest.approx(loss)


def test_reliability_is_the_calibration_curve(table) -> None:
    from sklearn.calibration import calibration_curve

    confidence = table.probabilities.max(axis=1)
    right = table.label == table.predicted
    curve = reliability(confidence, right)
    share, mean = calibration_curve(right, confidence, n_bins=10)
    filled = curve.counts > 0
    np.testing.assert_allclose(curve.accuracy[filled], share)
    np.testing.assert_allclose(curve.confidence[filled], mean)
    by_hand = np.average(np.abs(share - mean), weights=curve.counts[filled])
    sums = (curve.counts[filled], mean * curve.counts[filled], share * curve.counts[filled])
    assert calibration_error(*sums) == pytest.approx(by_hand)


def test_temperature_lowers_scikit_learns_log_loss() -> None:
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 4, 500)
    logits = 6 * (np.eye(4)[y_true] + rng.normal(0, 0.6, (500, 4)))
    temperature = fit_temperature(logits, y_true)
    losses = [
        metrics.log_loss(y_true, softmax(logits, temperature * factor)) for factor in (0.9, 1, 1.1)
    ]
    assert losses[1] == min(losses)


@pytest.mark.parametrize("total", [1, 3, 30, 105, 516])
def test_bound_without_errors_is_clopper_pearson(total: int) -> None:
    expected = binomtest(0, total, alternative="less").proportion_ci(0.95, method="exact")
    assert largest_rate_unseen(total) == pytest.approx(expected.high)
    assert largest_rate_unseen(total) <= 3 / total  # the rule of three is a little above


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (1, 0), (5, 15), (12, 3), (8, 8)])
def test_mcnemar_is_the_binomial_test(only_first: int, only_second: int) -> None:
    differ = only_first + only_second
    expected = binomtest(only_first, differ).pvalue if differ else 1.0
    assert mcnemar_p_value(only_first, only_second) == pytest.approx(expected)


def test_two_readers_have_cohens_kappa(table) -> None:
    found = {item.raters: item for item in agreements(table, draws=20, seed=0)}
    expected = metrics.cohen_kappa_score(
        table.readers["reader_1"].astype(str), table.readers["reader_2"].astype(str)
    )
    assert found["reader_1", "reader_2"].kappa.value == pytest.approx(expected)


def test_fleiss_own_example() -> None:
    """Fleiss 1971 as it is usually told: 10 subjects, 14 raters, 5 categories, kappa 0.210."""
    votes = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    ratings = [[str(label) for label in range(5) for _ in range(row[label])] for row in votes]
    columns = {f"reader_{rater + 1}": [row[rater] for row in ratings] for rater in range(14)}
    table = make_predictions(
        tuple("01234"),
        columns
        | {
            "volume_id": [f"v{row}" for row in range(10)],
            "patient": [f"p{row}" for row in range(10)],
            "label": [None] * 10,
            "predicted": ["0"] * 10,
            "probabilities": np.full((10, 5), 0.2),
        },
    )
    found = {item.raters: item for item in agreements(table, draws=20, seed=0)}
    all_readers = next(item for raters, item in found.items() if len(raters) == 14)
    assert all_readers.kappa.value == pytest.approx(0.210, abs=5e-4)
