"""Random fields with a chosen length of waves, cheap enough for every voxel.

A few periodic blocks of noise are made once a process from a fixed seed. A subject
differs from the next by where and how far stretched it looks into the blocks. On a
regular grid looking is a product of three thin matrices, far faster than a gather.
"""

from functools import lru_cache

import numpy as np
import scipy.fft

from mrsift.simulate.grid import Grid
from mrsift.types import Float32Array

_BLOCK = 96
_BANDS: dict[str, tuple[float, float]] = {
    "white": (0.0, 0.5),  # cycles a sample: everything
    "grain": (0.12, 0.33),  # waves of 3 to 8 samples
    "fractal": (0.01, 0.5),  # 1/f, all lengths
    "smooth": (0.01, 0.07),  # 1/f^3: bends without wrinkles
    "ridge": (0.07, 0.125),  # one length, 8 to 14 samples: its zero crossings are sheets
}


@lru_cache(maxsize=16)
def block(kind: str, copy: int) -> Float32Array:
    """A periodic block of noise, shape (96, 96, 96), mean 0, deviation 1."""
    rng = np.random.default_rng([2025, list(_BANDS).index(kind), copy])
    white = rng.standard_normal((_BLOCK,) * 3, dtype=np.float32)
    spectrum = scipy.fft.rfftn(white)
    full, half = scipy.fft.fftfreq(_BLOCK), scipy.fft.rfftfreq(_BLOCK)
    squared = full[:, None, None] ** 2 + full[None, :, None] ** 2 + half[None, None, :] ** 2
    frequency = np.sqrt(squared)
    low, high = _BANDS[kind]
    weight = ((frequency >= low) & (frequency <= max(high, 0.5 * (kind == "white")))).astype(float)
    if kind == "fractal":
        weight = weight / np.maximum(frequency, low) ** 1.6
    elif kind == "smooth":
        weight = weight / np.maximum(frequency, low) ** 3
    elif kind == "white":
        weight[:] = 1.0
    weight[0, 0, 0] = 0.0
    noise = scipy.fft.irfftn(spectrum * weight, s=white.shape)
    return np.asarray(noise / noise.std(), dtype=np.float32)


class Texture:
    """The random fields of one subject.

    Fields are a function of patient position, so every volume of a subject shows the same
    septa, vessels and trabeculae.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._offsets = rng.uniform(0, _BLOCK, (64, 3))
        self._copies = rng.integers(0, 2, 64)

    def on(self, grid: Grid, parts: int, kind: str, sample_mm: float, channel: int) -> Float32Array:
        """A field sampled on a grid.

        Args:
            grid: Where.
            parts: Samples inside each slice.
            kind: Name of a band.
            sample_mm: Length of one sample of the block, mm.
            channel: Fields with different channels are independent, 0 to 63.

        Returns:
            Shape (slices * parts, rows, columns), about unit deviation.
        """
        # block axes are (x, y, z); bring them into the order (slice, row, column)
        order = tuple(grid.patient_axis(axis) for axis in range(3))
        noise = _turned(kind, int(self._copies[channel]), order)
        looks = []
        for axis in range(3):
            start = self._offsets[channel, order[axis]]
            along = grid.offsets_mm(axis, parts) * grid.directions[axis, order[axis]]
            looks.append(_linear((along + grid.centre_mm[order[axis]]) / sample_mm + start))
        # every product is of arrays that lie in memory as they are multiplied
        slices = (looks[0] @ noise.reshape(_BLOCK, -1)).reshape(-1, _BLOCK)
        columns = (slices @ looks[2].T).reshape(len(looks[0]), _BLOCK, -1)
        return np.asarray(looks[1] @ columns)


@lru_cache(maxsize=32)
def _turned(kind: str, copy: int, order: tuple[int, ...]) -> Float32Array:
    """A block with its axes in this order."""
    return np.ascontiguousarray(block(kind, copy).transpose(order))


def _linear(position: Float32Array) -> Float32Array:
    """Weights of linear interpolation into a periodic line, shape (n, 96)."""
    lower = np.floor(position)
    weight = (position - lower).astype(np.float32)
    index = lower.astype(np.int64)
    rows = np.arange(len(position))
    matrix = np.zeros((len(position), _BLOCK), dtype=np.float32)
    matrix[rows, index % _BLOCK] = 1 - weight
    matrix[rows, (index + 1) % _BLOCK] += weight
    return matrix
