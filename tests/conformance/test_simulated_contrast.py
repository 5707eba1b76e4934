"""Contrast of tissues in simulated volumes against the two real exams that may be looked at."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.simulated_against_real import fine_detail
from mrsift.ingest import scan
from mrsift.simulate import geometry, signal
from mrsift.simulate.anatomy import Subject
from mrsift.simulate.computed import fit_adc
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol, null_time
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.simulate.volume import acquire
from tests.shared_data import require_shared_data

PEOPLE = 8
"""How many simulated people a real one is compared with."""


def levels(image: np.ndarray, low: float, high: float) -> float:
    """Ratio of two percentiles of what is not background, shading taken as it comes."""
    inside = image[image > 0.04 * np.percentile(image, 99)]
    below, above = np.percentile(inside, (low, high))
    return float(above / below)


def simulated(region: str, p: Protocol, share_mm: float) -> Iterator[np.ndarray]:
    """The middle of simulated people, clean of noise."""
    for number in range(PEOPLE):
        grid = Grid("axial", (0, 0, 2), (3, 90, 90), (8, share_mm / 90, share_mm / 90), 4.0)
        yield signal.render(Subject((77, number), region).render(grid, 1), p)


def enclosed(real: float, found: list[float]) -> None:
    """The real value lies among the simulated ones, with a little room."""
    assert 0.85 * min(found) < real < 1.15 * max(found)


def pelvis_volume(word: str, b: float | None = None) -> np.ndarray:
    folder = require_shared_data() / "prostate" / "dicom" / "ProstateX-0000.zip"
    found = scan([folder])
    for study in found.studies:
        for info in study.volumes:
            value = info.b_value.s_per_mm2 if info.b_value else None
            if word in (info.series_description or "") and (b is None or value == b):
                return found.read(info).voxels
    raise AssertionError(f"the exam holds no {word}")


def head_volume(name: str) -> np.ndarray:
    path: Path = require_shared_data() / "brain" / "open_ms" / "patient01" / f"study1_{name}.nii.gz"
    found = scan([path])
    return found.read(found.studies[0].volumes[0]).voxels


def test_fat_against_muscle_on_t2w() -> None:
    real = levels(pelvis_volume("t2_tse_tra"), 15, 90)
    t2w = Protocol("T2W", "tse", "se", 3.0, 5660, 101, flip_deg=160, fat_t2_ms=140)
    enclosed(real, [levels(image, 15, 90) for image in simulated("pelvis", t2w, 180)])


def test_muscle_and_urine_against_fat_on_t2w() -> None:
    image = pelvis_volume("t2_tse_cor").astype(np.float64)
    slices, rows, columns = image.shape

    def median(top: int, bottom: int, left: int, right: int) -> float:  # hundredths of a side
        part = image[slices // 14, rows * top // 100 : rows * bottom // 100]
        return float(np.median(part[:, columns * left // 100 : columns * right // 100]))

    fat = median(10, 30, 70, 77)  # beside the bladder
    real = {"urine": median(25, 40, 35, 57) / fat, "muscle": median(65, 80, 13, 30) / fat}
    found: dict[str, list[float]] = {"urine": [], "muscle": []}
    for number in range(96):  # with fewer, the twentieth at either end is one of them
        p = draw_protocol(np.random.default_rng(number), "T2W", "pelvis", 3.0)
        if p.family != "tse":
            continue
        maps = Subject((77, number), "pelvis").render(
            Grid("coronal", (0, -10, 15), (1, 100, 100), (4, 2, 2), 3.0)
        )
        there = {
            name: maps.average(maps.of((name,)).astype(np.float32)) > 0.9
            for name in ("urine", "muscle", "visceral_fat")
        }
        if all(mask.sum() > 20 for mask in there.values()):
            drawn = signal.render(maps, p)
            for name, ratios in found.items():
                ratios.append(
                    float(drawn[there[name]].mean() / drawn[there["visceral_fat"]].mean())
                )
    assert len(found["urine"]) > 40
    for name, ratios in found.items():
        assert np.percentile(ratios, 5) < real[name] < np.percentile(ratios, 95)


@pytest.mark.parametrize("b", [50.0, 400.0, 800.0])
def test_organs_against_the_rest_on_diffusion_weighted_images(b: float) -> None:
    real = levels(pelvis_volume("diff", b), 40, 95)
    dwi = Protocol(
        "DWI_LOW", "dwi", "epi", 3.0, 2700, 63, fat_suppression="fatsat", fat_t2_ms=55, b=b,
        kurtosis=1.2,
    )  # fmt: skip
    enclosed(real, [levels(image, 40, 95) for image in simulated("pelvis", dwi, 240)])


@pytest.mark.parametrize("b", [50.0, 800.0])
def test_fat_that_its_suppression_leaves_on_echo_planar_images(b: float) -> None:
    image = pelvis_volume("diff", b).astype(np.float64)
    slices, rows, columns = image.shape
    middle = image[slices * 4 // 10 : slices * 6 // 10]

    def mean(top: int, bottom: int, left: int, right: int) -> float:  # hundredths of a side
        part = middle[:, rows * top // 100 : rows * bottom // 100]
        return float(part[:, :, columns * left // 100 : columns * right // 100].mean())

    real = mean(18, 23, 31, 69) / mean(46, 52, 54, 62)  # under the skin, and the peripheral zone
    found = []
    for number in range(20):
        maps = Subject((77, number), "pelvis").render(
            Grid("axial", (0, 0, 0), (1, 90, 90), (4, 3, 3), 4.0)
        )
        fat, zone = (
            maps.average(maps.of((name,)).astype(np.float32)) > 0.9
            for name in ("fat", "peripheral_zone")
        )
        if fat.any() and zone.any():
            p = replace(draw_protocol(np.random.default_rng(number), "DWI_LOW", "pelvis", 3.0), b=b)
            drawn = signal.render(maps, p)
            found.append(float(drawn[fat].mean() / drawn[zone].mean()))
    nearer_the_coil = 2.5  # how much brighter that may make the skin
    enclosed(real / nearer_the_coil, found)
    assert real > 0.4


def test_echo_planar_images_are_as_fine_as_their_pixels() -> None:
    real = [fine_detail(pelvis_volume("diff", b)) for b in (50.0, 400.0, 800.0, 1000.0)]
    found = []
    for number in range(24):
        rng = np.random.default_rng(number)
        grid = geometry.draw_grid(rng, "pelvis", geometry.ECHO_PLANAR, "axial")
        maps = Subject((77, number), "pelvis").render(replace(grid, shape=(3, *grid.shape[1:])))
        p = draw_protocol(rng, "DWI_LOW", "pelvis", 3.0)
        a = geometry.draw_acquisition(rng, grid, True, "pelvis")
        found.append(fine_detail(acquire(maps, p, a, rng)))
    assert abs(np.median(found) - np.mean(real)) < 0.4


def test_diffusion_coefficients_of_organs() -> None:
    real = pelvis_volume("ADC")
    dwi = Protocol("DWI_LOW", "dwi", "epi", 3.0, 2700, 63, fat_suppression="fatsat", b=50.0)
    high = Protocol("DWI_HIGH", "dwi", "epi", 3.0, 2700, 63, fat_suppression="fatsat", b=800.0)
    middle = []
    for low, weak in zip(simulated("pelvis", dwi, 60), simulated("pelvis", high, 60), strict=True):
        middle.append(float(np.median(fit_adc(low, weak, 750.0))))
    part = real[len(real) // 2, 3 * real.shape[1] // 8 : 5 * real.shape[1] // 8]
    part = part[:, 3 * part.shape[1] // 8 : 5 * part.shape[1] // 8]
    enclosed(float(np.median(part[part > 0])), middle)


def test_brain_against_fluid() -> None:
    flair = Protocol("FLAIR", "flair", "se", 3.0, 9000, 120, ti_ms=null_time(4100, 9000))
    t2w = Protocol("T2W", "tse", "se", 3.0, 5000, 100, fat_t2_ms=95)
    for name, p, high in (("FLAIR", flair, 90), ("T2W", t2w, 97)):
        real = levels(head_volume(name), 50, high)
        enclosed(real, [levels(image, 50, high) for image in simulated("head", p, 230)])
