"""The male or female pelvis as solids, drawn anew for every subject.

Origin at the middle of the prostate (or cervix); x to the left, y to posterior, z to
superior, mm. A list of solids with their layers is drawn first; painting it on a grid
needs no more chance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.simulate import abdomen
from mrsift.simulate.clutter import clutter
from mrsift.simulate.noise import Texture
from mrsift.simulate.painting import Painting
from mrsift.simulate.pelvic_frame import bones, muscles, pelvic_floor
from mrsift.simulate.pelvis_map import PelvisMap
from mrsift.simulate.shapes import Canvas, Ellipsoid, Point, Tube, mirrored, near
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
        label_map: Of a man's bones, muscles and skin, instead of drawn ones, where given.
        scale: Size along x, y, z; a negative x mirrors.
        stouter_mm: How much farther out the skin lies than in the label map.
        cortex_mm: Thickness of the cortex of the label map's bones.
    """

    region = "pelvis"

    def __init__(
        self,
        rng: np.random.Generator,
        label_map: PelvisMap | None = None,
        *,
        cluttered: bool = False,
    ) -> None:
        self.female = bool(rng.random() < 0.22)
        self.label_map = None if self.female else label_map  # the maps are of men
        self.scale: Point = (1.0, 1.0, 1.0)
        self.stouter_mm = self.cortex_mm = 0.0
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
        self.later = Painting()  # over everything else
        if self.label_map is None:
            muscles(self, rng)
            pelvic_floor(self, rng)
            bones(self, rng)
        else:
            self._resemble(rng)
            pelvic_floor(self, rng)
        _vessels(self, rng)
        _bowel(self, rng)
        if self.label_map is None:
            abdomen.abdomen(self, rng)
        else:
            abdomen.bowel(self, rng, self.body[2])
        _organs(self, rng)
        if rng.random() < 0.06:
            abdomen.prosthesis(self, rng)
        if cluttered:
            clutter(self.later, rng)

    def _resemble(self, rng: np.random.Generator) -> None:
        """How this body differs from that of the label map."""
        mirror = -1.0 if rng.random() < 0.5 else 1.0
        x, y, z = rng.normal(1.0, 0.05, 3)
        self.size = 1.0
        self.scale = (float(mirror * x), float(y), float(z))
        self.stouter_mm = float(rng.uniform(-3, 1) if rng.random() < 0.5 else rng.uniform(0, 30))
        self.cortex_mm = float(rng.uniform(1.2, 2.4))
        self.plane_mm *= 0.25  # the muscles of the map lie apart

    @property
    def back_mm(self) -> float:
        """Where the trunk's cavity ends behind, y in mm."""
        _, depth, middle = self.body
        return middle + (depth - 0.5 * (self.fat_mm[0] + self.fat_mm[2]) - 4)

    def paint(self, canvas: Canvas, texture: Texture) -> None:
        """Paint the pelvis on an empty canvas."""
        rough = np.float32(0.5) * texture.on(canvas.grid, canvas.parts, "grain", 2.2, 1)
        if self.label_map is None:
            outline = _outline(self, canvas)
        else:
            canvas.resize(self.scale)
            voxels = self.label_map.look_up(canvas, rough)
            outline = _mapped_outline(self.label_map, voxels, self.stouter_mm, canvas.xyz[2])
        _body(self, canvas, texture, outline)
        outline.paint(self.painting, canvas, rough)
        if self.label_map is not None:
            thick = {"cortex_mm": self.cortex_mm, "plane_mm": self.plane_mm}
            self.label_map.paint(canvas, voxels, rough, fascia_mm=self.fascia_mm, **thick)
        outline.paint(self.later, canvas, rough)
        _tubules(canvas, texture)
        self.strands.weave(canvas, texture)


@dataclass(frozen=True, slots=True)
class _Outline:
    """Where the body ends, at every sample.

    Attributes:
        outside: Distance to the skin, mm, negative in the body.
        deep: Under the fat below the skin.
        wall: The sheet between the two.
        rind: Outside the body and in the outer part of its fat.
    """

    outside: Float32Array
    deep: NDArray[np.bool_]
    wall: NDArray[np.bool_]
    rind: NDArray[np.bool_]

    def paint(self, painting: Painting, canvas: Canvas, rough: Float32Array) -> None:
        """Paint solids, which do not grow through the skin."""
        surface = canvas.tissue[self.rind]
        painting.paint(canvas, rough)
        canvas.tissue[self.rind] = surface


def _outline(pelvis: Pelvis, canvas: Canvas) -> _Outline:
    """Of a drawn body."""
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
    deep = outside < -thick
    rind = (shell > -0.6 * thick) | (outside > -1.8)
    return _Outline(outside, deep, deep & (outside > -thick - 2.0), rind)


def _mapped_outline(
    label_map: PelvisMap, voxels: NDArray[np.int32], stouter_mm: float, z: Float32Array
) -> _Outline:
    """Of the body of a label map, with more fat under the skin or a little less."""
    outside = np.float32(0.5) * label_map.outside.ravel()[voxels] - np.float32(stouter_mm)
    deep = label_map.inner.ravel()[voxels] & (outside < -3)
    within = deep | (z < -40)
    return _Outline(outside, deep, np.zeros_like(deep), ~within | (outside > -1.8))


def _body(pelvis: Pelvis, canvas: Canvas, texture: Texture, outline: _Outline) -> None:
    """Skin, fat with small vessels; everything inside starts as fat."""
    code = codes()
    x, y, z = canvas.xyz
    outside, deep = outline.outside, outline.deep
    canvas.tissue[outside < 0] = code["skin"]
    fat = outside < -1.8
    canvas.tissue[fat] = code["fat"]
    canvas.tissue[deep] = code["visceral_fat"]
    planes = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", 4.6, 7))
    hip = np.maximum(np.maximum(np.abs(x) - 48, 0.8 * (-38 - z)), 1.2 * (y - 64)) + 6 * planes
    between = deep & (hip > 6) & (z < 80) & (planes > pelvis.bulk)  # of what lies between muscles
    canvas.tissue[between] = code["muscle"]
    canvas.tissue[outline.wall] = code["septum"]
    first = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", 1.2, 4))
    second = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", 1.3, 5))
    worm = np.maximum(first, second)
    canvas.tissue[deep & (worm < pelvis.vessels)] = code["slow_vein"]
    canvas.tissue[deep & (worm < pelvis.vessels * 0.55)] = code["vein"]
    canvas.tissue[fat & ~deep & (worm < pelvis.vessels * 0.7)] = code["vein"]


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
        placed = tuple(near(rng, p, 2.0) for p in path)
        both(Tube(placed, (r * calibre,) * 5), "stroma", (0.9, name))
    for _ in range(int(rng.integers(5, 11))):  # branches of the internal iliac vessels
        start = near(rng, (40, 24, 40), 10)
        end = near(rng, (30, 12, -8), 10)
        radius = float(rng.uniform(1.2, 2.6))
        name = str(rng.choice(["vein", "slow_vein", "artery"]))
        over = ("visceral_fat", "septum", "slow_vein", "vein")
        solid = Tube((start, near(rng, (42, 18, 14), 8), end), (radius,) * 3)
        add(solid, name, over=over)
        add(mirrored(solid), name, over=over)
    both(Tube(((70, 60, 60), (68, 52, 0), (64, 42, -90)), (4, 4, 4)), "septum", (0.8, "muscle"))
    for _ in range(int(rng.integers(2, 9))):
        side = float(rng.choice([-1, 1]))
        base = (side * 62, -60, 0) if rng.random() < 0.5 else (side * 46, -12, 46)
        axes = tuple(float(v) for v in rng.uniform(1.8, 5.0, 3))
        spot = Ellipsoid(near(rng, base, 9), (axes[0], axes[1], axes[2]))
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
