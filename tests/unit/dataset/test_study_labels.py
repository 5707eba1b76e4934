"""Tables with one label per patient, as people and spreadsheets write them."""

from pathlib import Path

import pytest

from mrsift.dataset.study_labels import StudyLabels, challenge_id, read_study_labels
from mrsift.errors import ConfigError


def read(tmp_path: Path, text: str, *, numbered: bool = False) -> StudyLabels:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    return read_study_labels(path, numbered=numbered)


@pytest.mark.parametrize("written", ["00009", "9", "9.0", " 09 ", "'00009"])
def test_the_zeros_of_a_patient_come_back(tmp_path: Path, written: str) -> None:
    labels = read(tmp_path, f"BraTS21ID,MGMT_value\n{written},1\n", numbered=True)
    assert list(labels.of) == ["00009"]
    assert labels.column == "MGMT_value"


def test_other_patients_keep_their_names(tmp_path: Path) -> None:
    labels = read(tmp_path, "patient,label\n009,a\nx-1,b\n")
    assert {name: one.label for name, one in labels.of.items()} == {"009": "a", "x-1": "b"}
    assert challenge_id("UPENN-1") == "UPENN-1"


def test_whole_numbers_that_a_spreadsheet_made_real_are_whole_again(tmp_path: Path) -> None:
    labels = read(tmp_path, "patient;label;site\na;1.0;north\nb;;south\n")
    assert {name: one.label for name, one in labels.of.items()} == {"a": "1", "b": None}
    assert labels.of["b"].extra == {"site": "south"}


def test_the_only_other_column_is_the_label(tmp_path: Path) -> None:
    labels = read(tmp_path, "participant_id\tgrade\nsub-1\tII\n")
    assert (labels.column, labels.of["sub-1"].label) == ("grade", "II")


def test_the_same_row_twice_is_no_quarrel(tmp_path: Path) -> None:
    assert len(read(tmp_path, "patient,label\na,1\na,1\n").of) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient,label\na,1\na,0\n", "lines 2 and 3 give one patient two labels"),
        ("BraTS21ID,MGMT_value\n9,1\n00009,0\n", "two labels"),
        ("name,label\na,1\n", "no column names patients"),
        ("patient,age,sex\na,1,f\n", "no column is named label, and 2 could be it"),
        ("patient,label\n", "holds no rows"),
        ("", "holds no rows"),
        ("patient,label\n,1\n", "line 2 names no patient"),
        ("patient,label\na,1,2\n", "line 2 has 3 cells"),
        ("patient,label,label\na,1,2\n", "two columns have one name"),
        ('patient,label\n"a,1\n', "is no CSV"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        read(tmp_path, text, numbered=True)
    assert "labels.csv" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv.*cannot be read"):
        read_study_labels(tmp_path / "gone.csv")
    (tmp_path / "latin.csv").write_bytes(b"patient,label\nM\xfcller,1\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_study_labels(tmp_path / "latin.csv")
