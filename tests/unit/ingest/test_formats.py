"""Encodings, media and slices side by side; what the public fixtures lack is generated."""

import gc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, FileDataset
from pydicom.fileset import FileSet
from pydicom.sequence import Sequence

from mrsift.ingest import load_volumes, scan
from tests.dicom_builder import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    encoded,
    plane,
    uid,
    volume,
    write,
)


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
    ids=lambda syntax: syntax.name,
)
@pytest.mark.parametrize("b", [None, 800.0])
def test_uncompressed_syntaxes(tmp_path: Path, syntax: pydicom.uid.UID, b: float | None) -> None:
    write(tmp_path, volume(syntax=syntax, DiffusionBValue=b))
    (found,) = load_volumes(tmp_path)
    assert found.voxels[:, 0, 0].tolist() == list(range(100, 108))
    assert (found.info.b_value and found.info.b_value.s_per_mm2) == b


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_no_preamble_no_meta_information_no_suffix(tmp_path: Path, syntax: str) -> None:
    for k, dataset in enumerate(volume(syntax=syntax)):
        stored = encoded(dataset)
        length = int.from_bytes(stored[140:144], "little")
        (tmp_path / f"IM{k}").write_bytes(stored[144 + length :])
    (found,) = load_volumes(tmp_path)
    assert found.voxels[:, 0, 0].tolist() == list(range(100, 108))


def test_compressed_frames(tmp_path: Path) -> None:
    """RLE, which pydicom writes itself; the public fixtures hold the other compressions."""
    pixels = np.arange(256, dtype="<u2").reshape(16, 16)
    datasets = volume(slices=3, shape=(16, 16), PixelData=pixels)
    for dataset in datasets:
        dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    write(tmp_path, datasets)
    (found,) = load_volumes(tmp_path)
    np.testing.assert_array_equal(found.voxels[1], pixels)


def test_modality_lut_of_slope_and_intercept(tmp_path: Path) -> None:
    write(tmp_path, volume(RescaleSlope=0.5, RescaleIntercept=-10.0))
    (found,) = load_volumes(tmp_path)
    assert found.voxels[:, 0, 0].tolist() == [40.0 + 0.5 * k for k in range(8)]
    assert found.voxels.dtype == np.float32


def test_modality_lut_as_a_table(tmp_path: Path) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4, 102, 16])
    table.ModalityLUTType = "US"
    table.add_new("LUTData", "US", [7, 50, 900, 3])
    write(tmp_path, volume(ModalityLUTSequence=Sequence([table])))
    (found,) = load_volumes(tmp_path)
    assert found.voxels[:, 0, 0].tolist() == [7, 7, 7, 50, 900, 3, 3, 3]


def test_signed_pixels_and_bits_that_do_not_count(tmp_path: Path) -> None:
    stored = np.full((6, 8), -5, "<i2").view("<u2") & 0x0FFF | 0x7000
    write(tmp_path, volume(PixelRepresentation=1, PixelData=stored))
    (found,) = load_volumes(tmp_path)
    assert (found.voxels == -5).all()


def write_medium(folder: Path, datasets: list[FileDataset]) -> None:
    """A DICOM medium with its DICOMDIR."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # FileSet leaves its folder to the GC
        files = FileSet()
        for dataset in datasets:
            dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20200101", "101010", "1"
            dataset.AccessionNumber = ""
            files.add(dataset)
        files.write(folder)
        del files
        gc.collect()


def test_dicomdir_and_what_it_references(tmp_path: Path) -> None:
    write_medium(tmp_path / "disc", volume())
    for path in (tmp_path / "disc", tmp_path / "disc" / "DICOMDIR"):
        found = scan(path)
        assert [info.shape[0] for study in found.studies for info in study.volumes] == [8]
        assert not any(skipped.is_mr for skipped in found.skipped)


def test_zip_without_unpacking(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", volume())
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, f"study/{path.name}")
    found = scan(tmp_path / "a.zip")
    (info,) = found.studies[0].volumes
    assert info.files[0] == "a.zip!study/0000.dcm"
    assert found.read(info).voxels[:, 0, 0].tolist() == list(range(100, 108))
    plain = scan(tmp_path / "in").studies[0].volumes[0]
    assert info.volume_id == plain.volume_id


def tiled(values: list[int], tile: tuple[int, int], per_side: int) -> np.ndarray:
    large = np.zeros((tile[0] * per_side, tile[1] * per_side), "<u2")
    for k, value in enumerate(values):
        row, column = k // per_side * tile[0], k % per_side * tile[1]
        large[row : row + tile[0], column : column + tile[1]] = value + np.arange(tile[1])
    return large


def test_grid_of_united_imaging(tmp_path: Path) -> None:
    positions = [(-3.0, -4.0, 5.0 * k) for k in range(5)]
    items = []
    for position in positions:
        item = Dataset()
        item.ImagePositionPatient = list(position)
        items.append(item)
    datasets = []
    for time, start in enumerate((100, 200)):
        large = tiled([start + 10 * k for k in range(5)], (4, 6), 3)
        dataset = plane(
            positions[0],
            shape=large.shape,
            PixelData=large,
            Manufacturer="UIH",
            AcquisitionNumber=time + 1,
            SOPInstanceUID=uid("grid", time),
            private=[
                (0x0065, "Image Private Header", 0x50, "DS", "5"),
                (0x0065, "Image Private Header", 0x51, "SQ", Sequence(items)),
            ],
        )
        datasets.append(dataset)
    write(tmp_path, datasets)
    first, second = load_volumes(tmp_path)
    assert first.voxels.shape == (5, 4, 6)
    assert first.voxels[:, 0, 0].tolist() == [100, 110, 120, 130, 140]
    assert second.voxels[:, 0, 5].tolist() == [205, 215, 225, 235, 245]
    np.testing.assert_allclose(first.affine_lps_mm[:3, 3], positions[0])
    assert first.spacing_mm == pytest.approx((5.0, 1.5, 2.0))
    assert first.info.frames == (0, 1, 2, 3, 4)


def mosaic(count: int = 7, **fields: object) -> FileDataset:
    large = tiled([100 + 10 * k for k in range(count)], (4, 6), 3)
    return plane(
        (-50.0, -60.0, 7.0),
        shape=large.shape,
        PixelData=large,
        Manufacturer="SIEMENS",
        ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"],
        SpacingBetweenSlices=4.0,
        private=[(0x0019, "SIEMENS MR HEADER", 0x0A, "US", count)],
        **fields,
    )


def test_siemens_mosaic_without_csa_header(tmp_path: Path) -> None:
    write(tmp_path, [mosaic()])
    (found,) = load_volumes(tmp_path)
    assert found.voxels[:, 0, 0].tolist() == [100 + 10 * k for k in range(7)]
    # One third of a mosaic of 18 columns of 2 mm and 12 rows of 1.5 mm, around one centre.
    np.testing.assert_allclose(found.affine_lps_mm[:3, 3], (-50 + 12.0, -60 + 6.0, 7.0))
    assert found.spacing_mm == pytest.approx((4.0, 1.5, 2.0))


def test_a_mosaic_that_was_resized_is_refused(tmp_path: Path) -> None:
    dataset = mosaic()
    dataset.Columns, dataset.Rows = 17, 12
    dataset.PixelData = bytes(17 * 12 * 2)
    write(tmp_path, [dataset])
    (skipped,) = scan(tmp_path).skipped
    assert "cannot hold 7 equal slices" in skipped.reason
    assert skipped.is_mr


def test_text_in_other_character_sets(tmp_path: Path) -> None:
    for number, (charset, text) in enumerate(
        [("ISO_IR 192", "Präzision"), ("ISO_IR 100", "Präzision"), (["", "ISO 2022 IR 87"], "頭部")]
    ):
        fields = {"SeriesInstanceUID": f"1.2.{number}", "SeriesNumber": number}
        dataset = plane(value=number, SpecificCharacterSet=charset, **fields)
        dataset.SeriesDescription = text
        write(tmp_path, [dataset])
    found = [info.series_description for info in scan(tmp_path).studies[0].volumes]
    assert found == ["Präzision", "Präzision", "頭部"]
