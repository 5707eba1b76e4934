"""The map lies where the network looks, whichever way the volume is stored."""

from itertools import permutations, product

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mrsift.bundle import Bundle, write_bundle
from mrsift.evaluate.calibration import softmax
from mrsift.infer.occlusion import CELLS, occlude
from mrsift.infer.runtime import Network
from mrsift.preprocess import prepare
from mrsift.types import Volume
from tests.conftest import TINY_FEATURES, TINY_SHAPE, tiny_manifest

CORNER = np.s_[:2, :4, 12:]  # of the network's input
STORED = [
    (order, flips)
    for order in permutations(range(3))
    for flips in product((1, -1), repeat=3)
    if sum(flips) in (3, -1)
]


def corner_onnx() -> bytes:
    """A network whose first logit is the mean brightness of one corner; the others are 0."""
    corner = np.zeros(TINY_SHAPE, np.float32)
    corner[CORNER] = 4.0 / corner[CORNER].size
    weights = np.zeros((corner.size, 9), np.float32)
    weights[:, 0] = corner.ravel()
    to_features = np.zeros((9, TINY_FEATURES), np.float32)
    to_region = np.zeros((9, 2), np.float32)
    sizes = {"logits": 9, "features": TINY_FEATURES, "region": 2}
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["volume"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("MatMul", ["logits", "to_features"], ["features"]),
            helper.make_node("MatMul", ["logits", "to_region"], ["region"]),
        ],
        "corner",
        [helper.make_tensor_value_info("volume", TensorProto.FLOAT, ["n", 1, *TINY_SHAPE])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
            for name, size in sizes.items()
        ],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(to_features, "to_features"),
            numpy_helper.from_array(to_region, "to_region"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    path = tmp_path_factory.mktemp("corner") / "corner.mrsift"
    write_bundle(path, tiny_manifest(), {"model.onnx": corner_onnx(), "card.md": b"# Corner\n"})
    return Network(Bundle.load(path))


def axial() -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright corner: low, anterior, left. (slice, row, column) runs up, back, left."""
    voxels = np.random.default_rng(0).normal(100, 10, (16, 32, 48))
    voxels[:4, :8, 36:] += 100
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 2], [0, 3, 0], [9, 0, 0]])
    affine[:3, 3] = (-40, 20, 7)
    return voxels, affine


@pytest.mark.parametrize(("order", "flips"), STORED)
def test_it_lies_where_the_network_looks(network, volume_info, order, flips):
    voxels, affine = axial()
    bright = affine @ (1.5, 3.5, 41.5, 1.0)
    stored = voxels.transpose(order)[tuple(slice(None, None, step) for step in flips)]
    to_axial = np.zeros((4, 4))
    to_axial[3, 3] = 1.0
    for axis, (source, step) in enumerate(zip(order, flips, strict=True)):
        to_axial[source, axis] = step
        to_axial[source, 3] = 0 if step == 1 else stored.shape[axis] - 1
    info = volume_info(shape=stored.shape, affine_lps_mm=affine @ to_axial)
    found = occlude(Volume(info, stored.astype(np.float32)), network)
    assert found is not None
    assert found.label == "T2W"
    assert found.change.shape == CELLS
    assert found.questions == np.prod(np.array(CELLS) + 1)
    cells = found.change / found.change.max()
    whole = np.indices(CELLS).reshape(3, -1).T
    places = np.c_[whole, np.ones(len(whole))] @ found.affine_lps_mm.T
    centre = (cells.ravel() ** 4) @ places / (cells.ravel() ** 4).sum()
    assert np.abs(centre - bright)[:3] == pytest.approx([0, 0, 0], abs=9.5)
    assert found.block_mm == pytest.approx(
        (2 * 16 * 9 / 4, 2 * 32 * 3 / 8, 2 * 48 * 2 / 8), rel=0.1
    )
    far = found.change[2:, 4:, :4]
    assert np.abs(far).max() < 0.05 * found.change.max()


def test_a_corner_that_speaks_is_above_zero(network, volume_info):
    voxels, affine = axial()
    info = volume_info(shape=voxels.shape, affine_lps_mm=affine)
    bright = occlude(Volume(info, voxels.astype(np.float32)), network)
    assert bright is not None
    assert bright.change.max() > 0.5 > -bright.change.min()
    ready = prepare(voxels.astype(np.float32), affine, network.bundle.manifest.preprocess)
    whole = softmax(network.predict(ready[np.newaxis, np.newaxis]).logits)[0]
    assert bright.probability == pytest.approx(whole[0])


def test_a_network_that_is_very_sure_still_has_a_finite_map(network, volume_info):
    voxels, affine = axial()
    voxels[:4, :8, 36:] += 1e6
    info = volume_info(shape=voxels.shape, affine_lps_mm=affine)
    found = occlude(Volume(info, voxels.astype(np.float32)), network)
    assert found is not None
    assert np.isfinite(found.change).all()


@pytest.mark.parametrize("shape", [(1, 32, 48), (1, 1, 8), (3, 2, 2)])
def test_volumes_of_few_voxels_have_an_affine_that_can_be_used(network, volume_info, shape):
    info = volume_info(shape=shape, affine_lps_mm=axial()[1])
    voxels = np.random.default_rng(1).normal(100, 10, shape).astype(np.float32)
    found = occlude(Volume(info, voxels), network)
    assert found is not None
    assert abs(np.linalg.det(found.affine_lps_mm)) > 0


def test_it_ends_when_it_is_told_to(network, volume_info):
    voxels, affine = axial()
    info = volume_info(shape=voxels.shape, affine_lps_mm=affine)
    asked = []
    stop = lambda: len(asked) >= 3 or asked.append(1)  # noqa: E731
    assert occlude(Volume(info, voxels.astype(np.float32)), network, stop) is None
    assert len(asked) == 3
