"""Fixtures that several test folders share."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mrsift.bundle import REGIONS, Manifest, OutlierReference, write_bundle
from mrsift.config import PreprocessSettings
from mrsift.labels import LABEL_NAMES
from mrsift.types import BValue, HeaderFacts, VolumeInfo
from tests.shared_data import require_shared_data

# readline, which pytest imports, sets it, and the workers inherit it.
os.environ.pop("COLUMNS", None)

# A shell that starts the tests in the background has Ctrl-C ignored, by what they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

TINY_SHAPE = (8, 16, 16)
TINY_FEATURES = 6


@pytest.fixture
def volume_info() -> Callable[..., VolumeInfo]:
    """Makes a `VolumeInfo`; keywords go to it, or to its `HeaderFacts` where they belong there."""

    def make(b: float | None = None, **fields: Any) -> VolumeInfo:
        header_names = set(HeaderFacts.__dataclass_fields__) - {"series_description"}
        header = {name: fields.pop(name) for name in list(fields) if name in header_names}
        if b is not None:
            fields["b_value"] = BValue(b, "(0018,9087)", f"{b:g}")
        defaults: dict[str, Any] = {
            "volume_id": "0123456789abcdef",
            "study_instance_uid": "1.2.3",
            "series_instance_uid": "1.2.3.4",
            "series_number": 1,
            "series_description": None,
            "modality": "MR",
            "files": ("a.dcm",),
            "frames": None,
            "index": None,
            "shape": (4, 8, 8),
            "affine_lps_mm": np.eye(4),
            "frame_of_reference_uid": None,
            "plane": "axial",
            "obliquity_deg": 0.0,
        }
        return VolumeInfo(**(defaults | fields), header=HeaderFacts(**header))

    return make


def tiny_onnx(
    seed: int = 0, labels: int = len(LABEL_NAMES), channels: int = 1, *, regions: bool = True
) -> bytes:
    """A network of our interface with random weights: one convolution, pooled, one head or two."""
    rng = np.random.default_rng(seed)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.normal(0, 1, shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["volume", "kernel"], ["maps"], strides=[2, 2, 2]),
        helper.make_node("Relu", ["maps"], ["active"]),
        helper.make_node("GlobalAveragePool", ["active"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("MatMul", ["features", "to_logits"], ["logits"]),
        helper.make_node("MatMul", ["features", "to_region"], ["region"]),
    ]
    size = {"features": TINY_FEATURES, "logits": labels} | ({"region": 2} if regions else {})
    graph = helper.make_graph(
        nodes if regions else nodes[:-1],
        "tiny",
        [helper.make_tensor_value_info("volume", TensorProto.FLOAT, ["n", channels, *TINY_SHAPE])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", count])
            for name, count in size.items()
        ],
        [
            weights("kernel", TINY_FEATURES, channels, 3, 3, 3),
            weights("to_logits", TINY_FEATURES, labels),
            *([weights("to_region", TINY_FEATURES, 2)] if regions else []),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def tiny_manifest(labels: tuple[str, ...] = LABEL_NAMES, *, regions: bool = True) -> Manifest:
    """A manifest to go with `tiny_onnx`; every volume looks like the training data."""
    return Manifest(
        name="tiny",
        version="0",
        preprocess=PreprocessSettings(input_shape=TINY_SHAPE),
        temperature=1.0,
        region_temperature=1.0,
        conformal=dict.fromkeys(labels, 0.05),
        conformal_coverage=0.95,
        outliers=OutlierReference(
            projection=np.eye(TINY_FEATURES),
            centre=np.zeros(TINY_FEATURES),
            neighbours=np.zeros((1, TINY_FEATURES)),
            distances=np.linspace(0.0, 1e6, 101),
            tail_exponent=1.0,
        ),
        licence="Apache-2.0",
        made_by="tests/conftest.py",
        files={},
        labels=labels,
        regions=REGIONS if regions else (),
    )


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with random weights, for tests of everything but the answers."""
    path = tmp_path_factory.mktemp("bundle") / "tiny.mrsift"
    contents = {"model.onnx": tiny_onnx(), "card.md": b"# Random weights\n"}
    write_bundle(path, tiny_manifest(), contents)
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real studies; see `shared_data.py` for what happens without it."""
    return require_shared_data()
