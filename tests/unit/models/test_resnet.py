"""The ResNets: shapes, shortcuts that carry gradient, dropout, strides."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mrsift.config import Depth, NetworkSettings
from mrsift.errors import ConfigError
from mrsift.models.catalogue import DEFAULT, DEPTHS, build
from mrsift.models.resnet import BLOCKS, Block, bottleneck, seen_at
from mrsift.preprocess import resize

SMALL = NetworkSettings(depth=10, width=4, stem_stride=(1, 1, 1), dropout=0.5)
NETWORKS = [
    *(NetworkSettings(depth=depth, width=4) for depth in DEPTHS),
    *(NetworkSettings(dimensions=2, depth=depth, width=4) for depth in DEPTHS),
    NetworkSettings(depth=50, width=4, bottleneck_stride="1x1"),
    replace(DEFAULT, width=4),
]


def name(settings: NetworkSettings) -> str:
    return f"{settings.dimensions}d-{settings.depth}-{settings.bottleneck_stride}"


def silence(block: Block) -> None:
    """Makes the residual branch give exactly zero, with no gradient through it."""
    for parameter in block.residual.parameters():
        parameter.data.zero_()
        parameter.requires_grad_(False)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def test_heads_and_features_have_their_shapes() -> None:
    output = build(SMALL, labels=5, regions=2)(torch.randn(3, 1, 8, 16, 16))
    assert output.logits.shape == (3, 5)
    assert output.region.shape == (3, 2)
    assert output.features.shape == (3, 32)


def test_without_regions_there_is_no_second_head() -> None:
    network = build(SMALL, labels=5)
    assert network(torch.randn(2, 1, 8, 16, 16)).region is None
    assert not [key for key in network.state_dict() if "region" in key]


@pytest.mark.parametrize("settings", NETWORKS, ids=name)
def test_every_shortcut_carries_gradient(settings: NetworkSettings) -> None:
    network = build(settings, labels=3).train()
    blocks = [module for module in network.modules() if isinstance(module, Block)]
    for block in blocks:
        silence(block)
    reached: list[torch.Tensor] = []
    for block in blocks:
        block.register_full_backward_hook(
            lambda _block, grad_input, _grad_output: reached.append(grad_input[0])
        )
    size = (64, 64) if settings.dimensions == 2 else (32, 64, 64)
    volume = torch.randn(2, 1, *size, requires_grad=True)
    network(volume).logits.square().sum().backward()
    assert len(blocks) == sum(BLOCKS[settings.depth])
    assert len(reached) == len(settings.looks) * len(blocks)
    assert all(gradient.abs().max() > 0 for gradient in reached)
    assert volume.grad is not None
    assert volume.grad.abs().max() > 0
    projections = [block for block in blocks if not isinstance(block.shortcut, torch.nn.Identity)]
    assert len(projections) == (4 if settings.depth in {50, 101} else 3)
    for block in projections:
        gradient = block.shortcut.get_parameter("0.weight").grad
        assert gradient is not None
        assert gradient.abs().max() > 0


def test_a_2d_network_is_the_mean_over_its_slices() -> None:
    network = build(replace(SMALL, dimensions=2), labels=5).eval()
    volume = torch.randn(2, 1, 3, 32, 32)
    features = [network(volume[:, :, index]).features for index in range(3)]
    torch.testing.assert_close(network(volume).features, torch.stack(features).mean(dim=0))


def test_slice_strides_leave_the_slices_that_are_asked_for() -> None:
    maps: list[Any] = []
    network = build(replace(DEFAULT, width=4), labels=9)
    network.stages.register_forward_hook(lambda _module, _inputs, output: maps.append(output))
    network(torch.randn(1, 1, 12, 112, 112))
    assert maps[0].shape == (1, 32, 3, 7, 7)


@pytest.mark.parametrize(("where", "place"), [("1x1", 0), ("3x3", 3)])
def test_the_stride_of_a_bottleneck_is_where_it_is_asked_for(where: str, place: int) -> None:
    residual = bottleneck(8, 4, (2, 2, 2), where).residual
    strides = {
        index: layer.stride for index, layer in enumerate(residual) if hasattr(layer, "stride")
    }
    assert [index for index, stride in strides.items() if stride == (2, 2, 2)] == [place]


def test_several_channels_go_in() -> None:
    assert build(replace(SMALL, channels=4), 2)(torch.randn(2, 4, 8, 16, 16)).logits.shape == (2, 2)


@hypothesis_settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.001, 1.0))
def test_a_look_is_what_preparing_at_its_size_would_show(
    rows: int, columns: int, share: float
) -> None:
    volume = torch.randn(2, 1, 3, rows, columns)
    found = seen_at(volume, share)
    expected = resize(volume[1, 0].numpy(), (3, *found.shape[-2:]))
    torch.testing.assert_close(found[1, 0], torch.from_numpy(expected), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_several_looks_are_the_mean_of_what_each_sees(dimensions: Any) -> None:
    network = build(replace(SMALL, dimensions=dimensions), labels=5, regions=2).eval()
    volume = torch.randn(3, 1, 8, 32, 32)
    halves = torch.nn.functional.avg_pool3d(volume, (1, 2, 2))
    with torch.inference_mode():
        alone = [network(look) for look in (volume, halves)]
        network.settings = replace(network.settings, looks=(1.0, 0.5))
        both = network(volume)
    for found, one, other in zip(both, *alone, strict=True):
        torch.testing.assert_close(found, (one + other) / 2)


def test_dropout_acts_in_training_only() -> None:
    network = build(SMALL, labels=5)
    volume = torch.randn(4, 1, 8, 16, 16)
    network.train()
    assert not torch.equal(network(volume).logits, network(volume).logits)
    network.eval()
    assert torch.equal(network(volume).logits, network(volume).logits)


def test_a_depth_that_no_resnet_has_is_named() -> None:
    depth: Any = 12
    with pytest.raises(ConfigError, match=r"12 layers.*10, 14, 18"):
        build(NetworkSettings(depth=depth), labels=2)


@pytest.mark.parametrize("looks", [(), (0.0,), (1.0, 1.5)])
def test_a_network_that_looks_at_nothing_is_refused(looks: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match=r"network\.looks"):
        build(NetworkSettings(looks=looks), labels=2)


@pytest.mark.parametrize("depth", [10, 50])
def test_a_block_starts_as_its_shortcut(depth: Depth) -> None:
    network = build(replace(SMALL, depth=depth), labels=2).eval()
    block = network.stages[1][0]
    volume = torch.randn(1, block.shortcut[0].in_channels, 4, 8, 8)
    torch.testing.assert_close(block(volume), torch.relu(block.shortcut(volume)))


@pytest.mark.parametrize(
    ("settings", "shape"),
    [(DEFAULT, (12, 160, 160)), (replace(DEFAULT, slice_strides=(1, 2, 2, 1)), (24, 96, 96))],
)
def test_bfloat16_gradients_of_our_networks_are_right(
    settings: NetworkSettings, shape: tuple[int, int, int]
) -> None:
    """torch 2.13 leaves weight gradients unwritten for some shapes; ours must not be among them."""
    network = build(settings, labels=9, regions=2).train()
    network.to(memory_format=torch.channels_last_3d)
    for block in network.modules():
        if isinstance(block, Block):
            torch.nn.init.ones_(block.residual[-1].weight)
    volume = torch.randn(8, 1, *shape)
    for size in range(20):  # freed memory that is reused must not show
        dirt = [torch.full((50_000 * (1 + size % 7),), torch.nan) for _ in range(8)]
        del dirt
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = network(volume).logits.float().square().sum()
    loss.backward()
    for key, weight in network.named_parameters():
        if weight.grad is not None:
            assert torch.isfinite(weight.grad).all(), key
