"""Directions in patient coordinates; where their frame is in doubt there is none."""

from pathlib import Path

import numpy as np
import pytest

from mrsift.ingest import scan
from mrsift.ingest.gradient import gradient_of_bvec
from tests.dicom_builder import AXIAL, CORONAL, enhanced, volume, write
from tests.research_files import save

TILTED = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0)
GE = "GEMS_ACQU_01"


def only(folder: Path) -> np.ndarray | None:
    found = scan(folder)
    (study,) = found.studies
    (info,) = study.volumes
    return found.gradient(info)


def ge(vector: tuple[float, float, float]) -> list[tuple[int, str, int, str, object]]:
    return [(0x0019, GE, 0xBB + k, "DS", f"{vector[k]:g}") for k in range(3)]


@pytest.mark.parametrize(
    ("encoding", "orientation", "step", "known"),
    [
        ("COL", AXIAL, (0, 0, 3.0), True),
        ("ROW", AXIAL, (0, 0, 3.0), False),
        (None, AXIAL, (0, 0, 3.0), False),
        ("COL", CORONAL, (0, 3.0, 0), False),
    ],
)
def test_ge_is_known_where_it_was_compared(
    tmp_path: Path, encoding: str | None, orientation: tuple[float, ...], step: object, known: bool
) -> None:
    planes = volume(
        DiffusionBValue=1000.0,
        ScanningSequence="EP",
        InPlanePhaseEncodingDirection=encoding,
        orientation=orientation,
        step=step,
        private=ge((0.6, 0.0, 0.8)),
    )
    write(tmp_path, planes)
    found = only(tmp_path)
    assert (found is not None) is known
    if found is not None:
        assert found == pytest.approx([-0.6, 0.0, 0.8])


@pytest.mark.parametrize(("orientation", "known"), [(AXIAL, True), (TILTED, False)])
def test_canon_is_known_along_the_patient_axes_only(
    tmp_path: Path, orientation: tuple[float, ...], known: bool
) -> None:
    comment = "b=1500(0.6,0,0.8)"
    write(tmp_path, volume(ImageComments=comment, DiffusionBValue=1500.0, orientation=orientation))
    assert (only(tmp_path) is not None) is known


def test_each_frame_of_an_enhanced_object_has_its_own(tmp_path: Path) -> None:
    vectors = [(0.6, 0.0, 0.8), (0.0, 1.0, 0.0)]
    frames = [
        {
            "position": (0, 0, 3.0 * k),
            "value": k,
            "b": 1000,
            "directionality": "DIRECTIONAL",
            "direction": vector,
            "temporal": n + 1,
        }
        for k in range(3)
        for n, vector in enumerate(vectors)
    ]
    write(tmp_path, [enhanced(frames)])
    found = scan(tmp_path)
    read = [found.gradient(info) for info in found.studies[0].volumes]
    assert sorted(tuple(one.round(6)) for one in read if one is not None) == sorted(vectors)


def test_no_direction_is_none(tmp_path: Path) -> None:
    write(tmp_path, volume(DiffusionBValue=1000.0))
    assert only(tmp_path) is None


@pytest.mark.parametrize("text", ["0 0.6\n0 0\n0 0.8\n", "0 0 0\n0.6 0 0.8\n", "1 2 3", "x y z"])
def test_a_bvec_is_read_in_rows_or_in_columns(tmp_path: Path, text: str) -> None:
    save(tmp_path / "d.nii", np.zeros((2, 3, 4, 2), np.int16), np.diag([-1.0, 1.0, 3.0, 1.0]))
    (tmp_path / "d.bval").write_text("0 1000")
    (tmp_path / "d.bvec").write_text(text)
    found = scan(tmp_path)
    first, second = (found.gradient(info) for info in found.studies[0].volumes)
    assert first is None
    if "0.6" in text:
        assert second == pytest.approx([0.6, 0.0, 0.8])
    else:
        assert second is None


def test_the_first_axis_is_turned_where_the_axes_are_right_handed() -> None:
    vectors = [0.6, 0.0, 0.8]
    assert gradient_of_bvec(vectors, 0, np.eye(3)) == pytest.approx([-0.6, 0.0, 0.8])
    left = np.diag([-1.0, 1.0, 1.0])
    assert gradient_of_bvec(vectors, 0, left) == pytest.approx([-0.6, 0.0, 0.8])
