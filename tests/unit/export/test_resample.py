"""Volumes onto one grid."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.errors import MixedGeometry
from mrsift.export.resample import resample_onto
from mrsift.infer.grids import to_index
from mrsift.simulate.grid import Grid
from mrsift.types import Volume
from tests.report_values import volume

COARSE = Grid("axial", (3.0, -4.0, 5.0), (10, 24, 20), (4.0, 4.0, 5.0), 4.0, (7.0, -4.0))
FINE = Grid("axial", (0.0, 0.0, 4.0), (12, 30, 28), (2.5, 2.0, 2.0), 2.5, (2.0, 9.0))


def places(grid: Grid) -> np.ndarray:
    """Where the voxels lie, LPS, mm."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)
    return index @ grid.affine_lps_mm[:3, :3].T + grid.affine_lps_mm[:3, 3]


def linear(grid: Grid, number: int, **fields) -> Volume:
    """A volume whose values are a linear function of where they are."""
    info = volume(number, "x", shape=grid.shape, affine_lps_mm=grid.affine_lps_mm, **fields)
    return Volume(info, (places(grid) @ [1.0, -2.0, 0.5] + 300).astype(np.float32))


@pytest.mark.parametrize(
    ("interpolation", "tolerance"),
    [("linear", 0.01), ("bspline", 0.5)],  # a spline bends near the border
)
def test_values_stay_where_they_are_in_the_patient(interpolation, tolerance):
    moved = resample_onto(linear(COARSE, 1), linear(FINE, 2), interpolation)
    index = to_index(places(FINE).reshape(-1, 3), linear(COARSE, 1).info)
    between = ((index >= 0) & (index <= np.array(COARSE.shape) - 1)).all(axis=1)
    inside = between.reshape(FINE.shape)
    assert inside.mean() > 0.8
    assert moved.voxels[inside] == pytest.approx(linear(FINE, 2).voxels[inside], abs=tolerance)
    outside = ((index < -1) | (index > np.array(COARSE.shape))).any(axis=1).reshape(FINE.shape)
    assert outside.any()
    assert not moved.voxels[outside].any()
    assert (moved.affine_lps_mm == FINE.affine_lps_mm).all()
    assert moved.volume_id == linear(COARSE, 1).volume_id
    assert moved.info.shape == moved.voxels.shape == FINE.shape


def test_nearest_makes_no_new_values():
    ones = linear(COARSE, 1)
    labels = Volume(ones.info, np.rint(ones.voxels / 40))
    moved = resample_onto(labels, linear(FINE, 2), "nearest")
    assert set(np.unique(moved.voxels)) <= {0.0, *np.unique(labels.voxels)}


def test_the_same_grid_changes_nothing():
    one = linear(COARSE, 1)
    assert resample_onto(one, one).voxels == pytest.approx(one.voxels, abs=1e-3)


def test_grids_that_cannot_be_matched_are_an_error():
    far = Grid("axial", (0.0, 0.0, 900.0), (5, 8, 8), (4, 4, 4), 4.0)
    with pytest.raises(MixedGeometry, match="share no space"):
        resample_onto(linear(COARSE, 1), linear(far, 2))
    other = linear(FINE, 2, frame_of_reference_uid="7.7")
    with pytest.raises(MixedGeometry, match="frames of reference"):
        resample_onto(linear(COARSE, 1), other)
    unnamed = replace(other.info, frame_of_reference_uid=None)
    resample_onto(linear(COARSE, 1), Volume(unnamed, other.voxels))
