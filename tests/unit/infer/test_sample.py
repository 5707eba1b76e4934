"""Voxels kept of a volume, and which volumes lie on one grid."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.errors import UnreadablePixels
from mrsift.infer.grids import nearly_same_grid, overlap, same_grid
from mrsift.infer.sample import Sampled, on_one_grid, side_for, take
from mrsift.types import Volume
from tests.report_values import volume

SHAPE = (9, 40, 50)
INFO = volume(1, "one", shape=SHAPE)


def moved(number: int, millimetres: float, **fields):
    affine = INFO.affine_lps_mm.copy()
    affine[2, 3] += millimetres
    return volume(number, "other", shape=SHAPE, affine_lps_mm=affine, **fields)


def smooth(info) -> np.ndarray:
    """A linear function of patient coordinates."""
    index = np.stack(np.meshgrid(*map(np.arange, info.shape), indexing="ij"), -1)
    points = index @ info.affine_lps_mm[:3, :3].T + info.affine_lps_mm[:3, 3]
    return (points @ [0.3, -0.2, 1.0] + 500).astype(np.float32)


def test_a_sample_is_spread_over_the_volume_and_bounded():
    taken = take(np.arange(200 * 300 * 20, dtype=np.float32).reshape(20, 200, 300), 64)
    assert max(taken.voxels.shape[1:]) <= 64
    assert taken.voxels.shape[0] <= 8
    assert taken.voxels.base is None  # no view keeps the volume alive


def test_what_is_not_finite_is_zero():
    voxels = np.full((2, 3, 3), np.nan, np.float32)
    voxels[0, 0, 0] = np.inf
    assert not take(voxels, 64).voxels.any()


def test_many_volumes_and_pictures_change_the_size():
    assert side_for(17) < side_for(17, for_pictures=True)
    assert side_for(1000, for_pictures=True) < side_for(17, for_pictures=True)


@pytest.mark.parametrize(
    ("mm", "same", "nearly"), [(0.0, 1, 1), (0.04, 1, 1), (0.3, 0, 1), (3, 0, 0)]
)
def test_grids(mm, same, nearly):
    other = moved(2, mm)
    assert same_grid(INFO, other) == bool(same)
    assert nearly_same_grid(INFO, other) == bool(nearly)


def test_another_frame_of_reference_is_another_grid():
    assert not same_grid(INFO, moved(2, 0.0, frame_of_reference_uid="1.2.77"))
    assert same_grid(INFO, moved(2, 0.0, frame_of_reference_uid=None))


def test_overlap_is_of_the_smaller_volume():
    assert overlap(INFO, INFO) == 1.0
    height = SHAPE[0] * 3.6
    assert overlap(INFO, moved(2, height / 2)) == pytest.approx(0.5, abs=0.07)
    assert overlap(INFO, moved(2, 2 * height)) == 0.0
    flat = replace(INFO, affine_lps_mm=np.zeros((4, 4)))
    assert overlap(INFO, flat) == 0.0


def sampled(info, voxels=None) -> Sampled:
    return Sampled(info, take(smooth(info) if voxels is None else voxels, 64), {})


def test_volumes_of_one_grid_are_grouped():
    far = moved(3, 100.0)
    groups = on_one_grid([sampled(INFO), sampled(moved(2, 0.01)), sampled(far)], None)
    assert [[one.info.series_number for one in group] for group in groups] == [[1, 2]]


def test_a_slightly_shifted_volume_is_resampled():
    shifted = moved(2, 0.3)
    both = [sampled(INFO), sampled(shifted)]
    assert on_one_grid(both, None) == []
    ((first, second),) = on_one_grid(both, lambda info: Volume(info, smooth(info)))
    inside = first.sample.voxels[1:-1]
    assert second.sample.voxels[1:-1] == pytest.approx(inside, abs=1e-2)


def test_a_volume_that_cannot_be_read_again_is_left_out():
    def refuse(_):
        raise UnreadablePixels("gone")

    assert on_one_grid([sampled(INFO), sampled(moved(2, 0.3))], refuse) == []
