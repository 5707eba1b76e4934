"""The head: a folded brain in skull and soft tissue, procedural or from a label map.

Origin at the middle of the brain; x to the left, y to posterior, z to superior, mm.
"""

import numpy as np

from mrsift.simulate.glioma import paint_glioma
from mrsift.simulate.label_map import LabelMap
from mrsift.simulate.noise import Texture
from mrsift.simulate.painting import Painting
from mrsift.simulate.shapes import Canvas, Ellipsoid, Point, Tube
from mrsift.simulate.tissue import codes
from mrsift.types import Float32Array

BRAIN = (
    "white_matter",
    "grey_matter",
    "deep_grey",
    "pallidum",
    "csf",
    "oedema",
    "enhancing_rim",
    "necrosis",
    "lesion",
    "infarct",
)


class Head:
    """One subject's head.

    Attributes:
        label_map: Painted instead of the procedural head where given.
        scale: Size along x, y, z; a negative x mirrors.
        painting: Deep structures of the procedural head.
        veins: Deep ones, over either kind of head.
        lesions: Painted last, over either kind of head.
    """

    region = "head"

    def __init__(self, rng: np.random.Generator, label_map: LabelMap | None) -> None:
        self.label_map = label_map
        mirror = -1.0 if rng.random() < 0.5 else 1.0
        x, y, z = rng.normal(1.0, 0.05, 3)
        self.scale: Point = (float(mirror * x), float(y), float(z))
        self.atrophy = float(rng.gamma(2.0, 0.35))
        self.scalp_mm = float(rng.uniform(3.0, 9.0))
        self.skull_mm = float(rng.uniform(5.0, 9.0))
        self.fold_mm = float(rng.uniform(1.5, 1.9))
        self.painting = Painting()
        self.lesions = Painting()
        if label_map is None:
            _deep(self, rng)
            _face(self, rng)
        _lesions(self, rng)
        self.veins = Painting()
        _deep_veins(self.veins, rng)

    def replace_lesions(self, rng: np.random.Generator, necrotic_share: float) -> None:
        """Have one glioma, and nothing else that is ill."""
        self.lesions = Painting()
        paint_glioma(self.lesions, rng, necrotic_share)

    def paint(self, canvas: Canvas, texture: Texture) -> None:
        """Paint the head on an empty canvas."""
        canvas.resize(self.scale)
        rough = np.float32(0.7) * texture.on(canvas.grid, canvas.parts, "grain", 2.0, 1)
        mixed = texture.on(canvas.grid, canvas.parts, "ridge", 1.4, 2)
        if self.label_map is not None:
            veins = texture.on(canvas.grid, canvas.parts, "ridge", 1.1, 5)
            fuller_mm = float(np.clip(2.6 * (1.0 - self.atrophy), 0.0, 1.8))
            self.label_map.paint(canvas, mixed, rough, veins, fuller_mm)
        else:
            _shells(self, canvas, texture, mixed)
            self.painting.paint(canvas, rough)
        self.veins.paint(canvas, rough)
        self.lesions.paint(canvas, rough)


def _shells(head: Head, canvas: Canvas, texture: Texture, mixed: Float32Array) -> None:
    """Skin, scalp, skull, meninges and the folded cortex, by distance to the brain."""
    code = codes()
    x, y, z = canvas.xyz
    vault = Ellipsoid((0, 0, 10), (68, 86, 60), (4, 0, 0), 2.25).level(x, y, z)
    floor = -22 - z - 0.10 * (y + 40) - 6 * np.cos(x / 16)
    cerebrum = np.maximum(vault, floor)
    for side in (-1, 1):
        lobe = Ellipsoid((side * 42, -14, -24), (23, 40, 19), (8, 0, side * 8))
        cerebrum = np.minimum(cerebrum, lobe.level(x, y, z))
    cerebellum = np.minimum(
        Ellipsoid((25, 50, -42), (31, 33, 27)).level(x, y, z),
        Ellipsoid((-25, 50, -42), (31, 33, 27)).level(x, y, z),
    )
    stem = Tube(((0, 6, -12), (0, 16, -34), (0, 26, -58), (0, 34, -130)), (13, 14, 9, 6.5))
    brainstem = stem.level(x, y, z)
    swell = Ellipsoid((0, 44, -38), (48, 36, 26)).level(x, y, z)
    case = np.minimum(np.minimum(cerebrum, cerebellum), np.minimum(swell, brainstem - 2))
    case = np.where(z > -66, case, np.maximum(case, -66 - z))
    _soft(head, canvas, case, mixed)
    tissue = canvas.tissue
    inside = case < 3.0 + head.atrophy
    tissue[inside] = code["csf"]
    dura = inside & (case > 2.3 + head.atrophy)
    tissue[dura] = code["dura"]
    canal = Tube(((0, 28, -60), (0, 34, -130)), (11, 10)).level(x, y, z) < 0
    tissue[canal] = code["csf"]
    fold = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", head.fold_mm, 3))
    fine = np.abs(texture.on(canvas.grid, canvas.parts, "ridge", head.fold_mm * 0.4, 4))
    _cortex(head, canvas, cerebrum, fold)
    tissue[cerebellum < 0] = code["grey_matter"]
    deep = cerebellum < -2.0
    tissue[deep & (fine > 0.75)] = code["white_matter"]
    tissue[(cerebellum < 0) & (cerebellum > -16) & (fine < 0.14)] = code["csf"]
    tissue[cerebellum < -15] = code["white_matter"]
    tissue[brainstem < 0] = code["white_matter"]


def _soft(head: Head, canvas: Canvas, case: Float32Array, mixed: Float32Array) -> None:
    """Everything outside the meninges: bone, scalp, face and neck."""
    code = codes()
    x, y, z = canvas.xyz
    bone = 3.0 + head.atrophy
    outer = bone + head.skull_mm
    face = np.minimum(
        Ellipsoid((0, -42, -66), (62, 56, 72), (0, 0, 0), 2.5).level(x, y, z),
        Ellipsoid((0, 26, -140), (58, 60, 110), (0, 0, 0), 2.3).level(x, y, z),
    )
    nose = Ellipsoid((0, -98, -52), (13, 18, 22), (-20, 0, 0)).level(x, y, z)
    skin = np.minimum(np.minimum(case - outer - head.scalp_mm - 1.5, face), nose)
    tissue = canvas.tissue
    tissue[skin < 0] = code["skin"]
    tissue[skin < -1.6] = code["fat"]
    inner = skin < -5 - 0.6 * head.scalp_mm
    tissue[inner & (z < -10)] = code["muscle"]
    tissue[inner & (z < -10) & (np.abs(mixed) < 0.5)] = code["fat"]
    tissue[(skin < -1.6) & (np.abs(mixed) < 0.12)] = code["vein"]
    tissue[case < outer] = code["cortical_bone"]
    table = 0.28 * head.skull_mm
    tissue[(case < outer - table) & (case > bone + table) & (z > -26)] = code["marrow"]


def _cortex(head: Head, canvas: Canvas, cerebrum: Float32Array, fold: Float32Array) -> None:
    """Grey matter along the surface and along folds that reach inwards."""
    code = codes()
    x, _, z = canvas.xyz
    tissue = canvas.tissue
    tissue[cerebrum < 0] = code["white_matter"]
    depth = -cerebrum
    middle = np.abs(x)
    tissue[(depth > 0) & (depth < 2.6)] = code["grey_matter"]
    reach = np.clip(1.3 - depth / 22.0, 0.0, 1.0)
    ribbon = (depth > 0) & (fold < 0.62 * np.sqrt(reach))
    tissue[ribbon] = code["grey_matter"]
    width = (0.12 + 0.09 * head.atrophy) * np.clip(1.3 - depth / 19.0, 0, 1)
    tissue[(depth > 0) & (fold < width)] = code["csf"]
    cleft = (depth > 0) & ((z > 26) | (depth < 28)) & (z > -14)
    tissue[cleft & (middle < 3.6)] = code["grey_matter"]
    tissue[cleft & (middle < 0.9 + 0.3 * head.atrophy)] = code["csf"]
    tissue[cleft & (middle < 0.35)] = code["dura"]


def _deep(head: Head, rng: np.random.Generator) -> None:
    """Ventricles, basal ganglia, insula, sinuses, arteries."""
    add, both = head.painting.add, head.painting.both
    wide = float(rng.uniform(0.7, 1.2) * (0.8 + 0.45 * head.atrophy))
    for side in (-1.0, 1.0):
        fissure = (
            (side * 38, -26, -12),
            (side * 42, 0, -2),
            (side * 50, 26, 12),
            (side * 60, 34, 16),
        )
        tube = Tube(fissure, (5.2, 5.6, 5.0, 4.0))
        add(tube, "grey_matter", (2.8, "csf"), rough=0.8)
    both(Ellipsoid((12, -28, 9), (6, 11, 10), (0, 0, 12)), "deep_grey", rough=0.4)
    both(Ellipsoid((25, -8, 3), (6, 16, 11), (0, 0, 14)), "deep_grey", rough=0.4)
    both(Ellipsoid((18, -4, 0), (4, 8, 7), (0, 0, 25)), "pallidum", rough=0.4)
    both(Ellipsoid((10, 13, 5), (9, 16, 9), (0, 0, -20)), "deep_grey", rough=0.4)
    both(Ellipsoid((26, -4, -24), (5, 18, 7), (0, 0, -10)), "deep_grey", rough=0.6)
    radii = (4.5 * wide, 5 * wide, 5.5 * wide, 2.5 * wide)
    both(Tube(((6, -36, 8), (9, -10, 19), (17, 22, 15), (22, 50, 4)), radii), "csf", rough=0.6)
    both(Tube(((22, 26, 8), (31, 14, -12), (33, -8, -22)), (4 * wide, 2.2, 1.6)), "csf")
    add(Ellipsoid((0, 4, 0), (1.8 * wide, 14, 10)), "csf", rough=0.3)
    add(Ellipsoid((0, 34, -38), (7 * wide, 5, 10)), "csf", rough=0.5)
    add(Ellipsoid((0, -10, -24), (14, 12, 6)), "csf", rough=1.0)
    both(Tube(((18, 22, 14), (21, 30, 8)), (2.4, 1.6)), "mucosa", over=("csf",))
    arch = tuple(
        (0.0, float(94 * np.sin(a)), float(10 + 68 * np.cos(a))) for a in np.linspace(-1, 1.7, 8)
    )
    add(Tube(arch, (3.4,) * 8), "dura", (0.6, "venous_sinus"))
    both(
        Tube(((2, 90, -14), (40, 72, -26), (60, 34, -30), (50, 20, -60)), (4, 4, 4, 4)),
        "venous_sinus",
    )
    both(
        Tube(((24, 2, -120), (22, 0, -44), (10, -12, -26), (38, -16, -16)), (3.2, 3, 2.4, 1.5)),
        "artery",
    )
    add(Tube(((0, 6, -50), (0, 2, -26)), (1.9, 1.9)), "artery", over=("csf",))
    add(Tube(((0, -30, -10), (1, -44, 14), (0, -30, 30)), (1.4,) * 3), "artery", over=("csf",))


def _deep_veins(veins: Painting, rng: np.random.Generator) -> None:
    """Internal cerebral veins, great vein and straight sinus: black on gradient echoes."""
    wide = float(rng.uniform(0.6, 1.3))
    inner = ((2, -8, 14), (2, 12, 14), (1, 30, 12))
    great = ((0, 30, 12), (0, 44, 8), (0, 66, -2), (0, 90, -12))
    veins.both(Tube(inner, (1.2 * wide,) * 3), "venous_sinus", over=BRAIN, rough=0.3)
    radii = (2.0 * wide, 2.6 * wide, 3.0 * wide, 3.4 * wide)
    veins.add(Tube(great, radii), "venous_sinus", over=(*BRAIN, "dura"), rough=0.4)


def _face(head: Head, rng: np.random.Generator) -> None:
    """Eyes, sinuses, airway, jaw, spine, muscles and glands."""
    add, both = head.painting.add, head.painting.both
    both(Ellipsoid((32, -68, -30), (19, 24, 17)), "cortical_bone", (1.5, "visceral_fat"), rough=0.8)
    both(Ellipsoid((32, -80, -30), (12.2, 12.2, 12.2)), "dura", (1.0, "vitreous"))
    both(Ellipsoid((32, -90, -30), (5, 2.2, 5)), "lens")
    both(Tube(((31, -68, -30), (22, -40, -27)), (1.8, 1.8)), "white_matter")
    for dx, dz in ((9, 0), (-9, 0), (0, 8), (0, -8)):
        both(Tube(((32 + dx, -74, -30 + dz), (24, -44, -28)), (1.8, 1.5)), "muscle")
    thick = float(rng.choice([0.8, 1.5, 6.0], p=[0.6, 0.3, 0.1]))
    both(
        Ellipsoid((26, -58, -62), (14, 17, 16), power=2.6),
        "cortical_bone",
        (0.8, "airway_mucosa"),
        (0.8 + thick, "gas"),
        rough=1.0,
    )
    both(Ellipsoid((8, -62, -36), (7, 20, 11)), "airway_mucosa", (1.4, "gas"), rough=2.4)
    add(Ellipsoid((0, -18, -34), (11, 12, 8)), "cortical_bone", (1.0, "gas"), rough=1.0)
    both(Ellipsoid((14, -84, 0), (11, 6, 12)), "cortical_bone", (0.9, "gas"), rough=1.0)
    both(Ellipsoid((7, -60, -64), (5, 24, 15)), "airway_mucosa", (2.0, "gas"), rough=1.4)
    add(
        Tube(((0, -24, -62), (0, -10, -92), (0, -8, -140)), (9, 8, 9)),
        "airway_mucosa",
        (2.0, "gas"),
    )
    add(Ellipsoid((0, -52, -96), (24, 26, 18)), "muscle", rough=1.0)
    both(
        Tube(((6, -88, -112), (40, -52, -104), (50, -16, -84), (50, -12, -52)), (8, 7, 7, 5)),
        "cortical_bone",
        (1.8, "marrow"),
        rough=0.6,
    )
    both(Ellipsoid((54, -2, -76), (11, 16, 24)), "gland", rough=1.5)
    both(Ellipsoid((50, 26, -40), (12, 16, 16)), "cortical_bone", (1.5, "gas"), rough=3.0)
    add(Ellipsoid((0, -14, -28), (6, 5, 4)), "gland")
    for level in range(4):
        body = Ellipsoid((0, 16, -72 - 19 * level), (11, 9, 8), power=2.6)
        add(body, "cortical_bone", (1.2, "marrow"), rough=0.5)


def _lesions(head: Head, rng: np.random.Generator) -> None:
    """Nothing, plaques, a tumour or an infarct."""
    add = head.lesions.add
    kind = str(rng.choice(["none", "plaques", "tumour", "infarct"], p=[0.35, 0.3, 0.27, 0.08]))
    side = float(rng.choice([-1, 1]))
    white = ("white_matter",)
    if kind == "plaques":
        for _ in range(int(rng.integers(2, 40))):
            spot = (
                float(rng.choice([-1, 1]) * rng.uniform(8, 40)),
                float(rng.uniform(-45, 50)),
                float(rng.uniform(4, 36)),
            )
            a, b, c = (float(v) for v in rng.gamma(3, 1.1, 3) + 0.8)
            add(Ellipsoid(spot, (a, b, c)), "lesion", over=white, rough=1.0)
    elif kind == "tumour":
        spot = (
            side * float(rng.uniform(14, 44)),
            float(rng.uniform(-48, 48)),
            float(rng.uniform(0, 36)),
        )
        size = rng.uniform(7, 26) * rng.uniform(0.75, 1.25, 3)
        a, b, c = (float(v) for v in size)
        spread = float(rng.uniform(1.2, 2.2))
        wide = Ellipsoid(spot, (a * spread, b * spread, c * spread))
        add(wide, "oedema", over=("white_matter", "lesion"), rough=3.5)
        solid = (*BRAIN[:5], "oedema")
        rim = float(rng.uniform(1.5, 6))
        core = Ellipsoid(spot, (a, b, c))
        if rng.random() < 0.25:  # low grade: no rim
            add(core, "oedema", over=solid, rough=2.0)
        else:
            add(core, "enhancing_rim", (rim, "necrosis"), over=solid, rough=2.0)
    elif kind == "infarct":
        spot = (
            side * float(rng.uniform(24, 50)),
            float(rng.uniform(-30, 40)),
            float(rng.uniform(0, 40)),
        )
        a, b, c = (float(v) for v in rng.uniform(5, 24, 3))
        add(Ellipsoid(spot, (a, b, c)), "infarct", over=("white_matter", "grey_matter"), rough=3.0)
