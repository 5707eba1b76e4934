"""Simulated studies in which choosing the right volume is easy to get wrong."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from mrsift.simulate import artefact, computed, signal
from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.dicom import Part, Study, write_series
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol

FAT = {"fat_t1_ms": 365.0, "fat_t2_ms": 140.0, "fat_residual": 0.05}
T2W = Protocol("T2W", "tse", "se", 3.0, 5200, 101, flip_deg=160, **FAT)
DWI = Protocol("DWI_LOW", "dwi", "epi", 3.0, 4800, 68, fat_suppression="fatsat", **FAT)
HEAD_T1W = Protocol("T1W", "se", "se", 3.0, 560, 10, flow_void=0.9, **FAT)
HEAD_FLAIR = Protocol(
    "FLAIR", "flair", "se", 3.0, 9000, 118, ti_ms=2500, fat_suppression="fatsat", **FAT
)
HEAD_T2W = Protocol("T2W", "tse", "se", 3.0, 5000, 98, flip_deg=140, **FAT)
STUDY = Study("traps", "Simulated^Pelvis", "PELVIS", "siemens")

T2_GRID = Grid("axial", (0, 0, 6), (14, 96, 96), (3.6, 2.0, 2.0), 3.0)
COARSE_GRID = Grid("axial", (0, 0, 6), (14, 64, 64), (4.5, 3.2, 3.2), 4.0)
DWI_GRID = Grid("axial", (0, 0, 6), (12, 60, 56), (4.0, 3.6, 3.6), 4.0)
FAR_GRID = Grid("axial", (0, 0, 300), (14, 120, 120), (3.6, 1.6, 1.6), 3.0)
HEAD_GRID = Grid("axial", (0, -2, 8), (14, 96, 80), (9.0, 2.4, 2.4), 5.0, (6, 0))


@lru_cache
def maps(grid: Grid) -> Maps:
    """The same two subjects on any grid."""
    subject = (37, "head") if grid is HEAD_GRID else (13, "pelvis")
    return Subject((subject[0], 2026), subject[1]).render(grid, 1)


def whole(image: np.ndarray, top: float = 400) -> np.ndarray:
    """Whole numbers with the 99th percentile at `top`."""
    return np.rint(image * (top / np.percentile(image, 99))).astype(np.float32)


def part(voxels: np.ndarray, grid: Grid, protocol: Protocol) -> Part:
    return Part(voxels, grid.affine_lps_mm, protocol, grid.thickness_mm)


@lru_cache
def take(grid: Grid, protocol: Protocol, seed: int = 1, motion: float = 0.0) -> Part:
    """Acquire one volume."""
    how = Acquisition(seed, 28.0, motion=motion)
    image = artefact.measure(signal.render(maps(grid), protocol), maps(grid), how)
    return part(whole(artefact.finish(image, how)), grid, protocol)


@lru_cache
def weighted(b: float, seed: int = 40) -> Part:
    """A diffusion-weighted volume; all have the same scale."""
    protocol = replace(DWI, b=b, label="DWI_HIGH" if b >= 500 else "DWI_LOW")
    here = maps(DWI_GRID)
    clean = signal.render(here, protocol)
    lowest = signal.render(here, replace(DWI, b=0.0))
    snr = 40.0 * float(clean.mean() / lowest.mean())
    image = artefact.measure(clean, here, Acquisition(seed + int(b), max(snr, 8.0)))
    scale = 600 / np.percentile(lowest, 99)
    return part(np.rint(image * scale).astype(np.float32), DWI_GRID, protocol)


def adc(low: float = 50.0, high: float = 800.0, *, family: str = "adc") -> Part:
    """The map of two of them, masked as Siemens masks, in 1e-6 mm2/s; or its exponential."""
    first, second = weighted(low).voxels, weighted(high).voxels
    values = np.rint(computed.fit_adc(first + 1, second + 1, high - low))
    keep = first > 0.2 * np.percentile(first, 95)
    if family == "eadc":
        values = np.rint(1000 * np.exp(-high * 1e-6 * values))
    protocol = replace(DWI, label="ADC", family=family, low_b=low, high_b=high)
    return part(np.where(keep, np.minimum(values, 4095), 0).astype(np.float32), DWI_GRID, protocol)


def calculated(b: float = 1400.0, *, finer: bool = False) -> Part:
    """A diffusion-weighted image computed from the map, on a finer grid when asked."""
    values, low = adc().voxels, weighted(50.0).voxels
    image = np.where(values > 0, np.rint(low * np.exp(-(b - 50) * 1e-6 * values)), 0)
    protocol = replace(DWI, label="DWI_HIGH", family="calculated", b=b, low_b=50.0, high_b=800.0)
    grid = DWI_GRID
    if finer:
        image = image.repeat(2, axis=1).repeat(2, axis=2)
        slices, rows, columns = DWI_GRID.shape
        grid = replace(DWI_GRID, shape=(slices, 2 * rows, 2 * columns), spacing_mm=(4.0, 1.8, 1.8))
    return part(image.astype(np.float32), grid, protocol)


def head(protocol: Protocol, seed: int, *, says: Protocol | None = None) -> Part:
    """A volume of a head, whose header may say something else."""
    return replace(take(HEAD_GRID, protocol, seed), protocol=says or protocol)


def localizer() -> list[Part]:
    """Three planes of three slices."""
    planes = ("axial", "sagittal", "coronal")
    return [
        take(Grid(plane, (0, 0, 10), (3, 64, 64), (16, 6, 6), 7.0), T2W)  # type: ignore[arg-type]
        for plane in planes
    ]


def write(folder: Path, series: list[tuple[str, list[Part]]], study: Study = STUDY) -> Path:
    """Write series 1, 2, ... as a study."""
    for number, (description, parts) in enumerate(series, 1):
        write_series(folder / f"S{number}", study, number, description, parts)
    return folder
