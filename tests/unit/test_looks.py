"""`bench.looks`: the log loss is scikit-learn's, and each look is asked alone."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from bench.looks import at_each_look, told
from mrsift.config import NetworkSettings
from mrsift.evaluate.calibration import softmax
from mrsift.models.catalogue import build


def test_right_and_log_loss_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3.0, size=(200, 9)).astype(np.float32)
    labels = rng.integers(0, 9, 200)
    found = told(logits, labels)
    shares = softmax(logits)
    assert found.log_loss == pytest.approx(log_loss(labels, shares, labels=range(9)), rel=1e-4)
    assert found.right == pytest.approx(np.mean(shares.argmax(axis=1) == labels))
    wrong = [row for row, label in zip(shares, labels, strict=True) if row.argmax() != label]
    assert found.sure_wrong == sum(row.max() >= 0.9 for row in wrong) > 0


def test_each_look_is_asked_alone_and_then_all() -> None:
    settings = NetworkSettings(depth=10, width=4, looks=(1.0, 0.5))
    network = build(settings, 3).eval()
    volume = torch.randn(1, 1, 4, 32, 32)
    with torch.inference_mode():
        said = {name: one(volume).logits for name, one in at_each_look(network)}
    assert list(said) == ["1", "0.5", "1 and 0.5"]
    torch.testing.assert_close(said["1 and 0.5"], (said["1"] + said["0.5"]) / 2)
    assert network.settings == settings


def test_a_network_of_one_look_is_asked_once() -> None:
    network = build(NetworkSettings(depth=10, width=4), 3)
    assert [name for name, _ in at_each_look(network)] == ["1"]
