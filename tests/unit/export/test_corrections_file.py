"""Keeping what a person says: one row per volume, nothing of anybody else's lost."""

from pathlib import Path

import numpy as np
import pytest

from mrsift.errors import ConfigError
from mrsift.export.corrections_file import corrections_table, record_corrections
from mrsift.ingest import scan
from mrsift.ingest.corrections import Labelled, read_corrections
from mrsift.ingest.label_table import read_label_table
from mrsift.labels import LABEL_NAMES
from tests.dicom_builder import uid, volume, write
from tests.ordinary_user import MRSIFT, run_as_ordinary_user
from tests.research_files import save
from tests.sorted_trees import answered

NAME = "mrsift-corrections.csv"


def record(exam: Path, label: str, which: int = 0, table: Path | None = None) -> Path:
    report, found = answered(exam)
    (study,) = report.studies
    one = study.predictions[which]
    table = table or corrections_table([one.volume for one in study.predictions], found.root)
    record_corrections(table, [(one, label)], found.root)
    return table


def labels(exam: Path) -> list[str]:
    found = scan(exam)
    read = read_corrections(Labelled.of(found), None, LABEL_NAMES)
    assert read.problems == ()
    volumes = [info for study in found.studies for info in study.volumes]
    return [read.labels[v.volume_id].label if v.volume_id in read.labels else "" for v in volumes]


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    for number in (1, 2):
        write(
            tmp_path / f"exam/{number}", volume(SeriesInstanceUID=uid(number), SeriesNumber=number)
        )
    return tmp_path / "exam"


def test_the_table_lies_in_the_folder_of_the_whole_study(exam: Path) -> None:
    assert record(exam, "ADC") == exam / NAME
    assert record(exam / "1", "ADC") == exam / "1" / NAME


def test_what_is_recorded_is_read_back(exam: Path) -> None:
    record(exam, "ADC", 0)
    record(exam, "FLAIR", 1)
    assert labels(exam) == ["ADC", "FLAIR"]
    (first, _) = read_label_table(exam / NAME)
    assert first.extra["label_before"] == "T2W"


def test_changing_ones_mind_changes_the_row(exam: Path) -> None:
    record(exam, "ADC")
    record(exam, "UNKNOWN")
    assert labels(exam) == ["UNKNOWN", ""]
    assert len(read_label_table(exam / NAME)) == 1


def test_rows_and_columns_of_others_stay(exam: Path) -> None:
    (exam / NAME).write_text("site;volume_id;label\nUlm;0123456789abcdef;T2W\n")
    table = record(exam, "ADC")
    lines = table.read_text("utf-8-sig").splitlines()
    assert lines[0] == "site;volume_id;label;path;index;label_before;time"
    assert lines[1].startswith("Ulm;0123456789abcdef;T2W;")
    assert len(lines) == 3


def test_files_without_dicom_are_named_by_place_and_index(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    save(tmp_path / "b/=x.nii", np.zeros((2, 3, 4, 2), np.int16))
    record(tmp_path / "b", "T1W", 1)
    (row,) = read_label_table(tmp_path / "b" / NAME)
    assert (row.path, row.index, row.volume_id) == ("=x.nii", 1, None)
    assert labels(tmp_path) == ["", "T1W"]
    record(tmp_path, "T2W", 1)  # a scan that begins elsewhere means the same row
    assert labels(tmp_path / "b") == ["", "T2W"]


def test_a_volume_id_of_digits_survives_a_spreadsheet(exam: Path) -> None:
    (exam / NAME).write_text("volume_id,label\n'1234567890123456,T2W\n")
    record(exam, "ADC")
    assert "'1234567890123456" in (exam / NAME).read_text("utf-8-sig")


def test_a_row_about_several_volumes_that_says_otherwise_is_not_overruled(exam: Path) -> None:
    (exam / NAME).write_text("path,label\n1,T1W\n")
    before = (exam / NAME).read_bytes()
    with pytest.raises(ConfigError, match="change that row by hand"):
        record(exam, "ADC")
    assert (exam / NAME).read_bytes() == before


def test_another_file_of_that_name_is_not_touched(exam: Path) -> None:
    (exam / NAME).write_text("notes about the exam")
    with pytest.raises(ConfigError, match="column label"):
        record(exam, "ADC")
    assert (exam / NAME).read_text() == "notes about the exam"


def test_a_study_that_cannot_be_written_to_says_what_to_do(exam: Path, tmp_path: Path) -> None:
    report, _ = answered(exam)
    volume_id = report.studies[0].predictions[0].volume.volume_id
    command = [MRSIFT, "identify", exam, "--evidence", "header", "--set-label", f"{volume_id}=ADC"]
    exam.chmod(0o555)
    try:
        done = run_as_ordinary_user(command)
        assert done.returncode == 1
        assert NAME in done.stderr
        assert "--corrections" in done.stderr
        again = run_as_ordinary_user([*command, "--corrections", tmp_path / "mine.csv"])
        assert again.returncode == 0
    finally:
        exam.chmod(0o755)
    assert {path.name for path in exam.iterdir()} == {"1", "2"}
    assert len(read_label_table(tmp_path / "mine.csv")) == 1
