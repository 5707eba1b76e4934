"""Grad-CAM: it points at what decides, and changes when the weights do."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mrsift.config import NetworkSettings
from mrsift.models.catalogue import build
from mrsift.models.resnet import ResNet
from mrsift.models.saliency import SanityCheck, grad_cam, randomised_weights_check

SETTINGS = NetworkSettings(
    depth=10,
    width=8,
    stem_kernel=(3, 3, 3),
    stem_stride=(1, 1, 1),
    stem_pool=False,
    slice_strides=(1, 2, 1, 1),
)
SHAPE = (4, 48, 48)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def draw(rng: np.random.Generator, label: int) -> tuple[NDArray[np.float32], slice, slice]:
    """Noise with a striped square somewhere; the direction of the stripes is the label."""
    volume = rng.normal(scale=0.3, size=SHAPE).astype(np.float32)
    row, column = rng.integers(0, 32, 2)
    rows, columns = slice(row, row + 16), slice(column, column + 16)
    stripes = 2.0 * np.sign(np.sin(np.arange(16) * np.pi / 2 + 0.1)).astype(np.float32)
    volume[:, rows, columns] += stripes[:, None] if label else stripes[None]
    return volume, rows, columns


@pytest.fixture(scope="module", params=[2, 3])
def trained(request: pytest.FixtureRequest) -> ResNet:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    network = build(replace(SETTINGS, dimensions=request.param), labels=2).train()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(25):
        labels = rng.integers(0, 2, 8)
        batch = torch.from_numpy(np.stack([draw(rng, int(label))[0] for label in labels])[:, None])
        loss = torch.nn.functional.cross_entropy(network(batch).logits, torch.from_numpy(labels))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def test_the_map_points_at_what_decides(trained: ResNet) -> None:
    rng = np.random.default_rng(1)
    inside = []
    for number in range(6):
        volume, rows, columns = draw(rng, number % 2)
        found = grad_cam(trained, volume, number % 2)
        assert found.values.shape == SHAPE
        assert found.values.min() >= 0
        assert found.values.max() == 1
        inside.append(found.values[:, rows, columns].mean() / found.values.mean())
    assert np.median(inside) > 1.5


def test_the_resolution_is_the_stages(trained: ResNet) -> None:
    volume = draw(np.random.default_rng(1), 0)[0]
    slices = {2: 4, 3: 2}[trained.settings.dimensions]
    assert grad_cam(trained, volume, 0).resolution == (slices, 6, 6)
    assert grad_cam(trained, volume, 0, stage=0).resolution == (4, 48, 48)


def test_the_network_is_left_as_it_was(trained: ResNet) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    trained.train()
    grad_cam(trained, draw(np.random.default_rng(1), 0)[0], 0)
    assert trained.training
    trained.eval()
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    assert not trained.stages[-1]._forward_hooks


def test_channels_make_one_map() -> None:
    network = build(replace(SETTINGS, channels=3), labels=2)
    volume = np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32)
    assert grad_cam(network, volume, 1).values.shape == SHAPE


def test_gradients_are_asked_for_as_before() -> None:
    network = build(SETTINGS, labels=2)
    network.stem.requires_grad_(False)
    before = [parameter.requires_grad for parameter in network.parameters()]
    grad_cam(network, draw(np.random.default_rng(0), 0)[0], 0)
    assert [parameter.requires_grad for parameter in network.parameters()] == before


def test_a_slice_that_attention_leaves_out_has_no_map() -> None:
    network = build(replace(SETTINGS, dimensions=2, slice_pooling="attention"), labels=2).eval()
    assert network.attention_head is not None
    volume = draw(np.random.default_rng(0), 0)[0]
    volume[2] *= 5.0  # a slice with features of its own
    with torch.no_grad():
        images = network.image_features(torch.from_numpy(volume)[:, None])
        direction = images[2] - images[[0, 1, 3]].mean(dim=0)
        # its score is far above the others': content follows the direction, the gate is open
        network.attention_head.content.weight.copy_(
            (20 * direction / direction.norm()).expand_as(network.attention_head.content.weight)
        )
        network.attention_head.content.bias.copy_(
            -network.attention_head.content.weight @ images.mean(dim=0)
        )
        network.attention_head.gate.bias.fill_(20.0)
        network.attention_head.score.weight.fill_(20.0)
    found = max(
        (grad_cam(network, volume, label) for label in (0, 1)), key=lambda s: s.values.sum()
    )
    # between slices the map is interpolated; the resolution is one number per slice
    assert found.resolution[0] == 4
    assert found.values[2].max() == 1
    assert found.values[[0, 1, 3]].max() < 0.05


def test_a_label_that_nothing_speaks_for_has_an_empty_map() -> None:
    network = build(SETTINGS, labels=2)
    torch.nn.init.zeros_(network.label_head.weight)
    found = grad_cam(network, draw(np.random.default_rng(0), 0)[0], 1)
    assert not found.values.any()


def test_of_several_looks_the_map_is_of_the_first(trained: ResNet) -> None:
    volume = draw(np.random.default_rng(1), 0)[0]
    alone = grad_cam(trained, volume, 0)
    settings = trained.settings
    trained.settings = replace(settings, looks=(1.0, 0.5))
    try:
        found = grad_cam(trained, volume, 0)
    finally:
        trained.settings = settings
    assert found.resolution == alone.resolution
    # the mean over two looks halves what every voxel adds, and the scale is one's own
    np.testing.assert_allclose(found.values, alone.values, atol=1e-5)


def test_random_weights_give_other_maps(trained: ResNet) -> None:
    rng = np.random.default_rng(2)
    labels = [0, 1, 0, 1]
    volumes = [draw(rng, label)[0] for label in labels]
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    found = randomised_weights_check(trained, volumes, labels)
    assert found.layers == ("head", "stage 4", "stage 3", "stage 2", "stage 1", "stem")
    assert found.passed
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    assert found.similarity == randomised_weights_check(trained, volumes, labels).similarity


@pytest.mark.parametrize(
    ("last", "passed"), [(0.9, False), (-0.9, False), (0.1, True), (None, False)]
)
def test_a_map_that_stays_does_not_pass(last: float | None, passed: bool) -> None:
    assert SanityCheck(("head", "stem"), (0.0, last)).passed is passed
