import csv
import io
import re
from pathlib import Path

import pytest

from mrsift.export.csv_table import columns, csv_text, harmless
from mrsift.labels import LABEL_NAMES
from mrsift.types import Report, StudyReport, VolumeInfo
from tests.report_values import BUNDLE, b, prediction, report, volume

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "csv.md"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def line(info: VolumeInfo) -> dict[str, str]:
    study = StudyReport(None, "p", "all", "r", (prediction(info, "T2W", 0.9),))
    return read(csv_text(Report(BUNDLE, (study,), ())))[0]


def test_one_line_per_volume_in_the_order_of_the_report() -> None:
    lines = read(csv_text(report()))
    volumes = [item for study in report().studies for item in study.predictions]
    assert [item["volume_id"].lstrip("'") for item in lines] == [
        item.volume.volume_id for item in volumes
    ]
    assert [item["label"] for item in lines] == [item.label for item in volumes]


def test_a_spreadsheet_sees_utf8_and_windows_line_ends() -> None:
    text = csv_text(report())
    assert text.startswith("\ufeffvolume_id,path,inside,")
    assert text.count("\r\n") == text.count("\n") == 1 + 65


def test_the_page_explains_every_column_in_order() -> None:
    cells = re.findall(r"^\| (`.*?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(cells)) == list(columns())


def test_cells_say_what_the_volume_says() -> None:
    found = line(volume(6, "dwi", b_value=b(800.0), temporal_position=3, calculated=True))
    assert found["b_value"] == "800"
    assert found["b_value_source"] == "(0019,100C) SIEMENS MR HEADER"
    assert (found["temporal_position"], found["calculated"], found["index"]) == ("3", "true", "")
    assert (found["slices"], found["rows"], found["columns"]) == ("24", "384", "384")
    assert float(found["slice_spacing_mm"]) == pytest.approx(3.6)
    assert float(found["p_T2W"]) == pytest.approx(0.9)
    assert sum(float(found[f"p_{name}"]) for name in LABEL_NAMES) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("files", "path", "inside"),
    [
        (("a/1.dcm", "a/2.dcm"), "a", ""),
        (("1.dcm", "2.dcm"), ".", ""),
        (("a/t1.nii.gz",), "a/t1.nii.gz", ""),
        (("x.zip!a/b/1.dcm", "x.zip!a/b/2.dcm"), "x.zip", "a/b"),
        (("x.zip!a/t1.nii",), "x.zip", "a/t1.nii"),
    ],
)
def test_the_key_in_words(files: tuple[str, ...], path: str, inside: str) -> None:
    found = line(volume(1, None, files=files))
    assert (found["path"], found["inside"]) == (path, inside)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "\uff0b"])
@pytest.mark.parametrize("before", ["", " ", "x;", "x,", "x\t", "x|", "x; "])
def test_no_text_starts_a_formula(before: str, start: str) -> None:
    text = harmless(f'{before}{start}HYPERLINK("http://x")')
    assert "\t" not in text
    cells = re.split(r"[;,|]", text)
    assert not [cell for cell in cells if cell.strip()[:1] == start]
    assert line(volume(1, f"{before}{start}1"))["series_description"][:1] != start


def test_plain_text_stays_as_it_is() -> None:
    for text in ("t2_tse_tra", "ep2d-diff b=50-800", "a;b", "T1 + Gd", "Kopf (ä)"):
        assert harmless(text) == text


@pytest.mark.parametrize("identity", ["0012345678901234", "12e4567890123456", "1234567890123456"])
def test_an_identity_is_never_rounded_as_a_number(identity: str) -> None:
    assert line(volume(1, None, volume_id=identity))["volume_id"] == "'" + identity


def test_line_ends_in_a_header_stay_in_their_cell() -> None:
    lines = csv_text(Report(BUNDLE, (StudyReport(None, "p", "all", "r", (
        prediction(volume(1, 'a\r\nb,"c"'), "T2W", 0.9),)),), ())).splitlines()  # fmt: skip
    assert len(lines) == 2
