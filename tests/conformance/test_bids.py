"""Sorted trees before the judges of their format: the BIDS validator, and dcm2niix's directions."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dcm2niix
import nibabel
import numpy as np
import pytest

from mrsift.simulate.demo import STUDIES
from tests.dicom_builder import Private, uid, volume, write
from tests.shared_data import require_shared_data
from tests.sorted_trees import by_b_value, names, sort

DEMO = Path(__file__).resolve().parents[2] / "src" / "mrsift" / "assets" / "demo"
VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
TURN = np.linalg.qr(np.array([[1.0, 0.2, -0.1], [-0.15, 1.0, 0.3], [0.1, -0.25, 1.0]]))[0]
ORIENTATION = (*(-TURN[:, 0]).tolist(), *(-TURN[:, 1]).tolist())
"""Oblique, and neither axis along the patient's."""


def errors(found: dict[str, Any]) -> list[str]:
    own = [str(one) for one in found["issues"]["issues"] if one["severity"] == "error"]
    below = found.get("derivativesSummary") or {}
    return own + [error for part in below.values() for error in errors(part)]


def validate(tree: Path) -> list[str]:
    """Errors of the tree and of its derivatives."""
    if not VALIDATOR.exists():
        pytest.skip("the BIDS validator (bids-validator-deno) is not installed")
    command = [VALIDATOR, tree, "--format", "json", "--recursive"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return errors(json.loads(done.stdout))


@pytest.mark.parametrize("name", STUDIES)
def test_a_simulated_study_is_valid_bids(tmp_path: Path, name: str) -> None:
    labels = {1: "T1W", 2: "FLAIR", 3: "T1W_CE", 4: "T2W", 5: "ADC", 6: "UNKNOWN"}
    sort(
        DEMO / name,
        tmp_path / "out",
        answer=lambda info: by_b_value(info) if info.b_value else labels[info.series_number or 1],
    )
    assert names(tmp_path / "out")
    assert validate(tmp_path / "out") == []


@pytest.mark.parametrize("archive", ["prostate/dicom/ProstateX-0001", "dicom/dcm_qa_canon"])
def test_a_real_study_is_valid_bids(tmp_path: Path, archive: str) -> None:
    path = require_shared_data() / f"{archive}.zip"
    sort(path, tmp_path / "out", answer=by_b_value)
    assert validate(tmp_path / "out") == []


def test_the_validator_sees_what_is_wrong(tmp_path: Path) -> None:
    write(tmp_path / "in", volume())
    sort(tmp_path / "in", tmp_path / "out")
    (name,) = names(tmp_path / "out")
    (tmp_path / "out" / name).rename(tmp_path / "out" / name.replace("T2w", "T7w"))
    assert validate(tmp_path / "out") != []


def world(stem: Path) -> tuple[np.ndarray, np.ndarray]:
    """Directions in LPS, one per row, and b-values, of an image with `.bval` and `.bvec`."""
    (image,) = stem.parent.glob(f"{stem.name}.nii*")
    axes = nibabel.load(image).affine[:3, :3]
    axes = axes / np.linalg.norm(axes, axis=0)
    vectors = np.loadtxt(f"{stem}.bvec", ndmin=2)
    if np.linalg.det(axes) > 0:
        vectors[0] *= -1
    found = (np.diag([-1.0, -1.0, 1.0]) @ axes @ vectors).T
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(length > 0, length, 1), np.loadtxt(f"{stem}.bval", ndmin=1)


def compare(exam: Path, tmp_path: Path, series: int) -> int:
    """Compares every direction of a series with dcm2niix; how many there were."""
    (tmp_path / "theirs").mkdir()
    command = [dcm2niix.bin, "-z", "n", "-f", "%s", "-o", tmp_path / "theirs", exam]
    subprocess.run(command, check=True, capture_output=True)
    theirs, their_b = world(tmp_path / f"theirs/{series}")
    sort(exam, tmp_path / "ours")
    ours, our_b = [], []
    for name in names(tmp_path / "ours", "_dwi.bvec"):
        json_text = (tmp_path / "ours" / name.replace(".bvec", ".json")).read_text()
        if json.loads(json_text)["SeriesNumber"] == series:
            directions, b_values = world(tmp_path / "ours" / name.removesuffix(".bvec"))
            ours += [one for one in directions if one.any()]
            our_b += b_values.tolist()
    their_b = their_b[: len(theirs)]
    wanted = [one for one in theirs if one.any()]
    assert len(ours) == len(wanted)
    assert set(our_b) >= set(their_b.tolist())
    for one in wanted:
        assert np.max(ours @ one) == pytest.approx(1.0, abs=1e-4)  # the sign, too
    return len(wanted)


@pytest.mark.parametrize(
    ("file_set", "folder", "series", "count"),
    [
        ("dcm_qa_ge", "In/01_Ax_DWI_TENSOR_R2", 1, 6),
        ("dcm_qa_canon", "In/9000_DTI_PA-ortho", 9000, 12),
        ("dcm_qa_philips", "In/Vanderbilt_2018", 601, 15),
    ],
)
def test_directions_of_real_scanners_are_those_of_dcm2niix(
    tmp_path: Path, file_set: str, folder: str, series: int, count: int
) -> None:
    import zipfile

    archive = require_shared_data() / f"dicom/{file_set}.zip"
    with zipfile.ZipFile(archive) as members:
        for name in members.namelist():
            if f"{folder}/" in name:
                members.extract(name, tmp_path / "in")
    assert compare(tmp_path / "in", tmp_path, series) == count


VECTORS = [(0.6, 0.0, 0.8), (-0.36, 0.8, 0.48), (0.0, -1.0, 0.0)]


def siemens(b: int, vector: tuple[float, ...]) -> list[Private]:
    found: list[Private] = [(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b)]
    if b:
        found.append((0x0019, "SIEMENS MR HEADER", 0x0E, "FD", list(vector)))
    return found


def philips(b: int, vector: tuple[float, ...]) -> list[Private]:
    found: list[Private] = [(0x2001, "Philips Imaging DD 001", 0x03, "FL", float(b))]
    creator = "Philips MR Imaging DD 001"
    return found + [(0x2005, creator, 0xB0 + k, "FL", vector[k] if b else 0.0) for k in range(3)]


def uih(b: int, vector: tuple[float, ...]) -> list[Private]:
    found: list[Private] = [(0x0065, "Image Private Header", 0x09, "FD", float(b))]
    if b:
        found.append((0x0065, "Image Private Header", 0x37, "FD", list(vector)))
    return found


@pytest.mark.parametrize(
    ("maker", "private"),
    [("SIEMENS", siemens), ("Philips Medical Systems", philips), ("UIH", uih)],
)
def test_directions_of_an_oblique_series_are_those_of_dcm2niix(
    tmp_path: Path, maker: str, private: Any
) -> None:
    for place, vector in enumerate([(0.0, 0.0, 0.0), *VECTORS]):
        planes = volume(
            value=100 * place + 100,
            slices=4,
            Manufacturer=maker,
            PatientPosition="HFS",
            SeriesInstanceUID=uid("oblique"),
            SeriesNumber=3,
            AcquisitionNumber=place + 1,
            AcquisitionTime=f"1200{place:02d}",
            ScanningSequence="EP",
            SeriesDescription="dwi",
            ImageType=["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"],
            orientation=ORIENTATION,
            step=(3 * TURN[:, 2]).tolist(),
            first_instance=1 + 4 * place,
            private=private(1000 if place else 0, vector),
        )
        write(tmp_path / "in", planes)
    assert compare(tmp_path / "in", tmp_path, 3) == 3
