"""Where one sequence lies on another: a rigid motion, found by mutual information."""

from typing import TYPE_CHECKING

import numpy as np

from mrsift.classify.resample import Grid
from mrsift.types import Float32Array, Float64Array

if TYPE_CHECKING:
    import SimpleITK

_BINS = 32
_SEED = 7
_LEVELS = ((4, 2.0, 0.5), (2, 1.0, 0.25))
"""(shrink factor, smoothing in mm, share of the samples looked at), coarse to fine. A third
level, at full size, took half as long again and moved two real patients by less than 1 mm."""

_ITERATIONS = 60


def rigid_motion(
    fixed: tuple[Float32Array, Grid], moving: tuple[Float32Array, Grid]
) -> Float64Array | None:
    """The motion that brings one sequence over another.

    Args:
        fixed: Voxels and grid of the reference.
        moving: Of the other sequence; their headers place them nearly alike.

    Returns:
        Shape (4, 4), LPS of `fixed` to LPS of `moving`, mm; the same for the same input. None
        where the two overlap too little to tell.

    Source:
        Mattes et al., PET-CT image registration in the chest using free-form deformations,
        2003, for the metric; SimpleITK's implementation.
    """
    import SimpleITK

    first, second = (_image(*one) for one in (fixed, moving))
    start = SimpleITK.Euler3DTransform()
    start.SetCenter(first.TransformContinuousIndexToPhysicalPoint([n / 2 for n in first.GetSize()]))
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentagePerLevel([share for *_, share in _LEVELS], _SEED)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, _ITERATIONS)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([shrink for shrink, *_ in _LEVELS])
    method.SetSmoothingSigmasPerLevel([sigma for _, sigma, _ in _LEVELS])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetNumberOfThreads(1)
    method.SetInitialTransform(start, inPlace=True)
    try:
        method.Execute(first, second)
    except RuntimeError:  # ITK: "All samples map outside moving image buffer" and the like
        return None
    motion = np.eye(4)
    matrix = np.array(start.GetMatrix()).reshape(3, 3)
    centre = np.array(start.GetCenter())
    motion[:3, :3] = matrix
    motion[:3, 3] = np.array(start.GetTranslation()) + centre - matrix @ centre
    return motion


def _image(voxels: Float32Array, grid: Grid) -> "SimpleITK.Image":
    """Voxels with their place in the patient, as SimpleITK wants them."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(voxels))
    spacing_mm = np.linalg.norm(grid.affine_lps_mm[:3, :3], axis=0)
    direction = grid.affine_lps_mm[:3, :3] / spacing_mm
    image.SetOrigin([float(x) for x in grid.affine_lps_mm[:3, 3]])
    image.SetSpacing([float(x) for x in spacing_mm[::-1]])
    image.SetDirection([float(x) for x in direction[:, ::-1].ravel()])
    return image
