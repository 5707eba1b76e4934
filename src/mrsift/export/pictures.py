"""Preview slices -> data URIs, within a budget for the whole page."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAGE_BYTES = 4_000_000
"""What all pictures of a page may weigh together, as text."""

SIDES = (256, 224, 192, 160, 128, 96, 72, 56)
"""Largest rows or columns of a picture, from few volumes to many."""

MAX_PICTURES = 2500
"""Pictures beyond this many are left out, those of folded time points first."""

# Noisy 8-bit slices at the quality below, measured; text is 4/3 of the bytes.
_BYTES_PER_PIXEL = 0.45 * 4 / 3
_QUALITY = 72


@dataclass(frozen=True, slots=True)
class Picture:
    """One slice, ready for `<img>`.

    Attributes:
        uri: `data:image/jpeg;base64,...`.
        width: Columns as stored.
        height: Rows as stored.
    """

    uri: str
    width: int
    height: int


def largest_side(count: int) -> int:
    """So many rows or columns may each of `count` pictures have within the page's budget."""
    pixels = PAGE_BYTES / (_BYTES_PER_PIXEL * max(count, 1))
    return next((side for side in SIDES if side * side <= pixels), SIDES[-1])


def encode(slice_: NDArray[np.uint8], side: int) -> Picture:
    """One slice as JPEG.

    Args:
        slice_: Shape (rows, columns), 0 black to 255 white.
        side: Larger slices are resampled to this many rows or columns.
    """
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(slice_))
    if max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    text = base64.b64encode(stream.getvalue()).decode("ascii")
    return Picture(f"data:image/jpeg;base64,{text}", image.width, image.height)
