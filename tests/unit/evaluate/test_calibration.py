"""Temperature, against an independent optimiser and scikit-learn's loss."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax as scipy_softmax
from sklearn.metrics import log_loss

from mrsift.evaluate.calibration import fit_temperature, negative_log_likelihood, softmax


def sample(true_temperature: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from their softmax at a known temperature."""
    rng = np.random.default_rng(3)
    logits = rng.normal(scale=4.0, size=(n, 9))
    chances = scipy_softmax(logits / true_temperature, axis=1)
    return logits, np.array([rng.choice(9, p=row) for row in chances])


def test_softmax_is_scipys() -> None:
    logits = np.random.default_rng(0).normal(scale=300.0, size=(20, 9))
    np.testing.assert_allclose(softmax(logits, 2.5), scipy_softmax(logits / 2.5, axis=1))


def test_likelihood_is_scikit_learns() -> None:
    logits, y_true = sample(1.5)
    expected = log_loss(y_true, scipy_softmax(logits / 1.5, axis=1), labels=range(9))
    assert negative_log_likelihood(logits, y_true, 1.5) == pytest.approx(expected)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found(true_temperature: float) -> None:
    logits, y_true = sample(true_temperature)
    best = minimize_scalar(
        lambda t: log_loss(y_true, scipy_softmax(logits / t, axis=1), labels=range(9)),
        bounds=(0.1, 10),
        method="bounded",
    )
    found = fit_temperature(logits, y_true)
    assert found == pytest.approx(best.x, rel=1e-3)
    assert found == pytest.approx(true_temperature, rel=0.1)


def test_a_perfect_network_stays_within_bounds() -> None:
    assert 0.05 <= fit_temperature(np.eye(9) * 5.0, np.arange(9)) < 0.2
