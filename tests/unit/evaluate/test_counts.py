"""Intervals and confusion tables, against SciPy and scikit-learn."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from mrsift.evaluate.confusion import confusion_matrix, markdown_table
from mrsift.evaluate.intervals import wilson_interval


@pytest.mark.parametrize(("successes", "total"), [(0, 5), (5, 5), (27, 34), (1, 1), (512, 516)])
def test_interval_is_scipys(successes: int, total: int) -> None:
    expected = binomtest(successes, total).proportion_ci(method="wilson")
    assert wilson_interval(successes, total) == pytest.approx((expected.low, expected.high))


def test_nothing_counted_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_matrix_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 8, 300), rng.integers(0, 9, 300)
    np.testing.assert_array_equal(
        confusion_matrix(y_true, y_pred, 9),
        sklearn_confusion_matrix(y_true, y_pred, labels=range(9)),
    )


def test_table_leaves_out_labels_that_do_not_occur() -> None:
    table = markdown_table(np.array([[2, 1], [0, 0]]), ("A", "B"))
    assert table.splitlines()[2:] == ["| A | 2 | 1 |"]
