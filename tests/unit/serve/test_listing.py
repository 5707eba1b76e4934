"""Rows for the page: how the viewer counts slices, which coordinates match, what is folded."""

import numpy as np
import pytest

from mrsift.export.rows import fold, prediction_key
from mrsift.serve.listing import list_study
from tests.report_values import head, pelvis, report, volume

AXES = {"sagittal": 0, "coronal": 1, "axial": 2}


@pytest.mark.parametrize("study", [pelvis(), head()], ids=["pelvis", "head"])
def test_every_volume_is_listed_once(study):
    listing = list_study(report(), study)
    listed = [one.volume_id for item in listing.items for one in item.volumes]
    assert sorted(listed) == sorted(one.volume.volume_id for one in study.predictions)
    assert len(listing.items) == len(fold(study.predictions, prediction_key))


@pytest.mark.parametrize("plane", AXES)
@pytest.mark.parametrize("direction", [1, -1])
def test_slices_count_as_they_are_stored(plane, direction):
    affine = np.eye(4)[[AXES[plane], *(axis for axis in range(3) if axis != AXES[plane]), 3]].T
    affine[:3, 0] *= direction
    info = volume(1, "x", affine_lps_mm=affine, plane="oblique")
    study = pelvis()
    first = study.predictions[0]
    from dataclasses import replace

    listing = list_study(report(), replace(study, predictions=(replace(first, volume=info),)))
    (shown,) = listing.items[0].volumes
    assert shown.plane == plane
    towards_ras = (affine[:3, 0] * (-1, -1, 1))[AXES[plane]]
    assert shown.backwards == (towards_ras < 0)


def test_frames_of_reference_are_numbers_not_uids():
    study = pelvis()
    frames = {one.frame for item in list_study(report(), study).items for one in item.volumes}
    uids = {one.volume.frame_of_reference_uid for one in study.predictions}
    assert len(frames) == len(uids)
    assert all(frame == "" or frame.isdigit() for frame in frames)
