"""The sequences of a patient as pictures: side by side, each with its title."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float32Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {"flair": "FLAIR", "t1w": "T1w", "t1w_ce": "T1w with contrast agent", "t2w": "T2w"}
"""Role -> title."""

_HEAD_INCH = 0.3
_WINDOW = (1.0, 99.5)


def titles_of(roles: Sequence[str]) -> tuple[str, ...]:
    """What the roles are called above pictures."""
    return tuple(TITLES.get(role, role) for role in roles)


def grey(volume: Float32Array) -> NDArray[np.uint8]:
    """One sequence as grey values, one window for all of its slices.

    Args:
        volume: Shape (slices, rows, columns).

    Returns:
        The same shape, 0 black to 255 white; black where all voxels are alike.
    """
    low, high = np.percentile(volume, _WINDOW)
    if high <= low:
        return np.zeros(volume.shape, np.uint8)
    scaled: NDArray[np.uint8] = (np.clip((volume - low) / (high - low), 0, 1) * 255).astype(
        np.uint8
    )
    return scaled


def spread_slices(slices: int, wanted: int, keep: int | None = None) -> tuple[int, ...]:
    """Places of slices that stand for a stack: evenly spread, the ends left out.

    Args:
        slices: Of the stack.
        wanted: How many, at most.
        keep: A place that must be among them; takes that of its nearest.
    """
    count = min(wanted, slices)
    places = [int((number + 0.5) * slices / count) for number in range(count)]
    if keep is not None and keep not in places:
        nearest = min(range(count), key=lambda number: abs(places[number] - keep))
        places[nearest] = keep
    return tuple(places)


def sequences_figure(voxels: Float32Array, roles: Sequence[str], places: Sequence[int]) -> "Figure":
    """One row per slice, one column per sequence.

    Args:
        voxels: Shape (roles, slices, rows, columns).
        roles: Of the first axis.
        places: Slices to show.
    """
    from matplotlib.figure import Figure

    shape = voxels.shape[2:]
    width = 2.1
    height = width * shape[0] / shape[1] * len(places)
    figure = Figure(figsize=(width * len(roles), height + _HEAD_INCH))
    top = height / (height + _HEAD_INCH)
    figure.subplots_adjust(0, 0, 1, top, wspace=0.02, hspace=0.02)
    axes = figure.subplots(len(places), len(roles), squeeze=False)
    for column, (title, volume) in enumerate(zip(titles_of(roles), voxels, strict=True)):
        shown = grey(volume)
        axes[0, column].set_title(title, fontsize=10)
        for row, place in enumerate(places):
            axes[row, column].imshow(shown[place], cmap="gray", vmin=0, vmax=255)
            axes[row, column].set_axis_off()
    return figure
