"""Which storage axis is which patient axis, and which way it runs."""

from typing import TypeGuard

import numpy as np

from mrsift.types import Float32Array, Float64Array

SAGITTAL, CORONAL, AXIAL = 0, 1, 2
"""Planes by the patient axis (L, P, S) that their slices are stacked along."""

IN_PLANE = {
    AXIAL: ((1, 1.0), (0, 1.0)),
    SAGITTAL: ((2, -1.0), (1, 1.0)),
    CORONAL: ((2, -1.0), (0, 1.0)),
}
"""Plane -> (patient axis, direction) of the rows' index, then of the columns' index.

As radiologists look at them: an axial slice runs to posterior and to left, a sagittal one
to inferior and to posterior, a coronal one to inferior and to left.
"""

ISOTROPIC_RATIO = 1.25
"""Largest spacing over the second largest up to which a volume has no plane of its own."""


Axes = tuple[int, int, int]
"""Three storage axes, or the step (1 or -1) along each."""


def canonical_view(voxels: Float32Array, affine_lps_mm: Float64Array) -> Float32Array:
    """The volume as a view with axes and directions that do not depend on its storage.

    Slices are stacked along the axis with the largest spacing. An isotropic volume has none,
    and is looked at in axial slices, whichever way it was acquired or stored.

    Args:
        voxels: Shape (slices, rows, columns) as stored; any axis may be the slice axis.
        affine_lps_mm: Shape (4, 4), index to LPS, mm.

    Returns:
        View of `voxels`: slices towards +L, +P or +S, rows and columns as in `IN_PLANE`.
        Nothing is changed where the affine says nothing (not finite, singular).
    """
    axes, steps = canonical_axes(voxels.shape, affine_lps_mm)
    first, second, third = (slice(None, None, step) for step in steps)
    return voxels.transpose(axes)[first, second, third]


def canonical_axes(shape: tuple[int, ...], affine_lps_mm: Float64Array) -> tuple[Axes, Axes]:
    """The storage axes of slices, rows and columns, and the step along each.

    Args:
        shape: Of the volume as stored.
        affine_lps_mm: As for `canonical_view`.
    """
    directions = np.asarray(affine_lps_mm, dtype=np.float64)[:3, :3]
    if not _is_usable(directions):
        return (0, 1, 2), (1, 1, 1)
    spacing_mm = np.linalg.norm(directions, axis=0)
    cosines = directions / spacing_mm  # (patient axis, storage axis)

    slice_axis = _slice_axis(shape, spacing_mm, cosines)
    plane = int(np.argmax(np.abs(cosines[:, slice_axis])))
    (row_patient, row_sign), (column_patient, column_sign) = IN_PLANE[plane]
    first, second = (axis for axis in range(3) if axis != slice_axis)
    as_stored = abs(cosines[row_patient, first]) + abs(cosines[column_patient, second])
    swapped = abs(cosines[row_patient, second]) + abs(cosines[column_patient, first])
    row_axis, column_axis = (first, second) if as_stored >= swapped else (second, first)
    steps = (
        _step(cosines[plane, slice_axis]),
        _step(row_sign * cosines[row_patient, row_axis]),
        _step(column_sign * cosines[column_patient, column_axis]),
    )
    return (slice_axis, row_axis, column_axis), steps


def _is_usable(directions: Float64Array) -> TypeGuard[Float64Array]:
    """Whether the three columns are finite and span space."""
    if not np.isfinite(directions).all():
        return False
    lengths = np.linalg.norm(directions, axis=0)
    volume = abs(np.linalg.det(directions))
    return bool(np.all(lengths > 0) and volume > 1e-3 * np.prod(lengths))


def _slice_axis(shape: tuple[int, ...], spacing_mm: Float64Array, cosines: Float64Array) -> int:
    """Storage axis along which slices are stacked."""
    single = [axis for axis in range(3) if shape[axis] == 1]
    if len(single) == 1:
        return single[0]
    by_spacing = np.argsort(spacing_mm)
    if spacing_mm[by_spacing[2]] > ISOTROPIC_RATIO * spacing_mm[by_spacing[1]]:
        return int(by_spacing[2])
    return int(np.argmax(np.abs(cosines[AXIAL])))


def _step(direction: float) -> int:
    """Step of a slice that makes an axis run the positive way."""
    return 1 if direction >= 0 else -1
