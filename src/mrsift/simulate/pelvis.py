"""The male or female pelvis as solids, drawn anew for every subject.

Origin at the middle of the prostate (or cervix); x to the left, y to posterior, z to
superior, mm. A list of solids with their layers is drawn first; painting it on a grid
needs no more chance.
"""

import numpy as np
from numpy.typing import NDArray

from mrsift.simulate.abdomen import abdomen, prosthesis
from mrsift.simulate.clutter import clutter
from mrsift.simulate.noise import Texture
from mrsift.simulate.painting import Painting
from mrsift.simulate.sacrum import sacrum
from mrsift.simulate.shapes import Canvas, Ellipsoid, Point, Tube, mirrored
from mrsift.simulate.strands import Strands
from mrsift.simulate.tissue import codes
from mrsift.types import Float32Array


class Pelvis:
    """One subject's pelvis.

    Attributes:
        body: Half width, half depth, and y of the body's middle, mm.
        fat_mm: Thickness of the fat under the skin at front, side and back.
        prostate_axes: Half lengths, mm.
        lumen: What the rectum holds.
        perineum: Height of the skin between the legs at y = 0, mm, and how it rises with y.
    """

    region = "pelvis"

    def __init__(self, rng: np.random.Generator, *, cluttered: bool = False) -> None:
        self.female = bool(rng.random() < 0.22)
        self.size = float(rng.normal(1.0, 0.06))
        front, side, back = rng.uniform((8, 10, 12), (45, 40, 40))
        self.fat_mm = (float(front), float(side), float(back))
        depth = float(rng.uniform(96, 118) + 0.3 * (self.fat_mm[0] + self.fat_mm[2]))
        front = 66 + self.fat_mm[0] + float(rng.uniform(0, 14))
        self.body = (float(rng.uniform(158, 205)), depth, depth - front)
        grow = float(rng.gamma(2.0, 0.22))  # benign hyperplasia
        self.prostate_axes = (
            float(rng.uniform(22, 27) * (1 + 0.35 * grow)),
            float(rng.uniform(14, 18) * (1 + 0.45 * grow)),
            float(rng.uniform(18, 23) * (1 + 0.45 * grow)),
        )
        self.growth = grow
        self.bladder_fill = float(rng.beta(1.3, 1.5))
        lumens, odds = ["collapsed", "gas", "stool", "gel", "coil"], [0.3, 0.26, 0.3, 0.05, 0.09]
        self.lumen = str(rng.choice(lumens, p=odds))
        if self.female and self.lumen == "coil":
            self.lumen = "stool"
        self.perineum = (float(rng.normal(-84, 8)), float(rng.uniform(-0.25, 0.15)))
        self.bulk = float(rng.uniform(0.3, 2.2))
        self.vessels = float(rng.uniform(0.05, 0.17))
        self.strands = Strands.drawn(rng)
        self.fascia_mm = float(max(rng.uniform(-0.4, 0.9), 0.05))  # around every muscle
        self.plane_mm = float(rng.uniform(0.5, 4.5))  # the fat around that
        self.painting = Painting()
        _muscles(self, rng)
        _bones(self, rng)
        _vessels(self, rng)
        _bowel(self, rng)
        abdomen(self, rng)
        _organs(self, rng)
        if rng.random() < 0.06:
            prosthesis(self, rng)
        if cluttered:
            clutter(self.painting, rng)

    @property
    def back_mm(self) -> float:
        """Where the trunk's cavity ends behind, y in mm."""
        _, depth, middle = self.body
        return middle + (depth - 0.5 * (self.fat_mm[0] + self.fat_mm[2]) - 4)

    def paint(self, canvas: Canvas, texture: Texture) -> None:
        """Paint the pelvis on an empty canvas."""
        rind = _body(self, canvas, texture)
        surface = canvas.tissue[rind]
        rough = np.float32(0.5) * texture.on(canvas.grid, canvas.parts, "grain", 2.2, 1)
        self.painting.paint(canvas, rough)
        canvas.tissue[rind] = surface  # what is painted does not grow through the skin
        _tubules(canvas, texture)
        self.strands.weave(canvas, texture)


def _body(pelvis: Pelvis, canvas: Canvas, texture: Texture) -> NDArray[np.bool_]:
    """Skin, fat with small vessels; everything inside starts as fat.

    Returns:
        True outside the body and in the outer part of its fat.
    """
    code = codes()
    x, y, z = canvas.xyz
    width, depth, middle = pelvis.body
    slope = np.clip((z + 60) / 200, -0.6, 1.0)
    half_x = width * (1.02 - 0.10 * slope)
    half_y = depth * (1.0 - 0.06 * np.abs(slope))
    v = (y - middle) / half_y
    radius = (np.abs(x / half_x) ** 2.5 + np.abs(v) ** 2.5) ** 0.4
    outside = (radius - 1) * np.minimum(half_x, half_y)
    shell = outside
    # the cleft between the buttocks, and the gap between the legs
    cleft = 0.12 * (y - 92 - 0.35 * (z + 20)) - np.abs(x)
    height, rise = pelvis.perineum
    gap = 0.30 * (height + rise * y - z) - np.abs(x)
    outside = np.maximum(outside, np.maximum(cleft, np.minimum(gap, 70 - np.abs(y))))
    front, side, back = pelvis.fat_mm
    share = v / np.sqrt(v**2 + (x / half_x) ** 2 + 1e-6)
    thick = side + np.where(share < 0, front - side, back - side) * share**2
    canvas.tissue[outside < 0] = code["skin"]
    fat = outside < -1.8
    canvas.tissue[fat] = code["fat"]
    deep = outside < -thick
    canvas.tissue[deep] = code["visceral_fat"]
    planes = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", 4.6, 7))
    hip = np.maximum(np.maximum(np.abs(x) - 48, 0.8 * (-38 - z)), 1.2 * (y - 64)) + 6 * planes
    between = deep & (hip > 6) & (z < 80) & (planes > pelvis.bulk)  # of what lies between muscles
    canvas.tissue[between] = code["muscle"]
    wall = deep & (outside > -thick - 2.0)
    canvas.tissue[wall] = code["septum"]
    first = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", 1.2, 4))
    second = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", 1.3, 5))
    worm = np.maximum(first, second)
    canvas.tissue[deep & (worm < pelvis.vessels)] = code["slow_vein"]
    canvas.tissue[deep & (worm < pelvis.vessels * 0.55)] = code["vein"]
    canvas.tissue[fat & ~deep & (worm < pelvis.vessels * 0.7)] = code["vein"]
    return np.asarray((shell > -0.6 * thick) | (outside > -1.8))


def _jitter(rng: np.random.Generator, point: Point, amount: float) -> Point:
    x, y, z = np.array(point) + rng.normal(0, amount, 3)
    return (float(x), float(y), float(z))


def _muscles(pelvis: Pelvis, rng: np.random.Generator) -> None:
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
        placed = _jitter(rng, (centre[0] * wide, centre[1], centre[2]), 2.5)
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
    thick = float(rng.uniform(1.6, 4.0))
    half_x, half_y, _ = pelvis.prostate_axes
    bowl = (half_x + float(rng.uniform(3, 9)), half_y + float(rng.uniform(17, 24)), 50.0)
    fossa = Ellipsoid((30 * wide, 44, -20), (17, 26, 32), (0, 0, 20))  # ischioanal
    pelvis.painting.both(fossa, "visceral_fat", over=("muscle", "septum"), rough=1.5)
    floor = Ellipsoid((0, 12, 14), bowl, (float(rng.normal(0, 6)), 0, 0), 2.2)  # levator ani
    pelvis.painting.add(floor, "septum", (0.6, "muscle"), (thick, "visceral_fat"), rough=1.2)
    front = Ellipsoid((0, -38, 10), (24 * wide, 20, 40))  # the space behind the pubis
    pelvis.painting.add(front, "visceral_fat", over=("muscle", "septum"), rough=2.0)
    for centre, axes in (((0, -16, -42), (26, 26, 9)), ((0, 26, -42), (18, 18, 12))):
        half = (float(axes[0]), float(axes[1]), float(axes[2]))
        pelvis.painting.add(Ellipsoid(_jitter(rng, centre, 2), half), "muscle", rough=1.5)


def _bones(pelvis: Pelvis, rng: np.random.Generator) -> None:
    """Hip bones, symphysis, sacrum and femora: cortex, marrow, cartilage."""
    w = pelvis.size
    cortex = float(rng.uniform(1.2, 2.4))
    inner: tuple[str | tuple[float, str], ...] = ("cortical_bone", (cortex, "marrow"))
    add, both = pelvis.painting.add, pelvis.painting.both
    hip = _jitter(rng, (91 * w, -12, 14), 2.5)
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
        spot = _jitter(rng, (float(rng.choice([-1, 1])) * 60, 10, 10), 18)
        add(Ellipsoid(spot, (7, 6, 8)), "tumour", over=("marrow",), rough=1.0)


def _vessels(pelvis: Pelvis, rng: np.random.Generator) -> None:
    """Iliac and femoral vessels, the obturator bundle, nerves, lymph nodes."""
    w = pelvis.size
    both, add = pelvis.painting.both, pelvis.painting.add
    calibre = float(rng.uniform(0.85, 1.2))
    for dx, dy, name, r in ((0, 0, "artery", 4.6), (-11, 5, "vein", 5.8)):
        path = (
            (70 * w + dx, -72 + dy, -90.0),
            (78 * w + dx, -70 + dy, -30.0),
            (68 * w + dx, -64 + dy, 10.0),
            (48 * w + dx, -34 + dy, 60.0),
            (30 * w + dx, 0 + dy, 110.0),
        )
        placed = tuple(_jitter(rng, p, 2.0) for p in path)
        both(Tube(placed, (r * calibre,) * 5), "stroma", (0.9, name))
    for _ in range(int(rng.integers(5, 11))):  # branches of the internal iliac vessels
        start = _jitter(rng, (40, 24, 40), 10)
        end = _jitter(rng, (30, 12, -8), 10)
        radius = float(rng.uniform(1.2, 2.6))
        name = str(rng.choice(["vein", "slow_vein", "artery"]))
        over = ("visceral_fat", "septum", "slow_vein", "vein")
        solid = Tube((start, _jitter(rng, (42, 18, 14), 8), end), (radius,) * 3)
        add(solid, name, over=over)
        add(mirrored(solid), name, over=over)
    both(Tube(((70, 60, 60), (68, 52, 0), (64, 42, -90)), (4, 4, 4)), "septum", (0.8, "muscle"))
    for _ in range(int(rng.integers(2, 9))):
        side = float(rng.choice([-1, 1]))
        base = (side * 62, -60, 0) if rng.random() < 0.5 else (side * 46, -12, 46)
        axes = tuple(float(v) for v in rng.uniform(1.8, 5.0, 3))
        spot = Ellipsoid(_jitter(rng, base, 9), (axes[0], axes[1], axes[2]))
        add(spot, "node", over=("visceral_fat", "septum"))


def _bowel(pelvis: Pelvis, rng: np.random.Generator) -> None:
    """Loops of bowel above the bladder, and the sigmoid."""
    add = pelvis.painting.add
    for _ in range(int(rng.integers(16, 48))):
        a = np.array([rng.uniform(-66, 66), rng.uniform(-76, 40), rng.uniform(30, 132)])
        points = [tuple(float(v) for v in a)]
        for _ in range(2):
            a = a + rng.normal(0, 22, 3)
            points.append(tuple(float(v) for v in a))
        radius = float(rng.uniform(7, 21))
        content = str(rng.choice(["bowel_fluid", "stool", "gas", "mucosa"], p=[0.2, 0.3, 0.2, 0.3]))
        wall = float(rng.uniform(1.6, 3.0))
        tube = Tube(tuple((p[0], p[1], p[2]) for p in points), (radius,) * 3)
        add(tube, "rectal_wall", (wall, "mucosa"), (wall + 1.2, content), rough=1.6)


def _organs(pelvis: Pelvis, rng: np.random.Generator) -> None:
    """Bladder, rectum, and the prostate or the uterus."""
    from mrsift.simulate.pelvic_organs import bladder, prostate, rectum, uterus

    bladder(pelvis, rng)
    rectum(pelvis, rng)
    if pelvis.female:
        uterus(pelvis, rng)
    else:
        prostate(pelvis, rng)


def _tubules(canvas: Canvas, texture: Texture) -> None:
    """Fold the seminal vesicles: dark walls on the zero level of a noise field."""
    code = codes()
    inside = canvas.tissue == code["seminal_vesicle"]
    if inside.any():
        walls: Float32Array = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", 0.42, 6))
        canvas.tissue[inside & (walls < 0.42)] = code["vesicle_wall"]
