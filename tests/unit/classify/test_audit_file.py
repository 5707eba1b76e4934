"""Tables on disk: spellings that are read, and one clear line for those that are not."""

from pathlib import Path

import pytest

from mrsift.classify.audit_file import csv_text, read_counts, read_values
from mrsift.classify.audit_table import audit
from mrsift.errors import ConfigError


def file(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, "utf-8")
    return path


def test_leading_zeros_and_the_place_of_the_patients_are_kept(tmp_path: Path) -> None:
    path = file(tmp_path, "\ufeffMGMT_value,BraTS21ID\n0.5,00013\n,00015\n\n")
    columns, values = read_values(path)
    assert columns == ("MGMT_value",)
    assert list(values) == ["00013", "00015"]
    assert values["00015"] == (None,)


def test_the_first_column_is_the_patients_where_none_is_named_so(tmp_path: Path) -> None:
    columns, values = read_values(file(tmp_path, "case,10,20\na,0.5,0.25\n"))
    assert columns == ("10", "20")
    assert list(values) == ["a"]


def test_counts_may_be_missing(tmp_path: Path) -> None:
    counts = read_counts(file(tmp_path, "patient,T1w,T2w\na,129,\nb,30,40\n"))
    assert counts == {"a": {"T1w": 129}, "b": {"T1w": 30, "T2w": 40}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("patient,10\n", "no rows"),
        ("patient\na\n", "no column of numbers"),
        ("patient,10,10\na,0.1,0.2\n", "same name"),
        ("patient,10\na,0.1\na,0.2\n", "line 3 has a patient that is in the table already"),
        ("patient,10\n,0.1\n", "line 2 has no patient"),
        ("patient,10\na,0.1,0.2\n", "line 2 has 3 cells; expected 2"),
        ("patient,10\na,high\n", "line 2, column 10: 'high' is no number"),
        ("patient,10\na,98.4\n", "is not between 0 and 1"),
        ('patient,10\na,"0.1\n', "is no CSV"),
    ],
)
def test_no_table_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as error:
        read_values(file(tmp_path, text))
    assert "table.csv" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["12.5", "0", "-3", "many"])
def test_counts_are_whole_numbers(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="is no number of slices"):
        read_counts(file(tmp_path, f"patient,T1w\na,{text}\n"))


def test_bytes_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_values(tmp_path / "table.csv")


def test_an_audit_as_a_table(tmp_path: Path) -> None:
    path = file(tmp_path, "patient,10,20,50\na,0.984496,1.000,0.961224\nb,0.968992,,0.961224\n")
    lines = csv_text(audit(*read_values(path))).splitlines()
    assert lines[0] == "patient,column,printed,votes,slices,verdict,repeats,chance"
    assert lines[1].startswith("a,10,0.984496,127,129,share,,")
    assert lines[2].startswith("a,20,1.000,,129,any,,")
    assert lines[4].startswith("b,10,0.968992,125,129,share,,")
    assert len(lines) == 6
