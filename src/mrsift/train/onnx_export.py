"""torch -> ONNX, compared output for output."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import openvino  # type: ignore[import-untyped]
import torch
from torch import Tensor, nn

from mrsift.errors import BundleError
from mrsift.models.layers import with_every_stage
from mrsift.models.resnet import Output, ResNet

OPSET = 17
LARGEST_DIFFERENCE = 1e-4


class _OutputsThatAreThere(nn.Module):
    """A network as ONNX needs it: a tuple of tensors, without None."""

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, volume: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `output_names`."""
        found = with_every_stage(self.network, volume)
        return tuple(value for value in found if value is not None)


def output_names(network: ResNet) -> list[str]:
    """`logits`, `region` where the network has that head, and `features`."""
    absent = {"region"} if network.region_head is None else set()
    return [name for name in Output._fields if name not in absent]


def to_onnx(network: ResNet, input_shape: tuple[int, int, int]) -> bytes:
    """The network as ONNX: no external data, standard operators only.

    Args:
        network: 2D or 3D; it is put into evaluation mode.
        input_shape: (slices, rows, columns).

    Returns:
        ONNX with input `volume` (n, channels, slices, rows, columns) and the outputs of
        `output_names`, each (n, ...).

    Raises:
        BundleError: OpenVINO's outputs differ from torch's.
    """
    generator = torch.Generator().manual_seed(0)
    example = torch.randn((2, network.settings.channels, *input_shape), generator=generator)
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    network.eval()
    names = output_names(network)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The newer exporter wants one package more and gives the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        # The sizes of the looks are numbers in the graph, as the shape of the input is.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            _OutputsThatAreThere(network).eval(),
            (example,),
            path,
            input_names=["volume"],
            output_names=names,
            dynamic_axes={name: {0: "n"} for name in ["volume", *names]},
            opset_version=OPSET,
            dynamo=False,
        )
        data = path.read_bytes()
    difference = largest_difference(network, data, example)
    if not difference < LARGEST_DIFFERENCE:
        raise BundleError(
            f"The exported network differs from torch's by {difference:.1e} of its largest output, "
            f"more than {LARGEST_DIFFERENCE:.0e}. Do not ship it; look for an operator that is "
            "not standard."
        )
    return data


def largest_difference(network: ResNet, onnx: bytes, volumes: Tensor) -> float:
    """Largest difference of any output between torch and OpenVINO.

    Args:
        network: In evaluation mode.
        onnx: Of `to_onnx`.
        volumes: Shape (n, channels, slices, rows, columns).

    Returns:
        As a share of that output's largest number, or of 1 where that is smaller.
    """
    with torch.inference_mode():
        expected = with_every_stage(network, volumes)
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(onnx), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(volumes.numpy())
    differences = []
    for name in output_names(network):
        value = getattr(expected, name).numpy()
        scale = max(1.0, float(np.abs(value).max()))
        differences.append(float(np.abs(found[name] - value).max()) / scale)
    return max(differences)
