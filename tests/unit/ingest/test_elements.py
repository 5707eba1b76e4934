"""Every value we read is the value that pydicom reads, on every real file and syntax."""

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest

from mrsift.errors import IngestError
from mrsift.ingest.elements import Elements
from mrsift.ingest.object_header import read_header
from mrsift.ingest.private import csa_image_header
from mrsift.ingest.source import Source

FILES_PER_SET = 6


def source(stored: bytes) -> Source:
    return Source("x.dcm", len(stored), None, lambda: io.BytesIO(stored))


def same(ours: Elements, theirs: pydicom.Dataset) -> int:
    """Compare two data sets element by element; return how many there were."""
    count = 0
    assert {tag for tag in ours.entries if tag >> 16 != 2} == {
        int(tag) for tag in list(theirs._dict) if tag != 0x7FE00010
    }
    for element in theirs:
        tag = int(element.tag)
        if tag == 0x7FE00010:
            continue
        count += 1
        if element.VR == "SQ":
            items = ours.items(tag)
            assert len(items) == len(element.value)
            for item, other in zip(items, element.value, strict=True):
                count += same(item, other)
        elif element.VR in ("DS", "IS", "US", "SS", "UL", "SL", "FL", "FD"):
            values = np.atleast_1d([] if element.value in (None, "") else element.value)
            vr = None if element.VR in ("DS", "IS") else element.VR
            np.testing.assert_array_equal(ours.numbers(tag, vr), values.astype(float))
        elif element.VR in ("CS", "LO", "SH", "UI") and element.VM == 1:
            assert (ours.text(tag) or "") == str(element.value or "").strip()
    return count


def files(shared_data: Path) -> list[tuple[str, bytes]]:
    found = []
    archives = [*(shared_data / "dicom").glob("*.zip"), *(shared_data / "prostate/dicom").glob("*")]
    for archive in sorted(archives):
        with zipfile.ZipFile(archive) as members:
            names = [name for name in members.namelist() if name.lower().endswith((".dcm", ".ima"))]
            step = max(1, len(names) // FILES_PER_SET)
            found += [(f"{archive.stem}/{name}", members.read(name)) for name in names[::step]]
    return found


def test_values_are_those_of_pydicom(shared_data: Path) -> None:
    total = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values in real files, for pydicom to warn about
        for name, stored in files(shared_data):
            header = read_header(source(stored))
            dataset = pydicom.dcmread(io.BytesIO(stored), force=True)
            count = same(header.elements, dataset)
            assert count > 30, name
            total += count
            if header.pixel_bytes is not None:
                start = header.pixel_offset
                assert stored[start : start + header.pixel_bytes] == dataset.PixelData
    assert total > 5000


def test_csa_headers_are_those_of_nibabel(shared_data: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nibabel calls its DICOM readers experimental
        from nibabel.nicom import csareader
    compared = 0
    for _, stored in files(shared_data):
        header = read_header(source(stored))
        dataset = pydicom.dcmread(io.BytesIO(stored), force=True, stop_before_pixels=True)
        theirs = csareader.get_csa_header(dataset, "image")
        ours = csa_image_header(header.elements)
        if theirs is None:
            assert ours == {}
            continue
        compared += 1
        for name in ("NumberOfImagesInMosaic", "SliceNormalVector", "B_value"):
            values = [float(value) for value in ours.get(name, ())]
            assert values == pytest.approx([float(x) for x in theirs["tags"][name]["items"]])
    assert compared > 5


def nested(depth: int) -> bytes:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff"
    return (sequence + item) * depth


@pytest.mark.parametrize("depth", [1, 15, 100, 2000])
def test_sequences_without_end_are_refused(depth: int) -> None:
    with pytest.raises(IngestError):
        read_header(source(b"\0" * 128 + b"DICM" + nested(depth)))


def test_lengths_beyond_the_file_are_refused() -> None:
    element = b"\x08\x00\x60\x00UT\0\0\xf0\xff\xff\xff"
    with pytest.raises(IngestError, match="ends within its header"):
        read_header(source(b"\0" * 128 + b"DICM" + element + b"MR"))
