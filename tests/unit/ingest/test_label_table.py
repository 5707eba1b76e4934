"""Tables of labels as people write them, and which volumes their rows name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mrsift.errors import ConfigError
from mrsift.ingest.label_match import match_rows
from mrsift.ingest.label_table import LabelRow, read_label_table
from mrsift.types import BValue, VolumeInfo

MakeInfo = Callable[..., VolumeInfo]


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding)
    return path


def test_every_column_has_its_place(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "path,inside,b_value,index,series_instance_uid,label,patient,site\n"
        "./a.zip,/in/dwi/,800,2,1.2.3,DWI_HIGH,Doe,north\n",
    )
    assert read_label_table(path) == (
        LabelRow(
            2, "DWI_HIGH", None, "a.zip", "in/dwi", "1.2.3", 800.0, 2, "Doe", {"site": "north"}
        ),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_as_spreadsheets_write_it(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lines = [["volume_id", "label", "note"], ["'0012345678901234", " Größe ", "'=1+1"]]
    text = "\r\n".join(delimiter.join(line) for line in lines) + "\r\n\r\n"
    (row,) = read_label_table(table(tmp_path, text, encoding))
    assert (row.volume_id, row.label, row.extra) == (
        "0012345678901234",
        "Größe",
        {"note": "=1+1"},
    )


def test_empty_lines_are_no_rows_and_an_empty_label_is_none(tmp_path: Path) -> None:
    rows = read_label_table(table(tmp_path, "path,label\na,\n,\n\nb,T2W\n"))
    assert [(row.number, row.path, row.label) for row in rows] == [(2, "a", None), (5, "b", "T2W")]


def test_backslashes_of_windows(tmp_path: Path) -> None:
    (row,) = read_label_table(table(tmp_path, "path,label\np1\\t2\\,T2W\n"))
    assert row.path == "p1/t2"


def test_results_of_identify_as_json(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(
        '{"studies": [{"volumes": [{"volume_id": "ab", "label": "ADC", "files": []}]}]}'
    )
    assert read_label_table(path) == (LabelRow(1, "ADC", "ab"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no column label"),
        ("path,class\na,T2W\n", "has no column label; the header line says 'path, class'"),
        ("label,patient\nT2W,1\n", "no column that names volumes"),
        ("path,label,label\na,b,c\n", "column label is there twice"),
        ("path,label\n", "holds no rows"),
        ("path,label\na,b,c\n", "line 2 has more cells"),
        ("path,label,b_value\na,b,high\n", "line 2: b_value 'high' is no number"),
        ("path,label,index\na,b,1.5\n", "line 2: index '1.5' is no number"),
        ("path,volume_id,label\n,,T2W\n", "line 2 names no volume"),
        ('path,label\n"a,b\nc,d\n', "is no CSV below line 1"),
    ],
)
def test_a_table_that_cannot_be_right_says_why(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_label_table(table(tmp_path, text))


def test_another_encoding_or_no_file_or_other_json(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_label_table(table(tmp_path, "path,label\nGröße,T2W\n", "latin-1"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_label_table(tmp_path / "none.csv")
    other = tmp_path / "other.json"
    other.write_text('{"studies": 3}')
    with pytest.raises(ConfigError, match="no JSON of mrsift identify"):
        read_label_table(other)


@pytest.fixture
def infos(volume_info: MakeInfo) -> list[VolumeInfo]:
    """A zip with two series, one of two b-values, and a 4D file."""
    low, high = BValue(50.0, "", ""), BValue(800.2, "", "")
    return [
        volume_info(
            volume_id="a", files=("x.zip!t2/1.dcm", "x.zip!t2/2.dcm"), series_instance_uid="1"
        ),
        volume_info(
            volume_id="b", files=("x.zip!dwi/1.dcm",), b_value=low, series_instance_uid="2"
        ),
        volume_info(
            volume_id="c", files=("x.zip!dwi/2.dcm",), b_value=high, series_instance_uid="2"
        ),
        volume_info(volume_id="d", files=("p/4d.nii",), index=0, series_instance_uid=None),
        volume_info(volume_id="e", files=("p/4d.nii",), index=1, series_instance_uid=None),
        volume_info(volume_id="f", files=("p2/4d.nii",), index=None, series_instance_uid=None),
    ]


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ({"volume_id": "c", "path": "moved"}, "c"),
        ({"volume_id": "z"}, ""),
        ({"path": "x.zip"}, "abc"),
        ({"path": "x.zip", "inside": "t2"}, "a"),
        ({"path": "x.zip", "inside": "t2/1.dcm"}, ""),  # only a part of that volume
        ({"path": "x.zip", "inside": "t"}, ""),
        ({"path": "x.zip", "inside": "dwi", "b_value_s_per_mm2": 800.0}, "c"),
        ({"path": "x.zip", "b_value_s_per_mm2": 801.0}, ""),
        ({"path": "x.zip", "b_value_s_per_mm2": float("nan")}, ""),
        ({"series_instance_uid": "2"}, "bc"),
        ({"path": "p"}, "de"),
        ({"path": "p/4d.nii", "index": 1}, "e"),
        ({"path": "p2/4d.nii", "index": 0}, "f"),
        ({"path": "."}, "abcdef"),
        ({"path": ".", "b_value_s_per_mm2": 50.0}, "b"),
        ({"path": "x"}, ""),
    ],
)
def test_what_a_row_names(infos: list[VolumeInfo], key: dict[str, object], named: str) -> None:
    found = match_rows([LabelRow(2, "T2W", **key)], infos)  # type: ignore[arg-type]
    assert "".join(info.volume_id for info in found[0]) == named
