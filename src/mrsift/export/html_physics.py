"""Physics and roles of the HTML report: plots, small pictures and cards."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mrsift.export import rows
from mrsift.export.pictures import Picture, encode
from mrsift.export.role_rows import RoleRow, role_rows
from mrsift.types import Float32Array, PhysicsEvidence, Prediction, StudyReport

PICTURE_SIDE = 128
ROLE_SIDE = 128

AXES = {
    "adc_from_dwi": ("from the images", "map", "10⁻³ mm²/s"),
    "enhancement": ("before", "after", ""),
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A scatter plot, ready for an SVG of 100 by 100 with y upwards.

    Attributes:
        path: One dot after the other, `M x y h0`.
        top: What 100 stands for on both axes.
        x: Name of the axis.
        y: Same.
        unit: Of both, or "".
    """

    path: str
    top: str
    x: str
    y: str
    unit: str


@dataclass(frozen=True, slots=True)
class PhysicsCard:
    """What physics says of a volume.

    Attributes:
        found: In one line.
        favours: Labels that it speaks for.
        plot: None where there is nothing to plot.
        pictures: (name, picture).
    """

    found: str
    favours: tuple[str, ...]
    plot: Plot | None
    pictures: tuple[tuple[str, Picture], ...]


@dataclass(frozen=True, slots=True)
class RoleCard:
    """A role with the picture of its volume and the way to its card."""

    row: RoleRow
    anchor: str
    picture: Picture | None


def picture_count(prediction: Prediction) -> int:
    """So many pictures belong to the evidence of a volume."""
    return 0 if prediction.physics is None else len(prediction.physics.pictures)


def physics_card(prediction: Prediction, side: int) -> PhysicsCard | None:
    """What physics says of one volume, or None.

    Args:
        prediction: Of that volume.
        side: Pictures may have so many rows or columns.
    """
    physics = prediction.physics
    if physics is None or not physics.found:
        return None
    return PhysicsCard(
        rows.one_line(physics.found),
        physics.favours,
        _plot(physics),
        tuple((name, encode(slice_, min(side, PICTURE_SIDE))) for name, slice_ in physics.pictures),
    )


def role_cards(study: StudyReport, anchors: Mapping[str, str], side: int) -> list[RoleCard]:
    """Every role of a study, filled or not.

    Args:
        study: Its roles are shown.
        anchors: volume_id -> the anchor of the card that shows it.
        side: Pictures may have so many rows or columns.
    """
    by_id = {prediction.volume.volume_id: prediction for prediction in study.predictions}
    cards = []
    for row in role_rows(study):
        winner, picture = by_id.get(row.volume_id), None
        if winner is not None and winner.previews:
            middle = winner.previews[len(winner.previews) // 2]
            picture = encode(middle, min(side, ROLE_SIDE))
        cards.append(RoleCard(row, anchors.get(row.volume_id, ""), picture))
    return cards


def _plot(physics: PhysicsEvidence) -> Plot | None:
    """The points as a path of dots; those beyond the axes are left out."""
    points = physics.points
    if points is None or physics.kind not in AXES or not len(points):
        return None
    top = float(np.percentile(points, 99.5))
    if not np.isfinite(top) or top <= 0:
        return None
    x, y, unit = AXES[physics.kind]
    return Plot(_dots(points / top * 100), f"{top:.2g}", x, y, unit)


def _dots(points: Float32Array) -> str:
    """Points of a square of 100 as an SVG path, y downwards as SVG has it."""
    inside = points[((points >= 0) & (points <= 100)).all(axis=1)]
    return "".join(f"M{x:.1f} {100 - y:.1f}h0" for x, y in inside)
