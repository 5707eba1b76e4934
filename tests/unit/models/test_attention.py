"""Gated attention: what a bag says, slice by slice."""

import numpy as np
import pytest
import torch

from mrsift.classify.aggregate import attended
from mrsift.config import NetworkSettings
from mrsift.evaluate.calibration import softmax
from mrsift.models.catalogue import build

SETTINGS = NetworkSettings(dimensions=2, depth=10, width=4, channels=2, slice_pooling="attention")


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def test_a_bag_is_the_attended_mean_of_its_slices() -> None:
    network = build(SETTINGS, 3).eval()
    bag = torch.randn(1, 2, 5, 32, 32)
    with torch.no_grad():
        said = network(bag).logits
        features = network.image_features(bag[0].transpose(0, 1))
        assert network.attention_head is not None
        scores = network.attention_head(features).numpy()
        slices = network.label_head(features).numpy()
    np.testing.assert_allclose(attended(slices, scores), softmax(said.numpy())[0], atol=1e-6)


def test_the_order_of_a_bag_does_not_matter() -> None:
    network = build(SETTINGS, 2).eval()
    bag = torch.randn(1, 2, 6, 32, 32)
    with torch.no_grad():
        one, turned = network(bag).logits, network(bag.flip(2)).logits
    torch.testing.assert_close(one, turned)


def test_attention_learns_which_slice_counts() -> None:
    network = build(SETTINGS, 2)
    bag = torch.randn(2, 2, 4, 16, 16)
    network(bag).logits[:, 0].sum().backward()
    assert network.attention_head is not None
    gradients = [parameter.grad for parameter in network.attention_head.parameters()]
    assert all(gradient is not None and bool(gradient.isfinite().all()) for gradient in gradients)
    assert any(bool((gradient != 0).any()) for gradient in gradients if gradient is not None)


def test_networks_without_it_are_as_before() -> None:
    plain = NetworkSettings(dimensions=2, depth=10, width=4, channels=2)
    names = build(plain, 2).state_dict().keys()
    assert not [name for name in names if "attention" in name]
    assert build(plain, 2).attention_head is None
