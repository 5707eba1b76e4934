"""Voxels -> a few bits that the same picture keeps when it is exported in another way."""

from typing import Final

import numpy as np

from mrsift.preprocess import canonical_view, foreground, resize
from mrsift.types import Float32Array, Float64Array

BITS: Final = 256
_SHAPE: Final = (4, 8, 9)
"""Slices, rows, columns of the thumbnail; each pair of neighbours along a row gives a bit."""

_BACKGROUND_FRACTION: Final = 0.03


def thumbprint(voxels: Float32Array, affine_lps_mm: Float64Array) -> str | None:
    """A difference hash: whether each place of a thumbnail is brighter than its left neighbour.

    It survives another file format, storage order, bit depth, rescale and slight compression,
    and a change of patient's name all the more.

    Args:
        voxels: Shape (slices, rows, columns).
        affine_lps_mm: Shape (4, 4), index to LPS, mm.

    Returns:
        64 hex digits; None where all voxels are equal.

    Source:
        Krawetz, Kind of Like That, 2013 (dHash), on four slices instead of one picture.
    """
    if voxels.size == 0 or voxels.min() == voxels.max():
        return None
    view = canonical_view(voxels, affine_lps_mm)
    small = resize(view[foreground(view, _BACKGROUND_FRACTION)], _SHAPE)
    bits = small[:, :, 1:] > small[:, :, :-1]  # (4, 8, 8)
    return np.packbits(bits).tobytes().hex()
