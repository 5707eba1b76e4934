"""Everything that would make a result wrong is found, and nothing is where all is well."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.dataset.check import check_dataset
from mrsift.dataset.finding import Finding
from mrsift.dataset.index import index_folder
from mrsift.dataset.leaks import near_duplicates
from mrsift.dataset.table import Dataset, DatasetRow
from tests.dataset_rows import row


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Six patients of two classes, on disk."""
    for label in ("T2W", "ADC"):
        for patient in range(6):
            seed = patient + 10 * (label == "ADC")
            voxels = np.random.default_rng(seed).normal(100, 20, (8, 8, 5)).astype(np.float32)
            folder = tmp_path / "data" / label
            folder.mkdir(parents=True, exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), folder / f"p{patient}.nii")
    rows = index_folder(tmp_path / "data", "folders", jobs=1).dataset.rows
    sides = ("train", "train", "validation", "validation", "test", "test")
    return Dataset(tuple(replace(one, split=sides[int(one.patient[1])]) for one in rows))  # type: ignore[arg-type]


def changed(dataset: Dataset, number: int, **values: object) -> Dataset:
    rows = list(dataset.rows)
    rows[number] = replace(rows[number], **values)  # type: ignore[arg-type]
    return Dataset(tuple(rows))


def kinds(findings: list[Finding]) -> dict[str, str]:
    return {finding.kind: finding.level for finding in findings}


def test_nothing_is_found_where_all_is_well(dataset: Dataset) -> None:
    assert check_dataset(dataset, read=True) == []


def test_a_patient_on_two_sides(dataset: Dataset) -> None:
    found = check_dataset(changed(dataset, 0, split="test"))
    assert kinds(found) == {"patient_on_two_sides": "error"}
    assert found[0].names == ("p0 in test and train",)


def test_a_patient_in_two_folds() -> None:
    rows = (row(1, "a", fold=0), row(2, "a", fold=1), row(3, "b", fold=1))
    found = check_dataset(Dataset(rows))
    assert ("a in folds 0, 1",) in [finding.names for finding in found]


def test_equal_pixels_under_two_patients(dataset: Dataset) -> None:
    found = check_dataset(changed(dataset, 1, pixel_sha256=dataset.rows[0].pixel_sha256))
    assert kinds(found) == {"pixels_of_two_patients": "error"}
    assert found[0].names == ("p0 (ADC/p0.nii) = p1 (ADC/p1.nii)",)


def test_equal_pixels_under_two_labels(dataset: Dataset) -> None:
    found = check_dataset(changed(dataset, 6, pixel_sha256=dataset.rows[0].pixel_sha256))
    assert kinds(found) == {"pixels_of_two_labels": "error"}
    assert found[0].names == ("ADC/p0.nii (ADC) = T2W/p0.nii (T2W)",)


def test_equal_pixels_in_one_patient_are_a_warning(dataset: Dataset) -> None:
    again = replace(dataset.rows[0], volume_id="f" * 16)
    assert kinds(check_dataset(Dataset((*dataset.rows, again)))) == {"pixels_twice": "warning"}


def test_one_volume_in_two_rows(dataset: Dataset) -> None:
    found = kinds(check_dataset(Dataset((*dataset.rows, dataset.rows[0]))))
    assert found["volume_id_twice"] == "error"


def first_file(dataset: Dataset) -> Path:
    return Path(dataset.rows[0].root) / dataset.rows[0].files[0]


def remove(path: Path) -> None:
    path.unlink()


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(("act", "kind"), [(remove, "vanished"), (touch, "changed")])
def test_files_that_are_not_what_they_were(
    dataset: Dataset, act: Callable[[Path], None], kind: str
) -> None:
    act(first_file(dataset))
    found = check_dataset(dataset)
    assert kinds(found) == {kind: "error"}
    assert "p0.nii" in found[0].names[0]


def test_a_file_of_the_same_age_and_size_is_read_to_be_seen_through(dataset: Dataset) -> None:
    path = first_file(dataset)
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-4:] = np.float32(7.0).tobytes()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert check_dataset(dataset) == []
    assert kinds(check_dataset(dataset, read=True)) == {"changed": "error"}


def test_a_damaged_file_of_the_same_age_is_unreadable(dataset: Dataset) -> None:
    path = first_file(dataset)
    status, size = path.stat(), path.stat().st_size
    path.write_bytes(bytes(size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert kinds(check_dataset(dataset, read=True, jobs=2)) == {"unreadable": "error"}


def rows_of(*labels: str, **values: object) -> Dataset:
    return Dataset(tuple(row(i, f"p{i}", label, **values) for i, label in enumerate(labels)))


def balance(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.names for finding in check_dataset(dataset)}


def test_a_rare_class() -> None:
    assert balance(rows_of(*["A"] * 11, "B"))["rare_class"] == ("B (1 volume)",)
    assert "rare_class" not in balance(rows_of(*["A"] * 10, "B"))


def test_one_class_and_one_patient() -> None:
    assert balance(rows_of("A", "A"))["one_class"] == ("A",)
    assert balance(Dataset((row(1, "p"), row(2, "p"))))["one_patient"] == ("p",)


def test_a_class_that_only_one_vendor_has() -> None:
    rows = [row(i, f"p{i}", "AB"[i % 2], vendor="GE" if i < 2 else "Philips") for i in range(3)]
    assert balance(Dataset(tuple(rows)))["one_vendor"] == ("B (only GE)",)


def test_rows_that_the_split_left_out(dataset: Dataset) -> None:
    found = check_dataset(changed(dataset, 0, split=None))
    assert kinds(found)["on_no_side"] == "warning"
    unsplit = Dataset(tuple(replace(one, split=None) for one in dataset.rows))
    assert kinds(check_dataset(unsplit)) == {"not_split": "note"}


def looks_like(number: int, patient: str, bits: int) -> DatasetRow:
    """A row whose thumbprint differs from that of no picture in so many bits."""
    print_ = np.packbits(np.arange(256) < bits).tobytes().hex()
    return row(number, patient, thumbprint=print_)


def test_pictures_of_two_patients_that_look_alike() -> None:
    near = (looks_like(1, "a", 0), looks_like(2, "b", 10))
    assert near_duplicates(near) == ("a (a/1.nii) and b (b/2.nii)",)
    assert near_duplicates((looks_like(1, "a", 0), looks_like(2, "b", 11))) == ()
    assert near_duplicates((looks_like(1, "a", 0), looks_like(2, "a", 0))) == ()


def test_looks_are_compared_beyond_one_block() -> None:
    rng = np.random.default_rng(1)
    rows = [row(i, f"p{i}", thumbprint=rng.bytes(32).hex()) for i in range(600)]
    rows[590] = replace(rows[590], thumbprint=rows[3].thumbprint)
    assert near_duplicates(rows) == ("p3 (p3/3.nii) and p590 (p590/590.nii)",)
