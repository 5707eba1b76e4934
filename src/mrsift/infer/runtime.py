"""The compiled network: ONNX bytes -> numbers, on the CPU, without torch.

OpenVINO is imported here only, and only when a network is wanted. Compiling takes longer
than answering for a volume, so `start` does it in a thread while the caller reads headers.
"""

import importlib
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import numpy as np

from mrsift.bundle import Bundle
from mrsift.errors import BundleError
from mrsift.types import Float32Array

OUTPUTS = ("logits", "features")
_CONVERTER = "openvino.tools.ovc"


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What the network says about a batch of n volumes.

    Attributes:
        logits: Shape (n, labels), in the order of the manifest, before the temperature.
        features: Shape (n, k), pooled features, for `in_distribution`.
        region: Shape (n, 2), in the order of `bundle.REGIONS`, before the temperature; None
            where the bundle has no regions.
    """

    logits: Float32Array
    features: Float32Array
    region: Float32Array | None = None


class Network:
    """A bundle's network, compiled; `predict` may be called from several threads at once."""

    def __init__(self, bundle: Bundle, streams: int = 1) -> None:
        """Compiles.

        Args:
            bundle: Whose ONNX is compiled.
            streams: How many threads will call `predict` at the same time.

        Raises:
            BundleError: The ONNX is not readable or its input or outputs are not ours.
        """
        openvino = _import_openvino()
        self._bundle = bundle
        self._streams = streams
        self._tensor = openvino.Tensor
        try:
            model = openvino.Core().read_model(bundle.onnx)
            shape = [1, bundle.manifest.channels, *bundle.manifest.preprocess.input_shape]
            model.reshape({"volume": shape})
            self._compiled = openvino.Core().compile_model(model, "CPU", _settings(streams))
        except RuntimeError as error:
            raise BundleError(
                f"{bundle.id.name} {bundle.id.version}: the network in model.onnx cannot be "
                "compiled for this CPU. Export the bundle again with this version of mrsift."
            ) from error
        self._names = (*OUTPUTS, "region") if bundle.manifest.regions else OUTPUTS
        self._check_outputs()
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(streams):
            self._idle.put(self._compiled.create_infer_request())

    def _check_outputs(self) -> None:
        """Raises `BundleError` where the outputs are not those that the manifest speaks of."""
        identity, manifest = self._bundle.id, self._bundle.manifest
        sizes = {
            name: list(port.shape)[1:] for port in self._compiled.outputs for name in port.names
        }
        if not set(sizes).issuperset(self._names):
            raise BundleError(
                f"{identity.name} {identity.version}: model.onnx has the outputs "
                f"{', '.join(sorted(sizes))}, expected {', '.join(self._names)}."
            )
        expected = {
            "logits": [len(manifest.labels)],
            "features": [len(manifest.outliers.centre)],
            "region": [len(manifest.regions)],
        }
        for name in self._names:
            if sizes[name] != expected[name]:
                raise BundleError(
                    f"{identity.name} {identity.version}: {name} of model.onnx has size "
                    f"{sizes[name]}, the manifest says {expected[name]}. Export the bundle again."
                )

    @property
    def bundle(self) -> Bundle:
        """The bundle it was compiled from."""
        return self._bundle

    def predict(self, batch: Float32Array) -> Outputs:
        """Runs the network, one volume after the other.

        Args:
            batch: Shape (n, channels, slices, rows, columns) as made by `preprocess.prepare`.

        Returns:
            Raw outputs, copied out of the runtime's memory.
        """
        request = self._idle.get()
        try:
            rows = [self._run(request, batch[index : index + 1]) for index in range(len(batch))]
        finally:
            self._idle.put(request)
        return Outputs(*(np.concatenate(parts) for parts in zip(*rows, strict=True)))

    def _run(self, request: Any, volume: Float32Array) -> list[Float32Array]:
        contiguous = np.ascontiguousarray(volume, dtype=np.float32)
        request.set_input_tensor(self._tensor(contiguous, shared_memory=True))
        request.infer()
        return [np.array(request.get_tensor(name).data) for name in self._names]


def start(path: Path, streams: int) -> "Future[Network]":
    """Loads, checks and compiles a bundle in a thread.

    Args:
        path: Bundle, a folder or a `.mrsift` zip.
        streams: As in `Network`.

    Returns:
        Future of the network; its `result` raises `BundleError` where the bundle is bad.
    """
    # Importing holds the interpreter's lock: in the thread it would only take turns with the
    # caller, slowly. Compiling does not.
    _import_openvino()
    with_one_thread = ThreadPoolExecutor(1, thread_name_prefix="mrsift-compile")
    future = with_one_thread.submit(lambda: Network(Bundle.load(path), streams))
    with_one_thread.shutdown(wait=False)
    return future


def _settings(streams: int) -> dict[str, str]:
    # Without the hint the runtime may compute in bfloat16 on CPUs that have it.
    return {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": str(streams)}


def _import_openvino() -> ModuleType:
    """OpenVINO without its model converter, which brings telemetry and takes longest to import.

    None in `sys.modules` makes that import fail, which `openvino/__init__.py` allows for.
    """
    if "openvino" in sys.modules or _CONVERTER in sys.modules:
        return importlib.import_module("openvino")
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[_CONVERTER]
