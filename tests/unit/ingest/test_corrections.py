"""Tables of corrected labels: found, read, settled, and never silently ignored."""

from pathlib import Path

import numpy as np
import pytest

from mrsift.errors import ConfigError
from mrsift.ingest import scan
from mrsift.ingest.corrections import Labelled, check_set_labels, read_corrections
from mrsift.labels import LABEL_NAMES
from mrsift.types import Skipped
from tests.dicom_builder import volume, write
from tests.research_files import save

NAME = "mrsift-corrections.csv"


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    write(tmp_path / "exams/a", volume())
    return tmp_path / "exams"


def only_id(path: Path) -> str:
    (study,) = scan(path).studies
    (info,) = study.volumes
    return info.volume_id


def table(path: Path, *lines: str, header: str = "volume_id,path,index,label") -> Path:
    path.write_text("\n".join([header, *lines, ""]))
    return path


def problems(path: Path, central: Path | None = None) -> tuple[Skipped, ...]:
    return read_corrections(Labelled.of(scan(path)), central, LABEL_NAMES).problems


@pytest.mark.parametrize("where", ["a", "."])
def test_a_table_beside_or_above_the_study_is_found(exam: Path, where: str) -> None:
    table(exam / where / NAME, f"{only_id(exam)},,,ADC")
    found = read_corrections(Labelled.of(scan(exam)), None, LABEL_NAMES)
    assert {name: said.label for name, said in found.labels.items()} == {only_id(exam): "ADC"}
    assert found.problems == ()


def test_a_table_is_no_skipped_file(exam: Path) -> None:
    table(exam / "a" / NAME, f"{only_id(exam)},,,ADC")
    assert scan(exam).skipped == ()


def test_the_table_beside_a_file_that_was_given_counts(tmp_path: Path) -> None:
    image = save(tmp_path / "x.nii", np.zeros((2, 3, 4), np.int16))
    table(tmp_path / NAME, ",x.nii,,FLAIR")
    (said,) = read_corrections(Labelled.of(scan(image)), None, LABEL_NAMES).labels.values()
    assert said.label == "FLAIR"


def test_paths_are_relative_to_the_table_wherever_the_scan_begins(tmp_path: Path) -> None:
    (tmp_path / "exams/b").mkdir(parents=True)
    save(tmp_path / "exams/b/x.nii", np.zeros((2, 3, 4, 3), np.int16))
    table(tmp_path / "exams/b" / NAME, ",x.nii,1,T2W")
    for start in (tmp_path, tmp_path / "exams", tmp_path / "exams/b"):
        found = scan(start)
        (study,) = found.studies
        labels = read_corrections(Labelled.of(found), None, LABEL_NAMES).labels
        assert list(labels) == [study.volumes[1].volume_id]


def test_one_table_for_all_is_read_instead(exam: Path, tmp_path: Path) -> None:
    volume_id = only_id(exam)
    table(exam / "a" / NAME, f"{volume_id},,,ADC")
    central = table(tmp_path / "all.csv", f"{volume_id},,,T1W", "0123456789abcdef,,,T2W")
    found = read_corrections(Labelled.of(scan(exam)), central, LABEL_NAMES)
    assert found.labels[volume_id].label == "T1W"
    assert [(one.path, "--corrections" in one.reason) for one in found.problems] == [
        ("a/mrsift-corrections.csv", True)
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{id},,,T1_CE", "did you mean T1W_CE"),
        ("0123456789abcdef,,,T2W", "1 of 1 corrections name no volume"),
        (",nowhere.nii,,T2W", "name no volume"),
        ("{id},,x,T2W", "is no number"),
    ],
)
def test_a_bad_row_is_named_and_not_used(exam: Path, row: str, reason: str) -> None:
    table(exam / "a" / NAME, row.format(id=only_id(exam)))
    (problem,) = problems(exam)
    assert reason in problem.reason
    assert problem.path == "a/mrsift-corrections.csv"


def test_two_rows_that_disagree_are_both_named_and_neither_is_used(exam: Path) -> None:
    volume_id = only_id(exam)
    table(exam / "a" / NAME, f"{volume_id},,,ADC", f"{volume_id},,,T2W")
    table(exam / NAME, f"{volume_id},,,T2W")
    found = read_corrections(Labelled.of(scan(exam)), None, LABEL_NAMES)
    assert found.labels == {}
    (problem,) = found.problems
    assert "ADC (a/mrsift-corrections.csv line 2)" in problem.reason
    assert "T2W" in problem.reason


def test_two_tables_that_agree_are_no_problem(exam: Path) -> None:
    for where in (exam, exam / "a"):
        table(where / NAME, f"{only_id(exam)},,,ADC")
    assert problems(exam) == ()


@pytest.mark.parametrize("row", ["{id},,,T1_CE", "{id},,,ADC\n{id},,,T2W"])
def test_a_bad_row_in_the_table_that_was_named_ends_the_run(
    exam: Path, tmp_path: Path, row: str
) -> None:
    central = table(tmp_path / "all.csv", row.format(id=only_id(exam)))
    with pytest.raises(ConfigError, match=r"all\.csv"):
        read_corrections(Labelled.of(scan(exam)), central, LABEL_NAMES)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"volume_id,answer\n1,2\n"])
def test_a_table_that_is_none_does_not_end_the_run(exam: Path, content: bytes) -> None:
    (exam / "a" / NAME).write_bytes(content)
    found = scan(exam)
    assert len(found.studies) == 1
    assert [*found.skipped, *read_corrections(Labelled.of(found)).problems] != []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([("0123456789abcdef", "T2W")], "no such volume"),
        ([("{id}", "T2")], "is no label; did you mean T2W"),
        ([("{id}", "T2W"), ("{id}", "ADC")], "is set to T2W and ADC"),
    ],
)
def test_a_label_that_cannot_be_meant(exam: Path, said: list[tuple[str, str]], reason: str) -> None:
    volume_id = only_id(exam)
    given = [(one.format(id=volume_id), label) for one, label in said]
    with pytest.raises(ConfigError, match=reason):
        check_set_labels(scan(exam), given, LABEL_NAMES)
