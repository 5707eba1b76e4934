import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from mrsift.export.html_report import html_text, may_show_face
from mrsift.types import Report, Skipped, StudyReport, Witness
from tests.report_values import BUNDLE, b, head, opinion, pelvis, prediction, report, slices, volume


class Page(HTMLParser):
    """Elements, their text, and whether every tag is closed."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def one(info_fields: dict[str, Any] | None = None, **fields: Any) -> Report:
    info = volume(1, "t2", **(info_fields or {}))
    study = StudyReport("1.2", "exam", "prostate", "why", (prediction(info, "T2W", 0.9, **fields),))
    return Report(BUNDLE, (study,), ())


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    page = Page(html_text(report()))
    assert not {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "form"}
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("src") or "data:image/jpeg;base64,").startswith("data:image/jpeg")
        assert (attributes.get("href") or "#").startswith("#")
    assert "http" not in html_text(report()).replace("http-equiv", "")
    policy = next(meta for meta in page.named("meta") if "http-equiv" in meta)
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_every_row_has_a_card_and_a_link_to_it() -> None:
    page = Page(html_text(report()))
    cards = [card["id"] for card in page.named("article")]
    assert len(cards) == len(set(cards)) == 14 + 4
    assert [link["href"] for link in page.named("a")] == [f"#{card}" for card in cards]


def test_every_volume_has_its_pictures_and_folded_ones_one_each() -> None:
    assert len(Page(html_text(report())).named("img")) == 3 * (14 + 4) + 37 + 12


def test_evidence_geometry_and_conflict_are_told() -> None:
    text = re.sub(r"\s+", " ", Page(html_text(report())).text)
    for words in (
        "Conflict. Pixels say T1W (0.91), header says T2W (0.88). Answer: T1W 0.62.",
        "b = 800 s/mm² from (0019,100C) SIEMENS MR HEADER",
        "24×384×384 slices×rows×columns",
        "axial, 3° off axis",
        "All 37 volumes of this row",
        "Profile prostate: pixels look like the pelvis (0.98).",
        "Research use only; not a medical device.",
        "4 × segmentation, no MR image",
        "exam/broken.dcm",
        "50 volumes",
    ):
        assert words in text


def test_bars_show_answer_pixels_and_header() -> None:
    page = Page(html_text(one(pixels=opinion("T2W", 0.75), header=opinion("ADC", 0.6))))
    fills = [item["style"] for item in page.named("i") if item["class"] == "fill"]
    assert fills == ["width:90.0%", *["width:1.2%"] * 8]
    pixels = [item["style"] for item in page.named("i") if item["class"] == "tick pixels"]
    header = [item["style"] for item in page.named("i") if item["class"] == "tick header"]
    assert pixels[0] == "left:75.0%"
    assert "left:60.0%" in header


NASTY = "<script>alert(1)</script>\"'&{{7*7}}\x00\x1b"


@pytest.mark.parametrize(
    "value",
    [
        one({"series_description": NASTY}),
        one({"files": (NASTY,)}),
        one({"remarks": (NASTY,)}),
        one({"manufacturer": NASTY}),
        one({"image_component": NASTY}),
        one({"derived_kind": NASTY}),
        one({"series_instance_uid": NASTY}),
        one({"b_value": replace(b(50), source=NASTY)}),
        one(conflict=True, conflict_reason=NASTY),
        one(header=opinion("T2W", 0.9, [Witness(NASTY, NASTY, (NASTY,))])),
        replace(one(), bundle=replace(BUNDLE, name=NASTY, sha256=NASTY)),
        replace(one(), skipped=(Skipped(NASTY, NASTY),)),
        replace(one(), studies=(replace(pelvis(), path=NASTY, profile_reason=NASTY),)),
    ],
    ids=[
        *("description", "files", "remarks", "scanner", "component", "kind", "uid", "b_source"),
        *("conflict", "witness", "bundle", "skipped", "study"),
    ],
)
def test_what_a_header_says_is_text_and_nothing_else(value: Report) -> None:
    text = html_text(value)
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.elements}
    assert "alert(1)" in page.text or "alert(1)" in text
    assert "49" not in re.findall(r"\{\{.*?\}\}|49\W*\x00", text)
    assert "{{7*7}}" in text
    assert "\x00" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("folded", [False, True])
def test_a_hundred_volumes_stay_below_five_megabytes(folded: bool) -> None:
    volumes = [
        volume(1 if folded else number, "x", temporal_position=number) for number in range(100)
    ]
    found = tuple(prediction(info, "T2W", 0.9, previews=slices(7)) for info in volumes)
    text = html_text(Report(BUNDLE, (StudyReport("1", "p", "all", "r", found),), ()))
    assert len(Page(text).named("article")) == (1 if folded else 100)
    assert len(text.encode()) < 5_000_000


def test_thousands_of_time_points_keep_the_page_small() -> None:
    found = tuple(
        prediction(volume(1, "bold", temporal_position=time), "UNKNOWN", 0.9, previews=slices(1))
        for time in range(3000)
    )
    text = html_text(Report(BUNDLE, (StudyReport("1", "p", "all", "r", found),), ()))
    assert len(Page(text).named("img")) == 3
    assert len(text.encode()) < 5_000_000


def test_heads_are_warned_of_and_pelves_are_not() -> None:
    assert may_show_face(head())
    assert not may_show_face(pelvis())
    assert may_show_face(replace(pelvis(), profile="all"))
    named = prediction(volume(1, None, body_part_examined="HEADNECK"), "T2W", 0.9)
    assert may_show_face(replace(pelvis(), predictions=(named,)))
    assert "Heads have faces" in html_text(Report(BUNDLE, (head(),), ()))
    assert "Heads have faces" not in html_text(Report(BUNDLE, (pelvis(),), ()))


def test_a_report_without_pictures_or_volumes_is_whole() -> None:
    assert Page(html_text(one(previews=()))).named("img") == []
    empty = Page(html_text(Report(BUNDLE, (), (Skipped("a", "text"),))))
    assert "No MR volume could be read." in empty.text
