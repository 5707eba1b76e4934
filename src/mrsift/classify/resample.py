"""A volume of any plane -> its values on another grid: turned, averaged, then interpolated."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from mrsift.preprocess.resample import resize, weights
from mrsift.types import Float32Array, Float64Array

_MARGIN = 2
"""Voxels kept around the part of a volume that is wanted."""

_STRAIGHT = 1e-3
"""A grid turned by less than this (in voxels over its whole length) is not turned."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where samples lie.

    Attributes:
        shape: (slices, rows, columns).
        affine_lps_mm: Shape (4, 4), index (slice, row, column, 1) to LPS, mm.
    """

    shape: tuple[int, int, int]
    affine_lps_mm: Float64Array

    def turned(self, axes: tuple[int, int, int], steps: tuple[int, int, int]) -> "Grid":
        """The grid of `voxels.transpose(axes)[::step, ::step, ::step]`."""
        change = np.zeros((4, 4))
        change[3, 3] = 1.0
        for new, (old, step) in enumerate(zip(axes, steps, strict=True)):
            change[old, new] = step
            change[old, 3] = 0 if step > 0 else self.shape[old] - 1
        first, second, third = axes
        shape = (self.shape[first], self.shape[second], self.shape[third])
        return Grid(shape, self.affine_lps_mm @ change)

    def part(self, box: tuple[slice, slice, slice]) -> "Grid":
        """The grid of `voxels[box]`, with slices that have a start and a stop."""
        change = np.eye(4)
        change[:3, 3] = [one.start for one in box]
        first, second, third = (one.stop - one.start for one in box)
        return Grid((first, second, third), self.affine_lps_mm @ change)

    def with_shape(self, shape: tuple[int, int, int], *, square: bool = False) -> "Grid":
        """The same box in the patient, cut into another number of cells.

        Args:
            shape: Of the new grid.
            square: Rows and columns get one step; where the box is too narrow for that, it is
                widened on both sides.
        """
        old, new = np.array(self.shape), np.array(shape)
        ratio = old / new
        if square:
            step_mm = np.linalg.norm(self.affine_lps_mm[:3, :3], axis=0)
            ratio[1:] = (ratio * step_mm)[1:].max() / step_mm[1:]
        change = np.diag([*ratio, 1.0])
        change[:3, 3] = ((old - 1) - ratio * (new - 1)) / 2
        return Grid(shape, self.affine_lps_mm @ change)


def view_of(
    voxels: Float32Array, axes: tuple[int, int, int], steps: tuple[int, int, int]
) -> Float32Array:
    """The voxels whose grid is `Grid.turned(axes, steps)`."""
    first, second, third = (slice(None, None, step) for step in steps)
    return voxels.transpose(axes)[first, second, third]


def nearest_axes(
    directions: Float64Array, wanted: Float64Array
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The storage axes that run most like three wanted directions, and the step along each.

    Args:
        directions: Shape (3, 3), a column for each storage axis.
        wanted: Shape (3, 3), a column for each wanted axis.
    """
    cosines = _unit(wanted).T @ _unit(directions)  # (wanted, stored)
    best = max(permutations(range(3)), key=lambda p: sum(abs(cosines[k, p[k]]) for k in range(3)))
    first, second, third = (1 if cosines[k, best[k]] >= 0 else -1 for k in range(3))
    return (best[0], best[1], best[2]), (first, second, third)


def sample(
    voxels: Float32Array, grid: Grid, wanted: Grid, moved: Float64Array | None = None
) -> Float32Array | None:
    """The values of a volume at the samples of another grid.

    Where the wanted grid is coarser, the mean over its cells comes first, so that nothing is
    aliased; then values are interpolated linearly.

    Args:
        voxels: Shape `grid.shape`, any strides.
        grid: Of the volume.
        wanted: Where values are wanted.
        moved: Shape (4, 4), wanted LPS to LPS of the volume, mm; None where they are the same.

    Returns:
        Shape `wanted.shape`; the volume's lowest value outside of it. None where the two share
        no space.
    """
    target = wanted.affine_lps_mm if moved is None else moved @ wanted.affine_lps_mm
    axes, steps = nearest_axes(grid.affine_lps_mm[:3, :3], target[:3, :3])
    voxels, grid = view_of(voxels, axes, steps), grid.turned(axes, steps)
    box = _box(grid, target, wanted.shape)
    if box is None:
        return None
    lowest = float(np.nanmin(voxels))
    voxels, grid = voxels[box], grid.part(box)
    step_in = np.linalg.norm(grid.affine_lps_mm[:3, :3], axis=0)
    step_out = np.linalg.norm(target[:3, :3], axis=0)
    fewer = np.minimum(
        np.maximum(np.rint(np.array(grid.shape) * step_in / step_out), 1), grid.shape
    )
    shape = (int(fewer[0]), int(fewer[1]), int(fewer[2]))
    voxels, grid = _reduced(voxels, shape), grid.with_shape(shape)
    index = np.linalg.inv(grid.affine_lps_mm) @ target
    return _interpolated(voxels, index, wanted.shape, lowest)


def _unit(columns: Float64Array) -> Float64Array:
    lengths: Float64Array = np.linalg.norm(columns, axis=0)
    unit: Float64Array = columns / lengths
    return unit


def _box(
    grid: Grid, target: Float64Array, shape: tuple[int, int, int]
) -> tuple[slice, slice, slice] | None:
    """The part of a volume that wanted samples may see."""
    corners = np.array([[0, n - 1] for n in shape], dtype=np.float64)
    ends = np.stack(np.meshgrid(*corners, indexing="ij"), axis=-1).reshape(-1, 3)
    index = np.linalg.inv(grid.affine_lps_mm) @ target
    places = ends @ index[:3, :3].T + index[:3, 3]
    # A coarse sample is the mean of a cell, which reaches half a step further.
    reach = np.abs(index[:3, :3]).sum(axis=1) / 2 + _MARGIN
    low = np.maximum(np.floor(places.min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(places.max(axis=0) + reach) + 1, grid.shape).astype(int)
    inside = (places.max(axis=0) > -0.5) & (places.min(axis=0) < np.array(grid.shape) - 0.5)
    if not inside.all():
        return None
    first, second, third = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return first, second, third


def _reduced(voxels: Float32Array, shape: tuple[int, int, int]) -> Float32Array:
    """Means over cells, where there shall be fewer."""
    if voxels.shape == shape:
        return voxels
    plane = resize(voxels, (len(voxels), *shape[1:]))  # never picks slices: as many as before
    if len(plane) == shape[0]:
        return plane
    along: Float32Array = weights(len(plane), shape[0]) @ plane.reshape(len(plane), -1)
    return along.reshape(shape)


def _interpolated(
    voxels: Float32Array, index: Float64Array, shape: tuple[int, int, int], outside: float
) -> Float32Array:
    """Linear interpolation; the outer half voxel has the value of its centre.

    Args:
        voxels: Shape (slices, rows, columns).
        index: Shape (4, 4), index of the result to index of `voxels`.
        shape: Of the result.
        outside: Value beyond the volume.
    """
    matrix, offset = index[:3, :3], index[:3, 3]
    turn = np.abs(matrix - np.diag(np.diag(matrix))) @ np.array(shape)
    if turn.max() < _STRAIGHT:
        return _straight(voxels, np.diag(matrix), offset, shape, outside)
    from scipy.ndimage import map_coordinates

    rows, columns = np.meshgrid(*(np.arange(n) for n in shape[1:]), indexing="ij")
    plane = matrix[:, 1, None, None] * rows + matrix[:, 2, None, None] * columns
    plane += offset[:, None, None]
    last = np.array(voxels.shape)[:, None, None] - 1
    source = np.ascontiguousarray(voxels)
    result = np.empty(shape, dtype=np.float32)
    for number in range(shape[0]):  # one slice at a time: coordinates take six times its memory
        places = plane + matrix[:, 0, None, None] * number
        inside = ((places > -0.5) & (places < last + 0.5)).all(axis=0)
        result[number] = outside
        if inside.any():
            wanted = np.clip(places, 0, last)[:, inside]
            result[number][inside] = map_coordinates(source, wanted, order=1, prefilter=False)
    return result


def _straight(
    voxels: Float32Array,
    steps: Float64Array,
    offset: Float64Array,
    shape: tuple[int, int, int],
    outside: float,
) -> Float32Array:
    """The same axis by axis, where both grids run alike."""
    for axis, count in enumerate(shape):
        places = np.arange(count) * steps[axis] + offset[axis]
        size = voxels.shape[axis]
        left = np.clip(np.floor(places), 0, max(size - 2, 0)).astype(int)
        share = np.clip(places - left, 0.0, 1.0 if size > 1 else 0.0).astype(np.float32)
        along = [1, 1, 1]
        along[axis] = count
        low = voxels.take(left, axis=axis)
        high = voxels.take(np.minimum(left + 1, size - 1), axis=axis)
        low += (high - low) * share.reshape(along)
        beyond = np.flatnonzero((places <= -0.5) | (places >= size - 0.5))
        np.moveaxis(low, axis, 0)[beyond] = outside
        voxels = low
    return voxels
