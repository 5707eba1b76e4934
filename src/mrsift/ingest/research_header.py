"""What NIfTI, NRRD and MetaImage headers have in common, and the checks all three must pass."""

from dataclasses import dataclass

import numpy as np

from mrsift.config import IngestSettings
from mrsift.errors import IngestError
from mrsift.types import Float64Array, Plane

_SHEAR_TOLERANCE = 1e-2
"""Largest cosine between two axes that counts as rounding of a right angle (0.6 degrees)."""

_COARSER = 1.2
_OBLIQUE_DEG = 45.0
_MAX_DEFLATE_RATIO = 1032
"""No deflate stream expands more than this (zlib's technical notes)."""


@dataclass(frozen=True, slots=True, eq=False)
class ResearchHeader:
    """Geometry of one file as stored.

    Attributes:
        size: Voxels along the stored axes, fastest first: (i, j, k).
        volumes: Number of 3D volumes in the file.
        is_4d: The file has a fourth axis, even if there is one volume along it.
        affine_lps_mm: Shape (4, 4), index (i, j, k, 1) to LPS, mm.
        dtype: Type and byte order of the stored voxels.
        slope: Intensity = stored value * `slope` + `intercept`.
        data_offset: Byte of the first voxel, in the uncompressed file (NIfTI only).
        remarks: What a user should know.
        b_values_s_per_mm2: One per volume where the file itself carries them, else empty.
    """

    size: tuple[int, int, int]
    volumes: int
    is_4d: bool
    affine_lps_mm: Float64Array
    dtype: "np.dtype[np.generic]"
    slope: float = 1.0
    intercept: float = 0.0
    data_offset: int = 0
    remarks: tuple[str, ...] = ()
    b_values_s_per_mm2: tuple[float, ...] = ()

    @property
    def volume_bytes(self) -> int:
        """Bytes of one volume as stored, uncompressed."""
        i, j, k = self.size
        return i * j * k * self.dtype.itemsize

    @property
    def data_bytes(self) -> int:
        """Bytes of all volumes as stored, uncompressed."""
        return self.volume_bytes * self.volumes

    @property
    def axes(self) -> tuple[int, int, int]:
        """Stored axes (0 = i, 1 = j, 2 = k) that become (slice, row, column).

        The slice axis is the only one of length 1, else the one with clearly coarser steps
        (an acquisition in slices), else the one closest to superior-inferior.
        """
        steps = np.linalg.norm(self.affine_lps_mm[:3, :3], axis=0)
        order = np.argsort(steps)
        single = [axis for axis in range(3) if self.size[axis] == 1]
        if len(single) == 1:
            across = single[0]
        elif steps[order[2]] > _COARSER * steps[order[1]]:
            across = int(order[2])
        else:
            across = int(np.argmax(np.abs(self.affine_lps_mm[2, :3]) / steps))
        row, column = (axis for axis in (2, 1, 0) if axis != across)
        return across, row, column

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)."""
        across, row, column = self.axes
        return self.size[across], self.size[row], self.size[column]

    @property
    def affine_slice_row_column(self) -> Float64Array:
        """Shape (4, 4), index (slice, row, column, 1) to LPS, mm."""
        return np.ascontiguousarray(self.affine_lps_mm[:, [*self.axes, 3]])


def geometry_fault(affine: Float64Array) -> str | None:
    """What is wrong with an affine; None where it is a grid with right angles.

    Args:
        affine: Shape (4, 4), mm.
    """
    if not np.isfinite(affine).all():
        return "numbers that are not finite in its orientation"
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    if (steps <= 0).any():
        return "a voxel spacing of zero"
    cosines = (affine[:3, :3] / steps).T @ (affine[:3, :3] / steps)
    if np.abs(cosines - np.eye(3)).max() > _SHEAR_TOLERANCE:
        return "axes that are not at right angles"
    return None


def plane_and_obliquity(affine: Float64Array) -> tuple[Plane, float]:
    """The plane of the slices, and how far they are turned out of it.

    Args:
        affine: Shape (4, 4), index (slice, row, column, 1) to LPS, mm.

    Returns:
        (plane, angle in degrees between slice normal and the nearest patient axis).
    """
    normal = np.cross(affine[:3, 1], affine[:3, 2])
    cosines = np.abs(normal) / np.linalg.norm(normal)
    axis = int(np.argmax(cosines))
    angle = float(np.degrees(np.arccos(min(1.0, cosines[axis]))))
    planes: tuple[Plane, ...] = ("sagittal", "coronal", "axial")
    return ("oblique" if angle > _OBLIQUE_DEG else planes[axis]), angle


def check(
    header: ResearchHeader, available_bytes: int, compressed: bool, settings: IngestSettings
) -> None:
    """Refuse a header that cannot be true or that no one can use.

    Args:
        header: What the file claims.
        available_bytes: Bytes that the file has for its voxels.
        compressed: Whether these bytes are compressed.
        settings: Limit on voxels.

    Raises:
        IngestError: The geometry is unusable, or the claim is larger than the file.
    """
    fault = geometry_fault(header.affine_lps_mm)
    if fault is not None:
        raise IngestError(f"has {fault}; write it again with a rigid affine in millimetres")
    i, j, k = header.size
    claim = f"claims {i} x {j} x {k} voxels" + (
        f" x {header.volumes} volumes" if header.is_4d else ""
    )
    if i * j * k > settings.max_voxels:
        raise IngestError(
            f"{claim}, more than the {settings.max_voxels:,} allowed; check its header"
        )
    ratio = _MAX_DEFLATE_RATIO if compressed else 1
    if header.data_bytes > available_bytes * ratio:
        raise IngestError(
            f"{claim} ({header.data_bytes:,} bytes) but holds {available_bytes:,} bytes;"
            " it is cut short or its header is wrong: copy it again"
        )
