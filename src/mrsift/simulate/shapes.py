"""Solids that anatomy is painted with: ellipsoids and tubes on a warped grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.simulate.grid import Grid
from mrsift.types import Float32Array, Float64Array

Point = tuple[float, float, float]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid with an exponent: 2 is round, larger is boxier.

    Attributes:
        centre: LPS, mm.
        axes: Half lengths along its own axes, mm.
        turn_deg: Rotation about x, then y, then z, degrees.
        power: Exponent of the superellipsoid.
    """

    centre: Point
    axes: Point
    turn_deg: Point = (0.0, 0.0, 0.0)
    power: float = 2.0

    @property
    def bounds(self) -> tuple[Float64Array, Float64Array]:
        """Centre and half lengths along x, y and z of a block that holds the solid, mm."""
        half = np.abs(rotation_matrix(self.turn_deg)) @ np.array(self.axes)
        return np.array(self.centre), half

    def level(self, x: Float32Array, y: Float32Array, z: Float32Array) -> Float32Array:
        """Signed distance to the surface, roughly, mm; negative inside."""
        rotation = rotation_matrix(self.turn_deg).T.astype(np.float32)
        moved = [x - self.centre[0], y - self.centre[1], z - self.centre[2]]
        total: Float32Array | float = 0.0
        for i, half in enumerate(self.axes):
            along = (
                rotation[i, 0] * moved[0] + rotation[i, 1] * moved[1] + rotation[i, 2] * moved[2]
            ) / np.float32(half)
            total = total + (along * along if self.power == 2 else np.abs(along) ** self.power)
        radius = np.sqrt(total) if self.power == 2 else total ** (1 / self.power)
        size = float(np.prod(self.axes)) ** (1 / 3)
        return np.asarray((radius - 1) * np.float32(min(size, 1.6 * min(self.axes))))


@dataclass(frozen=True, slots=True)
class Tube:
    """A chain of round cones.

    Attributes:
        points: Centre line, LPS, mm, at least two.
        radii: One for each point, mm.
    """

    points: tuple[Point, ...]
    radii: tuple[float, ...]

    @property
    def bounds(self) -> tuple[Float64Array, Float64Array]:
        """Centre and half lengths along x, y and z of a block that holds the solid, mm."""
        points, radii = np.array(self.points), np.array(self.radii)[:, None]
        low, high = (points - radii).min(axis=0), (points + radii).max(axis=0)
        return (low + high) / 2, (high - low) / 2

    def level(self, x: Float32Array, y: Float32Array, z: Float32Array) -> Float32Array:
        """Signed distance to the surface, mm; negative inside."""
        best: Float32Array | None = None
        chain = zip(self.points, self.points[1:], self.radii, self.radii[1:], strict=False)
        for start, end, first, last in chain:
            d = np.subtract(end, start).astype(np.float32)
            px, py, pz = x - start[0], y - start[1], z - start[2]
            share = np.clip((px * d[0] + py * d[1] + pz * d[2]) / np.float32(d @ d), 0, 1)
            gap = (px - share * d[0]) ** 2 + (py - share * d[1]) ** 2 + (pz - share * d[2]) ** 2
            distance = np.sqrt(gap) - (first + share * np.float32(last - first))
            best = distance if best is None else np.minimum(best, distance)
        assert best is not None
        return best


Solid = Ellipsoid | Tube


def rotation_matrix(turn_deg: Point) -> Float64Array:
    """Rotation about x, then y, then z, shape (3, 3)."""
    result = np.eye(3)
    for axis, angle in enumerate(np.deg2rad(turn_deg)):
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        result = turn @ result
    return result


def near(
    rng: np.random.Generator, point: Sequence[float] | Float64Array, amount_mm: float
) -> Point:
    """A point drawn around another, normal with that deviation along x, y and z."""
    x, y, z = np.array(point) + rng.normal(0, amount_mm, 3)
    return (float(x), float(y), float(z))


def mirrored(solid: Solid) -> Solid:
    """The same solid on the other side of the body."""
    if isinstance(solid, Tube):
        return Tube(tuple((-x, y, z) for x, y, z in solid.points), solid.radii)
    (x, y, z), (a, b, c) = solid.centre, solid.turn_deg
    return Ellipsoid((-x, y, z), solid.axes, (a, -b, -c), solid.power)


class Canvas:
    """A grid on which tissues are painted, later ones over earlier ones.

    Attributes:
        tissue: Index into the tissue table, shape (slices * parts, rows, columns).
        woven: Tissue that a sample holds beside its own, same shape.
        share: How much of that one it holds, 0 to 1, same shape.
        parts: Samples inside each slice.
        xyz: Warped LPS coordinates of every sample, mm, after division by `scale`.
        scale: Size of the subject along x, y, z; negative mirrors.
    """

    def __init__(self, grid: Grid, parts: int, xyz: list[Float32Array], margin_mm: float) -> None:
        self.grid = grid
        self.parts = parts
        self.xyz = xyz
        self.tissue: NDArray[np.uint8] = np.zeros(xyz[0].shape, dtype=np.uint8)
        self.woven: NDArray[np.uint8] = np.zeros(xyz[0].shape, dtype=np.uint8)
        self.share: Float32Array = np.zeros(xyz[0].shape, dtype=np.float32)
        self.scale: Point = (1.0, 1.0, 1.0)
        self._margin = margin_mm

    def resize(self, scale: Point) -> None:
        """Make everything painted from now on larger, smaller or mirrored."""
        self.scale = scale
        self.xyz = [c / np.float32(s) for c, s in zip(self.xyz, scale, strict=True)]

    def look_up(
        self, shape: tuple[int, ...], origin: Point, step_mm: Point, rough: Float32Array
    ) -> NDArray[np.int32]:
        """The voxel of a label map at every sample, by flat index.

        Args:
            shape: Of the map, along x, y and z.
            origin: Index of the subject's origin in it.
            step_mm: From one voxel to the next.
            rough: Noise of unit deviation that breaks the staircase of the voxels.

        Returns:
            Shape of the canvas.
        """
        flat = np.zeros(self.tissue.shape, dtype=np.int32)
        for axis, position in enumerate(self.xyz):
            place = position * np.float32(1 / step_mm[axis]) + rough * np.float32(0.3)
            place = np.rint(place + np.float32(origin[axis]))
            flat *= shape[axis]
            flat += np.clip(place, 0, shape[axis] - 1).astype(np.int32)
        return flat

    def box(self, solid: Solid, grow: float = 0.0) -> Box | None:
        """The block of samples that a solid can reach, or None when it reaches none."""
        centre, half = solid.bounds
        half = (half + grow) * np.abs(self.scale) + self._margin
        middle_mm = centre * self.scale - np.array(self.grid.centre_mm)
        offset = self.grid.directions @ middle_mm
        reach = np.abs(self.grid.directions) @ half
        spans = []
        for axis in range(3):
            spacing = self.grid.spacing_mm[axis] / (self.parts if axis == 0 else 1)
            middle = (self.tissue.shape[axis] - 1) / 2 + offset[axis] / spacing
            low = max(int(np.floor(middle - reach[axis] / spacing)), 0)
            high = min(int(np.ceil(middle + reach[axis] / spacing)) + 1, self.tissue.shape[axis])
            if low >= high:
                return None
            spans.append(slice(low, high))
        return (spans[0], spans[1], spans[2])

    def level(self, solid: Solid, box: Box) -> Float32Array:
        """Signed distance of the samples in a box to a solid."""
        x, y, z = (c[box] for c in self.xyz)
        return solid.level(x, y, z)

    def paint(
        self,
        solid: Solid,
        layers: Sequence[tuple[float, int]],
        *,
        over: Sequence[int] | None = None,
        rough: Float32Array | None = None,
        rough_mm: float = 1.0,
    ) -> None:
        """Fill a solid with layers.

        Args:
            solid: What to fill.
            layers: (depth below the surface in mm, tissue), outermost first. A negative
                depth lies outside the surface.
            over: Tissues that may be painted over; all when None.
            rough: Noise of unit deviation, shape of the canvas, for an irregular surface.
            rough_mm: How irregular.
        """
        box = self.box(solid, max(0.0, -layers[0][0]))
        if box is None:
            return
        level = self.level(solid, box)
        if rough is not None:
            level = level + rough[box] * np.float32(rough_mm)
        target = self.tissue[box]
        allowed = None if over is None else np.isin(target, over)
        for depth, tissue in layers:
            inside = level < -depth
            target[inside if allowed is None else inside & allowed] = tissue
