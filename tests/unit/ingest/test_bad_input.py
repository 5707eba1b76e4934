"""What cannot be read gives one line: which file, what was found, what to do. The rest is read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import FileDataset

from mrsift.errors import IngestError, UnreadablePixels
from mrsift.ingest import load_volumes, scan
from tests.dicom_builder import encoded, plane, volume, write

SECRET = "Nobody^Really"


def without(keyword: str) -> FileDataset:
    dataset = plane(SeriesInstanceUID="1.2.3")
    delattr(dataset, keyword)
    return dataset


def with_fields(**fields: object) -> FileDataset:
    return plane(SeriesInstanceUID="1.2.3", **fields)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "truncated pixels": (lambda: encoded(plane())[:-20], "truncated: 76 bytes of pixel data, 96"),
    "truncated header": (lambda: encoded(plane())[:500], "ends within its header"),
    "no pixels": (lambda: encoded(without("PixelData")), "has no pixel data"),
    "no position": (
        lambda: encoded(without("ImagePositionPatient")),
        "geometry is missing or unreadable (ImagePositionPatient)",
    ),
    "no orientation": (
        lambda: encoded(without("ImageOrientationPatient")),
        "geometry is missing or unreadable (ImageOrientationPatient)",
    ),
    "no spacing": (
        lambda: encoded(without("PixelSpacing")),
        "geometry is missing or unreadable (PixelSpacing)",
    ),
    "zero spacing": (lambda: encoded(with_fields(PixelSpacing=[0.0, 1.0])), "must be above 0"),
    "orientation not perpendicular": (
        lambda: encoded(with_fields(orientation=(1, 0, 0, 0.5, 0.8660254, 0))),
        "not two perpendicular unit vectors (off by 0.5",
    ),
    "orientation not of unit length": (
        lambda: encoded(with_fields(orientation=(1, 0, 0, 0, 0, 0))),
        "not two perpendicular unit vectors",
    ),
    "colour": (
        lambda: encoded(
            with_fields(
                SamplesPerPixel=3,
                PlanarConfiguration=0,
                PhotometricInterpretation="RGB",
                PixelData=bytes(6 * 8 * 6),
            )
        ),
        "is a colour image (3 samples per pixel)",
    ),
    "palette": (
        lambda: encoded(with_fields(PhotometricInterpretation="PALETTE COLOR")),
        "is a colour image (palette)",
    ),
    "too few pixels": (
        lambda: encoded(with_fields(PixelData=bytes(40))),
        "40 bytes, 96 expected",
    ),
    "too many pixels": (
        lambda: encoded(with_fields(PixelData=bytes(300))),
        "of 300 bytes, 96 expected",
    ),
    "enormous matrix": (
        lambda: encoded(with_fields(Rows=65535, Columns=65535)),
        "claims 1 x 65535 x 65535 pixels, more than 1,000,000,000",
    ),
    "large matrix": (lambda: encoded(with_fields(Rows=20000, Columns=20000)), "expected"),
    "odd bits": (lambda: encoded(with_fields(BitsAllocated=12)), "has 12 bits per pixel"),
    "frames without positions": (
        lambda: encoded(with_fields(NumberOfFrames=2, PixelData=bytes(192))),
        "2 frames without functional groups",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_one_clear_line_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    make, reason = BAD[name]
    write(tmp_path, volume())
    (tmp_path / "bad.dcm").write_bytes(make())
    found = scan(tmp_path)
    (skipped,) = found.skipped
    assert skipped.path == "bad.dcm"
    assert reason in skipped.reason
    assert skipped.is_mr
    assert "\n" not in skipped.reason
    assert SECRET not in skipped.reason
    (info,) = found.studies[0].volumes
    assert info.shape == (8, 6, 8)


def test_unknown_compression(tmp_path: Path) -> None:
    stored = encoded(plane()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0")
    (tmp_path / "bad.dcm").write_bytes(stored)
    (skipped,) = scan(tmp_path).skipped
    assert "compressed in an unknown way (transfer syntax 1.2.840.10008.1.2.9)" in skipped.reason
    assert skipped.is_mr


def test_position_that_is_no_number(tmp_path: Path) -> None:
    stored = encoded(plane((1.5, 2.5, 3.5)))
    assert stored.count(b"1.5\\2.5\\3.5") == 1
    (tmp_path / "a.dcm").write_bytes(stored.replace(b"1.5\\2.5\\3.5", b"nan\\2.5\\3.5"))
    (tmp_path / "b.dcm").write_bytes(stored.replace(b"1.5\\2.5\\3.5", b"abc\\2.5\\3.5"))
    reasons = [skipped.reason for skipped in scan(tmp_path).skipped]
    assert "ImagePositionPatient is not finite" in reasons[0]
    assert "geometry is missing or unreadable (ImagePositionPatient)" in reasons[1]


def test_spacing_that_is_no_number(tmp_path: Path) -> None:
    stored = encoded(plane(PixelSpacing=[1.5, 2.25]))
    (tmp_path / "a.dcm").write_bytes(stored.replace(b"1.5\\2.25", b"nan\\2.25"))
    (skipped,) = scan(tmp_path).skipped
    assert "PixelSpacing is nan x 2.25 mm" in skipped.reason


@pytest.mark.parametrize(
    ("sop_class", "modality", "what"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", "CT", "a CT image"),
        ("1.2.840.10008.5.1.4.1.1.7", "MR", "a secondary capture"),
        ("1.2.840.10008.5.1.4.1.1.7.4", "OT", "a secondary capture"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "SR", "a structured report"),
        ("1.2.840.10008.5.1.4.1.1.66.4", "SEG", "a segmentation"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "DOC", "an encapsulated document"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "PR", "a presentation state"),
        ("1.2.840.10008.5.1.4.1.1.4.2", "MR", "an MR spectrum"),
        ("1.2.840.10008.5.1.4.1.1.66", "MR", "raw data"),
        ("1.3.12.2.1107.5.9.1", "MR", "an object of modality MR"),
    ],
)
def test_other_objects(tmp_path: Path, sop_class: str, modality: str, what: str) -> None:
    write(tmp_path, [plane(SOPClassUID=sop_class, Modality=modality)])
    found = scan(tmp_path)
    assert found.studies == ()
    (skipped,) = found.skipped
    assert what in skipped.reason
    assert not skipped.is_mr


def test_files_that_are_no_dicom(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_text("not DICOM at all, whatever its name may say\n" * 20)
    (tmp_path / "b.dcm").write_bytes(b"")
    (tmp_path / "c.txt").write_text("a note")
    (tmp_path / "d.dcm").write_bytes(b"\0" * 128 + b"DICM")
    (tmp_path / "e.dcm").write_bytes(np.random.default_rng(1).bytes(5000))
    found = {skipped.path: skipped for skipped in scan(tmp_path).skipped}
    assert sorted(found) == ["a.dcm", "b.dcm", "c.txt", "d.dcm", "e.dcm"]
    assert "not a DICOM" in found["a.dcm"].reason
    assert "empty" in found["b.dcm"].reason
    assert not found["c.txt"].is_mr
    assert found["a.dcm"].is_mr


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="no such file"):
        scan(tmp_path / "nowhere")


def test_pixels_that_are_gone_at_reading(tmp_path: Path) -> None:
    paths = write(tmp_path, volume())
    found = scan(tmp_path)
    paths[3].write_bytes(paths[3].read_bytes()[:-10])
    with pytest.raises(UnreadablePixels, match="cut off or changed"):
        found.read(found.studies[0].volumes[0])
    paths[3].unlink()
    with pytest.raises(UnreadablePixels, match="cannot be read"):
        found.read(found.studies[0].volumes[0])


def test_damaged_compressed_pixels(tmp_path: Path) -> None:
    import pydicom

    dataset = plane(shape=(16, 16))
    dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    stored = encoded(dataset)
    start = stored.rindex(b"\xfe\xff\x00\xe0")
    (tmp_path / "a.dcm").write_bytes(stored[: start + 8] + b"\xff" * (len(stored) - start - 8))
    found = scan(tmp_path)
    with pytest.raises(UnreadablePixels, match="cannot be decoded"):
        found.read(found.studies[0].volumes[0])


def test_a_huge_claim_of_compressed_pixels(tmp_path: Path) -> None:
    import pydicom

    dataset = plane(shape=(16, 16))
    dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    dataset.Rows, dataset.Columns = 20000, 20000
    write(tmp_path, [dataset])
    (skipped,) = scan(tmp_path).skipped
    assert "claims 1 x 20000 x 20000 pixels in" in skipped.reason


def test_empty_folder(tmp_path: Path) -> None:
    assert scan(tmp_path).studies == ()
    assert load_volumes(tmp_path) == []
