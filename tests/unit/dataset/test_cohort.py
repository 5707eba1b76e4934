"""Sequences and labels of patients become rows; everything that does not fit is said."""

from pathlib import Path

import pydicom

from mrsift.dataset.challenge import challenge_series
from mrsift.dataset.check import check_dataset
from mrsift.dataset.cohort import Cohort, few_patients, make_cohort, one_class
from mrsift.dataset.study_labels import read_study_labels
from mrsift.dataset.table import DatasetRow
from tests.cohort_folders import SLICES, write_cohort, write_patient
from tests.dataset_rows import row


def cohort(root: Path) -> Cohort:
    labels = read_study_labels(root / "train_labels.csv", numbered=True)
    found = challenge_series(root, lambda _doing, _done, _total: None)
    return make_cohort(found, labels, {"cohort": "rsna-miccai"}, jobs=2)


def said(made: Cohort) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.names for finding in made.findings}


def test_a_row_is_a_sequence_with_the_label_of_its_patient(tmp_path: Path) -> None:
    made = cohort(write_cohort(tmp_path, {"00003": 1, "00002": 0}))
    assert [(one.patient, one.label, one.extra["role"]) for one in made.dataset.rows] == [
        (patient, label, role)
        for patient, label in (("00002", "0"), ("00003", "1"))
        for role in ("flair", "t1w", "t1w_ce", "t2w")
    ]
    first = made.dataset.rows[0]
    assert first.extra["label_of"] == "MGMT_value"
    assert first.root == str(tmp_path.resolve())
    assert made.dataset.facts["cohort"] == "rsna-miccai"
    assert len(made.quality) == 8
    assert all(one.used and one.blank_slices is not None for one in made.quality)
    assert said(made) == {}


def test_labels_and_patients_without_a_partner_are_named_and_kept(tmp_path: Path) -> None:
    root = write_cohort(tmp_path, {"00002": 0, "00003": None})
    with (root / "train_labels.csv").open("a") as file:
        file.write("00077,1\n")
    made = cohort(root)
    assert said(made) == {
        "label_without_patient": ("00077",),
        "patient_without_label": ("00003",),
    }
    assert {one.patient: one.label for one in made.dataset.rows} == {"00002": "0", "00003": None}


def test_a_label_of_an_excluded_patient_has_not_lost_its_patient(tmp_path: Path) -> None:
    made = cohort(write_cohort(tmp_path, {"00109": 1, "00002": 0}))
    assert said(made) == {"excluded": ("00109",)}
    assert made.dataset.facts["cohort_excluded"] == "00109"


def test_without_a_table_all_are_to_be_predicted(tmp_path: Path) -> None:
    write_patient(tmp_path / "00001")
    found = challenge_series(tmp_path, lambda _doing, _done, _total: None)
    made = make_cohort(found)
    assert said(made) == {"no_labels": ()}
    assert {one.label for one in made.dataset.rows} == {None}


def test_an_empty_image_is_no_sequence(tmp_path: Path) -> None:
    root = write_cohort(tmp_path, {"00002": 0})
    for file in (root / "train" / "00002" / "T2w").iterdir():
        dataset = pydicom.dcmread(file)
        dataset.PixelData = b"\0" * len(dataset.PixelData)
        dataset.save_as(file)
    made = cohort(root)
    assert [one.extra["role"] for one in made.dataset.rows] == ["flair", "t1w", "t1w_ce"]
    (lost,) = said(made)["missing_sequence"]
    assert "train/00002/T2w: all voxels have one value" in lost


def test_a_damaged_file_loses_its_slice_and_nothing_else(tmp_path: Path) -> None:
    root = write_cohort(tmp_path, {"00002": 0, "00003": 1})
    file = root / "train" / "00002" / "T1wCE" / "Image-2.dcm"
    file.write_bytes(file.read_bytes()[:-300])
    made = cohort(root)
    assert len(made.dataset.rows) == 8
    (named,) = said(made)["unreadable"]
    assert named.startswith("train/00002/T1wCE/Image-2.dcm: is truncated")
    assert said(made)["missing_slices"] == ("train/00002/T1wCE: 1",)


def test_gaps_are_remembered_for_the_preparation(tmp_path: Path) -> None:
    root = write_cohort(tmp_path, {"00002": 0})
    (root / "train" / "00002" / "FLAIR" / "Image-3.dcm").unlink()  # numbered from the head
    made = cohort(root)
    assert made.dataset.rows[0].extra["gaps"] == f"{SLICES - 4}:1"
    assert said(made)["missing_slices"] == ("train/00002/FLAIR: 1",)


def test_a_patient_without_anything_is_named(tmp_path: Path) -> None:
    root = write_cohort(tmp_path, {"00002": 0})
    (root / "train" / "00005" / "FLAIR").mkdir(parents=True)
    with (root / "train_labels.csv").open("a") as file:
        file.write("00005,1\n")
    made = cohort(root)
    assert said(made)["empty_patient"] == ("00005",)
    assert len(said(made)["missing_sequence"]) == 4
    assert "label_without_patient" not in said(made)


def patients(labels: list[str | None]) -> list[DatasetRow]:
    return [
        row(number, f"{number:05d}", label, extra={"role": "flair"})
        for number, label in enumerate(labels)
    ]


def test_few_patients_are_warned_of() -> None:
    assert few_patients(patients(["0", "1"] * 15)) == []
    (few,) = few_patients(patients([*["0"] * 5, *["1"] * 3, *[None] * 90]))
    assert (few.kind, few.names) == ("few_patients", ("0: 5 patients", "1: 3 patients"))
    assert few_patients(patients([None] * 3)) == []
    assert few_patients([row(number, f"{number:05d}", "T2W") for number in range(3)]) == []


def test_one_class_is_warned_of() -> None:
    (one,) = one_class(patients([*["II"] * 40, None]))
    assert (one.level, one.names) == ("warning", ("II",))
    assert one_class(patients(["II", "IV"])) == []
    assert one_class(patients([None])) == []


def test_the_check_says_so_too(tmp_path: Path) -> None:
    made = cohort(write_cohort(tmp_path, {"00002": 0, "00003": 1}))
    kinds = {finding.kind for finding in check_dataset(made.dataset)}
    assert "few_patients" in kinds
    assert "vanished" not in kinds
