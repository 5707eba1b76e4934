"""A page of sections: everything in it, nothing from elsewhere, and text that stays text."""

from pathlib import Path

import numpy as np

from mrsift.export.evaluation_tables import Table
from mrsift.export.pictures import encode
from mrsift.export.sections_page import Captioned, Section, write_sections

TABLE = Table("speed", "Milliseconds", "Of this machine.", ("Step", "median"), (("net", "7.1"),))


def test_a_page_holds_its_sections_and_is_whole_in_itself(tmp_path: Path) -> None:
    picture = Captioned(encode(np.full((8, 8), 90, np.uint8), 8), "simulated: T2W")
    sections = [
        Section("Speed", ("As busy as it was.",), (TABLE,)),
        Section("Pictures", pictures=(("T2W", (picture,)),), links=(("All", "test/index.html"),)),
        Section("<b>bold</b> & co"),
    ]
    write_sections(tmp_path / "index.html", "Report", ("Good.", "More."), sections)
    text = (tmp_path / "index.html").read_text("utf-8")
    for said in ("Good.", "More.", "As busy as it was.", "7.1", "simulated: T2W"):
        assert said in text
    assert 'href="test/index.html"' in text
    assert text.count("data:image/jpeg;base64,") == 1
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "<b>bold</b>" not in text
    assert 'href="#part-2">Pictures' in text


def test_a_section_without_anything_is_its_title(tmp_path: Path) -> None:
    write_sections(tmp_path / "a.html", "Report", ("Lead",), [Section("Ablations")])
    text = (tmp_path / "a.html").read_text("utf-8")
    assert "<table" not in text
    assert "Ablations</h2>" in text


def test_a_column_of_words_is_one_whatever_the_length_of_each(tmp_path: Path) -> None:
    columns = ("score", "strangers", "of", "AUROC")
    rows = (("p", "phantom", "24", "0.95"), ("p", "double_inversion", "24", "not measured"))
    table = Table("strangers", "Strangers", "", columns, (*rows, ("p", "emission", "24", 7)))
    write_sections(
        tmp_path / "a.html", "Report", ("Lead",), [Section("Strangers", tables=(table,))]
    )
    text = (tmp_path / "a.html").read_text("utf-8")
    for cell in ("phantom", "double_inversion", "emission"):
        assert f'<td class="words">{cell}</td>' in text
    assert '<th scope="col" class="words">strangers</th>' in text
    for cell in ("p", "24", "0.95", "7"):
        assert f"<td>{cell}</td>" in text
