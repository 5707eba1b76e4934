"""Where the samples of one simulated volume lie in the patient."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mrsift.types import Float32Array, Float64Array, Plane

# Rows of the three matrices: direction of increasing slice, row and column index, in LPS.
_DIRECTIONS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "axial": ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    "sagittal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "coronal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
}


@dataclass(frozen=True, slots=False)
class Grid:
    """A regular grid of slices, rows and columns, tilted a little about the patient axes.

    Attributes:
        plane: The patient plane nearest to the slices.
        centre_mm: LPS position of the middle of the volume, shape (3,), mm.
        shape: (slices, rows, columns).
        spacing_mm: Distance of neighbouring samples along (slice, row, column), mm.
        thickness_mm: Extent of one slice, mm.
        tilt_deg: Rotation of the slice normal about the row and the column direction, degrees.
    """

    plane: Plane
    centre_mm: tuple[float, float, float]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    thickness_mm: float
    tilt_deg: tuple[float, float] = (0.0, 0.0)

    @cached_property
    def directions(self) -> Float64Array:
        """Unit vectors of slice, row and column index, shape (3, 3), one a row."""
        axes = np.array(_DIRECTIONS[self.plane], dtype=np.float64)
        for angle, (first, second) in zip(np.deg2rad(self.tilt_deg), ((0, 1), (0, 2)), strict=True):
            turned = axes.copy()
            turned[first] = np.cos(angle) * axes[first] + np.sin(angle) * axes[second]
            turned[second] = np.cos(angle) * axes[second] - np.sin(angle) * axes[first]
            axes = turned
        return axes

    @cached_property
    def affine_lps_mm(self) -> Float64Array:
        """Index (slice, row, column, 1) to LPS, shape (4, 4), mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.directions.T * np.array(self.spacing_mm)
        middle = (np.array(self.shape) - 1) / 2
        affine[:3, 3] = np.array(self.centre_mm) - affine[:3, :3] @ middle
        return affine

    def offsets_mm(self, axis: int, parts: int = 1) -> Float32Array:
        """Distances of the samples from the centre along one index axis.

        Args:
            axis: 0 slice, 1 row, 2 column.
            parts: Samples taken inside each slice; only used for axis 0.

        Returns:
            Shape (n,) or (n * parts,), mm.
        """
        index = np.arange(self.shape[axis]) - (self.shape[axis] - 1) / 2
        steps = index * self.spacing_mm[axis]
        if axis == 0 and parts > 1:
            inside = ((np.arange(parts) + 0.5) / parts - 0.5) * self.thickness_mm
            steps = (steps[:, None] + inside).ravel()
        return steps.astype(np.float32)

    def points_mm(self, parts: int) -> list[Float32Array]:
        """LPS coordinates of every sample, `parts` in each slice.

        The samples of one slice are staggered in the plane, so that averaging them
        softens edges as a finite voxel does.

        Returns:
            x, y and z, each of shape (slices * parts, rows, columns), mm.
        """
        slices = self.offsets_mm(0, parts)[:, None, None]
        one_slice = (np.arange(parts) - (parts - 1) / 2) / parts
        stagger = np.tile(one_slice, self.shape[0]).astype(np.float32)[:, None, None]
        rows = self.offsets_mm(1)[None, :, None] + stagger * np.float32(self.spacing_mm[1])
        columns = self.offsets_mm(2)[None, None, :] - stagger * np.float32(self.spacing_mm[2])
        axes = self.directions.astype(np.float32)
        return [
            np.float32(self.centre_mm[i])
            + axes[0, i] * slices
            + axes[1, i] * rows
            + axes[2, i] * columns
            for i in range(3)
        ]

    def patient_axis(self, axis: int) -> int:
        """The patient axis (0 left, 1 posterior, 2 superior) nearest to an index axis."""
        return int(np.argmax(np.abs(np.array(_DIRECTIONS[self.plane])[axis])))
