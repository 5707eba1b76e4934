"""Shapes that no atlas foresees: solids of any soft tissue, anywhere in the trunk.

A network that has only ever seen tidy organs learns their outlines instead of how tissues look
beside each other, and is lost in a body that is built otherwise. Contrast stays that of the
tissues, so labels stay true.

Source:
    The idea of drawn shapes instead of an atlas: Billot et al. 2023, SynthSeg, Med Image Anal
    86:102789.
"""

import numpy as np

from mrsift.simulate.painting import Painting
from mrsift.simulate.shapes import Ellipsoid, Point, Solid, Tube

_ABSENT = 0.3
"""Share of subjects that are as the atlas has them."""

_LOW_MM, _HIGH_MM = np.array([-125.0, -85.0, -90.0]), np.array([125.0, 95.0, 125.0])

_TISSUES = {
    "muscle": 5,
    "visceral_fat": 5,
    "marrow": 3,
    "septum": 3,
    "slow_vein": 2,
    "vein": 2,
    "artery": 1,
    "mucosa": 1,
    "rectal_wall": 1,
    "transition_zone": 1,
    "peripheral_zone": 1,
    "myometrium": 1,
    "bowel_fluid": 1,
    "stool": 1,
    "tumour": 1,
    "node": 1,
    "oedema": 1,
    "cartilage": 1,
    "cortical_bone": 1,
}
"""Tissue -> how often, relative to the others."""

_WALLS = ("septum", "stroma", "muscle", "visceral_fat", "cortical_bone")


def clutter(painting: Painting, rng: np.random.Generator) -> None:
    """Adds solids to what was painted, most of them on both sides.

    Args:
        painting: Of the trunk.
        rng: Source of every draw.
    """
    if rng.random() < _ABSENT:
        return
    names = list(_TISSUES)
    odds = np.array(list(_TISSUES.values()), dtype=float)
    for _ in range(int(rng.integers(8, 70))):
        tissue = str(rng.choice(names, p=odds / odds.sum()))
        layers: tuple[str | tuple[float, str], ...] = (tissue,)
        if rng.random() < 0.5:
            layers = (str(rng.choice(_WALLS)), (float(rng.uniform(0.6, 2.5)), tissue))
        over = None if rng.random() < 0.6 else ("visceral_fat", "muscle", "septum", "marrow")
        paint = painting.both if rng.random() < 0.65 else painting.add
        paint(_solid(rng), *layers, over=over, rough=float(rng.uniform(0, 3)))


def _solid(rng: np.random.Generator) -> Solid:
    """A lump, or a strand that winds on."""
    centre = rng.uniform(_LOW_MM, _HIGH_MM)
    if rng.random() < 0.6:
        axes = np.exp(rng.uniform(np.log(3), np.log(28))) * rng.uniform(0.5, 1.7, 3)
        turn = rng.uniform(-90, 90, 3)
        return Ellipsoid(_point(centre), _point(axes), _point(turn), float(rng.uniform(2, 2.8)))
    count = int(rng.integers(2, 5))
    steps = rng.normal(0, rng.uniform(10, 40), (count, 3))
    radii = np.exp(rng.uniform(np.log(1.2), np.log(8), count))
    points = centre + np.cumsum(steps, axis=0)
    return Tube(tuple(_point(point) for point in points), tuple(float(r) for r in radii))


def _point(values: object) -> Point:
    x, y, z = np.asarray(values, dtype=float)
    return (float(x), float(y), float(z))
