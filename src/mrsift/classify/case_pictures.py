"""A case as pictures: sequences side by side, maps laid over them, planes through the strongest."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.case import Case
from mrsift.classify.sequences import grey, spread_slices, titles_of
from mrsift.export.pictures import Picture, encode
from mrsift.types import Float32Array

SLICES_SHOWN = 6
SIDE = 256
"""Largest rows or columns of a picture."""

SALIENCY, FOR, AGAINST, DOUBT = (255, 140, 0), (224, 69, 52), (60, 130, 230), (190, 90, 240)
STRENGTH = 0.6
"""Share of the colour where a map is highest."""

Grey = NDArray[np.uint8]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture with the words above it."""

    title: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Strip:
    """Pictures of one slice.

    Attributes:
        number: Of the slice on the whole grid, from 1.
        shots: One per column.
    """

    number: int
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True)
class CasePictures:
    """All pictures of a case.

    Attributes:
        sequences: One strip per slice, one column per sequence.
        maps: One strip per slice, one column per map.
        planes: Three planes through the strongest place of the saliency.
        strongest: Number of its slice, from 1.
        vote_scale: How far from one half the strongest colour of the votes is.
        doubt_scale: Deviation at the strongest colour; None where there is no such map.
    """

    sequences: tuple[Strip, ...]
    maps: tuple[Strip, ...]
    planes: tuple[Shot, ...]
    strongest: int
    vote_scale: float
    doubt_scale: float | None


def picture_case(case: Case) -> CasePictures:
    """Draws a case."""
    shown = np.stack([grey(volume) for volume in case.voxels])
    behind = shown[case.roles.index(_reference(case))]
    strongest = strongest_place(case.saliency.values)
    places = spread_slices(len(behind), SLICES_SHOWN, strongest[0])
    titles = titles_of(case.roles)
    sequences = tuple(
        _strip(case, place, zip(titles, shown[:, place], strict=True)) for place in places
    )
    vote_scale = max(float(np.abs(case.votes.mean - 0.5).max()), 1e-6)
    doubt = case.votes.deviation
    doubt_scale = None if doubt is None else max(float(doubt.max()), 1e-6)
    maps = []
    for place in places:
        below = behind[place]
        columns = [
            ("Grad-CAM", tint(below, case.saliency.values[place], SALIENCY)),
            ("vote of each place", _votes(below, case.votes.mean[place], vote_scale)),
        ]
        if doubt is not None and doubt_scale is not None:
            columns.append(("uncertainty", tint(below, doubt[place] / doubt_scale, DOUBT)))
        maps.append(_strip(case, place, columns))
    return CasePictures(
        sequences,
        tuple(maps),
        _planes(case, behind, strongest),
        case.places[strongest[0]] + 1,
        vote_scale,
        doubt_scale,
    )


def strongest_place(values: Float32Array) -> tuple[int, int, int]:
    """Index of the highest voxel: slice, row, column."""
    place, row, column = np.unravel_index(int(values.argmax()), values.shape)
    return int(place), int(row), int(column)


def tint(slice_: Grey, share: Float32Array, colour: Colour) -> Grey:
    """Colour over grey.

    Args:
        slice_: Shape (rows, columns).
        share: How much of the colour, 0 to 1, of the same shape.
        colour: Red, green, blue.

    Returns:
        Shape (rows, columns, 3).
    """
    amount = (STRENGTH * np.clip(share, 0, 1))[..., None]
    mixed: Grey = (slice_[..., None] * (1 - amount) + np.array(colour) * amount).astype(np.uint8)
    return mixed


def _votes(slice_: Grey, votes: Float32Array, scale: float) -> Grey:
    """Red where places speak for the label, blue where against."""
    share = (votes - 0.5) / scale
    return np.where(
        (share >= 0)[..., None], tint(slice_, share, FOR), tint(slice_, -share, AGAINST)
    )


def _reference(case: Case) -> str:
    """Sequence below the maps."""
    there = [role for role, volume in zip(case.roles, case.voxels, strict=True) if volume.any()]
    wanted = [case.study.reference_role, *case.seen, *there]
    return next(role for role in wanted if role in there)


def _strip(case: Case, place: int, columns: Iterable[tuple[str, Grey]]) -> Strip:
    shots = tuple(Shot(title, encode(picture, SIDE)) for title, picture in columns)
    return Strip(case.places[place] + 1, shots)


def _planes(case: Case, behind: Grey, strongest: tuple[int, int, int]) -> tuple[Shot, ...]:
    """The stack cut three ways; with the head up where slices run to the head."""
    place, row, column = strongest
    values = case.saliency.values
    slices, rows, columns = case.spacing_mm
    axial = case.study.orientation == "axial"
    names = (
        ("axial", "coronal", "sagittal") if axial else ("slice", "across rows", "across columns")
    )
    cuts = (
        (behind[place], values[place], (rows, columns)),
        (behind[::-1, row], values[::-1, row], (slices, columns)),
        (behind[::-1, :, column], values[::-1, :, column], (slices, rows)),
    )
    return tuple(
        Shot(name, encode(_true_shape(tint(below, share, SALIENCY), spacing), SIDE))
        for name, (below, share, spacing) in zip(names, cuts, strict=True)
    )


def _true_shape(picture: Grey, spacing_mm: tuple[float, float]) -> Grey:
    """Square pixels: as tall and wide as it is in mm."""
    from PIL import Image

    finest = min(spacing_mm)
    height, width = (
        max(1, round(size * step / finest))
        for size, step in zip(picture.shape[:2], spacing_mm, strict=True)
    )
    largest = max(height, width) / SIDE
    if largest > 1:
        height, width = max(1, round(height / largest)), max(1, round(width / largest))
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
