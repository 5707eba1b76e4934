"""Laws of bringing volumes to another grid."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mrsift.classify.grid import AXIAL
from mrsift.classify.resample import Grid, nearest_axes, sample, view_of
from mrsift.types import Float32Array, Float64Array
from tests.study_volumes import points_of

ANGLES = st.floats(-180, 180)
STEPS = st.floats(0.5, 8.0)
SIZES = st.integers(3, 14)
GRADIENT = np.array([1.0, -2.0, 3.0])


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Any grid around the origin, turned any way, also mirrored."""
    shape = (draw(SIZES), draw(SIZES), draw(SIZES))
    turn = Rotation.from_euler("xyz", [draw(ANGLES) for _ in range(3)], degrees=True).as_matrix()
    affine = np.eye(4)
    steps = [draw(STEPS) * draw(st.sampled_from([-1, 1])) for _ in range(3)]
    affine[:3, :3] = turn * steps
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def slope(grid: Grid) -> Float32Array:
    """A brightness that grows evenly to the left, back and head."""
    return (points_of(grid.shape, grid.affine_lps_mm) @ GRADIENT).astype(np.float32)


def inside(grid: Grid, wanted: Grid) -> Float64Array:
    """Samples whose whole cell lies within the other grid's voxel centres."""
    index = np.linalg.inv(grid.affine_lps_mm) @ wanted.affine_lps_mm
    places = points_of(wanted.shape, index)
    step_out = np.linalg.norm(wanted.affine_lps_mm[:3, :3], axis=0).max()
    margin = 1 + step_out / np.linalg.norm(grid.affine_lps_mm[:3, :3], axis=0)
    far = (places >= margin) & (places <= np.array(grid.shape) - 1 - margin)
    found: Float64Array = far.all(axis=-1)
    return found


@settings(max_examples=60, deadline=None)
@given(grids(), grids())
def test_what_is_linear_stays_where_it_is(grid: Grid, wanted: Grid) -> None:
    found = sample(slope(grid), grid, wanted)
    assert found is not None  # both lie around the origin
    where = inside(grid, wanted)
    scale = np.abs(slope(grid)).max() + np.abs(slope(wanted)).max()
    # A mean over cells takes each voxel as even, which moves it by an eighth of one at most.
    eighth = np.abs(GRADIENT @ grid.affine_lps_mm[:3, :3]).sum() / 8
    np.testing.assert_allclose(
        found[where], slope(wanted)[where], rtol=0, atol=eighth + 1e-4 * scale
    )


@settings(max_examples=60, deadline=None)
@given(grids(), grids())
def test_no_value_is_invented(grid: Grid, wanted: Grid) -> None:
    voxels = np.random.default_rng(1).uniform(10, 20, grid.shape).astype(np.float32)
    found = sample(voxels, grid, wanted)
    assert found is not None
    assert found.shape == wanted.shape
    assert found.min() >= voxels.min() - 1e-3
    assert found.max() <= voxels.max() + 1e-3


@settings(max_examples=60, deadline=None)
@given(grids())
def test_its_own_grid_gives_a_volume_back(grid: Grid) -> None:
    voxels = np.random.default_rng(1).uniform(10, 20, grid.shape).astype(np.float32)
    np.testing.assert_allclose(sample(voxels, grid, grid), voxels, atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(grids())
def test_turning_changes_the_storage_and_no_place(grid: Grid) -> None:
    axes, steps = nearest_axes(grid.affine_lps_mm[:3, :3], AXIAL)
    turned = grid.turned(axes, steps)
    cosines = np.diag(AXIAL.T @ turned.affine_lps_mm[:3, :3])
    assert cosines.sum() > 0
    np.testing.assert_allclose(
        view_of(slope(grid), axes, steps), slope(turned), rtol=1e-4, atol=1e-3
    )


@settings(max_examples=60, deadline=None)
@given(grids(), SIZES, SIZES, SIZES, st.booleans())
def test_another_number_of_cells_keeps_the_middle(
    grid: Grid, slices: int, rows: int, columns: int, square: bool
) -> None:
    new = grid.with_shape((slices, rows, columns), square=square)
    middle = new.affine_lps_mm @ [*((np.array(new.shape) - 1) / 2), 1.0]
    np.testing.assert_allclose(middle[:3], 0, atol=1e-6)
    old_mm, new_mm = (
        np.linalg.norm(one.affine_lps_mm[:3, :3], axis=0) * one.shape for one in (grid, new)
    )
    if square:
        assert (new_mm >= old_mm - 1e-6).all()
        assert np.isclose(*(new_mm / new.shape)[1:])
    else:
        np.testing.assert_allclose(new_mm, old_mm)
