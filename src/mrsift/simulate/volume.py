"""From a seed to finished volumes: subject, protocols, acquisition, export."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.ndimage

from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.simulate import artefact, geometry, signal
from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.computed import DERIVED, derived
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.simulate.variation import AS_IT_IS, Variation
from mrsift.types import Float32Array, Float64Array

REGIONS = ("pelvis", "head", "abdomen")
_ABDOMEN_EVERY = 8  # subjects; in place of a pelvis

# Two of each but: what exams of the region hold more or less of, and the many families of UNKNOWN.
_COUNTS: dict[str, dict[str, int]] = {
    "pelvis": {"DWI_LOW": 3, "DWI_HIGH": 3, "FLAIR": 0, UNKNOWN: 5},
    "abdomen": {"T2W_FS": 3, "FLAIR": 0, UNKNOWN: 5},
    "head": {"T2W_FS": 1, "FLAIR": 4, UNKNOWN: 6},
}
_STUDY: dict[str, tuple[str, ...]] = {
    region: tuple(label for label in LABEL_NAMES for _ in range(counts.get(label, 2)))
    for region, counts in _COUNTS.items()
}
_VOLUMETRIC = (geometry.ANATOMICAL, 3)
_NEEDS_FAT = ("T2W_FS", "DWI_LOW")
_PLANAR_FAMILIES = frozenset(("adc", "eadc", "calculated", "fa", "dwi", "b0", "bold"))


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedVolume:
    """One volume with the truth about it.

    Attributes:
        voxels: Shape (slices, rows, columns), float32.
        affine_lps_mm: Shape (4, 4), index (slice, row, column, 1) to LPS, mm.
        label: One of `labels.LABEL_NAMES`.
        region: `pelvis`, `head` or `abdomen`.
        record: Everything that was drawn, plain values only.
    """

    voxels: Float32Array
    affine_lps_mm: Float64Array
    label: str
    region: str
    record: dict[str, Any]


def draw(seed: int, index: int, *, label_maps: Path | None = None) -> SimulatedVolume:
    """One volume of a subject of its own.

    Labels take turns: nine neighbouring indices hold every label once. FLAIR is always a
    head; all others are pelvis and head in turn.

    Args:
        seed: Of the whole series.
        index: Which volume.
        label_maps: Folder of label maps of heads and pelves; procedural ones without.

    Returns:
        The same volume for the same arguments.
    """
    label = LABEL_NAMES[index % len(LABEL_NAMES)]
    region = "head" if label == "FLAIR" else REGIONS[(index // len(LABEL_NAMES) + index) % 2]
    subject = Subject((seed, index, 0), region, label_maps, cluttered=True)
    rng = np.random.default_rng([seed, index, 2])
    return _volumes(subject, [label], rng, (seed, index))[0]


def draw_subject(
    seed: int, index: int, *, label_maps: Path | None = None, variation: Variation = AS_IT_IS
) -> list[SimulatedVolume]:
    """All volumes of one subject, which share geometry and so cost less each.

    Even indices are pelves of 21 volumes, one in four of them an abdomen of 20 instead, odd ones
    heads of 23; all hold two volumes or more of every label, but one T2W_FS of a head, and FLAIR
    only of heads.

    Args:
        seed: Of the whole series.
        index: Which subject.
        label_maps: Folder of label maps of heads and pelves; procedural ones without.
        variation: What is done differently with the same draws.

    Returns:
        The same volumes for the same arguments.
    """
    region = REGIONS[index % 2]
    if index % _ABDOMEN_EVERY == _ABDOMEN_EVERY - 2:
        region = "abdomen"
    subject = Subject((seed, index, 1), region, label_maps, cluttered=True)
    subject.draw = replace(subject.draw, texture=subject.draw.texture * variation.texture)
    rng = np.random.default_rng([seed, index, 3])
    return _volumes(subject, _STUDY[region], rng, (seed, index), variation)


def _volumes(
    subject: Subject,
    labels: Sequence[str],
    rng: np.random.Generator,
    origin: tuple[int, int],
    variation: Variation = AS_IT_IS,
) -> list[SimulatedVolume]:
    """Draw protocols, share grids among those that would share them, and acquire."""
    protocols = [
        draw_protocol(rng, label, subject.region, subject.draw.field_t) for label in labels
    ]
    kinds = [_grid_kind(p, subject.region, rng) for p in protocols]
    grids: dict[str, tuple[Grid, Maps]] = {}
    result = []
    for drawn, (kind, copy) in zip(protocols, kinds, strict=True):
        key = f"{kind}{copy}"
        if key not in grids:
            grid = geometry.draw_grid(rng, subject.region, kind)
            volume = (kind, copy) == _VOLUMETRIC
            if volume and subject.region == "head" and rng.random() < 0.5:
                grid = geometry.whole_head(rng)
            elif volume or rng.random() < _of_many_thin(kind, subject.region):
                grid = geometry.picked_from_many(rng, grid)
            grids[key] = grid, subject.render(grid)
        grid, maps = grids[key]
        planar = drawn.family in _PLANAR_FAMILIES
        a = geometry.draw_acquisition(rng, grid, planar, subject.region, subject.endorectal)
        p, a = variation.change(drawn, _suited(a, drawn, kind, rng))
        voxels = measured = acquire(maps, p, a, rng)
        voxels, affine, steps = export(voxels, maps, p, kind, rng)
        if not variation.exported:
            voxels, affine, steps = measured, grid.affine_lps_mm, []
        record = {
            "seed": origin[0],
            "index": origin[1],
            "region": subject.region,
            "kind": kind,
            "label_map": subject.map_name,
            "plane": grid.plane,
            "steps": steps,
            "protocol": asdict(p),
            "acquisition": asdict(a),
            "family": p.family,
        }
        result.append(SimulatedVolume(voxels, affine, p.label, subject.region, record))
    return result


def _of_many_thin(kind: str, region: str) -> float:
    """Share of grids that are what a network sees of many thin slices."""
    if kind == geometry.ECHO_PLANAR and region == "head":
        return 0.5  # two millimetres, for tracts and function
    return 0.2 if kind in (geometry.ANATOMICAL, geometry.ECHO_PLANAR) else 0.0


def _suited(a: Acquisition, p: Protocol, kind: str, rng: np.random.Generator) -> Acquisition:
    """What a sequence brings with it: blur of single shots, references of surface coils."""
    least = 1.0
    if kind == geometry.STRIPPED and p.family in _PLANAR_FAMILIES:
        least = 0.5  # brought onto the grid of an anatomical image
    elif p.sequence == "gre" and p.dimension == 3 and rng.random() < 0.3:
        least = 0.35  # within a breath, or several times a minute
    if least < 1:
        share = float(rng.uniform(least, 0.85))
        return replace(a, resolution=(a.resolution[0] * share, a.resolution[1] * share))
    if p.family == "haste":  # the echoes of one long train decay: blur along the phase direction
        blurred = [a.resolution[0], a.resolution[1]]
        blurred[a.phase_axis - 1] *= float(rng.uniform(0.45, 0.8))
        return replace(a, resolution=(blurred[0], blurred[1]), window=max(a.window, 0.3))
    if p.family in ("low_flip_gre", "proton_density") and rng.random() < 0.5:
        # measured to know the coils, so nothing is corrected
        return replace(a, coil=float(rng.uniform(1.2, 4.0)), normalise=0.0, sharpen=0.0)
    if p.family == "bold":  # images are compared in time: coils stay uneven; or the mean of many
        uneven, mean = rng.random(2) < 0.4
        a = replace(a, snr=a.snr * float(rng.uniform(3, 12))) if mean else a
        return replace(a, coil=float(rng.uniform(1.0, 3.5)), normalise=0.0) if uneven else a
    return a


def _grid_kind(p: Protocol, region: str, rng: np.random.Generator) -> tuple[str, int]:
    """Kind of geometry, and which of several of that kind."""
    # a brain alone does not show whether fat was suppressed; archives hold functional series whole
    planar = p.family in _PLANAR_FAMILIES
    share = 0.05 if p.family == "bold" else 0.25 if planar else 0.45
    stripped = region == "head" and p.label not in _NEEDS_FAT and rng.random() < share
    if planar:
        return (geometry.STRIPPED, 0) if stripped else (geometry.ECHO_PLANAR, int(rng.integers(2)))
    if p.family == "haste" or (p.label == "T2W" and rng.random() < 0.06):
        return (geometry.LOCALIZER, 0)
    if stripped:
        return (geometry.STRIPPED, 0)
    if region == "head" and rng.random() < 0.08:
        return (geometry.RESEARCH, 0)
    if p.dimension == 3:
        return _VOLUMETRIC
    return (geometry.ANATOMICAL, int(rng.integers(3)))


def acquire(maps: Maps, p: Protocol, a: Acquisition, rng: np.random.Generator) -> Float32Array:
    """The volume as the scanner reconstructs it, any scale.

    Args:
        maps: The subject on the volume's grid.
        p: What is measured.
        a: How.
        rng: For families that are computed.

    Returns:
        Voxels, shape of the grid.
    """
    if p.family in DERIVED:
        return derived(maps, p, a, rng)
    if p.sequence == "epi" and p.b > 0:
        a = _with_noise_of_b0(p, a)
    return artefact.finish(artefact.measure(signal.render(maps, p), maps, a), a)


def _with_noise_of_b0(p: Protocol, a: Acquisition) -> Acquisition:
    """High b is weaker against the same noise; averaging makes up for part of it."""
    loss = float(np.exp(-0.45e-3 * p.b))
    return replace(a, snr=max(a.snr * loss, 3.5))


def export(
    voxels: Float32Array, maps: Maps, p: Protocol, kind: str, rng: np.random.Generator
) -> tuple[Float32Array, Float64Array, list[str]]:
    """What happens between the scanner and a file: grids, masks, scales, bits.

    Returns:
        Voxels, their affine, and the names of the steps taken.
    """
    steps: list[str] = []
    affine = maps.grid.affine_lps_mm
    if kind == geometry.STRIPPED:
        share = maps.average(maps.brain().astype(np.float32))
        in_plane = scipy.ndimage.generate_binary_structure(2, 1)[None]
        brain = scipy.ndimage.binary_closing(share > 0.5, in_plane, iterations=3)
        voxels = np.where(brain, voxels, 0).astype(np.float32)
        steps.append("skull_stripped")
    chance = rng.random()
    if kind == geometry.ECHO_PLANAR and chance < 0.25:
        factor = float(rng.uniform(1.2, 1.6))
        voxels, affine = _resample(voxels, affine, (1.0, factor, factor))
        steps.append("interpolated")
    elif kind == geometry.ANATOMICAL and chance < 0.12:
        voxels, affine = _research_grid(voxels, affine, rng)
        steps.append("resampled")
    if p.label != "ADC" and p.family not in ("ct", "mask", "phase", "field_map"):
        voxels = _scale(voxels, rng, steps)
    elif rng.random() < 0.5:
        voxels = np.rint(voxels)
    return voxels.astype(np.float32), affine, steps


def _research_grid(
    voxels: Float32Array, affine: Float64Array, rng: np.random.Generator
) -> tuple[Float32Array, Float64Array]:
    """Slices interpolated to a finer step, as research files are."""
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    # slices stay the coarsest axis: preprocessing tells the plane by it
    finer = float(np.clip(steps[0] / steps[1] / 1.4, 1.0, 3.0) * rng.uniform(0.6, 1.0))
    return _resample(voxels, affine, (max(finer, 1.0), 1.15, 1.15))


def _resample(
    voxels: Float32Array, affine: Float64Array, factors: tuple[float, float, float]
) -> tuple[Float32Array, Float64Array]:
    """Onto another grid over the same space, as when a map is brought onto another image."""
    zoomed = scipy.ndimage.zoom(voxels, factors, order=1, grid_mode=True, mode="nearest")
    scale = np.array(voxels.shape) / np.array(zoomed.shape)
    new = affine.copy()
    new[:3, :3] = affine[:3, :3] * scale
    new[:3, 3] = affine[:3, 3] + affine[:3, :3] @ ((scale - 1) / 2)
    return zoomed.astype(np.float32), new


def _scale(voxels: Float32Array, rng: np.random.Generator, steps: list[str]) -> Float32Array:
    """Integers of a vendor's range, 8-bit exports, clipping, or a normalised derivative."""
    top = float(np.percentile(voxels, 99.8))
    if top <= 0:
        return voxels
    share = rng.random()
    if share < 0.08:
        steps.append("8bit")
        return np.asarray(np.clip(np.rint(voxels / top * 255), 0, 255), dtype=np.float32)
    if share < 0.14:
        steps.append("zscore")
        return np.asarray((voxels - voxels.mean()) / (voxels.std() + 1e-9), dtype=np.float32)
    peak = float(np.exp(rng.uniform(np.log(250), np.log(4000))))
    voxels = voxels / top * peak
    if share < 0.25:
        steps.append("clipped")
        voxels = np.minimum(voxels, np.percentile(voxels, rng.uniform(96, 99.7)))
    return np.rint(voxels).astype(np.float32)
