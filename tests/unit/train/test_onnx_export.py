"""Export: OpenVINO says what torch says, and so does onnxruntime, for every kind of network."""

import itertools
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

from mrsift.config import NetworkSettings
from mrsift.errors import BundleError
from mrsift.models.catalogue import DEFAULT, build
from mrsift.models.layers import with_every_stage
from mrsift.models.resnet import ResNet
from mrsift.train.onnx_export import largest_difference, output_names, to_onnx

SHAPE = (8, 32, 32)
NETWORKS = [
    NetworkSettings(depth=10, width=8),
    NetworkSettings(depth=34, width=4, slice_strides=(1, 1, 2, 2)),
    NetworkSettings(depth=50, width=4, channels=4),
    NetworkSettings(depth=101, width=2, bottleneck_stride="1x1"),
    NetworkSettings(dimensions=2, depth=18, width=8),
    NetworkSettings(dimensions=2, depth=50, width=4, channels=3),
    replace(DEFAULT, width=4),
]


def lived_in(settings: NetworkSettings, labels: int, regions: int) -> ResNet:
    """A network whose statistics and residual branches are not the ones it starts with."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = build(settings, labels, regions).train()
    for parameter in network.parameters():
        if parameter.dim() == 1:
            parameter.data += 0.3 * torch.rand_like(parameter)
    for _ in range(2):
        network(torch.randn(3, settings.channels, *SHAPE))
    return network.eval()


@pytest.mark.parametrize(
    ("settings", "regions"), list(zip(NETWORKS, itertools.cycle([0, 2]), strict=False))
)
def test_onnx_says_what_torch_says(settings: NetworkSettings, regions: int) -> None:
    network = lived_in(settings, 5, regions)
    data = to_onnx(network, SHAPE)
    names = ["logits", "region", "features"] if regions else ["logits", "features"]
    assert output_names(network) == names
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    for batch in (1, 3):
        volumes = torch.randn(batch, settings.channels, *SHAPE)
        assert largest_difference(network, data, volumes) < 1e-4


@pytest.mark.parametrize("settings", NETWORKS)
def test_another_runtime_says_it_too(settings: NetworkSettings) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    network = lived_in(settings, 5, 2)
    session = onnxruntime.InferenceSession(to_onnx(network, SHAPE))
    names = [output.name for output in session.get_outputs()]
    assert names == output_names(network)
    volumes = torch.randn(3, settings.channels, *SHAPE)
    with torch.inference_mode():
        expected = with_every_stage(network, volumes)
    for name, found in zip(names, session.run(None, {"volume": volumes.numpy()}), strict=True):
        np.testing.assert_allclose(
            found, getattr(expected, name).numpy(), rtol=1e-3, atol=1e-4, err_msg=name
        )


def test_only_standard_operators_are_in_it() -> None:
    model = onnx.load_from_string(to_onnx(lived_in(NETWORKS[0], 5, 0), SHAPE))
    assert {entry.domain for entry in model.opset_import} == {""}
    assert {node.domain for node in model.graph.node} == {""}


def test_an_export_that_differs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mrsift.train.onnx_export.LARGEST_DIFFERENCE", 0.0)
    with pytest.raises(BundleError, match="differs from torch"):
        to_onnx(lived_in(NETWORKS[0], 5, 2), SHAPE)
