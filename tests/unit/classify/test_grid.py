"""Sequences of any plane come to one grid; what is missing is handled as the recipe says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nibabel import Nifti1Image, load, save

from mrsift.classify.grid import AXIAL, read_sequence, study_array, study_grid
from mrsift.classify.resample import Grid
from mrsift.config import StudySettings
from mrsift.errors import MissingSequence
from mrsift.types import Float32Array
from tests.study_volumes import affine_of, head, points_of, write_sequence, write_study

SETTINGS = StudySettings(slices=20, plane_shape=(40, 40), intensity="zscore")


def truth(grid: Grid) -> Float32Array:
    return head(points_of(grid.shape, grid.affine_lps_mm))


def correlation(one: Float32Array, other: Float32Array) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_all_planes_show_the_same_head_at_the_same_place(tmp_path: Path) -> None:
    made = study_array(write_study(tmp_path / "p"), SETTINGS)
    assert made.voxels.shape == (4, 20, 40, 40)
    assert made.present.tolist() == [True] * 4
    assert made.slices.tolist() == list(range(20))
    wanted = truth(Grid((20, 40, 40), made.affine_lps_mm))
    assert all(correlation(channel, wanted) > 0.98 for channel in made.voxels)
    assert made.voxels.dtype == np.float32
    np.testing.assert_allclose(made.voxels.mean(axis=(1, 2, 3)), 0, atol=1e-4)


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
def test_slices_run_to_the_head_whatever_was_acquired(tmp_path: Path, plane: str) -> None:
    study = write_study(tmp_path / "p", {"t1w_ce": plane})
    made = study_array(study, replace(SETTINGS, roles=("t1w_ce",)))
    directions = made.affine_lps_mm[:3, :3]
    np.testing.assert_allclose(directions / np.linalg.norm(directions, axis=0), AXIAL, atol=1e-9)
    assert np.linalg.norm(directions[:, 1]) == pytest.approx(np.linalg.norm(directions[:, 2]))


def test_as_acquired_each_slice_of_the_reference_stays_whole(tmp_path: Path) -> None:
    study = write_study(tmp_path / "p", {"t1w_ce": "sagittal", "t2w": "axial"})
    settings = replace(
        SETTINGS,
        roles=("t1w_ce", "t2w"),
        orientation="acquired",
        slices=None,
        crop_background=False,
        blank_slice_threshold=0.0,
    )
    made = study_array(study, settings)
    assert made.voxels.shape[:2] == (2, study.rows["t1w_ce"].shape[0])
    wanted = truth(Grid((20, 40, 40), made.affine_lps_mm))
    assert all(correlation(channel, wanted) > 0.98 for channel in made.voxels)
    assert abs(made.affine_lps_mm[0, 0]) > 1  # slices run to the left


def test_blank_slices_are_left_out_and_their_places_kept(tmp_path: Path) -> None:
    study = write_study(tmp_path / "p", {"t1w_ce": "axial"})
    row = write_sequence(tmp_path / "p", "t1w_ce", "axial", (40, 48, 44))  # 280 mm high
    study = replace(study, rows={"t1w_ce": row})
    settings = replace(SETTINGS, roles=("t1w_ce",), slices=None)
    made = study_array(study, settings)
    height = points_of((40, 1, 1), made.affine_lps_mm)[:, 0, 0, 2]
    assert 0 < len(made.slices) < 40
    assert np.abs(height[made.slices]).max() < 90
    assert len(study_array(study, replace(settings, blank_slice_threshold=0.0)).slices) == 40


def test_the_empty_border_is_cut_and_pixels_are_square() -> None:
    grid = Grid((30, 100, 90), affine_of("axial", (30, 100, 90), (7.0, 4.0, 4.0)))
    cut = study_grid(truth(grid), grid, SETTINGS)
    whole = study_grid(truth(grid), grid, replace(SETTINGS, crop_background=False))
    assert np.linalg.norm(whole.affine_lps_mm[:3, 1]) == pytest.approx(100 * 4 / 40)
    step = np.linalg.norm(cut.affine_lps_mm[:3, :3], axis=0)
    assert step[1] == pytest.approx(step[2])
    assert step[1] * 40 < 220  # the head is 160 mm long
    assert step[0] * 20 < 190  # and 140 mm high


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
def test_a_span_takes_its_part_of_the_head_in_any_plane(tmp_path: Path, plane: str) -> None:
    study = write_study(tmp_path / "p", {"t1w_ce": plane})
    settings = replace(SETTINGS, roles=("t1w_ce",))
    whole = study_array(study, settings)
    part = study_array(study, replace(settings, span=(0.5, 0.75)))
    assert part.voxels.shape == whole.voxels.shape
    ends = np.array([[-0.5, 0, 0, 1], [19.5, 0, 0, 1]]).T  # borders of the stack
    low, high = (whole.affine_lps_mm @ ends)[2]
    wanted = low + np.array([0.5, 0.75]) * (high - low)
    np.testing.assert_allclose((part.affine_lps_mm @ ends)[2], wanted, atol=4.0)  # half a slice
    shown = truth(Grid((20, 40, 40), part.affine_lps_mm))
    assert correlation(part.voxels[0], shown) > 0.95


def test_a_span_leaves_at_least_a_slice_of_its_own(tmp_path: Path) -> None:
    study = write_study(tmp_path / "p", {"t1w_ce": "axial"})
    settings = replace(SETTINGS, roles=("t1w_ce",), slices=None, blank_slice_threshold=0.0)
    assert len(study_array(study, replace(settings, span=(0.999, 1.0))).slices) == 1


@pytest.mark.parametrize("missing", ["exclude", "error"])
def test_a_missing_role_is_refused_by_the_folder_not_the_patient(
    tmp_path: Path, missing: str
) -> None:
    study = write_study(tmp_path / "p", {"t2w": "axial"})
    with pytest.raises(MissingSequence, match="flair is not in the cohort"):
        study_array(study, replace(SETTINGS, missing=missing))


def test_a_missing_role_is_zeros_where_the_recipe_says_so(tmp_path: Path) -> None:
    study = write_study(tmp_path / "p", {"flair": "axial", "t2w": "sagittal"})
    (tmp_path / "p" / "flair.nii").write_bytes(b"broken")
    made = study_array(study, replace(SETTINGS, missing="zeros"))
    assert made.present.tolist() == [False, False, False, True]
    assert not made.voxels[:3].any()
    assert made.voxels[3].any()
    flair = next(remark for remark in made.remarks if remark.startswith("flair"))
    assert "p/flair.nii" in flair
    with pytest.raises(MissingSequence):
        study_array(study, replace(SETTINGS, roles=("flair", "t1w"), missing="zeros"))


def test_a_sequence_that_lies_elsewhere_is_missing(tmp_path: Path) -> None:
    study = write_study(tmp_path / "p", {"t1w_ce": "axial", "t2w": "axial"})
    far = study.rows["t2w"].affine_lps_mm + np.array([[0, 0, 0, 900.0]] + [[0] * 4] * 3)
    rows = {**study.rows, "t2w": replace(study.rows["t2w"], affine_lps_mm=far)}
    with pytest.raises(MissingSequence, match="shares no space"):
        study_array(replace(study, rows=rows), replace(SETTINGS, roles=("t1w_ce", "t2w")))


def test_gaps_are_filled_so_that_slices_lie_where_they_were(tmp_path: Path) -> None:
    whole = write_sequence(tmp_path / "a", "t2w", "axial", (24, 48, 44))
    voxels, _ = read_sequence(whole)
    kept = [k for k in range(24) if k not in (6, 11, 12)]
    row = write_sequence(tmp_path / "b", "t2w", "axial", (21, 48, 44))
    ras = load(tmp_path / "a" / "t2w.nii").affine
    save(Nifti1Image(voxels[kept].transpose(2, 1, 0), ras), tmp_path / "b" / "t2w.nii")
    row = replace(row, affine_lps_mm=whole.affine_lps_mm, extra={"gaps": "5:1 9:2"})
    filled, grid = read_sequence(row)
    assert filled.shape == grid.shape == (24, 48, 44)
    np.testing.assert_array_equal(filled[kept], voxels[kept])
    np.testing.assert_allclose(filled[6], (voxels[5] + voxels[7]) / 2, rtol=1e-5)
    np.testing.assert_allclose(filled[11], (2 * voxels[10] + voxels[13]) / 3, rtol=1e-4)


def test_values_that_are_not_finite_do_not_spread(tmp_path: Path) -> None:
    row = write_sequence(tmp_path / "p", "t2w")
    image = load(tmp_path / "p" / "t2w.nii", mmap=False)
    voxels = image.get_fdata(dtype=np.float32)
    voxels[3, 4, 5], voxels[0, 0, 0] = np.nan, np.inf
    save(Nifti1Image(voxels, image.affine), tmp_path / "p" / "t2w.nii")
    found, _ = read_sequence(row)
    assert np.isfinite(found).all()
    assert found[5, 4, 3] == found.min()
