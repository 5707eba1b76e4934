"""Volumes that are computed from others: diffusion maps, subtractions, and the like."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from mrsift.simulate import artefact, signal
from mrsift.simulate.anatomy import Maps
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.tissue import codes
from mrsift.types import Float32Array


@dataclass(frozen=True, slots=True)
class MapStyle:
    """How a vendor makes a diffusion map.

    Attributes:
        threshold: Low-b signal below this share of its 95th percentile is masked; 0 for no mask.
        outside: `zero`, or `noise` where nothing is masked.
        limit: Largest value, 1e-6 mm2/s.
        smooth_px: Smoothing of the images before the fit, pixels.
    """

    threshold: float
    limit: float
    smooth_px: float

    @classmethod
    def draw(cls, rng: np.random.Generator, head: bool) -> "MapStyle":
        """About two in three scanners mask; half the field of view is zero then.

        In the head fluid is so bright that a threshold which keeps the brain is low.
        Most fit pixel by pixel: maps and calculated images are as sharp as what they are made of.
        """
        masked = rng.random() < 0.72
        return cls(
            float(np.exp(rng.uniform(np.log(0.09), np.log(0.45)))) * (0.5 if head else 1.0)
            if masked
            else 0.0,
            float(rng.choice([3000, 3500, 4095, 5000])),
            float(rng.choice([0.0, 0.5, 0.8], p=(0.7, 0.15, 0.15))),
        )


def _acquire(maps: Maps, protocol: Protocol, a: Acquisition) -> Float32Array:
    return artefact.measure(signal.render(maps, protocol), maps, a)


def fit_adc(low: Float32Array, high: Float32Array, difference_b: float) -> Float32Array:
    """Apparent diffusion coefficient of two images.

    Args:
        low: Image of the lower b-value.
        high: Image of the higher b-value, same scale and shape.
        difference_b: Difference of the b-values, s/mm2.

    Returns:
        1e-6 mm2/s, not negative.
    """
    tiny = 1e-6 * float(low.max()) + 1e-12
    ratio = np.log(np.maximum(low, tiny) / np.maximum(high, tiny))
    return np.maximum(ratio / difference_b * 1e6, 0).astype(np.float32)


def diffusion_map(
    maps: Maps, protocol: Protocol, a: Acquisition, style: MapStyle
) -> tuple[Float32Array, Float32Array, NDArray[np.bool_]]:
    """Fit the apparent diffusion coefficient from two acquired b-values.

    Returns:
        The map in 1e-6 mm2/s, the low-b image, and True where the map is kept.
    """
    low = _acquire(maps, replace(protocol, b=protocol.low_b), a)
    # averages are chosen so that the high b is not pure noise
    weaker = replace(a, seed=a.seed + 1, snr=a.snr * 0.8)
    high = acquire_weaker(maps, replace(protocol, b=protocol.high_b), weaker, protocol.low_b)
    if style.smooth_px:
        low, high = (
            scipy.ndimage.gaussian_filter(x, (0, style.smooth_px, style.smooth_px))
            for x in (low, high)
        )
    adc = np.minimum(fit_adc(low, high, protocol.high_b - protocol.low_b), style.limit)
    level = style.threshold * np.percentile(low, 95)
    keep = np.asarray(low > level if style.threshold else np.ones(low.shape, dtype=bool))
    return adc.astype(np.float32), low, keep


def acquire_weaker(maps: Maps, protocol: Protocol, a: Acquisition, low_b: float) -> Float32Array:
    """Acquire with the noise of the low-b image, not relative to the weaker signal."""
    image = signal.render(maps, protocol)
    reference = signal.render(maps, replace(protocol, b=low_b))
    means = [float(x[x > 0.02 * np.percentile(x, 99)].mean()) for x in (image, reference)]
    snr = max(a.snr * means[0] / max(means[1], 1e-9), 4.0)
    return artefact.measure(image, maps, replace(a, snr=snr))


def derived(
    maps: Maps, protocol: Protocol, a: Acquisition, rng: np.random.Generator
) -> Float32Array:
    """The volume of any family that is not simply acquired.

    Args:
        maps: The subject on the volume's grid.
        protocol: What is measured; its family decides what is computed.
        a: How it is measured.
        rng: Source of chance.

    Returns:
        Voxels, shape of the grid.
    """
    style = MapStyle.draw(rng, bool(maps.brain().any()))
    family = protocol.family
    if family in _DIFFUSION:
        voxels = _diffusion(maps, protocol, a, style, rng)
    elif family == "subtraction":
        before = replace(protocol, agent_early=0.0, agent_late=0.0)
        change = _acquire(maps, protocol, a)
        change = change - _acquire(maps, before, replace(a, seed=a.seed + 1))
        voxels = change if rng.random() < 0.5 else np.maximum(change, 0)
    elif family in ("phase", "field_map"):
        voxels = _phase(maps, protocol, a, rng)
    elif family in _PROPERTIES:
        voxels = _property(maps, family, rng)
    elif family == "noise":
        voxels = np.hypot(*rng.standard_normal((2, *maps.grid.shape), dtype=np.float32))
    elif family == "angiography":
        image = _acquire(maps, protocol, a)
        voxels = scipy.ndimage.maximum_filter1d(image, int(rng.integers(1, 7)), axis=0)
    else:  # susceptibility-weighted
        image = _acquire(maps, protocol, a)
        voxels = scipy.ndimage.minimum_filter1d(image, int(rng.integers(1, 4)), axis=0)
    return np.asarray(voxels, dtype=np.float32)


def _diffusion(
    maps: Maps, protocol: Protocol, a: Acquisition, style: MapStyle, rng: np.random.Generator
) -> Float32Array:
    """The map itself, or what is computed from it."""
    adc, low, keep = diffusion_map(maps, protocol, a, style)
    voxels = adc
    if protocol.family == "calculated":
        voxels = low * np.exp(-(protocol.b - protocol.low_b) * 1e-6 * adc)
    elif protocol.family == "eadc":
        voxels = np.exp(-protocol.high_b * 1e-6 * adc)
    elif protocol.family == "fa":
        voxels = _anisotropy(maps, rng)
    return np.where(keep, voxels, 0).astype(np.float32)


_DIFFUSION = ("adc", "eadc", "calculated", "fa")
_PROPERTIES = ("ct", "t1_map", "t2_map", "fat_fraction", "mask", "perfusion_map")
DERIVED = frozenset(
    (*_DIFFUSION, *_PROPERTIES, "subtraction", "phase", "field_map", "noise", "angiography", "swi")
)
"""Families that `derived` makes; all others are acquired as they are."""


def _anisotropy(maps: Maps, rng: np.random.Generator) -> Float32Array:
    """Fractional anisotropy: bundles of white matter and muscle, and what noise makes of the rest.

    Bundles that cross within a few millimetres leave little. Noise alone has a large one, and so
    has what lies outside the body where nothing masks it, and the edge of the brain, where images
    that were not brought together exactly differ by direction.
    """
    step = np.array([maps.grid.spacing_mm[0] / maps.parts, *maps.grid.spacing_mm[1:]])
    crossing = scipy.ndimage.gaussian_filter(
        rng.standard_normal(maps.tissue.shape, dtype=np.float32), rng.uniform(1.5, 4) / step
    )
    crossing /= max(float(crossing.std()), 1e-6)
    along = np.clip(np.abs(maps.fibre) + np.float32(rng.uniform(0, 0.5)) * crossing, 0, 1)
    along = along ** np.float32(rng.uniform(1, 3))
    share = np.full(maps.tissue.shape, 0.08, dtype=np.float32)
    share[maps.of(("grey_matter", "deep_grey"))] = 0.13
    for names, least, most in ((("white_matter", "pallidum"), 0.22, 0.8), (("muscle",), 0.12, 0.4)):
        here = maps.of(names)
        share[here] = least + (most - least) * along[here]
    brain = maps.brain()
    wide = int(rng.integers(0, 4))
    inner = scipy.ndimage.minimum_filter(brain, (1, 2 * wide + 1, 2 * wide + 1))
    edge = brain & ~inner
    share[edge] += np.float32(rng.uniform(0.4, 1.6)) * rng.random(edge.sum(), dtype=np.float32)
    spread = float(rng.uniform(0.02, 0.12))
    noise = np.hypot(*rng.standard_normal((2, *maps.grid.shape), dtype=np.float32))
    empty = maps.average((maps.pd < 0.05).astype(np.float32))
    return np.asarray(np.clip(maps.average(share) + (spread + 0.4 * empty) * noise, 0, 1))


def _phase(
    maps: Maps, protocol: Protocol, a: Acquisition, rng: np.random.Generator
) -> Float32Array:
    """Phase image or field map; noise where there is no signal."""
    off = maps.average(maps.off_resonance)
    magnitude = _acquire(maps, protocol, a)
    inside = magnitude > 0.12 * np.percentile(magnitude, 95)
    if protocol.family == "field_map":
        field = off * float(rng.uniform(40, 160))
        field = field + rng.normal(0, 4, field.shape)
        return np.where(inside, field, 0).astype(np.float32)
    angle = off * float(rng.uniform(3, 18)) + rng.normal(0, 0.12, off.shape)
    angle = np.where(inside, angle, rng.uniform(-np.pi, np.pi, off.shape))
    wrapped = np.angle(np.exp(1j * angle))
    scale = float(rng.choice([1.0, 4096 / np.pi, 1000.0]))
    return np.asarray(wrapped * scale, dtype=np.float32)


def _property(maps: Maps, family: str, rng: np.random.Generator) -> Float32Array:
    """A tissue property itself: Hounsfield units, relaxation, fat, perfusion, a mask."""
    noise = rng.standard_normal(maps.grid.shape, dtype=np.float32)
    if family == "ct":
        return maps.average(_hounsfield(maps)) + 18 * noise
    if family == "mask":
        names = rng.choice(list(codes()), 12, replace=False)
        labels = maps.of(tuple(str(n) for n in names))
        return np.asarray(np.rint(maps.average(labels.astype(np.float32))))
    body = maps.average((maps.tissue > 0).astype(np.float32)) > 0.5
    if family == "perfusion_map":
        uneven = maps.t2_ms / maps.draw.t2_ms[maps.tissue] - 1
        flow = np.minimum(maps.draw.early[maps.tissue] * (1 + 0.6 * uneven), 1.5)
        image = np.abs(maps.average(flow) * (1 + 0.3 * noise) + 0.02 * noise)
        return np.where(body, image, 0).astype(np.float32)
    source = {"t1_map": maps.t1_ms, "t2_map": maps.t2_ms, "fat_fraction": maps.fat * 100}[family]
    value = maps.average(np.minimum(source, 4000 if family == "t1_map" else 600))
    value = value * (1 + 0.05 * noise)
    outside = 0.0 if rng.random() < 0.6 else np.abs(noise) * float(np.mean(value))
    return np.where(body, value, outside).astype(np.float32)


def _hounsfield(maps: Maps) -> Float32Array:
    """What computed tomography would show, HU."""
    units = np.where(maps.fat > 0.5, -95.0, 45.0) + 12 * (maps.pd - 0.8)
    units[maps.of(("cortical_bone",))] = 950
    units[maps.of(("marrow",))] = 220
    units[maps.of(("air", "gas"))] = -1000
    units[maps.of(("urine", "csf"))] = 8
    return np.asarray(units, dtype=np.float32)
