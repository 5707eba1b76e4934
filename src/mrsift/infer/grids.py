"""How the grids of two volumes lie to each other in the patient."""

from itertools import product

import numpy as np

from mrsift.types import Float64Array, VolumeInfo

SAME_VOXELS = 0.1
"""Corners less than this share of a voxel apart: headers round positions."""

SLIGHT_VOXELS = 1.0
"""Corners less than this many voxels apart: worth resampling one onto the other."""

_PROBES = 8
"""Points along each edge that stand for a volume."""


def frames_differ(one: VolumeInfo, other: VolumeInfo) -> bool:
    """Whether both name a frame of reference, and not the same one."""
    frames = (one.frame_of_reference_uid, other.frame_of_reference_uid)
    return None not in frames and frames[0] != frames[1]


def same_grid(one: VolumeInfo, other: VolumeInfo) -> bool:
    """Whether voxels of equal index lie at the same place."""
    return _voxels_apart(one, other) < SAME_VOXELS


def nearly_same_grid(one: VolumeInfo, other: VolumeInfo) -> bool:
    """Whether voxels of equal index lie less than a voxel apart."""
    return _voxels_apart(one, other) < SLIGHT_VOXELS


def _voxels_apart(one: VolumeInfo, other: VolumeInfo) -> float:
    """Largest distance of equal corners, in units of the smallest step."""
    if one.shape != other.shape or frames_differ(one, other):
        return float("inf")
    corners = np.array([(*corner, 1.0) for corner in product(*((0, n - 1) for n in one.shape))])
    apart = corners @ (one.affine_lps_mm - other.affine_lps_mm).T
    return float(np.linalg.norm(apart[:, :3], axis=1).max() / max(min(one.spacing_mm), 1e-6))


def to_index(points_mm: Float64Array, info: VolumeInfo) -> Float64Array:
    """Patient coordinates to the (fractional) index of a volume.

    Args:
        points_mm: Shape (n, 3), LPS.
        info: Whose affine can be inverted.

    Returns:
        Shape (n, 3), (slice, row, column).
    """
    inverse = np.linalg.inv(info.affine_lps_mm)
    index: Float64Array = points_mm @ inverse[:3, :3].T + inverse[:3, 3]
    return index


def overlap(one: VolumeInfo, other: VolumeInfo) -> float:
    """Share of the smaller volume that lies within the other.

    Args:
        one: Lies in the same frame of reference as `other`; that is not checked.
        other: Second volume.

    Returns:
        0 (apart) to 1; 0 where an affine cannot be inverted.
    """
    small, large = sorted((one, other), key=_mm3)
    try:
        index = to_index(_points(small), large)
    except np.linalg.LinAlgError:
        return 0.0
    inside = (index > -0.5) & (index < np.array(large.shape) - 0.5)
    return float(inside.all(axis=1).mean())


def _points(info: VolumeInfo) -> Float64Array:
    """Points spread evenly over a volume, shape (n, 3), LPS, mm."""
    shares = (np.arange(_PROBES) + 0.5) / _PROBES
    edges = [shares * size - 0.5 for size in info.shape]
    index = np.stack(np.meshgrid(*edges, indexing="ij"), axis=-1).reshape(-1, 3)
    points: Float64Array = index @ info.affine_lps_mm[:3, :3].T + info.affine_lps_mm[:3, 3]
    return points


def _mm3(info: VolumeInfo) -> float:
    """What a volume measures."""
    return float(np.prod(info.shape) * np.prod(info.spacing_mm))
