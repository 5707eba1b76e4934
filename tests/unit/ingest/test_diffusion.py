"""b-values in texts, and directions."""

import io

import pytest
from pydicom import FileDataset

from mrsift.ingest import diffusion
from mrsift.ingest.elements import Elements
from mrsift.ingest.object_header import read_header
from mrsift.ingest.source import Source
from tests.dicom_builder import encoded, plane


def view(dataset: FileDataset) -> Elements:
    stored = encoded(dataset)
    return read_header(Source("x.dcm", len(stored), None, lambda: io.BytesIO(stored))).elements


@pytest.mark.parametrize(
    ("name", "b"),
    [
        ("ep_b800", 800),
        ("*ep_b1400t", 1400),
        ("ep_b1000#5", 1000),
        ("*re_b50t", 50),
        ("ep_b0", 0),
        ("ep_b50_800", None),
        ("*tse2d1_15", None),
        ("epfid2d1_96", None),
    ],
)
def test_sequence_name(name: str, b: float | None) -> None:
    found = diffusion.b_value(view(plane(SequenceName=name)), "", None)
    assert (found and found.s_per_mm2) == b


@pytest.mark.parametrize(
    ("description", "b"),
    [
        ("dwi b1400", 1400),
        ("DWI_b_1500_tra", 1500),
        ("B-1400", 1400),
        ("ep2d b=800 3mm", 800),
        ("dwi_b1000_3mm", 1000),
        ("3B", None),
        ("dwi b0_600", None),
        ("dwi b50,1500", None),
        ("dwi b0 b1000", None),
        ("t2_tse_tra", None),
        ("B0map", None),
        ("b1_calibration", None),
    ],
)
def test_description(description: str, b: float | None) -> None:
    found = diffusion.b_value(view(plane()), description, None)
    assert (found and found.s_per_mm2) == b


def test_image_comments_of_canon() -> None:
    dataset = view(plane(ImageComments="b=1500(-0.445,0.000,0.895)"))
    found = diffusion.b_value(dataset, "", None)
    assert found is not None
    assert found.s_per_mm2 == 1500
    assert diffusion.direction(dataset) == (-0.445, 0.0, 0.895)


def test_b_matrix_of_bruker() -> None:
    from pydicom import Dataset
    from pydicom.sequence import Sequence

    matrix = Dataset()
    matrix.DiffusionBValueXX = 200.0
    matrix.DiffusionBValueYY = 300.0
    matrix.DiffusionBValueZZ = 500.5
    found = diffusion.b_value(view(plane(DiffusionBMatrixSequence=Sequence([matrix]))), "", None)
    assert found is not None
    assert found.s_per_mm2 == pytest.approx(1000.5)


def test_the_standard_attribute_comes_before_the_private_one() -> None:
    private = [(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "50")]
    found = diffusion.b_value(view(plane(private=private, DiffusionBValue=800.0)), "b1400", None)
    assert found is not None
    assert (found.s_per_mm2, found.source, found.raw) == (800, "(0018,9087)", "800")


@pytest.mark.parametrize("b", [float("nan"), -5.0, 1e9])
def test_an_impossible_b_is_none(b: float) -> None:
    assert diffusion.b_value(view(plane(DiffusionBValue=b)), "", None) is None


def test_a_map_has_no_b() -> None:
    assert diffusion.b_value(view(plane(DiffusionBValue=800.0)), "", "ADC") is None


def test_implicit_vr_is_decoded_by_the_attribute() -> None:
    from tests.dicom_builder import ImplicitVRLittleEndian

    private = [(0x0065, "Image Private Header", 0x09, "FD", 800.0)]
    dataset = plane(private=private, syntax=ImplicitVRLittleEndian, Manufacturer="UIH")
    found = diffusion.b_value(view(dataset), "", None)
    assert found is not None
    assert (found.s_per_mm2, found.source) == (800, "(0065,1009) UIH")
