"""Thirteen diffusion series as vendors write them, generated; eight slices each, one series UID.

Seven libraries were tried on such series and none got all of them right: b-values interleaved
in one volume, mixed when InstanceNumber is random, lost, or wrong by a billion.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pydicom import FileDataset

from mrsift.ingest import scan
from tests.dicom_builder import enhanced, volume, write

TRACE = ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"]
PHILIPS = ["ORIGINAL", "PRIMARY", "M_SE", "M", "SE"]
PHILIPS_ADC = ["ORIGINAL", "PRIMARY", "ADC", "M", "ADC"]


def siemens(b: int, value: int, name: str = "", **fields: object) -> list[FileDataset]:
    private = [(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", str(b))]
    return volume(
        value,
        Manufacturer="SIEMENS",
        ImageType=TRACE,
        SequenceName=name or "ep_b50_1400",
        private=private,
        **fields,
    )


def ge(stored: str, value: int, **fields: object) -> list[FileDataset]:
    private = [(0x0043, "GEMS_PARM_01", 0x39, "IS", stored.split("\\"))]
    if fields.pop("directions", False):
        private.append((0x0019, "GEMS_ACQU_01", 0xE0, "DS", "0"))
    return volume(
        value,
        Manufacturer="GE MEDICAL SYSTEMS",
        ImageType=["ORIGINAL", "PRIMARY", "OTHER"],
        ScanningSequence=["EP", "SE"],
        SeriesDescription="Ax DWI",
        private=private,
        **fields,
    )


def philips(b: float, value: int, **fields: object) -> list[FileDataset]:
    private = [
        (0x2001, "Philips Imaging DD 001", 0x03, "FL", b),
        (0x2001, "Philips Imaging DD 001", 0x04, "CS", "I" if b else "N"),
    ]
    return volume(
        value,
        **{"Manufacturer": "Philips", "ImageType": PHILIPS, "private": private} | fields,
    )


def uih(b: float, value: int, **fields: object) -> list[FileDataset]:
    private = [(0x0065, "Image Private Header", 0x09, "FD", b)]
    return volume(value, Manufacturer="UIH", SeriesDescription="dwi", private=private, **fields)


def canon(b: float, value: int, **fields: object) -> list[FileDataset]:
    return volume(value, Manufacturer="CANON_MEC", DiffusionBValue=b or None, **fields)


def nameless(value: int, time: str) -> list[FileDataset]:
    return volume(value, Manufacturer="SIEMENS", ImageType=TRACE, AcquisitionTime=time)


def named(b: int, value: int) -> list[FileDataset]:
    return volume(value, Manufacturer="SIEMENS", ImageType=TRACE, SequenceName=f"*ep_b{b}t")


def interleaved(*volumes: list[FileDataset]) -> list[FileDataset]:
    """InstanceNumber runs over the copies of a position first."""
    result = []
    for copies in zip(*volumes, strict=True):
        for dataset in copies:
            dataset.InstanceNumber = len(result) + 1
            result.append(dataset)
    return result


def shuffled(*volumes: list[FileDataset]) -> list[FileDataset]:
    """InstanceNumber says nothing."""
    result = [dataset for planes in volumes for dataset in planes]
    numbers = list(range(1, len(result) + 1))
    random.Random(3).shuffle(numbers)
    for dataset, number in zip(result, numbers, strict=True):
        dataset.InstanceNumber = number
    return result


def multi_frame() -> list[FileDataset]:
    return [
        enhanced(
            [
                {"position": (0.0, 0.0, 3.0 * k), "value": value + k, "b": b}
                for k in range(8)
                for b, value in ((0, 100), (1000, 300))
            ]
        )
    ]


@dataclass(frozen=True)
class Case:
    """A series and what must be found: value of the lowest plane -> (b, source)."""

    name: str
    make: Callable[[], list[FileDataset]]
    expected: dict[int, tuple[float | None, str]]
    slices: int = 8


SIEMENS_TAG = "(0019,100C) SIEMENS MR HEADER"
GE_TAG = "(0043,1039) GEMS_PARM_01"
PHILIPS_TAG = "(2001,1003) Philips Imaging DD 001"
SIBLING = "absent beside siblings that carry b"

CASES = (
    Case(
        "Siemens, each b at its own time",
        lambda: (
            siemens(50, 100, AcquisitionTime="100000")
            + siemens(1400, 300, AcquisitionTime="100100")
        ),
        {100: (50, SIEMENS_TAG), 300: (1400, SIEMENS_TAG)},
    ),
    Case(
        "Siemens, three b interleaved at one time",
        lambda: interleaved(siemens(50, 100), siemens(400, 200), siemens(1400, 300)),
        {b_value: (b, SIEMENS_TAG) for b_value, b in ((100, 50), (200, 400), (300, 1400))},
    ),
    Case(
        "GE with its bias of a billion",
        lambda: ge("0\\8\\0\\0", 100) + ge("1000001400\\8\\0\\0", 300),
        {100: (0, GE_TAG), 300: (1400, GE_TAG)},
    ),
    Case(
        "GE with a number of directions of 0",
        lambda: (
            ge("0\\8\\0\\0", 100, directions=True) + ge("1000001400\\8\\0\\0", 300, directions=True)
        ),
        {100: (0, GE_TAG), 300: (1400, GE_TAG)},
    ),
    Case(
        "Philips isotropic",
        lambda: philips(0, 100) + philips(500, 200) + philips(1500, 300),
        {100: (0, PHILIPS_TAG), 200: (500, PHILIPS_TAG), 300: (1500, PHILIPS_TAG)},
    ),
    Case(
        "Philips with InstanceNumber at random",
        lambda: shuffled(philips(0, 100), philips(500, 200), philips(1500, 300)),
        {100: (0, PHILIPS_TAG), 200: (500, PHILIPS_TAG), 300: (1500, PHILIPS_TAG)},
    ),
    Case(
        "Philips with its ADC map in the series",
        lambda: philips(0, 100) + philips(1000, 200) + philips(1000, 300, ImageType=PHILIPS_ADC),
        {100: (0, PHILIPS_TAG), 200: (1000, PHILIPS_TAG), 300: (None, "")},
    ),
    Case(
        "United Imaging",
        lambda: uih(0.0, 100) + uih(800.0, 300),
        {100: (0, "(0065,1009) UIH"), 300: (800, "(0065,1009) UIH")},
    ),
    Case(
        "Canon, which writes no b of 0",
        lambda: canon(0, 100) + canon(1000, 300),
        {100: (0, SIBLING), 300: (1000, "(0018,9087)")},
    ),
    Case(
        "private attributes removed",
        lambda: nameless(100, "100000") + nameless(300, "100100"),
        {100: (None, ""), 300: (None, "")},
    ),
    Case(
        "b in SequenceName only",
        lambda: named(50, 100) + named(1400, 300),
        {
            100: (50, "(0018,0024) SequenceName"),
            300: (1400, "(0018,0024) SequenceName"),
        },
    ),
    Case(
        "enhanced multi-frame",
        multi_frame,
        {100: (0, "(0018,9087)"), 300: (1000, "(0018,9087)")},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_volume_with_its_b_value(case: Case, tmp_path: Path) -> None:
    write(tmp_path, case.make())
    found = scan(tmp_path)
    volumes = [info for study in found.studies for info in study.volumes]
    got = {}
    for info in volumes:
        voxels = found.read(info).voxels
        lowest = int(voxels[0, 0, 0])
        np.testing.assert_array_equal(voxels[:, 0, 0], lowest + np.arange(case.slices))
        b = info.b_value
        got[lowest] = (None, "") if b is None else (b.s_per_mm2, b.source)
        assert info.complete
        assert not info.order_assumed
        assert info.spacing_mm == pytest.approx((3.0, 1.5, 2.0))
    assert got == case.expected
    assert found.skipped == ()


def test_a_missing_slice_leaves_two_volumes_and_is_named(tmp_path: Path) -> None:
    datasets = siemens(50, 100) + siemens(800, 300)
    del datasets[3]
    write(tmp_path, datasets)
    found = scan(tmp_path)
    whole, gap = sorted(found.studies[0].volumes, key=lambda info: -info.shape[0])
    assert (whole.shape[0], gap.shape[0]) == (8, 7)
    assert whole.complete
    assert not gap.complete
    assert gap.b_value is not None
    assert gap.b_value.s_per_mm2 == 50
    assert "1 slice is missing between slices 3 and 4" in gap.remarks[0]
    assert found.read(gap).voxels[:, 0, 0].tolist() == [100, 101, 102, 104, 105, 106, 107]


def test_an_adc_map_has_its_kind_and_no_b(tmp_path: Path) -> None:
    write(tmp_path, philips(0, 100) + philips(1000, 300, ImageType=PHILIPS_ADC))
    kinds = {info.derived_kind: info.b_value for info in scan(tmp_path).studies[0].volumes}
    assert kinds["ADC"] is None


def test_siemens_b_as_bytes_of_unknown_vr(tmp_path: Path) -> None:
    for vr, number in (("OB", 1), ("UN", 2)):
        private = [(0x0019, "SIEMENS MR HEADER", 0x0C, vr, b"800 ")]
        write(tmp_path, volume(private=private, SeriesInstanceUID=f"1.2.{number}"))
    for info in scan(tmp_path).studies[0].volumes:
        assert info.b_value is not None
        assert (info.b_value.s_per_mm2, info.b_value.raw) == (800, "800")


def test_ge_raw_value_is_kept(tmp_path: Path) -> None:
    write(tmp_path, ge("1000001400\\8\\0\\0", 100))
    b = scan(tmp_path).studies[0].volumes[0].b_value
    assert b is not None
    assert (b.s_per_mm2, b.raw) == (1400, "1000001400\\8\\0\\0")


def test_ge_flair_carries_the_attribute_but_is_not_diffusion(tmp_path: Path) -> None:
    private = [(0x0043, "GEMS_PARM_01", 0x39, "IS", ["700", "8", "0", "0"])]
    write(tmp_path, volume(private=private, ScanningSequence=["SE", "IR"]))
    assert scan(tmp_path).studies[0].volumes[0].b_value is None


def test_philips_b_of_zero_on_an_ordinary_image_is_none(tmp_path: Path) -> None:
    private = [(0x2001, "Philips Imaging DD 001", 0x03, "FL", 0.0)]
    write(tmp_path, volume(private=private, DiffusionBValue=0.0, SeriesDescription="T2W TSE"))
    assert scan(tmp_path).studies[0].volumes[0].b_value is None


def test_private_creators_are_looked_up(tmp_path: Path) -> None:
    datasets = volume()
    for dataset in datasets:
        dataset.private_block(0x0019, "SOMEBODY ELSE", create=True).add_new(0x0C, "IS", "800")
        dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "50")
    write(tmp_path, datasets)
    b = scan(tmp_path).studies[0].volumes[0].b_value
    assert b is not None
    assert (b.s_per_mm2, b.source) == (50, "(0019,110C) SIEMENS MR HEADER")
