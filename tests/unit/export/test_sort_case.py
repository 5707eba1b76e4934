"""Running numbers and their key: stable, outside the tree, without a name."""

from pathlib import Path

import pytest

from mrsift.errors import ConfigError
from mrsift.export.sort_case import key_path, number_studies, read_key, write_key
from mrsift.ingest import Study
from mrsift.types import StudyReport


def study(
    uid: str | None, patient: str | None = None, path: str = "exam"
) -> tuple[StudyReport, Study]:
    return StudyReport(uid, path, "all", "asked for", ()), Study(uid, path, (), patient)


def numbers(
    *studies: tuple[StudyReport, Study], key: list[dict[str, str]] | None = None
) -> list[str]:
    return [case.name for case in number_studies(studies, key or [])[0]]


def test_a_patient_is_a_subject_and_a_study_a_session() -> None:
    found = numbers(study("1", "a"), study("2", "b"), study("3", "a"))
    assert found == ["sub-001_ses-1", "sub-002_ses-1", "sub-001_ses-2"]


def test_studies_without_patient_are_subjects_of_their_own() -> None:
    assert numbers(study(None, path="x"), study(None, path="y")) == [
        "sub-001_ses-1",
        "sub-002_ses-1",
    ]


def test_numbers_stay_whatever_comes_later(tmp_path: Path) -> None:
    _, key = number_studies([study("2", "b"), study(None, path="x")], [])
    write_key(tmp_path / "key.csv", key)
    again = read_key(tmp_path / "key.csv")
    assert again == key
    later = [study("1", "a"), study(None, path="x"), study("3", "b"), study("2", "b")]
    assert numbers(*later, key=again) == [
        *("sub-003_ses-1", "sub-002_ses-1", "sub-001_ses-2", "sub-001_ses-1")
    ]


def test_one_study_uid_of_two_patients_is_two_studies() -> None:
    assert len(set(numbers(study("1", "a"), study("1", "b")))) == 2


def test_the_key_lies_beside_the_tree(tmp_path: Path) -> None:
    assert key_path(tmp_path / "out") == tmp_path / "out-key.csv"


@pytest.mark.parametrize(
    "content", [b"a,b\r\n1,2\r\n", b"\xff\xfe", b"participant_id\r\nsub-x\r\n"]
)
def test_another_file_in_its_place_is_no_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.csv").write_bytes(content)
    with pytest.raises(ConfigError, match="not the key"):
        read_key(tmp_path / "key.csv")
