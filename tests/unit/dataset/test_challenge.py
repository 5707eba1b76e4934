"""The folders of the challenge, whole and broken."""

import shutil
from pathlib import Path

import pydicom
import pytest

from mrsift.dataset.challenge import EXCLUDED, challenge_series
from mrsift.dataset.rows import Progress
from mrsift.dataset.series import Found, Series
from mrsift.errors import IngestError
from tests.cohort_folders import SLICES, write_patient

QUIET: Progress = lambda _doing, _done, _total: None  # noqa: E731


def find(path: Path, *, keep_all: bool = False) -> Found:
    return challenge_series(path, QUIET, keep_all=keep_all)


def series(found: Found, patient: str, role: str) -> Series:
    (one,) = (
        one for one in found.series if (one.quality.patient, one.quality.role) == (patient, role)
    )
    return one


def test_folders_name_patient_and_sequence_whatever_the_place(tmp_path: Path) -> None:
    write_patient(tmp_path / "train" / "00002")
    write_patient(tmp_path / "test" / "00013")
    found = find(tmp_path)
    assert [(one.quality.patient, one.quality.role) for one in found.series] == [
        (patient, role)
        for patient in ("00002", "00013")
        for role in ("flair", "t1w", "t1w_ce", "t2w")
    ]
    assert [one.quality.patient for one in find(tmp_path / "train").series] == ["00002"] * 4


def test_slices_are_in_the_order_of_their_positions(tmp_path: Path) -> None:
    write_patient(tmp_path / "00000")
    one = series(find(tmp_path), "00000", "flair")
    assert one.info is not None
    assert one.info.files == tuple(f"00000/FLAIR/Image-{n}.dcm" for n in range(SLICES, 0, -1))
    heights = [
        float(pydicom.dcmread(tmp_path / name).ImagePositionPatient[2]) for name in one.info.files
    ]
    assert heights == sorted(heights)
    assert one.quality.path == "00000/FLAIR"


def test_three_patients_are_left_out_unless_they_are_wanted(tmp_path: Path) -> None:
    for patient in ("00001", *EXCLUDED):
        write_patient(tmp_path / patient, ("FLAIR",), 3)
    found = find(tmp_path)
    assert found.excluded == ("00109", "00123", "00709")
    assert {one.quality.patient for one in found.series} == {"00001"}
    kept = find(tmp_path, keep_all=True)
    assert kept.excluded == ()
    assert {one.quality.patient for one in kept.series} == {"00001", *EXCLUDED}


def test_a_missing_and_an_empty_folder_are_rows_without_a_volume(tmp_path: Path) -> None:
    write_patient(tmp_path / "00001", ("FLAIR", "T1w", "T2w"))
    shutil.rmtree(tmp_path / "00001" / "T2w")
    (tmp_path / "00001" / "T2w").mkdir()
    found = find(tmp_path)
    for role, words in (("t1w_ce", "no such folder"), ("t2w", "no volume")):
        one = series(found, "00001", role)
        assert one.info is None
        assert not one.quality.used
        assert words in one.quality.remark
    assert series(found, "00001", "flair").info is not None


def test_damaged_doubled_and_missing_files_are_counted_and_named(tmp_path: Path) -> None:
    folder = write_patient(tmp_path / "00001") / "T1w"
    (folder / "Image-3.dcm").write_bytes(b"not a DICOM file at all")
    shutil.copy(folder / "Image-1.dcm", folder / "Image-99.dcm")
    found = find(tmp_path)
    one = series(found, "00001", "t1w")
    assert one.info is not None
    assert one.info.shape[0] == SLICES - 1
    assert (one.quality.doubled_files, one.quality.left_out_files) == (1, 1)
    assert one.quality.missing_slices == 1
    assert one.gaps == ((2, 1),)
    assert {item.path for item in found.skipped} == {
        "00001/T1w/Image-3.dcm",
        "00001/T1w/Image-99.dcm",
    }


def test_of_several_volumes_in_a_folder_the_largest_is_used(tmp_path: Path) -> None:
    write_patient(tmp_path / "00001", ("FLAIR",))
    write_patient(tmp_path / "other" / "00077", ("FLAIR",), 3)
    for file in (tmp_path / "other" / "00077" / "FLAIR").iterdir():
        shutil.copy(file, tmp_path / "00001" / "FLAIR" / f"more-{file.name}")
    one = series(find(tmp_path), "00001", "flair")
    assert one.info is not None
    assert one.info.shape[0] == SLICES
    assert "2 volumes in the folder (" in one.quality.remark
    assert one.quality.left_out_files == 3


def test_wrong_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "00001" / "flair").mkdir(parents=True)
    with pytest.raises(IngestError, match="no folder of a patient with FLAIR"):
        find(tmp_path)
    for part in ("train", "test"):
        write_patient(tmp_path / part / "00002", ("FLAIR",), 2)
    with pytest.raises(IngestError, match="00002 is below train and below test"):
        find(tmp_path)
