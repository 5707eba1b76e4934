"""Prediction sets, against the definition and their promise."""

import numpy as np
import pytest

from mrsift.evaluate.conformal import label_thresholds, prediction_set


def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    y_true = rng.integers(0, 4, n)
    logits = rng.normal(size=(n, 4)) + 1.2 * np.eye(4)[y_true] * rng.random((n, 1)) * 2
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True), y_true


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_threshold_is_the_defined_order_statistic(coverage: float) -> None:
    probabilities, y_true = draw(np.random.default_rng(0), 400)
    thresholds = label_thresholds(probabilities, y_true, coverage)
    for label in range(4):
        scores = probabilities[y_true == label, label]
        n = len(scores)
        # By definition: nonconformity 1 - p, quantile at ceil((n + 1) * coverage) / n.
        rank = int(np.ceil(np.round((n + 1) * coverage, 9)))
        assert thresholds[label] == pytest.approx(1 - np.sort(1 - scores)[rank - 1])


def test_new_volumes_are_covered_label_by_label() -> None:
    rng = np.random.default_rng(1)
    covered = np.zeros(4)
    total = np.zeros(4)
    for _ in range(300):
        probabilities, y_true = draw(rng, 300)
        thresholds = label_thresholds(probabilities, y_true, 0.9)
        fresh, fresh_true = draw(rng, 200)
        inside = fresh[np.arange(200), fresh_true] >= thresholds[fresh_true]
        np.add.at(covered, fresh_true, inside)
        np.add.at(total, fresh_true, 1)
    assert (covered / total > 0.89).all()
    assert (covered / total < 0.93).all()


def test_too_few_volumes_promise_nothing() -> None:
    probabilities, y_true = draw(np.random.default_rng(2), 12)
    assert (label_thresholds(probabilities, y_true, 0.95) == 0).all()


def test_set_is_sorted_and_never_empty() -> None:
    probabilities = np.array([0.2, 0.5, 0.25, 0.05])
    assert prediction_set(probabilities, np.array([0.1, 0.9, 0.3, 0.0])).tolist() == [1, 0, 3]
    assert prediction_set(probabilities, np.ones(4)).tolist() == [1]
