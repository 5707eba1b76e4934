"""The two demonstration studies that ship with mrsift.

`python -m mrsift.simulate.demo OUT` writes `OUT/pelvis` and `OUT/head`; with OUT =
`src/mrsift/assets/demo` it makes the shipped ones again.

The pelvis has headers as Siemens writes them, with three b-values in one series, and one
SeriesDescription that lies (series 3). The head has headers as Philips writes them, and one
empty SeriesDescription (series 2).
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mrsift.simulate import artefact, computed, signal
from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.dicom import Part, Study, write_series
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol, null_time
from mrsift.simulate.protocol_known import FatSettings
from mrsift.types import Float32Array

PELVIS_SEED = 13
HEAD_SEED = 37
_PARTS = 3
_FAT: FatSettings = {
    "fat_t1_ms": 365.0,
    "fat_t2_ms": 240.0,
    "fat_residual": 0.05,
    "fat_failure": 0.8,
    "off_resonance": 0.35,
}
_FAT_HASTE: FatSettings = {**_FAT, "fat_t2_ms": 200.0}
_FAT_EPI: FatSettings = {**_FAT, "fat_t2_ms": 55.0}


def _whole(image: Float32Array, top: float) -> Float32Array:
    """Whole numbers with the 99th percentile at `top`; nothing below zero."""
    scale = np.float32(top / np.percentile(image, 99))
    return np.asarray(np.rint(image * scale), dtype=np.float32)


def _take(subject_maps: Maps, p: Protocol, a: Acquisition, top: float = 400) -> Part:
    """Acquire one volume."""
    image = artefact.finish(artefact.measure(signal.render(subject_maps, p), subject_maps, a), a)
    grid = subject_maps.grid
    return Part(_whole(image, top), grid.affine_lps_mm, p, grid.thickness_mm)


def _quiet(seed: int, snr: float) -> Acquisition:
    return Acquisition(
        seed,
        snr,
        coil=0.35,
        normalise=0.8,
        resolution=(0.92, 0.95),
        window=0.35,
        mask_background=0.08,
    )


def pelvis(folder: Path) -> None:
    """A prostate examination: localizer, T2W, T2W_FS, DWI, ADC, T1W."""
    subject = Subject((PELVIS_SEED, 2026), "pelvis")
    study = Study("demo/pelvis", "Simulated^Pelvis", "PELVIS", "siemens", compress=True)
    loc = Protocol("T2W", "haste", "se", 3.0, 1400, 96, flip_deg=150, **_FAT_HASTE)
    views = []
    for i, plane in enumerate(("coronal", "sagittal", "axial")):
        grid = Grid(plane, (0, 0, 10), (3, 160, 160), (16, 2.4, 2.4), 7.0)  # type: ignore[arg-type]
        views.append(_take(subject.render(grid, _PARTS), loc, _quiet(10 + i, 25), 250))
    write_series(folder / "S1", study, 1, "localizer", views)

    fine = subject.render(Grid("axial", (0, 0, 6), (20, 256, 256), (3.6, 0.78, 0.78), 3.0), _PARTS)
    t2w = Protocol("T2W", "tse", "se", 3.0, 5200, 101, flip_deg=160, **_FAT)
    write_series(folder / "S2", study, 2, "t2_tse_tra", [_take(fine, t2w, _quiet(20, 30))])
    fs = replace(t2w, label="T2W_FS", family="fatsat", fat_suppression="fatsat", te_ms=84.0)
    write_series(folder / "S3", study, 3, "t1_tse_tra", [_take(fine, fs, _quiet(30, 24))])
    _diffusion(folder, study, subject)
    wide = subject.render(Grid("axial", (0, 0, 10), (18, 176, 224), (6.0, 1.6, 1.6), 5.0), _PARTS)
    t1w = Protocol("T1W", "se", "se", 3.0, 620, 11, flow_void=0.8, **_FAT)
    write_series(folder / "S6", study, 6, "t1_tse_tra_pelvis", [_take(wide, t1w, _quiet(60, 30))])


def _diffusion(folder: Path, study: Study, subject: Subject) -> None:
    """Three b-values in one series, and the map fitted to the outer two."""
    grid = Grid("axial", (0, 0, 6), (20, 120, 104), (3.6, 2.0, 2.0), 3.6)
    coarse = subject.render(grid, _PARTS)
    dwi = Protocol(
        "DWI_LOW",
        "dwi",
        "epi",
        3.0,
        4800,
        68,
        fat_suppression="fatsat",
        kurtosis=1.2,
        fat_shift_px=6,
        **_FAT_EPI,
    )
    a = Acquisition(
        40,
        38,
        coil=0.4,
        normalise=0.8,
        resolution=(0.9, 0.9),
        window=0.5,
        ghost=0.015,
        distortion_px=1.2,
    )
    images = {}
    reference = float(signal.render(coarse, dwi).mean())
    for i, b in enumerate((50.0, 400.0, 1000.0)):
        p = replace(dwi, b=b, label="DWI_HIGH" if b >= 500 else "DWI_LOW")
        clean = signal.render(coarse, p)
        weaker = replace(a, seed=a.seed + i, snr=max(a.snr * float(clean.mean()) / reference, 9))
        images[b] = artefact.measure(clean, coarse, weaker)
    scale = np.float32(600 / np.percentile(images[50.0], 99))
    affine, thick = grid.affine_lps_mm, grid.thickness_mm
    parts = [
        Part(
            np.rint(image * scale).astype(np.float32),
            affine,
            replace(dwi, b=b, label="DWI_HIGH" if b >= 500 else "DWI_LOW"),
            thick,
        )
        for b, image in images.items()
    ]
    write_series(folder / "S4", study, 4, "ep2d_diff_b50_400_1000_tra", parts)
    adc = computed.fit_adc(parts[0].voxels + 1, parts[2].voxels + 1, 950.0)
    level = 0.22 * float(np.percentile(parts[0].voxels, 95))
    adc = np.where(parts[0].voxels > level, np.rint(np.minimum(adc, 4095)), 0)
    p = replace(dwi, label="ADC", family="adc", low_b=50.0, high_b=1000.0)
    part = Part(adc.astype(np.float32), affine, p, thick)
    write_series(folder / "S5", study, 5, "ep2d_diff_b50_400_1000_tra_ADC", [part])


def head(folder: Path) -> None:
    """A brain examination: T1W, FLAIR, T2W, T1W_CE."""
    subject = Subject((HEAD_SEED, 2026), "head")
    study = Study("demo/head", "Simulated^Head", "HEAD", "philips", compress=True)
    grid = Grid("axial", (0, -2, 8), (24, 232, 196), (5.2, 0.98, 0.98), 4.7, (6, 0))
    tissue = subject.render(grid, _PARTS)
    fat: FatSettings = {**_FAT, "fat_t2_ms": 95.0}
    t1w = Protocol("T1W", "se", "se", 3.0, 560, 10, flow_void=0.9, **fat)
    flair = Protocol(
        "FLAIR",
        "flair",
        "se",
        3.0,
        9000,
        118,
        ti_ms=null_time(4100, 9000),
        fat_suppression="fatsat",
        **fat,
    )
    t2w = Protocol("T2W", "tse", "se", 3.0, 5000, 98, flip_deg=140, **fat)
    after = replace(t1w, label="T1W_CE", agent_late=1.0)
    series: list[tuple[str, Protocol]] = [
        ("T1W_SE", t1w),
        ("", flair),
        ("T2W_TSE", t2w),
        ("T1W_SE_GD", after),
    ]
    for i, (description, p) in enumerate(series, start=1):
        part = _take(tissue, p, _quiet(70 + i, 32))
        write_series(folder / f"S{i}", study, i, description, [part])


STUDIES: dict[str, Callable[[Path], None]] = {"pelvis": pelvis, "head": head}
"""Name of each demonstration study -> what writes it into a folder."""


def main() -> None:
    """Write both studies."""
    parser = argparse.ArgumentParser(description="Write mrsift's demonstration studies.")
    parser.add_argument("out", type=Path, help="folder for the studies; made where missing")
    out: Path = parser.parse_args().out
    for name, write in STUDIES.items():
        write(out / name)


if __name__ == "__main__":
    main()
