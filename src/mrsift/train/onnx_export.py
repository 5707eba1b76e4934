"""torch -> ONNX, compared output for output."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import openvino  # type: ignore[import-untyped]
import torch

from mrsift.errors import BundleError
from mrsift.models.resnet3d import Output, ResNet3d

OPSET = 17
LARGEST_DIFFERENCE = 1e-4


def to_onnx(network: ResNet3d, input_shape: tuple[int, int, int]) -> bytes:
    """The network as ONNX: no external data, standard operators only.

    Args:
        network: In evaluation mode.
        input_shape: (slices, rows, columns).

    Returns:
        ONNX with input `volume` (n, 1, slices, rows, columns) and outputs `logits`,
        `region` and `features`.

    Raises:
        BundleError: OpenVINO's outputs differ from torch's.
    """
    generator = torch.Generator().manual_seed(0)
    example = torch.randn((2, 1, *input_shape), generator=generator)
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    network.eval()
    names = list(Output._fields)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The newer exporter wants one package more and gives the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            network,
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
            f"The exported network differs from torch's by {difference:.1e}, more than "
            f"{LARGEST_DIFFERENCE:.0e}. Do not ship it; look for an operator that is not standard."
        )
    return data


def largest_difference(network: ResNet3d, onnx: bytes, volumes: torch.Tensor) -> float:
    """Largest absolute difference of any output between torch and OpenVINO.

    Args:
        network: In evaluation mode.
        onnx: Of `to_onnx`.
        volumes: Shape (n, 1, slices, rows, columns).
    """
    with torch.inference_mode():
        expected = network(volumes)
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(onnx), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(volumes.numpy())
    return max(
        float(np.abs(found[name] - getattr(expected, name).numpy()).max())
        for name in Output._fields
    )
