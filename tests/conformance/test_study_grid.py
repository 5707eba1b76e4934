"""Values on another grid, beside SimpleITK's."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # as its own documentation does
from scipy.spatial.transform import Rotation

from mrsift.classify.resample import Grid, sample
from mrsift.types import Float32Array
from tests.study_volumes import affine_of, head, points_of


def image(voxels: Float32Array, grid: Grid) -> object:
    made = sitk.GetImageFromArray(voxels)
    step = np.linalg.norm(grid.affine_lps_mm[:3, :3], axis=0)
    made.SetOrigin(grid.affine_lps_mm[:3, 3].tolist())
    made.SetSpacing(step[::-1].tolist())
    made.SetDirection((grid.affine_lps_mm[:3, :3] / step)[:, ::-1].ravel().tolist())
    return made


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
@pytest.mark.parametrize("angles_deg", [(0, 0, 0), (7, -12, 17)])
def test_linear_interpolation_is_that_of_simpleitk(
    plane: str, angles_deg: tuple[float, float, float]
) -> None:
    affine = affine_of(plane, (22, 40, 36), (6.0, 4.0, 5.0))
    affine[:3] = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix() @ affine[:3]
    grid = Grid((22, 40, 36), affine)
    noise = np.random.default_rng(3).normal(0, 5, grid.shape).astype(np.float32)
    voxels = head(points_of(grid.shape, affine)) + noise
    # no coarser than the source: where it is, ours takes means first and SimpleITK does not
    wanted = Grid((30, 50, 48), affine_of("axial", (30, 50, 48), (3.9, 3.5, 3.6)))
    ours = sample(voxels, grid, wanted)
    assert ours is not None
    theirs = sitk.Resample(
        image(voxels, grid),
        image(np.zeros(wanted.shape, np.float32), wanted),
        sitk.Transform(),
        sitk.sitkLinear,
        float(voxels.min()),
    )
    # SimpleITK also gives the edge's value in the outer half voxel
    np.testing.assert_allclose(ours, sitk.GetArrayFromImage(theirs), atol=2e-2)
