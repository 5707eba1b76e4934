"""Weights of a bundle: what was written is read, and what does not fit is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import openvino
import pytest
import torch

from mrsift.bundle import (
    CARD,
    MODEL,
    SHIPPED,
    WEIGHTS,
    Bundle,
    Manifest,
    OutlierReference,
    shipped_bundle_path,
    write_bundle,
)
from mrsift.config import NetworkSettings, PreprocessSettings
from mrsift.errors import BundleError
from mrsift.models.catalogue import build
from mrsift.models.layers import with_every_stage
from mrsift.models.weights import from_safetensors, network_of_bundle, to_safetensors

SETTINGS = NetworkSettings(depth=10, width=4, dimensions=3, slice_strides=(1, 2, 1, 1))
LABELS = ("PLAIN", "ARTERIAL", "PORTAL")


def manifest(settings: NetworkSettings) -> Manifest:
    return Manifest(
        name="phases",
        version="1",
        preprocess=PreprocessSettings(input_shape=(8, 32, 32)),
        temperature=1.0,
        region_temperature=1.0,
        conformal=dict.fromkeys(LABELS, 0.1),
        conformal_coverage=0.95,
        outliers=OutlierReference(
            projection=np.eye(32, 2),
            centre=np.zeros(32),
            neighbours=np.zeros((3, 2)),
            distances=np.linspace(0, 1, 5),
            tail_exponent=1.0,
        ),
        licence="Apache-2.0",
        made_by="",
        files={},
        labels=LABELS,
        regions=(),
        network=settings,
    )


def bundle(path: Path, weights: bytes, settings: NetworkSettings = SETTINGS) -> Path:
    contents = {MODEL: b"\x08", CARD: b"# Card\n", WEIGHTS: weights}
    write_bundle(path, manifest(settings), contents)
    return path


def test_the_network_of_a_bundle_is_the_one_that_was_written(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build(SETTINGS, len(LABELS)).train()
    network(torch.randn(2, 1, 8, 32, 32))  # statistics that are not the ones it starts with
    path = bundle(tmp_path / "a.mrsift", to_safetensors(network))
    found, read = network_of_bundle(path)
    assert read.labels == LABELS
    volume = torch.randn(2, 1, 8, 32, 32)
    with torch.inference_mode():
        assert torch.equal(found(volume).logits, network.eval()(volume).logits)


def test_damaged_weights_are_named() -> None:
    data = to_safetensors(build(SETTINGS, 3))
    for broken in (data[:-10], b"", b"\xff" * 100, b"\x80\x04pickle"):
        with pytest.raises(BundleError, match=r"site\.mrsift.*damaged or not safetensors"):
            from_safetensors(broken, "site.mrsift")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    other = NetworkSettings(depth=18, width=4)
    path = bundle(tmp_path / "a.mrsift", to_safetensors(build(other, 3)))
    with pytest.raises(BundleError, match="do not fit"):
        network_of_bundle(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_weights_that_ship_are_those_of_the_network_that_ships(name: str) -> None:
    network, manifest = network_of_bundle(shipped_bundle_path(name))
    torch.manual_seed(0)
    volume = torch.randn(2, 1, *manifest.preprocess.input_shape)
    core = openvino.Core()
    model = core.read_model(Bundle.load(shipped_bundle_path(name)).onnx)
    found = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(volume.numpy())
    with torch.inference_mode():
        expected = with_every_stage(network, volume)
    for output in ("logits", "region", "features"):
        np.testing.assert_allclose(found[output], getattr(expected, output).numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("field", "value"), [("looks", [None]), ("looks", "all"), ("width", "16"), ("width", 8)]
)
def test_a_manifest_with_another_network_than_the_weights_is_named(
    tmp_path: Path, field: str, value: object
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(shipped_bundle_path("sim"), bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["network"][field] = value
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"bundle: the weights do not fit the network"):
        network_of_bundle(bundle)
