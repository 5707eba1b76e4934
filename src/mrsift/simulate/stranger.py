"""Volumes that no model is ever trained on, to see whether they are noticed.

`UNKNOWN` in training is what `protocol.UNKNOWN_FAMILIES` lists. The families here are other
things that a hospital's archive holds; neither `draw` nor `draw_subject` makes them.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.ndimage

from mrsift.labels import UNKNOWN
from mrsift.simulate import artefact, geometry, signal
from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.simulate.volume import SimulatedVolume, export
from mrsift.types import Float32Array

Make = Callable[[Maps, Acquisition, np.random.Generator], Float32Array]


def _phantom(maps: Maps, a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Bottles of water in a bottle, as of a quality check, by a sequence of patients."""
    _, rows, columns = maps.tissue.shape
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    bottle = np.zeros((rows, columns), dtype=np.intp)
    bottle[np.hypot(x, y) < rng.uniform(0.6, 0.9)] = 1
    for number in range(int(rng.integers(0, 9))):
        distance = np.hypot(x - rng.uniform(-0.5, 0.5), y - rng.uniform(-0.5, 0.5))
        bottle[distance < rng.uniform(0.06, 0.18)] = 2 + number
    place = np.broadcast_to(bottle, maps.tissue.shape)

    def value(low: float, high: float, empty: float) -> Float32Array:
        drawn = np.concatenate([[empty], rng.uniform(low, high, 12)]).astype(np.float32)
        return drawn[place]

    filled = replace(
        maps,
        tissue=np.zeros_like(maps.tissue),
        pd=value(0.6, 1.0, 0.0),
        t1_ms=value(150, 2500, 1000),
        t2_ms=value(20, 800, 50),
        t2star_ms=value(20, 400, 50),
        adc=value(1.0, 2.3, 0.0),
        fat=np.zeros_like(maps.pd),
        across_ppm=np.zeros_like(maps.across_ppm),
    )
    label = str(rng.choice(["T2W", "T1W", "DWI_LOW"]))
    protocol = draw_protocol(rng, label, "pelvis", maps.draw.field_t)
    return artefact.finish(artefact.measure(signal.render(filled, protocol), filled, a), a)


def _double_inversion(maps: Maps, a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Two inversions that null fluid and one tissue.

    Source:
        Redpath and Smith, Br J Radiol 1994;67:1258.
    """
    first, second = float(rng.uniform(2200, 3200)), float(rng.uniform(300, 600))
    te = float(rng.uniform(70, 140))
    recovered = 1 - 2 * np.exp(-second / maps.t1_ms) + 2 * np.exp(-(first + second) / maps.t1_ms)
    water = np.abs(recovered) * np.exp(-te / maps.t2_ms) * maps.pd * (1 - maps.fat)
    return artefact.finish(artefact.measure(maps.average(water), maps, a), a)


def _transfer_ratio(maps: Maps, _a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Share of the signal that a saturation of bound water takes, percent."""
    ratio = 100 * rng.uniform(0.3, 0.55) * maps.draw.bound[maps.tissue] * (1 - maps.fat)
    image = maps.average(ratio.astype(np.float32))
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    empty = maps.average(maps.pd) < 0.1
    return np.where(empty, np.abs(30 * noise), image + 2 * noise).astype(np.float32)


def _transmit_field(maps: Maps, _a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Flip angle reached, percent: smooth, with noise outside."""
    image = 100 + rng.uniform(8, 25) * maps.shade
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    empty = maps.average(maps.pd) < 0.1
    return np.where(empty, np.abs(80 * noise), image + noise).astype(np.float32)


def _elastography(maps: Maps, _a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Displacement of a wave through the tissue."""
    tissue = maps.average((maps.pd > 0.3).astype(np.float32)) > 0.5
    _, rows, columns = tissue.shape
    y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    distance = np.hypot(y - rng.uniform(0, rows), x - rng.uniform(0, columns))
    bent = distance + 3 * maps.shade
    wave = np.cos(2 * np.pi * bent / rng.uniform(9, 24)) * np.exp(-distance / (0.8 * rows))
    noise = 0.08 * rng.standard_normal(tissue.shape, dtype=np.float32)
    return np.where(tissue, 1000 * (wave + noise), 0).astype(np.float32)


def _emission(maps: Maps, _a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Positron emission: uptake of each tissue, blurred to 6 mm or so."""
    uptake = rng.gamma(1.2, 1.0, 256).astype(np.float32)[maps.tissue] * (maps.pd > 0.2)
    image = maps.average(uptake.astype(np.float32))
    steps_mm = np.linalg.norm(maps.grid.affine_lps_mm[:3, :3], axis=0)
    soft = scipy.ndimage.gaussian_filter(image, rng.uniform(2.2, 3.5) / steps_mm)
    grain = rng.standard_normal(image.shape, dtype=np.float32)
    grain = scipy.ndimage.gaussian_filter(grain, 1.2) / 0.1
    return np.maximum(soft * (1 + 0.1 * grain), 0).astype(np.float32)


def _ultrasound(maps: Maps, _a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Speckle in a fan, compressed by a logarithm."""
    echo = rng.uniform(0.1, 1.0, 256).astype(np.float32)[maps.tissue]
    edges = np.abs(np.gradient(maps.pd, axis=1))
    speckle = rng.standard_normal((2, *maps.grid.shape), dtype=np.float32)
    speckle = np.hypot(*scipy.ndimage.gaussian_filter(speckle, (0, 0, 0.7, 1.6)))
    bright = np.log1p(20 * maps.average(echo + 4 * edges) * speckle)
    _, rows, columns = maps.grid.shape
    y, x = np.meshgrid(np.linspace(0, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    fan = (np.abs(x) < rng.uniform(0.5, 0.9) * (0.15 + y)) & (np.hypot(x, y) < 1)
    return np.where(fan, bright, 0).astype(np.float32)


def _projection(maps: Maps, a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """Brightest voxel along the rays of a turning view; slices are angles."""
    protocol = draw_protocol(rng, "T1W_CE", "pelvis", maps.draw.field_t)
    protocol = replace(protocol, sequence="gre", tr_ms=4.0, te_ms=1.3, flip_deg=25.0, inflow=6.0)
    image = artefact.measure(signal.render(maps, protocol), maps, a)
    slices, rows, columns = image.shape
    views = []
    for angle in np.linspace(0, 90, slices):
        turned = scipy.ndimage.rotate(image, float(angle), axes=(0, 2), reshape=False, order=1)
        views.append(turned.max(axis=0))
    return np.stack(views).reshape(slices, rows, columns).astype(np.float32)


_MAKE: dict[str, Make] = {
    "phantom": _phantom,
    "double_inversion": _double_inversion,
    "transfer_ratio": _transfer_ratio,
    "transmit_field": _transmit_field,
    "elastography": _elastography,
    "emission": _emission,
    "ultrasound": _ultrasound,
    "projection": _projection,
}

STRANGER_FAMILIES = tuple(_MAKE)
"""Families kept out of every training."""


def draw_strangers(seed: int, index: int) -> list[SimulatedVolume]:
    """One volume of every family of strangers, of one subject.

    Even indices are pelves, odd ones heads.

    Args:
        seed: Of the whole series.
        index: Which subject.

    Returns:
        In the order of `STRANGER_FAMILIES`; the same for the same arguments.
    """
    region = ("pelvis", "head")[index % 2]
    subject = Subject((seed, index, 4), region)
    rng = np.random.default_rng([seed, index, 5])
    grid = geometry.draw_grid(rng, region, geometry.ANATOMICAL)
    maps = subject.render(grid)
    found = []
    for family, make in _MAKE.items():
        a = geometry.draw_acquisition(rng, grid, False, region, subject.endorectal)
        p = Protocol(UNKNOWN, family, "gre", subject.draw.field_t, 5.0, 1.5)
        voxels = make(maps, a, rng)
        voxels, affine, steps = export(voxels, maps, p, geometry.ANATOMICAL, rng)
        record = {"seed": seed, "index": index, "region": region, "family": family}
        record |= {"kind": geometry.ANATOMICAL, "plane": grid.plane, "steps": steps}
        found.append(SimulatedVolume(voxels, affine, UNKNOWN, region, record))
    return found
