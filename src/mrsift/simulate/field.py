"""The magnetic field that air, gas and metal make around them."""

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from mrsift.simulate.grid import Grid
from mrsift.types import Float32Array

_STEP = 4  # samples in the plane for one of the coarse grid
_BEYOND = 0.3  # of the slices, rows and columns: how far the body goes on behind the last ones


def dipole_field(susceptibility: Float32Array, grid: Grid) -> Float32Array:
    """Field along the magnet's axis, which is the patient's head-foot axis.

    Args:
        susceptibility: Of the slices, ppm relative to air, shape of the grid.
        grid: Where they lie.

    Returns:
        Field, ppm, same shape, without what the shim takes out: its parts of first and second
        order in the body. Solved on every fourth row and column; behind the edges the body goes
        on for a while, and then there is air.

    Source:
        Salomir et al., Concepts Magn Reson B 2003;19:26 (Fourier solution).
    """
    rows, columns = grid.shape[1:]
    middle = slice(_STEP // 2, None, _STEP)
    seen = scipy.ndimage.uniform_filter(susceptibility, (1, _STEP, _STEP))[:, middle, middle]
    beyond = [int(np.ceil(_BEYOND * n)) for n in seen.shape]
    coarse = np.pad(seen, [(n, n) for n in beyond], mode="edge")
    padded = [scipy.fft.next_fast_len(n + n // 2, real=True) for n in coarse.shape]
    spacing = np.array(grid.spacing_mm) * (1, _STEP, _STEP)
    waves = [
        scipy.fft.fftfreq(n, d)[(slice(None), *[None] * (2 - axis))].astype(np.float32)
        for axis, (n, d) in enumerate(zip(padded, spacing, strict=True))
    ]
    squared = waves[0] ** 2 + waves[1] ** 2 + waves[2] ** 2
    axial = sum(wave * np.float32(grid.directions[axis, 2]) for axis, wave in enumerate(waves))
    squared[0, 0, 0] = 1.0
    kernel = 1 / 3 - axial**2 / squared
    kernel[0, 0, 0] = 0.0
    spectrum = scipy.fft.fftn(coarse, s=padded) * kernel
    inside = tuple(slice(first, first + n) for first, n in zip(beyond, seen.shape, strict=True))
    small = _shimmed(scipy.fft.ifftn(spectrum).real[inside], seen < seen.min() / 2)
    for axis, count in ((1, rows), (2, columns)):
        place = (np.arange(count) - _STEP // 2) / _STEP
        lower = np.clip(place.astype(np.intp), 0, small.shape[axis] - 2)
        shape = [-1 if other == axis else 1 for other in range(3)]
        weight = np.clip(place - lower, 0, 1).reshape(shape)
        first, second = np.take(small, lower, axis), np.take(small, lower + 1, axis)
        small = first + weight * (second - first)
    return np.asarray(small, dtype=np.float32)


def _shimmed(field: NDArray[np.floating], body: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Without the parts of first and second order that it has in the body."""
    axes = [np.linspace(-1, 1, n) for n in field.shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, y * z, x * z], axis=-1)
    shares = np.linalg.lstsq(terms[body], field[body], rcond=None)[0]
    return np.asarray(field - terms @ shares)


def across_voxel(field_ppm: Float32Array, grid: Grid) -> Float32Array:
    """How much the field changes from one side of a voxel to the other.

    Args:
        field_ppm: Of the slices, shape of the grid.
        grid: Where they lie.

    Returns:
        ppm, same shape, not negative: along the three axes, added as squares.
    """
    squared = np.zeros_like(field_ppm)
    extents_mm = (grid.thickness_mm, *grid.spacing_mm[1:])
    for axis, (extent_mm, step_mm) in enumerate(zip(extents_mm, grid.spacing_mm, strict=True)):
        if field_ppm.shape[axis] > 1:
            squared += (np.gradient(field_ppm, axis=axis) * np.float32(extent_mm / step_mm)) ** 2
    return np.asarray(np.sqrt(squared), dtype=np.float32)
