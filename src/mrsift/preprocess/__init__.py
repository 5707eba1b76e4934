"""Volume -> network input: one deterministic function, NumPy only.

In: the voxels of a volume, its affine and the settings that travel in the model bundle.
Out: float32 of `settings.input_shape`, (slices, rows, columns), zero mean.

Training and inference call the same `prepare`, so they cannot drift apart.

    orientation.py   which storage axis is which, and which way it runs
    resample.py      empty border, slices, rows and columns to the size of the input
    intensity.py     values without unit: histogram equalisation or z-score
"""

import numpy as np

from mrsift.config import PreprocessSettings
from mrsift.preprocess.intensity import normalise
from mrsift.preprocess.orientation import canonical_view
from mrsift.preprocess.resample import foreground, resize
from mrsift.types import Float32Array, Float64Array

__all__ = ["canonical_view", "foreground", "normalise", "prepare", "resize"]


def prepare(
    voxels: Float32Array, affine_lps_mm: Float64Array, settings: PreprocessSettings
) -> Float32Array:
    """The network's input for one volume.

    The order keeps the large array from being touched more than once: views first, then
    the size, and the intensities only on what is left.

    Args:
        voxels: Shape (slices, rows, columns), any unit. Values that are not finite count as
            the lowest finite value.
        affine_lps_mm: Shape (4, 4), index (slice, row, column, 1) to LPS, mm. Only its
            directions and the ratio of its spacings matter; one that is singular or not
            finite leaves the storage order as it is.
        settings: Size and intensities.

    Returns:
        Shape `settings.input_shape`, finite. A constant volume gives zeros.
    """
    view = canonical_view(np.asarray(voxels, dtype=np.float32), affine_lps_mm)
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are looked for below
        resized = _resized(view, settings)
    if not np.isfinite(resized).all():
        resized = _resized(_without_gaps(view), settings)
    return normalise(resized, settings)


def _resized(view: Float32Array, settings: PreprocessSettings) -> Float32Array:
    """The view without its empty border, at the size of the input, by the steps of training."""
    if settings.crop_background:
        view = view[foreground(view, settings.background_fraction)]
    if settings.source_shape is not None:
        view = resize(view, settings.source_shape)
    return resize(view, settings.input_shape)


def _without_gaps(view: Float32Array) -> Float32Array:
    """A copy in which values that are not finite are the lowest finite one."""
    finite = np.isfinite(view)
    lowest = view[finite].min() if finite.any() else np.float32(0.0)
    # Half the largest float32 keeps sums and differences of two values finite.
    bound = np.finfo(np.float32).max / 2.0**20
    return np.clip(np.where(finite, view, lowest), -bound, bound)
