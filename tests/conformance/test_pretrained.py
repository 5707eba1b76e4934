"""MONAI's own ResNets, with weights of ours or theirs, say the same as ours."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mrsift.config import Depth, NetworkSettings
from mrsift.models.catalogue import build
from mrsift.models.pretrained import load_pretrained

monai_resnet = pytest.importorskip("monai.networks.nets.resnet", reason="MONAI is not installed")

BLOCKS = {10: "basic", 18: "basic", 34: "basic", 50: "bottleneck", 101: "bottleneck"}
LAYERS = {10: [1] * 4, 18: [2] * 4, 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3]}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def monai(depth: Depth, dimensions: int = 3, channels: int = 1, **more: Any) -> nn.Module:
    """A MONAI ResNet of width 8 whose statistics are not the ones it starts with."""
    network: nn.Module = monai_resnet.ResNet(
        BLOCKS[depth],
        LAYERS[depth],
        [8, 16, 32, 64],
        spatial_dims=dimensions,
        n_input_channels=channels,
        conv1_t_stride=2,
        feed_forward=False,
        **more,
    )
    for name, value in network.state_dict().items():
        if "running_mean" in name or name.endswith("bias"):
            value.copy_(torch.randn_like(value) * 0.2)
        if "running_var" in name:
            value.copy_(0.5 + torch.rand_like(value))
    return network.eval()


def ours(depth: Depth, **more: Any) -> Any:
    return build(NetworkSettings(depth=depth, width=8, **more), labels=3).eval()


@pytest.mark.parametrize("depth", [10, 18, 34, 50, 101])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_same_weights_give_the_same_features(
    depth: Depth, dimensions: Any, tmp_path: Path
) -> None:
    theirs = monai(depth, dimensions)
    torch.save(theirs.state_dict(), tmp_path / "monai.pt")
    network = ours(depth, dimensions=dimensions)
    report = load_pretrained(network, tmp_path / "monai.pt")
    assert report.share == 1.0
    assert (report.missing, report.unused, report.inflated, report.padded) == ((), (), (), ())
    volume = torch.randn(2, 1, *(32, 48, 48)[-dimensions:])
    with torch.inference_mode():
        torch.testing.assert_close(
            network(volume).features, theirs(volume).flatten(1), rtol=2e-3, atol=1e-4
        )


@pytest.mark.parametrize("depth", [18, 34])
def test_medicalnets_padded_shortcuts_are_taken_over(depth: Depth, tmp_path: Path) -> None:
    """Its networks of 18 and 34 layers: shortcut A, `module.` before each name, a decoder."""
    theirs = monai(depth, shortcut_type="A")
    weights = {f"module.{name}": value for name, value in theirs.state_dict().items()}
    weights["module.conv_seg.0.weight"] = torch.zeros(4, 4, 2, 2, 2)
    torch.save({"epoch": 3, "state_dict": weights}, tmp_path / "resnet.pth")
    network = ours(depth)
    report = load_pretrained(network, tmp_path / "resnet.pth")
    assert report.share > 0.97
    assert report.padded == ("stages.1.0", "stages.2.0", "stages.3.0")
    assert report.missing == ()
    assert report.unused == ("module.conv_seg.0.weight",)
    volume = torch.randn(2, 1, 32, 48, 48)
    with torch.inference_mode():
        torch.testing.assert_close(
            network(volume).features, theirs(volume).flatten(1), rtol=1e-4, atol=1e-5
        )


def test_a_network_begun_with_padding_learns(tmp_path: Path) -> None:
    torch.save(monai(18, shortcut_type="A").state_dict(), tmp_path / "a.pt")
    network = ours(18)
    load_pretrained(network, tmp_path / "a.pt")
    network.train()
    network(torch.randn(2, 1, 32, 64, 64)).logits.square().sum().backward()
    gradient = network.stages[1][0].shortcut[0].weight.grad
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


def test_one_channel_serves_four_that_are_equal(tmp_path: Path) -> None:
    theirs = monai(50)
    torch.save(theirs.state_dict(), tmp_path / "a.pt")
    network = ours(50, channels=4)
    report = load_pretrained(network, tmp_path / "a.pt")
    assert report.inflated == ("stem.0.weight",)
    volume = torch.randn(1, 1, 32, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(
            network(volume.expand(-1, 4, -1, -1, -1)).features,
            theirs(volume).flatten(1),
            rtol=1e-4,
            atol=1e-5,
        )


def test_colour_images_serve_grey_volumes(tmp_path: Path) -> None:
    """As torchvision names them: 2D, three channels, a head of 1000 classes."""
    theirs = monai(18, dimensions=2, channels=3, bias_downsample=False)
    weights = theirs.state_dict() | {
        "fc.weight": torch.zeros(1000, 64),
        "fc.bias": torch.zeros(1000),
    }
    torch.save(weights, tmp_path / "resnet18.pth")
    flat = ours(18, dimensions=2)
    deep = ours(18)
    assert load_pretrained(flat, tmp_path / "resnet18.pth").unused == ("fc.bias", "fc.weight")
    report = load_pretrained(deep, tmp_path / "resnet18.pth")
    assert report.share == 1.0
    assert len(report.inflated) == 20  # all convolutions
    image = torch.randn(1, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(
            flat(image).features,
            theirs(image.expand(-1, 3, -1, -1)).flatten(1),
            rtol=1e-4,
            atol=1e-5,
        )
        # Equal slices: away from the ends, the first layer sees what it saw of the image.
        slices = image.unsqueeze(2).expand(-1, -1, 32, -1, -1)
        torch.testing.assert_close(
            deep.stem[0](slices)[:, :, 8], flat.stem[0](image), rtol=1e-4, atol=1e-5
        )


def test_our_weights_in_a_safetensors_file(tmp_path: Path) -> None:
    from mrsift.models.weights import to_safetensors

    settings = NetworkSettings(depth=10, width=8)
    first, second = build(settings, 5, 2), build(replace(settings, dropout=0.5), 3)
    (tmp_path / "model.safetensors").write_bytes(to_safetensors(first))
    assert load_pretrained(second, tmp_path / "model.safetensors").share == 1.0
    volume = torch.randn(1, 1, 32, 32, 32)
    assert torch.equal(first.eval()(volume).features, second.eval()(volume).features)
