"""A few slices of a volume for the report."""

import numpy as np
from numpy.typing import NDArray

from mrsift.preprocess import canonical_view
from mrsift.types import Float32Array, Float64Array, Volume

MAX_SIDE = 192
"""Pictures are thinned to at most this many rows and columns."""

HEADROOM = 1.3
"""White is at most so far above black as this times the 99.5th percentile of the middle."""

SHARES = (0.3, 0.5, 0.7)
"""Where along the slices the pictures are taken."""


def previews(volume: Volume) -> tuple[NDArray[np.uint8], ...]:
    """Slices around the middle, upright as radiologists look at them.

    Args:
        volume: Whose voxels are shown; values that are not finite are black.

    Returns:
        One to three pictures, each (rows, columns), from black at the 1st to white at the
        99.5th percentile, or earlier where the middle is darker than what lies around it.
    """
    view = canonical_view(volume.voxels, volume.affine_lps_mm)
    slices = view.shape[0]
    chosen = sorted({min(slices - 1, int(slices * share)) for share in SHARES})
    step = max(1, -(-max(view.shape[1:]) // MAX_SIDE))
    thinned = view[chosen, ::step, ::step].astype(np.float32)
    return tuple(_grey(np.nan_to_num(thinned, nan=0.0, posinf=0.0, neginf=0.0)))


def grey_slice(
    shades: NDArray[np.floating], affine_lps_mm: Float64Array, which: int | None = None
) -> NDArray[np.uint8]:
    """One slice of values from 0 (black) to 1 (white), upright.

    Args:
        shades: Shape (slices, rows, columns); values beyond 0 and 1 are cut off.
        affine_lps_mm: Shape (4, 4), of which only the directions matter.
        which: Slice of the upright volume; the middle one where left out.
    """
    view = canonical_view(shades.astype(np.float32), affine_lps_mm)
    chosen = view[len(view) // 2 if which is None else which]
    grey: NDArray[np.uint8] = np.clip(np.round(chosen * 255), 0, 255).astype(np.uint8)
    return grey


def _grey(pictures: Float32Array) -> NDArray[np.uint8]:
    """Values to 0-255, with one window for all pictures of a volume."""
    low, high = np.percentile(pictures, (1.0, 99.5))
    # Fat beside a surface coil can be ten times as bright as the organ in the middle.
    rows, columns = (size // 4 for size in pictures.shape[1:])
    middle = pictures[:, rows : pictures.shape[1] - rows, columns : pictures.shape[2] - columns]
    high = min(high, low + HEADROOM * (np.percentile(middle, 99.5) - low)) if middle.any() else high
    span = max(float(high - low), float(np.finfo(np.float32).tiny))
    scaled = (pictures - low) / span * 255.0
    grey: NDArray[np.uint8] = np.clip(np.round(scaled), 0, 255).astype(np.uint8)
    return grey
