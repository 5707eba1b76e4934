"""The comparison itself: it forgives flips and names, and sees everything else."""

import numpy as np
import pytest

from bench.judges import Placed

RNG = np.random.default_rng(3)
VOXELS = RNG.integers(0, 1000, (6, 5, 4)).astype(np.float32)
AFFINE = np.array([[-0.5, 0.01, 0, 90], [0.01, -0.5, 0, -20], [0, 0, 3, 5], [0, 0, 0, 1.0]])


def agree(one: Placed, other: Placed) -> bool:
    return one.distance_mm(other) <= 1e-3 and one.same_voxels(other)


def test_storage_order_does_not_matter() -> None:
    flip = np.diag([1.0, -1.0, 1.0, 1.0])
    flip[1, 3] = VOXELS.shape[1] - 1
    turned = AFFINE[:, [2, 0, 1, 3]]
    plain = Placed.turned(1, VOXELS, AFFINE)
    assert agree(plain, Placed.turned(1, VOXELS[:, ::-1], AFFINE @ flip))
    assert agree(plain, Placed.turned(1, VOXELS.transpose(2, 0, 1), turned))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flip_of_voxels_alone_is_seen(axis: int) -> None:
    plain = Placed.turned(1, VOXELS, AFFINE)
    assert not agree(plain, Placed.turned(1, np.flip(VOXELS, axis), AFFINE))


def test_a_swapped_slice_and_a_changed_voxel_are_seen() -> None:
    plain = Placed.turned(1, VOXELS, AFFINE)
    assert not agree(plain, Placed.turned(1, VOXELS[:, :, [1, 0, 2, 3]], AFFINE))
    changed = VOXELS.copy()
    changed[2, 2, 2] += 1
    assert not agree(plain, Placed.turned(1, changed, AFFINE))


def test_a_shift_and_a_tilt_above_the_tolerance_are_seen() -> None:
    plain = Placed.turned(1, VOXELS, AFFINE)
    shifted, tilted, rounded = AFFINE.copy(), AFFINE.copy(), AFFINE.copy()
    shifted[0, 3] += 0.002
    tilted[0, 0] += 0.0005  # 2.5 micrometres at the far corner
    rounded[0, 3] += 0.0005
    assert not agree(plain, Placed.turned(1, VOXELS, shifted))
    assert not agree(plain, Placed.turned(1, VOXELS, tilted))
    assert agree(plain, Placed.turned(1, VOXELS, rounded))


def test_other_sizes_never_agree() -> None:
    plain = Placed.turned(1, VOXELS, AFFINE)
    assert not agree(plain, Placed.turned(1, VOXELS[:, :, :3], AFFINE))
