"""Slices for the report."""

import numpy as np
import pytest

from mrsift.infer.previews import MAX_SIDE, previews
from mrsift.types import Volume


def volume(volume_info, voxels):
    return Volume(volume_info(shape=voxels.shape), voxels.astype(np.float32))


def test_pictures_are_small_and_use_the_whole_range(volume_info):
    voxels = np.random.default_rng(0).normal(size=(20, 500, 300))
    pictures = previews(volume(volume_info, voxels))
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert max(picture.shape) <= MAX_SIDE
    assert min(picture.min() for picture in pictures) == 0
    assert max(picture.max() for picture in pictures) == 255


def test_a_bright_rim_leaves_the_middle_visible(volume_info):
    voxels = np.random.default_rng(1).uniform(50, 100, size=(3, 80, 80))
    voxels[:, :, -4:] = 2000.0
    info = volume_info(shape=voxels.shape, affine_lps_mm=np.eye(4)[[2, 1, 0, 3]])
    middle = previews(Volume(info, voxels.astype(np.float32)))[1][20:60, 20:60]
    assert middle.max() > 180


@pytest.mark.parametrize("slices", [1, 2])
def test_few_slices_are_not_repeated(volume_info, slices):
    assert len(previews(volume(volume_info, np.ones((slices, 4, 4))))) == slices


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_empty_pictures_are_black(volume_info, value):
    for picture in previews(volume(volume_info, np.full((3, 4, 4), value))):
        assert not picture.any()


def test_pictures_are_upright(volume_info):
    voxels = np.zeros((3, 8, 8))
    voxels[:, 0] = 1.0  # first row
    flipped = np.diag([1.0, -1.0, 1.0, 1.0])
    info = volume_info(shape=voxels.shape, affine_lps_mm=np.eye(4)[[2, 1, 0, 3]])
    stored_upside_down = volume_info(
        shape=voxels.shape, affine_lps_mm=flipped @ np.eye(4)[[2, 1, 0, 3]]
    )
    same = previews(Volume(info, voxels.astype(np.float32)))[1]
    turned = previews(Volume(stored_upside_down, voxels.astype(np.float32)))[1]
    np.testing.assert_array_equal(turned, same[::-1])
