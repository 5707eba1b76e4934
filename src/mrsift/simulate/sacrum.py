"""Sacrum and coccyx, the canal behind their bodies, and the muscles behind that.

In the pelvis' coordinates. The promontory lies above the prostate, the third vertebra four to
five centimetres behind it, and the tip of the coccyx at its height: the curve that the rectum
follows, and what a sagittal slice shows of the back of a pelvis.
"""

from typing import TYPE_CHECKING

import numpy as np

from mrsift.simulate.shapes import Ellipsoid, Point, Tube

if TYPE_CHECKING:
    from mrsift.simulate.pelvis import Pelvis

SPINE_MM = 46.0
"""How far the lumbar vertebrae lie in front of the back of the trunk's cavity."""

# y and z of the middle of a body, half its depth and half its width, mm; eight from the top.
_BODIES = (
    (46, 106, 15.0, 52),
    (63, 84, 12.0, 46),
    (77, 64, 10.0, 40),
    (85, 46, 8.5, 33),
    (87, 30, 7.0, 26),
    (83, 16, 5.0, 10),
    (75, 5, 4.0, 7),
    (67, -4, 3.0, 5),
)
_SACRAL = 5


def sacrum(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Append the bodies with thin dark lines between them, the canal and what is behind it."""
    add, both = pelvis.painting.add, pelvis.painting.both
    cortex = float(rng.uniform(0.8, 1.8))
    middle = _middle(pelvis, rng)
    depths = [float(body[2] * rng.uniform(0.9, 1.15)) for body in _BODIES]
    _behind(pelvis, middle, depths)
    add(Tube(tuple(middle), tuple(0.9 * depth for depth in depths)), "cortical_bone", rough=0.6)
    for level, (here, depth) in enumerate(zip(middle, depths, strict=True)):
        above, below = middle[max(level - 1, 0)], middle[min(level + 1, len(middle) - 1)]
        along = np.subtract(above, below)
        length = float(np.linalg.norm(along))
        half = length / (2 if 0 < level < len(middle) - 1 else 1) / 2
        turn = float(np.rad2deg(np.arctan2(-along[1], along[2])))
        axes = (float(_BODIES[level][3] * pelvis.size), depth, half * 0.97)
        body = Ellipsoid(here, axes, (turn, 0, 0), 3.0)
        add(body, "cortical_bone", (cortex, "marrow"), rough=0.6)
        if level < _SACRAL - 1:
            x, y, z = 16.0 - level, here[1], here[2] - half
            hole = Tube(((x, y - depth, z), (x - 2, y + depth, z)), (4, 4))
            both(hole, "visceral_fat", (1.5, "muscle"))


def _middle(pelvis: "Pelvis", rng: np.random.Generator) -> list[Point]:
    """Of the bodies; the uppermost continue the lumbar spine."""
    offset = float(np.clip(pelvis.back_mm - SPINE_MM - 52, -12, 12))
    sway = float(rng.normal(0, 3))
    points = []
    for level, (y, z, _, _) in enumerate(_BODIES):
        share = max(1 - level / 4, 0.0)
        points.append((0.0, float(y + offset * share + sway), float(z + rng.normal(0, 0.7))))
    return points


def _behind(pelvis: "Pelvis", middle: list[Point], depths: list[float]) -> None:
    """Fat and fluid in the canal, its bony back, and the muscles that reach down to it."""
    add, both = pelvis.painting.add, pelvis.painting.both

    def back(level: int, further_mm: float, x: float = 0.0) -> Point:
        _, y, z = middle[level]
        return (x, y + depths[level] + further_mm, z + 4)

    muscle = Tube((back(0, 36, 18), back(1, 24, 16), back(3, 13, 8)), (17, 11, 5))
    both(muscle, "septum", (0.8, "muscle"), rough=1.2)
    bone = Tube((back(0, 20), back(1, 17), back(2, 13), back(4, 7)), (5, 5, 4, 3))
    add(bone, "cortical_bone", (1.2, "marrow"), rough=0.8)
    add(Tube((back(0, 8), back(1, 7), back(2, 5), back(4, 3)), (9, 7, 5, 3)), "visceral_fat")
    add(Tube((back(0, 8), back(1, 7)), (7, 4)), "dura", (0.8, "csf"))
