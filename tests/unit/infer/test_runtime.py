"""The compiled network answers as the ONNX says, in any thread, without telemetry."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from mrsift.bundle import Bundle
from mrsift.errors import BundleError
from mrsift.infer.runtime import Network, start


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return Bundle.load(tiny_bundle)


@pytest.fixture(scope="module")
def batch(bundle: Bundle) -> np.ndarray:
    shape = (3, 1, *bundle.manifest.preprocess.input_shape)
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def test_numbers_are_those_of_the_onnx_reference(bundle: Bundle, batch: np.ndarray) -> None:
    outputs = Network(bundle).predict(batch)
    expected = ReferenceEvaluator(onnx.load_from_string(bundle.onnx)).run(None, {"volume": batch})
    for name, values in zip(("features", "logits", "region"), expected, strict=True):
        np.testing.assert_allclose(getattr(outputs, name), values, rtol=1e-4, atol=1e-5)


def test_a_batch_is_its_volumes(bundle: Bundle, batch: np.ndarray) -> None:
    network = Network(bundle)
    together = network.predict(batch)
    for index in range(len(batch)):
        alone = network.predict(batch[index : index + 1])
        np.testing.assert_array_equal(alone.logits[0], together.logits[index])


def test_results_outlive_the_next_request(bundle: Bundle, batch: np.ndarray) -> None:
    network = Network(bundle)
    first = network.predict(batch[:1])
    kept = first.features.copy()
    network.predict(batch[1:])
    np.testing.assert_array_equal(first.features, kept)


def test_threads_do_not_mix_their_answers(bundle: Bundle, batch: np.ndarray) -> None:
    network = Network(bundle, streams=2)
    expected = network.predict(batch).logits
    order = [index % len(batch) for index in range(60)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda i: network.predict(batch[i : i + 1]).logits[0], order))
    for index, logits in zip(order, answers, strict=True):
        np.testing.assert_allclose(logits, expected[index], rtol=1e-5, atol=1e-6)


def test_an_unreadable_network_is_a_bundle_error(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="cannot be compiled"):
        Network(replace(bundle, onnx=b"not a network"))


def test_missing_outputs_are_named(bundle: Bundle) -> None:
    model = onnx.load_from_string(bundle.onnx)
    del model.graph.output[2]
    with pytest.raises(BundleError, match="expected logits, features, region"):
        Network(replace(bundle, onnx=model.SerializeToString()))


def test_start_hands_on_what_went_wrong(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        start(tmp_path / "nothing", 1).result()


def test_openvino_comes_without_telemetry_and_torch() -> None:
    code = (
        "import sys; from mrsift.infer.runtime import _import_openvino; _import_openvino();"
        "print([m for m in ('openvino_telemetry', 'torch', 'mrsift.models') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
