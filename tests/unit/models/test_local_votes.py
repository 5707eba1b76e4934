"""Votes of places: they add up to the network's own answer, and spread where answers differ."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mrsift.config import NetworkSettings
from mrsift.models.catalogue import build
from mrsift.models.local_votes import local_votes
from mrsift.models.resnet import ResNet
from mrsift.types import Float32Array

SETTINGS = NetworkSettings(
    depth=10, channels=2, width=4, stem_kernel=(3, 3, 3), stem_pool=False, dropout=0.5
)
SHAPE = (2, 6, 32, 32)


def network(dimensions: int, pooling: str = "mean", seed: int = 0) -> ResNet:
    torch.manual_seed(seed)
    settings = replace(SETTINGS, dimensions=dimensions, slice_pooling=pooling)
    return build(settings, labels=2).eval()


def volume(seed: int = 0) -> Float32Array:
    return np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_where_all_places_are_alike_the_vote_is_the_networks(dimensions: int) -> None:
    net = network(dimensions)
    flat = np.zeros(SHAPE, np.float32)
    with torch.no_grad():  # a stem that sees nothing but its own bias: every place alike
        net.stem[0].weight.zero_()
        net.stem[1].bias.fill_(1.0)
        for part in net.stages.modules():
            if isinstance(part, torch.nn.Conv2d | torch.nn.Conv3d) and part.kernel_size[0] > 1:
                part.weight.zero_()
        expected = torch.softmax(net(torch.from_numpy(flat)[None]).logits, dim=1)[0, 1]
    found = local_votes([net], flat, 1)
    np.testing.assert_allclose(found.mean, float(expected), atol=1e-5)
    assert found.mean.shape == SHAPE[1:]


def test_a_slices_vote_is_what_the_network_says_of_the_slice() -> None:
    net, case = network(2), volume()
    found = local_votes([net], case, 1)
    with torch.no_grad():
        images = torch.from_numpy(case).transpose(0, 1)
        expected = torch.softmax(net(images).logits, dim=1)[:, 1]
    assert found.slices is not None
    np.testing.assert_allclose(found.slices[0], expected.numpy(), atol=1e-5)
    assert found.attention is None


def test_attention_is_that_of_the_network() -> None:
    net, case = network(2, "attention"), volume()
    found = local_votes([net], case, 1)
    assert found.attention is not None
    assert net.attention_head is not None
    with torch.no_grad():
        features = net.image_features(torch.from_numpy(case).transpose(0, 1))
        pooled = torch.from_numpy(found.attention[0]).float() @ features
        torch.testing.assert_close(pooled, net(torch.from_numpy(case)[None]).features[0])
    assert found.attention.sum(axis=1) == pytest.approx(1.0)


def test_one_answer_has_no_spread() -> None:
    assert local_votes([network(3)], volume(), 0).deviation is None


def test_equal_networks_do_not_differ_and_others_do() -> None:
    same = local_votes([network(3), network(3)], volume(), 0)
    assert same.deviation is not None
    assert same.deviation.max() == 0
    other = local_votes([network(3), network(3, seed=1)], volume(), 0)
    assert other.deviation is not None
    assert other.deviation.max() > 0
    assert other.answers == 2


def test_passes_with_dropout_differ_and_are_drawn_from_the_seed() -> None:
    first = local_votes([network(2)], volume(), 0, passes=8, seed=1)
    again = local_votes([network(2)], volume(), 0, passes=8, seed=1)
    assert first.answers == 8
    assert first.deviation is not None
    assert again.deviation is not None
    assert first.deviation.max() > 0.001
    np.testing.assert_array_equal(first.deviation, again.deviation)


def test_many_passes_have_the_mean_of_none_where_the_head_is_nearly_linear() -> None:
    net = network(2)
    with torch.no_grad():
        net.label_head.weight *= 0.05
    without = local_votes([net], volume(), 0).mean
    dropped = local_votes([net], volume(), 0, passes=400).mean
    np.testing.assert_allclose(dropped, without, atol=0.01)


def test_the_resolution_is_the_last_stages() -> None:
    assert local_votes([network(2)], volume(), 0).resolution == (6, 2, 2)
    assert local_votes([network(3)], volume(), 0).resolution == (1, 2, 2)
