"""What is written, read back by pydicom alone."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pydicom
import pytest

from mrsift.simulate.demo import STUDIES
from mrsift.simulate.dicom import Part, Study, uid, write_series
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.vendor import Vendor

GRID = Grid("coronal", (5.0, -3.0, 12.0), (4, 10, 8), (4.5, 1.25, 1.5), 4.0, (6.0, -3.0))
DWI = Protocol("DWI_HIGH", "dwi", "epi", 3.0, 4000.0, 70.0, b=800.0, fat_suppression="fatsat")
SHIPPED = Path(__file__).resolve().parents[3] / "src" / "mrsift" / "assets" / "demo"


def part(voxels: np.ndarray, protocol: Protocol = DWI) -> Part:
    return Part(voxels.astype(np.float32), GRID.affine_lps_mm, protocol, 4.0)


def study(vendor: Vendor = "siemens", compress: bool = False) -> Study:
    return Study("test", "Simulated^Test", "PELVIS", vendor, compress=compress)


def whole(seed: int = 0, low: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, 3000, GRID.shape)


@pytest.mark.parametrize("compress", [False, True])
def test_whole_numbers_and_geometry_come_back_exactly(tmp_path: Path, compress: bool) -> None:
    voxels = whole()
    paths = write_series(tmp_path, study(compress=compress), 3, "dwi", [part(voxels)])
    for index, path in enumerate(paths):
        ds = pydicom.dcmread(path)
        assert (ds.pixel_array == voxels[index]).all()
        position = GRID.affine_lps_mm @ [index, 0, 0, 1]
        assert [float(v) for v in ds.ImagePositionPatient] == pytest.approx(position[:3], abs=1e-4)
        along_row, down = np.reshape([float(v) for v in ds.ImageOrientationPatient], (2, 3))
        spacing = [float(v) for v in ds.PixelSpacing]
        assert along_row * spacing[1] == pytest.approx(GRID.affine_lps_mm[:3, 2], abs=1e-6)
        assert down * spacing[0] == pytest.approx(GRID.affine_lps_mm[:3, 1], abs=1e-6)


def test_fractions_and_negative_numbers_come_back(tmp_path: Path) -> None:
    fractions = np.random.default_rng(1).normal(0, 0.3, GRID.shape)
    below = whole(2, low=-2000)
    write_series(tmp_path / "a", study(), 1, None, [part(fractions)])
    write_series(tmp_path / "b", study(), 2, None, [part(below)])
    for folder, truth, tolerance in (("a", fractions, 1e-4), ("b", below, 0)):
        for index, path in enumerate(sorted((tmp_path / folder).iterdir())):
            ds = pydicom.dcmread(path)
            slope, intercept = ds.get("RescaleSlope", 1), ds.get("RescaleIntercept", 0)
            values = ds.pixel_array * float(slope) + float(intercept)
            assert np.abs(values - truth[index]).max() <= tolerance


def b_of(ds: pydicom.Dataset, vendor: str) -> float | None:
    """The b-value, read where each vendor's conformance statement says."""
    if vendor == "siemens":
        return float(ds.private_block(0x0019, "SIEMENS MR HEADER")[0x0C].value)
    if vendor == "ge":
        return float(ds.private_block(0x0043, "GEMS_PARM_01")[0x39].value[0] % 10**9)
    if vendor == "philips":
        return float(ds.private_block(0x2001, "Philips Imaging DD 001")[0x03].value)
    if vendor == "uih":
        return float(ds.private_block(0x0065, "Image Private Header")[0x09].value)
    return float(ds.DiffusionBValue) if "DiffusionBValue" in ds else None


@pytest.mark.parametrize("vendor", get_args(Vendor))
def test_each_vendor_keeps_b_in_its_place(tmp_path: Path, vendor: Vendor) -> None:
    parts = [part(whole(i), replace(DWI, b=b)) for i, b in enumerate((0.0, 800.0))]
    paths = write_series(tmp_path, study(vendor), 1, "dwi", parts)
    found = [b_of(pydicom.dcmread(path), vendor) for path in paths]
    first = None if vendor == "canon" else 0.0  # Canon writes it only above zero
    assert found == [first] * 4 + [800.0] * 4
    assert "private" not in str(pydicom.dcmread(paths[0]).PatientName).lower()


def test_headers_follow_the_protocol(tmp_path: Path) -> None:
    stir = Protocol("T2W_FS", "stir", "se", 3.0, 4000.0, 60.0, ti_ms=210.0, fat_suppression="stir")
    after = Protocol(
        "T1W_CE", "se", "se", 3.0, 600.0, 10.0, agent_late=1.0, fat_suppression="fatsat"
    )
    first = pydicom.dcmread(write_series(tmp_path / "a", study(), 1, "", [part(whole(), stir)])[0])
    second = pydicom.dcmread(
        write_series(tmp_path / "b", study(), 2, None, [part(whole(), after)])[0]
    )
    assert first.SeriesDescription == ""
    assert "SeriesDescription" not in second
    assert (first.InversionTime, first.EchoTime) == (210.0, 60.0)
    assert "IR" in first.ScanningSequence
    assert "FS" not in first.ScanOptions
    assert second.ScanOptions == "FS"
    assert "ContrastBolusAgent" in second
    assert "ContrastBolusAgent" not in first


def test_uids_are_ours_and_always_the_same(tmp_path: Path) -> None:
    first = write_series(tmp_path / "a", study(), 1, "x", [part(whole())])
    second = write_series(tmp_path / "b", study(), 1, "x", [part(whole())])
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert uid("one") != uid("two")
    assert uid("one").startswith("2.25.")
    assert uid("one").is_valid


@pytest.mark.parametrize("name", list(STUDIES))
def test_the_shipped_demonstration_is_what_its_command_makes(tmp_path: Path, name: str) -> None:
    STUDIES[name](tmp_path)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.dcm")}
    assert made == {path.relative_to(SHIPPED / name) for path in (SHIPPED / name).rglob("*.dcm")}
    for path in sorted(made):
        new, old = pydicom.dcmread(tmp_path / path), pydicom.dcmread(SHIPPED / name / path)
        # another processor may round the last bit of a float differently
        difference = np.abs(new.pixel_array.astype(float) - old.pixel_array)
        assert difference.mean() < 0.5, path
        for dataset in (new, old):
            for keyword in ("PixelData", "WindowCenter", "WindowWidth"):
                del dataset[keyword]
        assert new == old, path


def test_the_shipped_demonstration_is_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*.dcm")) < 10e6
