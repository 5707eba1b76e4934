"""The organs in the middle of the pelvis: bladder, rectum, prostate, uterus."""

from typing import TYPE_CHECKING

import numpy as np

from mrsift.simulate.shapes import Ellipsoid, Point, Tube, near

if TYPE_CHECKING:
    from mrsift.simulate.pelvis import Pelvis


def _three(values: object) -> Point:
    a, b, c = np.asarray(values, dtype=float)
    return (float(a), float(b), float(c))


def bladder(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """From nearly empty to filling the view, its base on the prostate."""
    fill = pelvis.bladder_fill
    half = _three(np.array([24, 20, 9]) + np.array([30, 24, 38]) * fill)
    base = 12.0 if pelvis.female else pelvis.prostate_axes[2] * 0.88
    centre = near(rng, (0, -22 if pelvis.female else -14 - 6 * fill, base + half[2]), 2.0)
    wall = float(rng.uniform(2.5, 4.5) * (1.5 - 0.8 * fill))
    turn, power = float(rng.normal(8, 6)), 2.3
    shape = rng.spawn(1)[0]  # everything else of a subject stays as it was
    if shape.random() > 0.5:  # its neighbours press it flat: faces and blunt edges
        turn, power = float(shape.uniform(-50, 50)), float(shape.uniform(1.3, 3.5))
    solid = Ellipsoid(centre, half, (turn, 0, float(rng.normal(0, 4))), power)
    pelvis.painting.add(solid, "bladder_wall", (wall, "urine"), rough=0.9)


def rectum(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Rectum and anal canal, with the lumen as drawn."""
    back = (18 if pelvis.female else pelvis.prostate_axes[1]) + 5
    radius = {"collapsed": 10, "gas": 15, "stool": 16, "gel": 16, "coil": 17}[pelvis.lumen]
    r = float(radius * rng.uniform(0.8, 1.25))
    wall = float(rng.uniform(2.4, 4.2))
    if pelvis.lumen == "coil":
        r, wall, back = max(r, 15.0), 2.0, back - 3
    y = back + r
    path = (
        (0.0, y + 4, -46.0),
        (0.0, y - 2, -26.0),
        near(rng, (0, y, 0), 1.5),
        near(rng, (0, y + 4, 28), 3),
        near(rng, (4, y + 10, 58), 5),
        near(rng, (12, y - 8, 84), 8),
    )
    radii = (8.0, 10.0, r, r * 1.1, r * float(rng.uniform(0.7, 1.1)), 11.0)
    content = {
        "collapsed": "mucosa",
        "gas": "gas",
        "stool": "stool",
        "gel": "bowel_fluid",
        "coil": str(rng.choice(["gas", "bowel_fluid"], p=[0.8, 0.2])),
    }[pelvis.lumen]
    layers: list[str | tuple[float, str]] = ["septum", (0.7, "rectal_wall"), (wall, "mucosa")]
    layers.append((wall + float(rng.uniform(0.8, 1.8)), content))
    pelvis.painting.add(Tube(path, radii), *layers, rough=0.9 if content != "gas" else 0.5)
    if pelvis.lumen == "stool" and rng.random() < 0.7:
        for _ in range(int(rng.integers(1, 6))):
            spot = Ellipsoid(near(rng, (0, y, 10), 8), _three(rng.uniform(2, 7, 3)))
            pelvis.painting.add(spot, "gas", over=("stool",), rough=0.8)
    canal = Tube(((0, y + 6, -58), (0, y - 2, -32)), (9, 10))
    pelvis.painting.add(canal, "muscle", (4.0, "rectal_wall"), (6.5, "mucosa"), rough=0.6)


def prostate(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Zones, nodules, tumours, urethra, capsule, plexus and the seminal vesicles."""
    add = pelvis.painting.add
    half = np.array(pelvis.prostate_axes)
    turn = _three(rng.normal(0, [7, 3, 4]))
    plexus = Ellipsoid((0, -half[1] * 0.55, 2), _three(half * [0.85, 0.75, 0.85]), turn)
    add(plexus, "slow_vein", over=("visceral_fat", "vein"), rough=3.2)
    bundle = _three(half * [0.55, 0.4, 0.8])
    for side in (-1.0, 1.0):
        spot = Ellipsoid((side * half[0] * 0.62, half[1] * 0.62, 0), bundle, turn)
        add(spot, "slow_vein", over=("visceral_fat",), rough=3.2)
    organ = Ellipsoid((0, 0, 0), _three(half), turn, 2.25)
    add(organ, "stroma", (1.0, "peripheral_zone"), rough=0.7)
    add(Ellipsoid((0, -half[1] * 0.78, 3), _three(half * [0.5, 0.34, 0.75]), turn), "stroma")
    inner = half * np.array([0.78, 0.74, 0.80]) * min(0.88 + 0.12 * pelvis.growth, 1.08)
    middle = (0.0, -half[1] * 0.28, half[2] * 0.14)
    add(Ellipsoid(middle, _three(inner), turn), "stroma", (0.9, "transition_zone"), rough=0.8)
    for _ in range(int(rng.poisson(3 + 9 * pelvis.growth))):
        size = rng.uniform(0.12, 0.42) * inner.min()
        where = np.array(middle) + rng.uniform(-0.75, 0.75, 3) * inner
        kind = str(rng.choice(["glandular_nodule", "stromal_nodule", "transition_zone"]))
        nodule = Ellipsoid(_three(where), _three(size * rng.uniform(0.75, 1.3, 3)))
        add(nodule, "stroma", (0.6, kind), over=("transition_zone", "stroma"), rough=0.4)
    tube = Tube(
        ((0, -2, half[2]), (0, half[1] * 0.1, 0), (0, half[1] * 0.2, -half[2] * 1.2)), (3,) * 3
    )
    add(tube, "stroma", (1.4, "mucosa"))
    for _ in range(int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2]))):
        angle, depth = rng.uniform(0.2, np.pi - 0.2), rng.uniform(0.55, 0.9)
        direction = np.array([np.cos(angle), np.sin(angle), rng.uniform(-0.6, 0.6)])
        size = rng.uniform(3, 11) * rng.uniform(0.6, 1.2, 3)
        spot = Ellipsoid(_three(direction * half * depth), _three(size), turn)
        add(spot, "tumour", over=("peripheral_zone", "transition_zone", "stroma"), rough=1.4)
    if rng.random() < 0.12:
        spot = Ellipsoid(near(rng, (0, half[1] * 0.5, 0), 8), _three(rng.uniform(4, 10, 3)))
        add(spot, "haemorrhage", over=("peripheral_zone",), rough=2.0)
    full = float(rng.uniform(0.7, 1.3))
    for side in (-1.0, 1.0):
        start, end = (
            (side * 5, half[1] * 0.6, half[2] * 0.9),
            (side * 36, half[1] * 0.5, half[2] + 16),
        )
        vesicle = Tube(
            (start, (side * 19, half[1] * 0.75, half[2] + 8), end), (5 * full, 8 * full, 4 * full)
        )
        over = ("visceral_fat", "septum", "slow_vein", "vein", "bladder_wall")
        add(vesicle, "vesicle_wall", (0.8, "seminal_vesicle"), over=over, rough=1.0)
    for side in (-1.0, 1.0):  # penile bulb, crura, testes
        crus = Tube(((side * 34, -14, -42), (side * 10, -34, -50), (side * 6, -80, -56)), (6, 7, 9))
        add(crus, "septum", (1.2, "testis"))
        spot = Ellipsoid((side * 20, -84, -96), (15, 17, 22), (float(rng.normal(0, 20)), 0, 0))
        add(spot, "septum", (1.0, "testis"))
    add(Ellipsoid((0, -12, -48), (13, 14, 12)), "muscle", (1.5, "testis"))


def uterus(pelvis: "Pelvis", rng: np.random.Generator) -> None:
    """Uterus with its zones, cervix, vagina, ovaries with follicles, fibroids."""
    add = pelvis.painting.add
    lean = float(rng.normal(-30, 25))
    scale = float(rng.uniform(0.75, 1.25))
    centre = near(rng, (0, -4, 50 + 14 * pelvis.bladder_fill), 5)
    layers = ("septum", (0.8, "myometrium"))
    add(Ellipsoid(centre, _three(np.array([28, 22, 36]) * scale), (lean, 0, 0)), *layers, rough=1.0)
    zone = Ellipsoid(centre, _three(np.array([13, 8, 24]) * scale), (lean, 0, 0))
    lining = float(rng.uniform(3, 5))
    add(zone, "junctional_zone", (lining, "endometrium"), rough=0.6)
    for _ in range(int(rng.poisson(0.8))):
        size = rng.uniform(4, 16) * rng.uniform(0.8, 1.2, 3)
        add(Ellipsoid(near(rng, centre, 16), _three(size)), "junctional_zone", rough=0.8)
    cervix = Tube(((0, 6, 4), (0, 0, 28)), (12, 13))
    add(cervix, "myometrium", (4, "junctional_zone"), (9, "endometrium"), rough=0.6)
    add(
        Tube(((0, 2, -46), (0, 6, -4)), (8, 12)),
        "stroma",
        (2.5, "mucosa"),
        (6, "stroma"),
        rough=0.8,
    )
    add(Tube(((0, -22, -44), (0, -20, 6)), (6, 6)), "stroma", (2.5, "mucosa"))
    for side in (-1.0, 1.0):
        spot = near(rng, (side * 42, 8, 50), 6)
        add(Ellipsoid(spot, (11, 9, 14)), "septum", (0.7, "myometrium"), rough=0.6)
        for _ in range(int(rng.integers(2, 9))):
            radius = float(rng.uniform(1.5, 4.5))
            add(Ellipsoid(near(rng, spot, 5), (radius,) * 3), "stroma", (0.5, "bowel_fluid"))
