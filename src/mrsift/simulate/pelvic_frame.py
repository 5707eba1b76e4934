"""Muscles and bones of the pelvis as solids, on both sides."""

from typing import TYPE_CHECKING

import numpy as np

from mrsift.simulate.sacrum import sacrum
from mrsift.simulate.shapes import Ellipsoid, Point, Tube, near

if TYPE_CHECKING:
    from mrsift.simulate.pelvis import Pelvis


def muscles(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Muscles, on both sides, with their fascia and the fat between them."""
    bulk = float(rng.uniform(0.82, 1.15))
    wide = pelvis.size
    solids: list[tuple[Point, Point, Point]] = [
        ((80, 80, 6), (70, 24, 96), (14, 0, -20)),  # gluteus maximus
        ((118, 36, 74), (32, 24, 64), (0, 0, 40)),  # gluteus medius
        ((104, 24, 62), (18, 14, 48), (0, 0, 40)),  # gluteus minimus
        ((50, 2, 4), (13, 46, 44), (0, 6, 15)),  # obturator internus
        ((52, -22, -34), (30, 18, 20), (0, 0, 20)),  # obturator externus
        ((88, -42, 34), (26, 22, 84), (-14, 10, 0)),  # iliopsoas
        ((104, -68, -24), (20, 15, 70), (0, 0, 0)),  # rectus femoris
        ((128, -52, 0), (16, 14, 74), (0, 0, -35)),  # tensor fasciae latae
        ((80, -78, -40), (13, 9, 64), (0, -14, 0)),  # sartorius
        ((54, -56, -30), (32, 13, 28), (0, 0, 15)),  # pectineus
        ((40, -46, -70), (28, 28, 44), (0, 0, 15)),  # adductors
        ((36, -60, -56), (20, 12, 34), (0, 0, 20)),  # adductor longus
        ((84, 46, -10), (40, 11, 12), (0, 0, -10)),  # quadratus femoris
        ((84, 48, 16), (36, 9, 9), (0, 0, -14)),  # gemelli
        ((60, 56, 46), (38, 12, 18), (0, 12, 18)),  # piriformis
        ((130, -20, -110), (30, 48, 110), (0, 0, 0)),  # vastus
        ((66, 40, -130), (34, 30, 100), (0, 0, 0)),  # hamstrings
        ((100, -56, -130), (40, 28, 100), (0, 0, 0)),  # quadriceps
        ((28, -72, 78), (27, 8, 76), (0, 0, 5)),  # rectus abdominis
        ((96, -48, 108), (44, 12, 44), (0, 0, -38)),  # oblique muscles
    ]
    for centre, axes, turn in solids:
        placed = near(rng, (centre[0] * wide, centre[1], centre[2]), 2.5)
        around = pelvis.plane_mm * float(rng.uniform(0.4, 1.2))
        a, b, c = (float(v * bulk * rng.uniform(0.88, 1.12) + around) for v in axes)
        x, y, z = (float(t + rng.normal(0, 4)) for t in turn)
        pelvis.painting.both(
            Ellipsoid(placed, (a, b, c), (x, y, z), 2.3),
            "visceral_fat",
            (around, "septum"),
            (around + pelvis.fascia_mm, "muscle"),
            rough=1.2,
        )


def pelvic_floor(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Levator, sphincter and bulb, the fossa beside them and the space behind the pubis."""
    thick = float(rng.uniform(1.6, 4.0))
    half_x, half_y, _ = pelvis.prostate_axes
    bowl = (half_x + float(rng.uniform(3, 9)), half_y + float(rng.uniform(17, 24)), 50.0)
    fossa = Ellipsoid((30 * pelvis.size, 44, -20), (17, 26, 32), (0, 0, 20))  # ischioanal
    pelvis.painting.both(fossa, "visceral_fat", over=("muscle", "septum"), rough=1.5)
    floor = Ellipsoid((0, 12, 14), bowl, (float(rng.normal(0, 6)), 0, 0), 2.2)  # levator ani
    pelvis.painting.add(floor, "septum", (0.6, "muscle"), (thick, "visceral_fat"), rough=1.2)
    front = Ellipsoid((0, -38, 10), (24 * pelvis.size, 20, 40))  # the space behind the pubis
    pelvis.painting.add(front, "visceral_fat", over=("muscle", "septum"), rough=2.0)
    for centre, axes in (((0, -16, -42), (26, 26, 9)), ((0, 26, -42), (18, 18, 12))):
        half = (float(axes[0]), float(axes[1]), float(axes[2]))
        pelvis.painting.add(Ellipsoid(near(rng, centre, 2), half), "muscle", rough=1.5)


def bones(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Hip bones, symphysis, sacrum and femora: cortex, marrow, cartilage."""
    w = pelvis.size
    cortex = float(rng.uniform(1.2, 2.4))
    inner: tuple[str | tuple[float, str], ...] = ("cortical_bone", (cortex, "marrow"))
    add, both = pelvis.painting.add, pelvis.painting.both
    hip = near(rng, (91 * w, -12, 14), 2.5)
    x, y, z = hip
    head = float(rng.uniform(22, 26))
    both(Tube(((x - 24, y + 6, z + 12), (x + 2, y + 4, z + 26)), (15, 21)), *inner, rough=0.8)
    both(Ellipsoid((x - 16, y + 2, z), (head * 0.75, head * 1.25, head * 1.2)), *inner)
    both(
        Tube(((13, -52, 0), (38 * w, -46, 8), (x - 26, y - 16, z - 2)), (13, 9, 13)),
        *inner,
        rough=0.6,
    )
    both(
        Tube(
            ((12, -50, -8), (28 * w, -30, -34), (46 * w, 8, -42), (56 * w, 24, -24)),
            (12, 7, 11, 16),
        ),
        *inner,
        rough=0.6,
    )
    both(Tube(((56 * w, 24, -24), (62 * w, 18, 2), (x - 18, y + 16, z + 8)), (13, 9, 14)), *inner)
    wing = Ellipsoid((x + 14, y + 42, z + 66), (9, 34, 56), (0, 8, 34), 2.2)
    both(wing, *inner, rough=0.8)
    both(Ellipsoid(hip, (head + 2.5,) * 3), "cartilage")
    neck = Tube(
        ((x, y, z), (x + 26, y + 8, z - 14), (x + 44, y + 12, z - 24), (x + 34, y + 4, z - 240)),
        (head * 0.8, 14, 18, 13),
    )
    both(neck, *inner, rough=0.8)
    both(Ellipsoid(hip, (head,) * 3), *inner)
    add(Ellipsoid((0, -51, -2), (4.5, 14, 21), (25, 0, 0)), "septum", (1.5, "cartilage"))
    sacrum(pelvis, rng)
    if rng.random() < 0.15:  # metastasis or red marrow island
        spot = near(rng, (float(rng.choice([-1, 1])) * 60, 10, 10), 18)
        add(Ellipsoid(spot, (7, 6, 8)), "tumour", over=("marrow",), rough=1.0)
