"""Laws of what is written: no text of a header breaks out, and no volume gets lost."""

import csv
import io
import unicodedata
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.export import rows
from mrsift.export.csv_table import csv_text, harmless
from mrsift.export.html_report import html_text
from mrsift.export.json_report import identify_json, to_text
from mrsift.export.terminal import open_console
from mrsift.export.terminal_table import print_report
from mrsift.types import Report, StudyReport
from tests import schemas
from tests.report_values import BUNDLE, prediction, volume

ANY_TEXT = st.text(max_size=64) | st.text(
    "=+-@;,|\t\r\n'\"<>&{}[]\\ \x00\x1b\u202e\uff1d", max_size=12
)

FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
any_time = settings(deadline=None)  # a machine that trains beside the tests is slow at times


def report_with(text: str) -> Report:
    info = volume(1, text, files=(f"{text}/1.dcm", f"{text}/2.dcm"), remarks=(text,))
    answer = prediction(info, "T2W", 0.9, conflict=True, conflict_reason=text, previews=())
    return Report(BUNDLE, (StudyReport(None, text, text, text, (answer,)),), ())


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag} {sorted(name for name, _ in attrs)}")


PLAIN_TAGS = Tags(html_text(report_with("plain"))).tags


@any_time
@given(ANY_TEXT)
def test_text_adds_no_element_and_no_attribute_to_the_page(text: str) -> None:
    assert Tags(html_text(report_with(text))).tags == PLAIN_TAGS


@any_time
@given(ANY_TEXT)
def test_the_table_holds_one_line_and_no_formula(text: str) -> None:
    lines = list(csv.reader(io.StringIO(csv_text(report_with(text))[1:], newline="")))
    assert len(lines) == 2
    assert len(lines[0]) == len(lines[1])
    cells = dict(zip(lines[0], lines[1], strict=True))
    assert cells["series_description"] == harmless(text)
    for cell in lines[1]:
        assert not cell.lstrip().startswith(FORMULA_STARTS)


@any_time
@given(ANY_TEXT)
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    stream = io.StringIO()
    print_report(report_with(text), open_console(stream))
    held = {unicodedata.category(char) for char in stream.getvalue().replace("\n", "")}
    assert not held & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@any_time
@given(ANY_TEXT)
def test_json_keeps_every_character(text: str) -> None:
    value = schemas.parse(to_text(identify_json(report_with(text))))
    assert value["studies"][0]["volumes"][0]["series_description"] == text


@any_time
@given(st.lists(st.integers(0, 5), max_size=40))
def test_folding_loses_nothing_and_keeps_the_order(items: list[int]) -> None:
    numbered = list(enumerate(items))
    folded = rows.fold(numbered, key=lambda item: item[1])
    assert sorted(item for row in folded for item in row) == numbered
    assert [row[0] for row in folded] == sorted(row[0] for row in folded)
    for row in folded:
        assert len({value for _, value in row}) == 1
        assert len(row) == 1 or len(row) >= rows.FOLD_FROM
