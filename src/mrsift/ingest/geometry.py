"""Positions and orientations of planes -> order, spacing, affine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mrsift.ingest.header import Plane
from mrsift.types import Float64Array

_FALLBACK_STEP_MM: Final = 1.0


def slice_normal(orientation: Sequence[float]) -> Float64Array:
    """Unit vector across the slices: along a row x down a column, right-handed.

    Args:
        orientation: Image Orientation (Patient), six numbers.
    """
    normal = np.cross(orientation[:3], orientation[3:])
    return np.asarray(normal / np.linalg.norm(normal), np.float64)


def cluster(values: Sequence[float], tolerance: float) -> list[int]:
    """Number the values so that neighbours closer than the tolerance get one number.

    Args:
        values: In any order.
        tolerance: Largest gap within a cluster.

    Returns:
        One cluster number per value, 0 for the smallest; independent of the order.
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    numbers = [0] * len(values)
    current = 0
    for before, i in zip([None, *order], order, strict=False):
        if before is not None and values[i] - values[before] > tolerance:
            current += 1
        numbers[i] = current
    return numbers


def cluster_vectors(vectors: Sequence[Sequence[float]], tolerance: float) -> list[int]:
    """Number vectors so that those within the tolerance in every component get one number.

    Returns:
        One cluster number per vector; independent of the order.
    """
    centres: list[tuple[float, ...]] = []
    number: dict[tuple[float, ...], int] = {}
    for vector in sorted({tuple(vector) for vector in vectors}):
        for k, centre in enumerate(centres):
            if all(abs(a - b) <= tolerance for a, b in zip(vector, centre, strict=True)):
                number[vector] = k
                break
        else:
            number[vector] = len(centres)
            centres.append(vector)
    return [number[tuple(vector)] for vector in vectors]


def place_numbers(planes: Sequence[Plane], tolerance_mm: float) -> list[int]:
    """Number the planes of one orientation by their position along the slice normal.

    Args:
        planes: Share one orientation.
        tolerance_mm: Planes closer than this are at one position.

    Returns:
        One number per plane, 0 at the lowest position.
    """
    normal = slice_normal(planes[0].orientation)
    heights = np.array([plane.position_mm for plane in planes]) @ normal
    return cluster(heights.tolist(), tolerance_mm)


def stack_numbers(planes: Sequence[Plane], tolerance_mm: float) -> list[int]:
    """Number the planes by the stack they are in, where stacks are shifted in-plane.

    Planes on one straight line, also a tilted one, are one stack.

    Args:
        planes: Share one orientation.
        tolerance_mm: Largest distance from the line.
    """
    positions = np.array([plane.position_mm for plane in planes])
    orientation = np.array(planes[0].orientation).reshape(2, 3)
    offsets = positions @ orientation.T  # (n, 2), mm along a row and down a column
    if np.ptp(offsets, axis=0).max() <= tolerance_mm:
        return [0] * len(planes)
    heights = positions @ slice_normal(planes[0].orientation)
    low, high = int(np.argmin(heights)), int(np.argmax(heights))
    if heights[high] - heights[low] > tolerance_mm:
        share = (heights - heights[low]) / (heights[high] - heights[low])
        line = offsets[low] + share[:, None] * (offsets[high] - offsets[low])
        if np.abs(offsets - line).max() <= tolerance_mm:
            return [0] * len(planes)
    along, down = (cluster(offsets[:, axis].tolist(), tolerance_mm) for axis in (0, 1))
    pairs = list(zip(along, down, strict=True))
    number = {pair: k for k, pair in enumerate(sorted(set(pairs)))}
    return [number[pair] for pair in pairs]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the voxels of a volume are.

    Attributes:
        affine_lps_mm: Shape (4, 4), index (slice, row, column, 1) to LPS.
        complete: One plane per position and equal steps.
        remarks: Gaps, single slices, tilted stacks.
    """

    affine_lps_mm: Float64Array
    complete: bool
    remarks: tuple[str, ...]


def grid(planes: Sequence[Plane], tolerance_mm: float) -> Grid:
    """Affine of sorted planes.

    Args:
        planes: In slice order, one per position.
        tolerance_mm: Largest deviation of a gap from the usual one.

    Source:
        DICOM PS3.3 C.7.6.2.1.1.
    """
    first = planes[0]
    along, down = np.array(first.orientation).reshape(2, 3)
    normal = slice_normal(first.orientation)
    positions = np.array([plane.position_mm for plane in planes])
    remarks: tuple[str, ...] = ()
    complete = True
    if len(planes) == 1:
        stated = first.slice_step_mm
        step = (stated if stated and stated > 0 else _FALLBACK_STEP_MM) * normal
        remarks = ("a single slice",)
    else:
        gaps = np.diff(positions @ normal)
        usual = float(np.sort(gaps)[(len(gaps) - 1) // 2])
        complete = bool(np.abs(gaps - usual).max() <= tolerance_mm)
        if complete:
            step = (positions[-1] - positions[0]) / (len(planes) - 1)
        else:
            step = usual * normal
            remarks = _gap_remarks(gaps.tolist(), usual, tolerance_mm)
        tilt = np.degrees(np.arccos(min(1.0, float(step @ normal / np.linalg.norm(step)))))
        if tilt > 0.1:
            remarks = (*remarks, f"the stack of slices is tilted by {tilt:.1f} degrees")
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = down * first.spacing_mm[0]
    affine[:3, 2] = along * first.spacing_mm[1]
    affine[:3, 3] = positions[0]
    return Grid(affine, complete, remarks)


def _gap_remarks(gaps: list[float], usual: float, tolerance_mm: float) -> tuple[str, ...]:
    odd = [(k, gap) for k, gap in enumerate(gaps) if abs(gap - usual) > tolerance_mm]
    remarks = []
    for k, gap in odd[:3]:
        missing = round(gap / usual) - 1
        if missing >= 1 and abs(gap - (missing + 1) * usual) <= tolerance_mm * (missing + 1):
            count = "1 slice is" if missing == 1 else f"{missing} slices are"
            remarks.append(
                f"{count} missing between slices {k + 1} and {k + 2} "
                f"(gap of {gap:.2f} mm, usual step {usual:.2f} mm)"
            )
        else:
            remarks.append(
                f"unequal steps: {gap:.2f} mm between slices {k + 1} and {k + 2}, "
                f"usually {usual:.2f} mm"
            )
    if len(odd) > 3:
        remarks.append(f"{len(odd) - 3} more gaps or unequal steps")
    return tuple(remarks)
