"""Which of equal scans is the sharpest: motion blurs edges and adds ghosts beside them."""

from collections.abc import Callable

import numpy as np

from mrsift.errors import IngestError
from mrsift.infer.sample import Reader
from mrsift.types import Float32Array, VolumeInfo

MOST_SLICES = 4
"""Slices in the middle third of the volume that are looked at; a scan repeats as a whole."""


def sharpness_of(read: Reader) -> Callable[[VolumeInfo], float | None]:
    """A function that reads a volume and tells how sharp it is.

    Args:
        read: Gives the voxels of a volume.
    """

    def measure(info: VolumeInfo) -> float | None:
        try:
            return sharpness(read(info).voxels)
        except IngestError:
            return None

    return measure


def sharpness(voxels: Float32Array) -> float | None:
    """How much the gradients of a volume are concentrated in few voxels.

    Motion spreads every edge over copies of itself, so the entropy of the gradients rises;
    only scans of one protocol can be compared.

    Args:
        voxels: Shape (slices, rows, columns).

    Returns:
        Voxels over the number of equally strong gradients that would have the same entropy;
        None for a constant volume or one with fewer than three rows or columns.

    Source:
        McGee et al., J Magn Reson Imaging 2000;11:174 (entropy of the gradient).
    """
    if min(voxels.shape[1:]) < 3:
        return None
    middle = slice(voxels.shape[0] // 3, -(-2 * voxels.shape[0] // 3))
    chosen = voxels[middle]
    chosen = np.nan_to_num(chosen[:: -(-len(chosen) // MOST_SLICES)])
    down = chosen[:, 2:, 1:-1] - chosen[:, :-2, 1:-1]
    along = chosen[:, 1:-1, 2:] - chosen[:, 1:-1, :-2]
    strength = np.hypot(down, along)
    total = float(strength.sum(dtype=np.float64))
    if not np.isfinite(total) or total <= 0:
        return None
    share = strength[strength > 0] / total
    entropy = -float(np.sum(share * np.log(share), dtype=np.float64))
    return float(strength.size / np.exp(entropy))
