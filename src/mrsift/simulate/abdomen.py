"""The trunk above the pelvis, in simpler form: wall, spine, great vessels and organs.

In the pelvis' coordinates: origin at the middle of the prostate or cervix, x to the left,
y to posterior, z to superior, mm. The iliac crests are near z = 130, the diaphragm near 400.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mrsift.simulate.sacrum import SPINE_MM
from mrsift.simulate.shapes import Ellipsoid, Point, Tube, near
from mrsift.types import Float64Array

if TYPE_CHECKING:
    from mrsift.simulate.pelvis import Pelvis

Place = Sequence[float] | Float64Array
MIDDLE_MM = 300.0
"""Height of the middle of the abdomen over the origin."""


def abdomen(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Append the solids of the abdomen."""
    width, _, middle = pelvis.body
    behind = pelvis.back_mm
    half = (width - pelvis.fat_mm[1] - 6, behind - middle)
    wall = float(rng.uniform(7, 14))
    cavity = Ellipsoid((0, middle, 300), (half[0], half[1], 185), (0, 0, 0), 3.0)
    layers = ("septum", (1.0, "muscle"), (wall, "septum"), (wall + 1.0, "visceral_fat"))
    pelvis.painting.add(cavity, *layers, rough=1.5)
    bowel(pelvis, rng, middle)
    _spine(pelvis, rng, behind)
    _vessels(pelvis, rng, behind)
    _organs(pelvis, rng, middle, half[0])
    _kidneys(pelvis, rng, behind)


def _sized(rng: np.random.Generator, axes: Sequence[float]) -> Point:
    a, b, c = np.array(axes) * rng.uniform(0.85, 1.15, 3)
    return (float(a), float(b), float(c))


def _spine(pelvis: "Pelvis", rng: np.random.Generator, behind: float) -> None:
    """Lumbar and lower thoracic spine with discs, canal and muscles."""
    add, both = pelvis.painting.add, pelvis.painting.both
    y = behind - SPINE_MM
    both(Ellipsoid((40, y + 40, 270), _sized(rng, (30, 24, 190)), (0, 0, 0), 2.4), "septum",
         (1.0, "muscle"), rough=1.0)  # fmt: skip
    both(Ellipsoid((42, y + 2, 190), _sized(rng, (20, 22, 100)), (0, 8, 0)), "septum",
         (1.0, "muscle"), rough=1.0)  # fmt: skip
    add(Tube(((0, y, 120), (0, y, 430)), (19, 17)), "cartilage", (2.5, "disc"))
    level = 125.0 + float(rng.uniform(0, 10))
    while level < 430:
        body = Ellipsoid((0, y, level + 14), _sized(rng, (23, 17, 13)), power=3.0)
        add(body, "cortical_bone", (1.2, "marrow"), rough=0.5)
        add(Ellipsoid((0, y + 42, level + 12), (5, 18, 9)), "cortical_bone", (1.5, "marrow"))
        both(Ellipsoid((20, y + 24, level + 16), (12, 7, 9)), "cortical_bone", (1.5, "marrow"))
        level += float(rng.uniform(34, 37))
    add(Tube(((0, y + 25, 110), (0, y + 25, 430)), (9, 9)), "dura", (0.8, "csf"))
    add(Tube(((0, y + 26, 290), (0, y + 25, 430)), (4.5, 5)), "white_matter")
    for _ in range(6):  # roots of the cauda equina
        x = float(rng.uniform(-5, 5))
        add(Tube(((x, y + 27, 110), (0.4 * x, y + 26, 290)), (0.9, 0.9)), "white_matter")


def _vessels(pelvis: "Pelvis", rng: np.random.Generator, behind: float) -> None:
    """Aorta, vena cava, renal and portal vessels."""
    add, both = pelvis.painting.add, pelvis.painting.both
    y = behind - 74
    add(Tube(((30, y + 12, 110), (4, y, 150), (8, y, 430)), (6, 9, 11)), "stroma", (1.2, "artery"))
    add(Tube(((-32, y + 14, 110), (-18, y + 3, 150), (-20, y - 4, 420)), (7, 10, 12)), "vein")
    both(Tube(((8, y + 4, 262), (50, y + 26, 258)), (3.0, 2.6)), "artery")
    both(Tube(((10, y - 2, 254), (50, y + 22, 250)), (4.0, 3.2)), "vein")
    add(Tube(((6, y - 14, 276), (4, y - 30, 180)), (4, 3)), "artery")
    portal = (near(rng, (2, y - 26, 268), 3), (-28, y - 28, 310), (-60, y - 30, 335))
    add(Tube(portal, (6, 6, 5)), "vein")


def _organs(pelvis: "Pelvis", rng: np.random.Generator, middle: float, half: float) -> None:
    """Liver with vessels and gallbladder, stomach, pancreas, spleen, lungs."""
    add, both = pelvis.painting.add, pelvis.painting.both
    both(Ellipsoid((0.52 * half, middle, 455), (0.42 * half, 78, 70), power=2.4), "muscle",
         (2.5, "lung"), rough=1.0)  # fmt: skip
    right = Ellipsoid(
        (-0.5 * half, middle - 4, 335), _sized(rng, (0.44 * half, 74, 78)), (0, 12, 8), 2.4
    )
    left = Ellipsoid(
        (-0.05 * half, middle - 34, 352), _sized(rng, (0.38 * half, 36, 42)), (0, -12, 0)
    )
    add(right, "liver", rough=1.0)
    add(left, "liver", rough=1.0)
    for _ in range(int(rng.integers(9, 16))):  # branches of hepatic and portal veins
        root = (-28.0, middle - 4.0, float(rng.uniform(320, 385)))
        tip = near(rng, (-0.55 * half, middle - 8, 340), 32)
        bend = near(rng, (np.array(root) + tip) / 2, 8)
        name = "vein" if rng.random() < 0.8 else "slow_vein"
        add(Tube((root, bend, tip), (4.2, 3, 1.2)), name, over=("liver",))
    if rng.random() < 0.35:  # cysts, haemangiomas, metastases
        kind = str(rng.choice(["bowel_fluid", "tumour", "slow_vein"]))
        for _ in range(int(rng.integers(1, 6))):
            size = float(rng.uniform(3, 17))
            spot = Ellipsoid(near(rng, (-0.5 * half, middle, 335), 32), _sized(rng, (size,) * 3))
            add(spot, kind, over=("liver",), rough=0.6)
    if rng.random() < 0.85:
        place = near(rng, (-0.36 * half, middle - 50, 286), 6)
        add(Ellipsoid(place, _sized(rng, (14, 14, 28)), (-20, 0, 0)), "bladder_wall", (1.5, "bile"))
    spleen = Ellipsoid((0.68 * half, middle + 28, 345), _sized(rng, (24, 40, 50)), (20, 0, -20))
    add(spleen, "spleen", rough=0.8)
    content = str(rng.choice(["gas", "bowel_fluid", "stool", "mucosa"]))
    stomach = ((66, middle + 10, 375), (56, middle - 30, 335), (14, middle - 48, 300))
    radii = (26.0, 24.0, 13.0)
    add(Tube(stomach, radii), "rectal_wall", (2.5, "mucosa"), (5.0, content), rough=1.5)
    gland = (
        (-34, middle - 12, 268),
        (-6, middle - 18, 282),
        (40, middle - 2, 300),
        (84, middle + 10, 318),
    )
    add(Tube(gland, (14, 10, 10, 8)), "pancreas", rough=1.8)


def _kidneys(pelvis: "Pelvis", rng: np.random.Generator, behind: float) -> None:
    """Cortex, pyramids, sinus fat and pelvis of both kidneys; adrenals."""
    add = pelvis.painting.add
    for side in (-1.0, 1.0):
        centre = near(rng, (side * 62, behind - 46, 255 + 5 * side), 4)
        axes = _sized(rng, (27, 25, 54))
        add(Ellipsoid(centre, (axes[0] + 9, axes[1] + 9, axes[2] + 10)), "visceral_fat")
        turn = (0.0, side * 12, side * 20)
        add(Ellipsoid(centre, axes, turn), "kidney_cortex", rough=0.6)
        for level in np.linspace(-0.65, 0.65, 6):
            for angle in (-0.9, 0.0, 0.9):
                out = np.array([side * np.cos(angle), np.sin(angle), 0]) * 0.55 * axes[0]
                spot = np.array(centre) + out + [0, 0, level * axes[2]]
                add(Ellipsoid(near(rng, spot, 1), _sized(rng, (7, 6, 6))), "kidney_medulla",
                    over=("kidney_cortex",))  # fmt: skip
        sinus = near(rng, np.array(centre) - [side * 7, 0, 0], 1)
        add(Ellipsoid(sinus, (12, 9, 30), turn), "visceral_fat", rough=1.0)
        add(Ellipsoid(sinus, _sized(rng, (8, 4, 14)), turn), "urine", rough=1.0)
        if rng.random() < 0.25:
            size = float(rng.uniform(4, 20))
            add(Ellipsoid(near(rng, centre, 20), (size,) * 3), "urine")
        gland = (near(rng, (side * 34, behind - 62, 318), 3), (side * 44, behind - 56, 300))
        add(Tube(gland, (3.5, 2.5)), "gland")


def bowel(pelvis: "Pelvis", rng: np.random.Generator, middle: float) -> None:
    """Loops of small bowel and the colon around them."""
    add = pelvis.painting.add
    contents, odds = ["bowel_fluid", "stool", "gas", "mucosa"], [0.3, 0.25, 0.2, 0.25]
    for _ in range(int(rng.integers(22, 60))):
        a = np.array([rng.uniform(-80, 90), middle + rng.uniform(-66, 20), rng.uniform(140, 300)])
        points = [near(rng, a, 0)]
        for _ in range(2):
            a = a + rng.normal(0, 18, 3)
            points.append(near(rng, a, 0))
        content = str(rng.choice(contents, p=odds))
        wall = float(rng.uniform(1.4, 2.5))
        add(Tube(tuple(points), (float(rng.uniform(8, 17)),) * 3), "rectal_wall",
            (wall, "mucosa"), (wall + 1.4, content), rough=1.6)  # fmt: skip
    for side in (-1.0, 1.0):
        corners = ((98, middle + 12, 130), (104, middle + 15, 270), (70, middle - 45, 290))
        path = tuple(near(rng, (side * x, y, z), 5) for x, y, z in corners)
        content = str(rng.choice(["stool", "gas", "stool"]))
        add(Tube(path, (20, 18, 18)), "rectal_wall", (2.0, "mucosa"), (3.2, content), rough=2.5)


def prosthesis(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """A total hip replacement on one side: cup, head, neck and stem of metal."""
    side = float(rng.choice([-1, 1]))
    x, y, z = side * 91 * pelvis.size, -12.0, 14.0
    add = pelvis.later.add
    add(Ellipsoid((x, y, z), (26, 26, 26)), "metal")
    neck = ((x, y, z), (x + side * 28, y + 8, z - 14), (x + side * 40, y + 10, z - 34))
    add(Tube(neck, (9, 8, 10)), "metal")
    stem = (neck[-1], (x + side * 38, y + 6, z - 120))
    add(Tube(stem, (9, 6)), "metal")
