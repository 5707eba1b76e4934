"""What must not matter to the network's input: storage, unit and offset."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.config import PreprocessSettings
from mrsift.preprocess import prepare

INTENSITIES = [
    PreprocessSettings(input_shape=(5, 12, 14), intensity="zscore"),
    PreprocessSettings(input_shape=(5, 12, 14), intensity="histogram"),
]


def tilted_affine(
    plane: int, tilt_deg: float, spacing_mm: tuple[float, float, float]
) -> np.ndarray:
    """Index to LPS for slices stacked along one patient axis, tilted about another."""
    order = np.roll(np.eye(3), -plane, axis=1)
    angle = np.deg2rad(tilt_deg)
    about_first = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    affine = np.eye(4)
    affine[:3, :3] = about_first @ order * np.array(spacing_mm)
    affine[:3, 3] = (-40.0, 25.0, 300.0)
    return affine


def stored_otherwise(
    voxels: np.ndarray, affine: np.ndarray, storage: tuple[tuple[int, ...], tuple[bool, ...]]
) -> tuple[np.ndarray, np.ndarray]:
    """The same volume with its axes permuted, then some of them reversed."""
    axes, flips = storage
    moved = voxels.transpose(axes)
    matrix = affine[:, [*axes, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            moved = np.flip(moved, axis)
            matrix[:3, 3] += matrix[:3, axis] * (moved.shape[axis] - 1)
            matrix[:3, axis] *= -1
    return np.ascontiguousarray(moved), matrix


@pytest.mark.parametrize("preprocess", INTENSITIES, ids=lambda item: item.intensity)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(2, 8), st.integers(8, 90), st.integers(8, 90)),
    tilt=st.tuples(st.integers(0, 2), st.floats(-35, 35)),
    spacing_mm=st.sampled_from([(4.0, 0.7, 0.7), (3.0, 1.9, 1.5), (1.0, 1.0, 0.9)]),
    storage=st.sampled_from(
        list(product(permutations(range(3)), product([False, True], repeat=3)))
    ),
)
@settings(max_examples=60, deadline=None)
def test_storage_does_not_matter(
    preprocess: PreprocessSettings,
    seed: int,
    shape: tuple[int, int, int],
    tilt: tuple[int, float],
    spacing_mm: tuple[float, float, float],
    storage: tuple[tuple[int, ...], tuple[bool, ...]],
) -> None:
    voxels = np.random.default_rng(seed).gamma(2.0, 100.0, shape).astype(np.float32)
    affine = tilted_affine(*tilt, spacing_mm)
    expected = prepare(voxels, affine, preprocess)
    other = prepare(*stored_otherwise(voxels, affine, storage), preprocess)
    apart = np.abs(other - expected)
    if preprocess.intensity == "histogram":
        # A value on the edge of a bin may fall to either side, in one voxel of a hundred.
        assert np.percentile(apart, 99) < 2e-3
        assert apart.max() < 2e-2
    else:
        assert apart.max() < 2e-3


@pytest.mark.parametrize("preprocess", INTENSITIES, ids=lambda item: item.intensity)
@given(
    seed=st.integers(0, 2**32 - 1),
    exponent=st.integers(-20, 20),
    offset=st.integers(-2000, 2000),
)
@settings(max_examples=40, deadline=None)
def test_neither_unit_nor_offset_matters(
    preprocess: PreprocessSettings, seed: int, exponent: int, offset: int
) -> None:
    voxels = np.random.default_rng(seed).integers(0, 4000, (6, 40, 50)).astype(np.float32)
    affine = tilted_affine(2, 0.0, (4.0, 1.0, 1.0))
    expected = prepare(voxels, affine, preprocess)
    changed = prepare((voxels + offset) * np.float32(2.0**exponent), affine, preprocess)
    # A value on the edge of a histogram bin may fall to either side.
    np.testing.assert_allclose(np.percentile(np.abs(changed - expected), 99), 0.0, atol=5e-3)


@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 140), st.integers(1, 140)),
    value=st.sampled_from([0.0, 7.0, np.nan, np.inf, -np.inf, 3e38]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_always_finite_and_of_the_right_size(
    shape: tuple[int, int, int], value: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    voxels = rng.normal(size=shape).astype(np.float32)
    voxels[rng.random(shape) < 0.3] = value
    for preprocess in INTENSITIES:
        result = prepare(voxels, np.eye(4), preprocess)
        assert result.shape == preprocess.input_shape
        assert np.isfinite(result).all()
