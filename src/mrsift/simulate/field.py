"""The magnetic field that gas and metal make around them."""

import numpy as np
import scipy.fft
import scipy.ndimage

from mrsift.simulate.grid import Grid
from mrsift.types import Float32Array

_STEP = 4  # samples in the plane for one of the coarse grid


def dipole_field(susceptibility: Float32Array, grid: Grid) -> Float32Array:
    """Field along the magnet's axis, which is the patient's head-foot axis.

    Args:
        susceptibility: Of the slices, ppm relative to tissue, shape of the grid.
        grid: Where they lie.

    Returns:
        Field, ppm, same shape; solved on every fourth row and column, with the space around
        taken as tissue.

    Source:
        Salomir et al., Concepts Magn Reson B 2003;19:26 (Fourier solution).
    """
    rows, columns = grid.shape[1:]
    coarse = susceptibility[:, ::_STEP, ::_STEP]
    padded = [scipy.fft.next_fast_len(2 * n, real=True) for n in coarse.shape]
    spacing = np.array(grid.spacing_mm) * (1, _STEP, _STEP)
    waves = [
        scipy.fft.fftfreq(n, d)[(slice(None), *[None] * (2 - axis))]
        for axis, (n, d) in enumerate(zip(padded, spacing, strict=True))
    ]
    squared = waves[0] ** 2 + waves[1] ** 2 + waves[2] ** 2
    axial = sum(wave * grid.directions[axis, 2] for axis, wave in enumerate(waves))
    squared[0, 0, 0] = 1.0
    kernel = 1 / 3 - axial**2 / squared
    kernel[0, 0, 0] = 0.0
    spectrum = scipy.fft.fftn(coarse, s=padded) * kernel
    small = scipy.fft.ifftn(spectrum).real[tuple(slice(n) for n in coarse.shape)]
    full = np.repeat(np.repeat(small, _STEP, 1), _STEP, 2)[:, :rows, :columns]
    for axis in (1, 2):
        full = scipy.ndimage.uniform_filter1d(full, _STEP + 1, axis=axis)
    return np.asarray(full, dtype=np.float32)


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
            change = np.abs(np.diff(field_ppm, axis=axis)) * np.float32(extent_mm / step_mm)
            ends = [(0, 0)] * 3
            ends[axis] = (1, 1)
            wide = np.moveaxis(np.pad(change, ends), axis, 0)
            squared += np.moveaxis(np.maximum(wide[:-1], wide[1:]), 0, axis) ** 2
    return np.asarray(np.sqrt(squared), dtype=np.float32)
