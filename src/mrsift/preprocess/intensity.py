"""Values without a unit, so that neither a scanner's scale nor its offset matters."""

import numpy as np

from mrsift.config import PreprocessSettings
from mrsift.types import Float32Array

HISTOGRAM_BINS = 1024

SAMPLE_LIMIT = 50_000
"""Voxels that percentiles are taken from; more change them by less than the noise does."""


def normalise(volume: Float32Array, settings: PreprocessSettings) -> Float32Array:
    """Intensities as the network wants them.

    Args:
        volume: Any shape, finite, any unit.
        settings: `intensity` says which way, `clip_percentiles` holds for `zscore`.

    Returns:
        Same shape. `zscore`: mean 0, deviation 1. `histogram`: from -0.5 to 0.5, evenly
        filled by the foreground. A constant volume gives zeros.
    """
    if settings.intensity == "histogram":
        return _equalised(volume, settings.background_fraction)
    return _standardised(volume, settings.clip_percentiles)


def _standardised(volume: Float32Array, clip_percentiles: tuple[float, float]) -> Float32Array:
    """Clipped at two percentiles, then mean 0 and deviation 1."""
    low, high = _percentiles(volume, clip_percentiles)
    clipped = np.clip(volume, low, high)
    centred = clipped - clipped.mean(dtype=np.float64).astype(np.float32)
    deviation = np.sqrt(np.mean(np.square(centred, dtype=np.float64)))
    if not deviation > 1e-6 * max(abs(low), abs(high)):
        return np.zeros(volume.shape, dtype=np.float32)
    standardised: Float32Array = centred / np.float32(deviation)
    return standardised


def _equalised(volume: Float32Array, background_fraction: float) -> Float32Array:
    """Histogram equalisation over the foreground; the background is the lowest value."""
    low, top, high = _percentiles(volume, (1.0, 99.0, 100.0))
    floor = low + np.float32(background_fraction) * (top - low)
    if not high - floor > 1e-6 * max(abs(low), abs(high)):
        return np.zeros(volume.shape, dtype=np.float32)
    scale = np.float32(HISTOGRAM_BINS / (high - floor))
    # Bin 0 is the background; values above the sampled maximum share the last bin.
    level = np.clip((volume - floor) * scale + 1.0, 0.0, HISTOGRAM_BINS).astype(np.int16)
    counts = np.bincount(level.ravel(), minlength=HISTOGRAM_BINS + 1)
    counts[0] = 0
    share = np.cumsum(counts) / max(1, counts.sum())
    equalised: Float32Array = (share - 0.5).astype(np.float32)[level]
    return equalised


def _percentiles(volume: Float32Array, wanted: tuple[float, ...]) -> tuple[np.float32, ...]:
    """Percentiles from an even sample of the voxels."""
    flat = volume.reshape(-1)
    # An odd step does not fall in with the power-of-two sizes of rows and slices.
    step = max(1, len(flat) // SAMPLE_LIMIT) | 1
    ordered = np.sort(flat[::step])
    last = len(ordered) - 1
    return tuple(ordered[round(last * percentile / 100.0)] for percentile in wanted)
