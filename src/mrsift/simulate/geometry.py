"""Planes, fields of view and coils: the drawn circumstances of a volume."""

from dataclasses import replace

import numpy as np

from mrsift.simulate.abdomen import MIDDLE_MM
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.grid import Grid
from mrsift.types import Plane

_PLANES: tuple[Plane, ...] = ("axial", "sagittal", "coronal")
ECHO_PLANAR = "echo_planar"
ANATOMICAL = "anatomical"
LOCALIZER = "localizer"
STRIPPED = "stripped"
RESEARCH = "research"
# The pixels of anatomical scans are finer than a network's, which averages their noise.
_SNR = {True: (10.0, 130.0), False: (9.0, 100.0)}
_PARTIAL_FOURIER = 0.6
"""Share of echo-planar images whose trains leave out one end of k-space, filled up with zeros.

Source:
    Usual for diffusion, as it shortens TE: Lee et al., Magn Reson Med 2021;86:2733. The look-at
    series says PFP (partial Fourier, phase) in its ScanOptions, and has a third of the power along
    its phase direction, above four tenths of the finest detail, that it has along the other.
"""
_SHORT_COILS = {"head": 0.25, "trunk": 0.5}
"""Share of volumes that reach farther up or down than their coils.

Our judgement, as is how far; the sagittal look-at T2W falls off below the pubic bone.
"""
_BANDS = {False: 0.3, True: 0.15}
"""Share of pelves with a saturation band over the wall of the belly, anatomical and echo-planar.

Usual where breath would ghost over the prostate; the sagittal look-at T2W has one, the axial and
the coronal have none. How often is our judgement.
"""
_VERTEX_MM = 90.0
"""How far the skin of a head reaches above the middle of its brain."""

_SEEN_SLICES = (14, 18)
"""A network looks at about as many slices of a stack; those between them are not drawn."""

_CUBIC_SHAPE = {STRIPPED: (16, 176, 142), RESEARCH: (16, 200, 164)}


def draw_grid(
    rng: np.random.Generator, region: str, kind: str, wanted: Plane | None = None
) -> Grid:
    """Draw where a volume lies.

    Args:
        rng: Source of chance.
        region: `pelvis`, `head` or `abdomen`.
        kind: `echo_planar`, `anatomical`, `localizer`, `stripped` or `research`.
        wanted: This plane; drawn where None.

    Returns:
        14 to 17 slices, fewer of a localizer, of 64 to 280 pixels a side, as a network sees
        them: spread over what the whole stack covers.
    """
    if kind in _CUBIC_SHAPE:
        pixel = float(rng.uniform(1.0, 1.3) if kind == STRIPPED else rng.uniform(1.1, 1.45))
        centre = (0.0, float(rng.normal(0, 3)), float(rng.normal(6, 3)))
        step = float(rng.uniform(7.5, 9.5))
        thickness = max(float(rng.uniform(1.3, 5.0)), 1.1 * pixel)
        return Grid("axial", centre, _CUBIC_SHAPE[kind], (step, pixel, pixel), thickness)
    plane: Plane = _PLANES[int(rng.choice(3, p=(0.55, 0.25, 0.20)))]
    if kind == ECHO_PLANAR:
        plane = _PLANES[int(rng.choice(3, p=(0.92, 0.03, 0.05)))]
    plane = wanted or plane
    slices = int(rng.integers(16, 31))
    if kind == LOCALIZER:
        slices = int(rng.integers(3, 16))
    thickness = float(rng.uniform(3.0, 5.5))
    if kind == ANATOMICAL and rng.random() < 0.3:
        thickness = float(rng.uniform(1.5, 3.0))
    gap = thickness * float(rng.choice([0, 0, 0.1, 0.2, 0.5]))
    if region == "head":
        field_mm, centre = _head_view(rng, plane)
        step = float(rng.uniform(0.8, 1.15)) * 140 / slices
        thickness, gap = step / (1 + gap / thickness), step * gap / (thickness + gap)
    else:
        field_mm, centre = (_pelvis_view if region == "pelvis" else _abdomen_view)(rng, kind)
        if kind == LOCALIZER:
            gap = thickness * 1.5
        elif rng.random() < 0.25:  # the whole trunk, and a network sees some of its slices
            gap = max(gap, float(rng.uniform(150, 280)) / slices - thickness)
    rows = int(rng.integers(180, 281))
    coarse = 0.2 if region == "abdomen" else 0.08  # fast or dynamic, or brought onto a coarse grid
    if kind == ANATOMICAL and rng.random() < coarse:
        rows = int(rng.integers(96, 180))
    if kind == ECHO_PLANAR:
        rows = int(rng.integers(64 if region == "head" else 84, 141))
    square, narrowest = (0.5, 0.65)
    if kind == ECHO_PLANAR and region != "head":  # one train measures only what it must
        square, narrowest = (0.35, 0.5)
    ratio = 1.0 if rng.random() < square else float(rng.uniform(narrowest, 1.0))
    columns = max(int(rows * ratio) // 2 * 2, 56)
    rows = rows // 2 * 2
    pixel = field_mm / rows
    # slices are the coarsest axis: preprocessing tells the plane by it
    thickness = max(thickness, 1.1 * pixel)
    if rng.random() < 0.5:
        rows, columns = columns, rows
    tilt = rng.normal(0, 5 if rng.random() < 0.5 else 0.5, 2)
    seen = min(slices, int(rng.integers(*_SEEN_SLICES)))
    return Grid(
        plane,
        centre,
        (seen, rows, columns),
        ((thickness + gap) * slices / seen, pixel, pixel),
        thickness,
        (float(tilt[0]), float(tilt[1])),
    )


def whole_head(rng: np.random.Generator) -> Grid:
    """What a network sees of a head measured in cubes: axial slices from neck to vertex.

    A volume without a coarsest axis is looked at in axial slices, and one that was measured in
    sagittal ones reaches from the air above the head down to the neck.

    Args:
        rng: Source of chance.

    Returns:
        16 thin slices, far apart.
    """
    slices, rows = 16, int(rng.integers(90, 129)) * 2
    covered_mm = float(rng.uniform(165, 262))
    pixel = float(rng.uniform(215, 260)) / rows
    columns = int(rng.uniform(165, 256) / pixel) // 2 * 2
    upper = _VERTEX_MM + float(rng.uniform(0, 25))
    centre = (float(rng.normal(0, 4)), float(rng.normal(0, 6)), upper - covered_mm / 2)
    thickness = max(float(rng.uniform(0.8, 1.6)), 1.1 * pixel)
    tilt = rng.normal(0, 3, 2)
    spacing_mm = (covered_mm / slices, pixel, pixel)
    turned = (float(tilt[0]), float(tilt[1]))
    return Grid("axial", centre, (slices, rows, columns), spacing_mm, thickness, turned)


def picked_from_many(rng: np.random.Generator, grid: Grid) -> Grid:
    """What a network sees of a stack of many thin slices: some of them, thin and far apart.

    Args:
        rng: Source of chance.
        grid: Of a stack that covers the organ with as many slices as a network sees.

    Returns:
        The same slices with gaps between them; those of a fine stack are spread further.
    """
    step_mm, row_mm, column_mm = grid.spacing_mm
    step_mm = max(step_mm, float(rng.uniform(2.5, 5.0))) * float(rng.uniform(1.0, 1.25))
    thickness_mm = min(float(rng.uniform(1.0, 3.0)), step_mm)
    return replace(grid, spacing_mm=(step_mm, row_mm, column_mm), thickness_mm=thickness_mm)


def _head_view(rng: np.random.Generator, plane: Plane) -> tuple[float, tuple[float, float, float]]:
    field_mm = float(rng.uniform(205, 265))
    x, y, z = rng.normal(0, 4, 3)
    if plane == "axial":
        return field_mm, (float(x), float(y), float(z + rng.uniform(-15, 12)))
    return field_mm, (float(x), float(y), float(z - rng.uniform(0, 25)))


def _pelvis_view(rng: np.random.Generator, kind: str) -> tuple[float, tuple[float, float, float]]:
    spread = 5.0
    if kind == LOCALIZER:
        field_mm = float(rng.uniform(360, 480))
    else:
        share = rng.random()
        if share < 0.12:
            field_mm = float(rng.uniform(100, 140))
        elif share < 0.62:
            field_mm = float(rng.uniform(140, 230))
        else:
            field_mm, spread = float(rng.uniform(230, 430)), 14.0
    x, y, z = rng.normal(0, 1, 3) * (spread, spread, 2.5 * spread)
    return field_mm, (float(x), float(y - (5 if field_mm > 150 else 0)), float(z + 8))


def _abdomen_view(rng: np.random.Generator, _kind: str) -> tuple[float, tuple[float, float, float]]:
    field_mm = float(rng.uniform(320, 440))
    x, y, z = rng.normal(0, 1, 3) * (8, 8, 35)
    return field_mm, (float(x), float(y), float(z + MIDDLE_MM))


def draw_acquisition(
    rng: np.random.Generator, grid: Grid, planar: bool, region: str, endorectal: bool = False
) -> Acquisition:
    """Draw how a volume is measured.

    Args:
        rng: Source of chance.
        grid: Of the volume. Lines are saved along the phase direction, so it is the shorter one.
        planar: By one echo-planar train.
        region: `pelvis`, `head` or `abdomen`.
        endorectal: A coil lies in the rectum.

    Returns:
        Everything that `artefact` needs.
    """
    uneven = float(rng.gamma(1.5, 0.3))
    least = 0.55 if rng.random() < 0.15 else 0.85  # zero filling onto a finer grid, or hardly any
    share = float(rng.uniform(least, 1.0)), float(rng.uniform(least, 1.0))
    phase_axis = 1 if rng.random() < 0.75 else 2
    _, rows, columns = grid.shape
    if rows != columns:
        phase_axis = 1 if rows < columns else 2
    window = float(rng.uniform(0.02, 0.45))
    partial = 1.0
    if planar:
        share, window = _of_one_train(rng, phase_axis)
        partial = float(rng.uniform(0.62, 0.9)) if rng.random() < _PARTIAL_FOURIER else 1.0
    surface = rng.random() < (0.45 if planar else 0.15)  # surface coils, nothing corrected
    uneven = float(rng.uniform(1.0, 3.5)) if surface else uneven
    flare = float(rng.uniform(0.4, 2.5)) if endorectal and rng.random() < 0.9 else 0.0
    acquisition = Acquisition(
        seed=int(rng.integers(2**31)),
        snr=float(np.exp(rng.uniform(*np.log(_SNR[planar])))),
        coil=uneven,
        coil_rows=float(rng.uniform(-0.8, 0.8)),
        endorectal=flare,
        normalise=0.0 if surface else float(rng.choice([0.0, 0.5, 0.85, 1.0])),
        resolution=share,
        window=window,
        ghost=float(rng.uniform(0.01, 0.06)) if planar and rng.random() < 0.6 else 0.0,
        distortion_px=float(rng.normal(0, 3.0 if planar else 0.4)),
        phase_axis=phase_axis,
        partial=partial,
        wrap=float(rng.uniform(0.02, 0.14)) if rng.random() < 0.12 else 0.0,
        motion=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.2 else 0.0,
        sharpen=_sharpening(rng, planar),
        parallel=float(rng.uniform(0.3, 1.5)) if rng.random() < 0.4 else 0.0,
        mask_background=float(rng.uniform(0.05, 0.18)) if rng.random() < 0.3 else 0.0,
    )
    if rng.random() < (_SHORT_COILS["head"] if region == "head" else _SHORT_COILS["trunk"]):
        reach_mm, offset_mm = rng.uniform(90, 170), rng.normal(25 if region == "head" else 0, 25)
        acquisition = replace(
            acquisition, coil_reach_mm=float(reach_mm), coil_offset_mm=float(offset_mm)
        )
    if region == "pelvis" and rng.random() < _BANDS[planar]:
        acquisition = replace(
            acquisition,
            saturated=float(rng.uniform(0.6, 0.97)),
            band_mm=float(rng.uniform(-100, -50)),
            band_slope=float(rng.normal(0, 0.2)),
        )
    return acquisition


def _sharpening(rng: np.random.Generator, planar: bool) -> float:
    """By the vendor, negative for smoothing, which few echo-planar images see."""
    more, most, less = *rng.uniform(0.2, 1.3, 2), -rng.uniform(0.3, 0.6)
    return float(rng.choice([0.0, more, most, less], p=(0.5, 0.2, 0.2, 0.1) if planar else None))


def _of_one_train(rng: np.random.Generator, phase_axis: int) -> tuple[tuple[float, float], float]:
    """Measured share of k-space of echo-planar images, along rows and columns, and its window.

    Few samples are measured, so most scanners keep them all; others taper them, or fill up with
    zeros. Part of the train may be left out.
    """
    kept = rng.random() < 0.8
    share = [float(rng.uniform(0.96 if kept else 0.65, 1.0)) for _ in range(2)]
    share[phase_axis - 1] *= float(rng.uniform(0.88 if kept else 0.75, 1.0))
    return (share[0], share[1]), float(rng.uniform(0, 0.06 if kept else 0.7))
