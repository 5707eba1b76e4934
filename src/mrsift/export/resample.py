"""Volumes of different grids -> one grid, for models that want aligned inputs."""

from dataclasses import replace
from typing import Literal

import numpy as np

from mrsift.errors import MixedGeometry
from mrsift.infer.grids import frames_differ, overlap
from mrsift.types import Volume

Interpolation = Literal["linear", "nearest", "bspline"]


def resample_onto(
    volume: Volume, reference: Volume, interpolation: Interpolation = "linear"
) -> Volume:
    """The volume's values at the voxels of another one.

    Nothing is registered: patient coordinates are taken as the headers give them.

    Args:
        volume: Whose values are wanted.
        reference: Whose grid is wanted.
        interpolation: Between voxels.

    Returns:
        Voxels of the reference's shape, with its affine; 0 outside `volume`. Its volume_id
        and header stay those of `volume`.

    Raises:
        MixedGeometry: The two name different frames of reference, or share no space.
    """
    import SimpleITK

    if frames_differ(volume.info, reference.info):
        raise MixedGeometry(
            "the volumes lie in different frames of reference, so their coordinates do not "
            "match; register them first"
        )
    if overlap(volume.info, reference.info) == 0.0:
        raise MixedGeometry("the volumes share no space, so nothing can be resampled")
    methods = {
        "linear": SimpleITK.sitkLinear,
        "nearest": SimpleITK.sitkNearestNeighbor,
        "bspline": SimpleITK.sitkBSpline,
    }
    resampler = SimpleITK.ResampleImageFilter()
    resampler.SetReferenceImage(reference.to_simpleitk())
    resampler.SetInterpolator(methods[interpolation])
    resampler.SetOutputPixelType(SimpleITK.sitkFloat32)
    moved = SimpleITK.GetArrayFromImage(resampler.Execute(volume.to_simpleitk()))
    info = replace(
        volume.info,
        shape=reference.info.shape,
        affine_lps_mm=reference.info.affine_lps_mm,
        plane=reference.info.plane,
        obliquity_deg=reference.info.obliquity_deg,
    )
    return Volume(info, np.ascontiguousarray(moved, dtype=np.float32))
