"""Folders by label: the objects byte for byte, and those of several labels apart."""

import csv
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.types import VolumeInfo
from tests.dicom_builder import enhanced, volume, write
from tests.sorted_trees import by_b_value, names, sort


def frames(*b_values: float, slices: int = 3) -> list[dict[str, object]]:
    return [
        {"position": (0.0, 0.0, 3.0 * k), "value": 10 * k + n, "b": b}
        for k in range(slices)
        for n, b in enumerate(b_values)
    ]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_objects_are_copied_byte_for_byte_in_slice_order(tmp_path: Path) -> None:
    files = write(tmp_path / "in", volume(SeriesNumber=4)[::-1])
    sort(tmp_path / "in", tmp_path / "out", "label")
    made = sorted((tmp_path / "out").glob("T2W/*/*"))
    assert [path.name for path in made] == [f"{n:05d}.dcm" for n in range(1, 9)]
    assert made[0].parent.name.startswith("sub-001_ses-1_series-004_")
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in files[::-1]]


def test_members_of_an_archive_are_copied_out(tmp_path: Path) -> None:
    files = write(tmp_path / "in", volume())
    with zipfile.ZipFile(tmp_path / "exam.zip", "w") as archive:
        for path in files:
            archive.write(path, f"Doe_Jane/{path.name}")
    sort(tmp_path / "exam.zip", tmp_path / "out", "label")
    made = names(tmp_path / "out", ".dcm")
    assert len(made) == 8
    assert not any("Doe" in name for name in names(tmp_path / "out", ""))
    assert (tmp_path / "out" / made[0]).read_bytes() == files[0].read_bytes()


def test_one_object_with_several_labels_goes_to_mixed(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "in", [enhanced(frames(50.0, 400.0, 800.0))])
    sort(tmp_path / "in", tmp_path / "out", "label")
    (copy,) = (tmp_path / "out").glob("MIXED/*/00001.dcm")
    assert copy.read_bytes() == path.read_bytes()
    rows = table(copy.parent / "mrsift-contents.csv")
    assert [(row["b_value"], row["label"], row["frames"]) for row in rows] == [
        ("50", "DWI_LOW", "0 3 6"),
        ("400", "DWI_LOW", "1 4 7"),
        ("800", "DWI_HIGH", "2 5 8"),
    ]
    assert {row["file"] for row in rows} == {"00001.dcm"}


def test_one_object_with_several_volumes_of_one_label_does_not(tmp_path: Path) -> None:
    write(tmp_path / "in", [enhanced(frames(500.0, 800.0))])
    sort(tmp_path / "in", tmp_path / "out", "label")
    (name,) = names(tmp_path / "out", ".dcm")
    assert name.startswith("DWI_HIGH/")


def test_volumes_that_share_no_object_are_parted(tmp_path: Path) -> None:
    for number, b in enumerate((0.0, 800.0)):
        planes = volume(value=100 * number, DiffusionBValue=b, ImageType=["ORIGINAL", "DIFFUSION"])
        write(tmp_path / "in", planes)
    sort(tmp_path / "in", tmp_path / "out", "label")
    tops = [name.partition("/")[0] for name in names(tmp_path / "out", ".dcm")]
    assert tops == ["DWI_HIGH"] * 8 + ["DWI_LOW"] * 8


def test_localizers_are_kept_apart(tmp_path: Path) -> None:
    write(tmp_path / "in", volume(SeriesDescription="localizer"))
    sort(tmp_path / "in", tmp_path / "out", "label")
    assert names(tmp_path / "out", ".dcm")[0].startswith("LOCALIZER/")


def test_a_4d_file_is_mixed_with_an_index_for_each_label(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    data = np.arange(2 * 3 * 4 * 2, dtype=np.int16).reshape(2, 3, 4, 2)
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), tmp_path / "in/Jane.nii.gz")
    (tmp_path / "in/Jane.bval").write_text("0 1000")
    sort(tmp_path / "in", tmp_path / "out", "label", by_b_value)
    made = names(tmp_path / "out", "")
    assert not any("Jane" in name for name in made)
    assert {Path(name).suffix for name in made if name.startswith("MIXED")} == {
        *(".gz", ".bval", ".csv")
    }
    (contents,) = (tmp_path / "out").glob("MIXED/*/mrsift-contents.csv")
    assert [(row["index"], row["label"]) for row in table(contents)] == [
        *(("0", "DWI_LOW"), ("1", "DWI_HIGH"))
    ]


def test_a_header_that_names_its_data_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/x.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 2 3 4\nElementSpacing = 1 1 3\n"
        "ElementType = MET_SHORT\nElementDataFile = x.raw\n"
    )
    (tmp_path / "in/x.raw").write_bytes(np.arange(24, dtype="<i2").tobytes())
    outcome = sort(tmp_path / "in", tmp_path / "out", "label")
    assert outcome.entries == ()
    assert "another file" in outcome.left_out[0].reason


@pytest.mark.parametrize("label", ["T2W", "UNKNOWN"])
def test_the_folder_is_the_label(tmp_path: Path, label: str) -> None:
    def answer(_: VolumeInfo) -> str:
        return label

    write(tmp_path / "in", volume())
    sort(tmp_path / "in", tmp_path / "out", "label", answer)
    assert {name.partition("/")[0] for name in names(tmp_path / "out", ".dcm")} == {label}
