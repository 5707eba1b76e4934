"""Answers change, on disk and here; a later run of identify says the same."""

import csv
from pathlib import Path

import pytest

from mrsift.errors import ConfigError, OutputError
from mrsift.infer.identify import identify
from mrsift.serve.reading import Reading
from tests.unit.serve.conftest import read

NAME = "mrsift-corrections.csv"


def answers(reading: Reading) -> dict[str, str]:
    return {
        one.volume.volume_id: one.label
        for study in reading.report.studies
        for one in study.predictions
    }


def rows(table: Path) -> dict[str, str]:
    with table.open(encoding="utf-8-sig", newline="") as file:
        return {row["volume_id"]: row["label"] for row in csv.DictReader(file)}


def test_a_label_is_on_disk_and_in_every_later_run(reading: Reading, study: Path) -> None:
    first = next(iter(answers(reading)))
    assert answers(reading)[first] == "T2W"
    assert reading.set_label(0, [first], "T2W_FS") == 1
    assert rows(study / NAME) == {first: "T2W_FS"}
    assert answers(reading)[first] == "T2W_FS"
    assert answers(read(study)) == answers(reading)
    (later,) = identify([study]).studies
    corrected = [one for one in later.predictions if one.correction]
    assert [one.volume.volume_id for one in corrected] == [first]


def test_roles_follow(reading: Reading) -> None:
    first, second = list(answers(reading))[:2]
    assert reading.report.studies[0].roles["t2w_axial"].volume_id == first
    reading.set_label(0, [first], "ADC")
    assert "t2w_axial" in reading.report.studies[0].missing_roles
    reading.set_label(0, [second], "T2W")
    roles = {name: choice.volume_id for name, choice in reading.report.studies[0].roles.items()}
    assert roles == {"t2w_axial": second, "adc": first}


def test_what_the_evidence_said_stays(reading: Reading) -> None:
    first = next(iter(answers(reading)))
    before = reading.report.studies[0].predictions[0]
    for label in ("ADC", "FLAIR", "T2W"):
        reading.set_label(0, [first], label)
    after = reading.report.studies[0].predictions[0]
    assert after.correction is not None
    assert after.correction.label_before == "T2W"
    assert after.correction.probability_before == pytest.approx(before.probability)
    assert after.header is before.header


def test_each_step_can_be_taken_back(reading: Reading, study: Path) -> None:
    first, second = list(answers(reading))[:2]
    whole = reading.report.studies[0].predictions
    reading.set_label(0, [first], "ADC")
    reading.set_label(0, [first, second], "FLAIR")
    reading.take_back()
    assert rows(study / NAME) == {first: "ADC"}
    assert answers(reading)[second] != "FLAIR"
    reading.take_back()
    assert not (study / NAME).exists()
    assert reading.report.studies[0].predictions == whole
    assert reading.take_back() is None


def test_a_step_leaves_the_rows_of_others(reading: Reading, study: Path) -> None:
    first, second = list(answers(reading))[:2]
    (study / NAME).write_text(f"volume_id,label,who\n{second},ADC,me\n", "utf-8")
    again = read(study)
    again.set_label(0, [first], "FLAIR")
    again.take_back()
    text = (study / NAME).read_text("utf-8-sig")
    assert [line.split(",")[:3] for line in text.splitlines()[1:]] == [[second, "ADC", "me"]]


def test_one_table_for_all(study: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    reading = read(study, table)
    first = next(iter(answers(reading)))
    reading.set_label(0, [first], "ADC")
    assert rows(table) == {first: "ADC"}
    assert not (study / NAME).exists()
    assert answers(read(study, table))[first] == "ADC"


def test_a_table_that_cannot_be_written_changes_nothing(reading: Reading, study: Path) -> None:
    before = answers(reading)
    (study / NAME).mkdir()
    first = next(iter(before))
    assert reading.why_not_kept(reading.report.studies[0])
    with pytest.raises((ConfigError, OutputError)):
        reading.set_label(0, [first], "ADC")
    assert answers(reading) == before
    assert reading.take_back() is None


def test_a_misspelt_label_is_refused(reading: Reading, study: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean T2W_FS"):
        reading.set_label(0, list(answers(reading)), "T2WFS")
    assert not (study / NAME).exists()
