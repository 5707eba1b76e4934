"""From torch to ONNX, into a bundle, and out of it what `mrsift identify` computes with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mrsift.bundle import CARD, MODEL, WEIGHTS, write_bundle
from mrsift.config import NetworkSettings, PreprocessSettings
from mrsift.evaluate.outliers import fit_reference
from mrsift.infer.runtime import start
from mrsift.models.catalogue import build
from mrsift.models.layers import with_every_stage
from mrsift.models.weights import network_of_bundle, to_safetensors
from mrsift.train.onnx_export import to_onnx
from tests.bundle_values import manifest

LABELS = ("SHORT_AXIS", "FOUR_CHAMBER", "TWO_CHAMBER")
SHAPE = (4, 32, 32)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_bundle_computes_what_torch_computed(
    dimensions: Any, channels: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    settings = NetworkSettings(dimensions=dimensions, depth=50, width=4, channels=channels)
    network = build(settings, len(LABELS)).train()
    network(torch.randn(4, channels, *SHAPE))
    volumes = torch.randn(12, channels, *SHAPE)
    with torch.inference_mode():
        expected = with_every_stage(network.eval(), volumes)
    reference = fit_reference(expected.features.numpy(), expected.features.numpy(), 3)
    written = manifest(
        LABELS,
        regions=(),
        network=settings,
        preprocess=PreprocessSettings(input_shape=SHAPE),
        outliers=reference,
    )
    contents = {MODEL: to_onnx(network, SHAPE), CARD: b"#", WEIGHTS: to_safetensors(network)}
    write_bundle(tmp_path / "views.mrsift", written, contents)

    found = start(tmp_path / "views.mrsift", 1).result().predict(volumes.numpy())
    np.testing.assert_allclose(found.logits, expected.logits.numpy(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.features, expected.features.numpy(), rtol=1e-3, atol=1e-4)
    assert found.region is None
    again, _ = network_of_bundle(tmp_path / "views.mrsift")
    with torch.inference_mode():
        assert torch.equal(again(volumes).logits, expected.logits)
