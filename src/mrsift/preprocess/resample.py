"""Empty border, slices, rows and columns: to the size of the network's input."""

from functools import lru_cache

import numpy as np

from mrsift.types import Float32Array, Float64Array

SAMPLE_STEP = 4
"""The empty border is looked for on every fourth row and column: enough, and fast."""

MIN_SHARE = 0.01
"""Share of a line that must be brighter than the background for the line to be kept."""

BLOCK = 32
"""Output columns made per matrix product; a block only reads the input columns it needs."""


def foreground(view: Float32Array, background_fraction: float) -> tuple[slice, slice, slice]:
    """The box of a volume that is not empty border.

    Slices are never cut away: an empty end slice is as good a witness as any other.

    Args:
        view: Shape (slices, rows, columns).
        background_fraction: Share of the way from the 1st to the 99th percentile below
            which a voxel is empty.

    Returns:
        Slices, rows and columns to keep; everything where nothing stands out.
    """
    # Symmetric sampling: the middle of each group of SAMPLE_STEP lines.
    step = tuple(SAMPLE_STEP if size >= 16 * SAMPLE_STEP else 1 for size in view.shape[1:])
    sample = view[:, step[0] // 2 :: step[0], step[1] // 2 :: step[1]]
    ordered = np.sort(sample[:: max(1, len(sample) // 16)], axis=None)
    ordered = ordered[np.isfinite(ordered)]
    if len(ordered) == 0:
        return slice(None), slice(None), slice(None)
    low, high = ordered[len(ordered) // 100], ordered[(99 * (len(ordered) - 1)) // 100]
    bright = sample > low + np.float32(background_fraction) * (high - low)
    rows = _kept(bright.mean(axis=(0, 2)), step[0], view.shape[1])
    columns = _kept(bright.mean(axis=(0, 1)), step[1], view.shape[2])
    return slice(None), rows, columns


def _kept(share: Float64Array, step: int, size: int) -> slice:
    """From the first to the last line with something on it, in lines of the full volume."""
    lines = np.flatnonzero(share > MIN_SHARE)
    if len(lines) == 0:
        return slice(None)
    return slice(int(lines[0]) * step, min(size, (int(lines[-1]) + 1) * step))


def resize(view: Float32Array, shape: tuple[int, int, int]) -> Float32Array:
    """The volume at another size, without aliasing.

    Rows and columns: mean over the area when fewer, linear when more. Slices: linear when
    more; when fewer, whole slices are picked, so that each keeps its texture and a volume
    of hundreds of thin slices costs no more than one of thirty.

    Args:
        view: Shape (slices, rows, columns), at least 1 each; any strides.
        shape: Wanted (slices, rows, columns).

    Returns:
        Shape `shape`, contiguous.
    """
    slices, rows, columns = shape
    if len(view) > slices:
        picked = ((np.arange(slices) + 0.5) * len(view) / slices).astype(np.intp)
        view = view[picked]
    narrow = _resize_columns(view, columns)  # (slices, rows in, columns)
    small: Float32Array = np.matmul(weights(view.shape[1], rows), narrow)  # (slices, rows, columns)
    if len(view) == slices:
        return small
    along: Float32Array = weights(len(view), slices) @ small.reshape(len(view), -1)
    return along.reshape(shape)


def _resize_columns(view: Float32Array, columns: int) -> Float32Array:
    """The last axis at another size, in blocks that leave out the zero weights."""
    table = weights(view.shape[2], columns)
    narrow = np.empty((*view.shape[:2], columns), dtype=np.float32)
    for start in range(0, columns, BLOCK):
        block = table[start : start + BLOCK]
        used = np.flatnonzero(block.any(axis=0))
        read = slice(int(used[0]), int(used[-1]) + 1)
        np.matmul(view[:, :, read], block[:, read].T, out=narrow[:, :, start : start + BLOCK])
    return narrow


@lru_cache(maxsize=256)
def weights(size: int, wanted: int) -> Float32Array:
    """Share of each input sample in each output sample along one axis.

    Args:
        size: Input samples, >= 1.
        wanted: Output samples, >= 1.

    Returns:
        Shape (wanted, size), read-only; each row sums to 1.
    """
    table = _area(size, wanted) if wanted < size else _linear(size, wanted)
    table.flags.writeable = False
    return table


def _area(size: int, wanted: int) -> Float32Array:
    """Overlap of each output cell with each input cell, cells covering the same length."""
    edges = np.arange(wanted + 1) * (size / wanted)
    samples = np.arange(size)
    upper = np.minimum(edges[1:, None], samples + 1.0)
    lower = np.maximum(edges[:-1, None], samples)
    share: Float64Array = np.maximum(upper - lower, 0.0) * (wanted / size)
    return share.astype(np.float32)


def _linear(size: int, wanted: int) -> Float32Array:
    """Linear interpolation between sample centres, constant beyond the outer ones."""
    centres = np.clip((np.arange(wanted) + 0.5) * (size / wanted) - 0.5, 0.0, size - 1.0)
    left = np.minimum(centres.astype(np.intp), max(size - 2, 0))
    share = centres - left
    table = np.zeros((wanted, size), dtype=np.float32)
    output = np.arange(wanted)
    table[output, left] = 1.0 - share
    if size > 1:
        table[output, left + 1] += share
    return table
