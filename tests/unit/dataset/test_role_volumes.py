"""Sequences that `identify` chooses, and what their patients are called."""

import shutil
from pathlib import Path

import pytest

from mrsift.dataset.identity import patient_pseudonym
from mrsift.dataset.role_volumes import role_series
from mrsift.dataset.series import Found
from mrsift.errors import ConfigError
from mrsift.infer.identify import IdentifyOptions
from tests.cohort_folders import write_patient

BRAIN = IdentifyOptions(profile="brain", evidence="header", jobs=1)


def find(path: Path, *known: str) -> Found:
    return role_series(path, BRAIN, lambda _doing, _done, _total: None, known)


def patients(found: Found) -> set[str]:
    return {one.quality.patient for one in found.series}


@pytest.fixture
def exams(tmp_path: Path) -> Path:
    """Two patients in folders whose names say nothing of the sequences."""
    for patient in ("anna", "bert"):
        folder = write_patient(tmp_path / "exams" / patient)
        for number, series in enumerate(sorted(folder.iterdir())):
            series.rename(folder / f"s{number}")
    return tmp_path / "exams"


def test_the_roles_are_filled_from_what_volumes_are(exams: Path) -> None:
    found = find(exams)
    roles = {
        (one.quality.patient, one.quality.role): one.info.header.series_description
        for one in found.series
        if one.info is not None
    }
    assert roles == {
        (patient, role): name
        for patient in ("anna", "bert")
        for role, name in {"flair": "FLAIR", "t1w": "T1w", "t1w_ce": "T1wCE", "t2w": "T2w"}.items()
    }
    assert all(one.quality.remark for one in found.series)  # why it was chosen


def test_a_missing_role_says_why(exams: Path) -> None:
    shutil.rmtree(exams / "bert" / "s2")  # T1wCE
    lost = [one.quality for one in find(exams).series if one.info is None]
    assert [(one.patient, one.role) for one in lost] == [("bert", "t1w_ce")]
    assert "no volume is T1W_CE" in lost[0].remark


def test_patients_are_called_as_the_table_calls_them(exams: Path, tmp_path: Path) -> None:
    assert patients(find(exams)) == {"anna", "bert"}
    deep = tmp_path / "site" / "2020"
    deep.mkdir(parents=True)
    exams.rename(deep / "x")
    assert patients(find(tmp_path / "site", "anna", "bert")) == {"anna", "bert"}
    # without a table one folder holds both, so PatientID tells them apart, and is not shown
    both = {patient_pseudonym(["anna"]), patient_pseudonym(["bert"])}
    assert patients(find(tmp_path / "site")) == both
    (deep / "x" / "anna").rename(deep / "x" / "1")
    assert patients(find(tmp_path / "site", "anna", "bert")) == {"anna", "bert"}  # by PatientID


def test_of_two_studies_of_a_patient_the_fuller_is_used(exams: Path) -> None:
    write_patient(exams / "anna-again", ("FLAIR", "T1w"))
    (exams / "all").mkdir()
    for folder in ("anna", "anna-again"):
        (exams / folder).rename(exams / "all" / folder)
    found = role_series(exams, BRAIN, lambda _doing, _done, _total: None, {"all"})
    anna = [one for one in found.series if one.quality.patient == "all"]
    assert sum(one.info is not None for one in anna) == 4
    (remark,) = found.remarks
    assert "2 studies" in remark


def test_an_unknown_profile_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="knee"):
        role_series(tmp_path, IdentifyOptions(profile="knee"), lambda *_: None, ())
