"""Labels of a table against labels that a person set: one wins, and nothing is silent."""

from pathlib import Path

import numpy as np
import pytest

from mrsift.dataset.index import Index, index_findings, index_folder
from mrsift.ingest.label_table import read_label_table
from tests.research_files import save as write


def save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, np.random.default_rng(seed).normal(100, 20, (8, 8, 5)).astype(np.float32))


@pytest.fixture
def corrected(tmp_path: Path) -> Path:
    """Four volumes of a table; the first three and one more are corrected beside them."""
    data = tmp_path / "data"
    for number, name in enumerate("abcde"):
        save(data / f"{name}.nii", number)
    lines = ["path,label", "a.nii,ADC", "b.nii,ADC", "c.nii,FLAIR", "e.nii,T2W"]
    (data / "mrsift-corrections.csv").write_text("\n".join(lines) + "\n")
    return data


TABLE = "path,label\na.nii,T2W\nb.nii,ADC\nc.nii,T2W\nd.nii,T2W\n"


def indexed(data: Path, corrections: Path | None = None) -> Index:
    table = data.parent / "labels.csv"
    table.write_text(TABLE)
    rows = read_label_table(table)
    return index_folder(data, rows, jobs=1, corrections=corrections)


def said(found: Index) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.names for finding in index_findings(found)}


def test_a_correction_wins_over_the_table_and_is_said_and_marked(corrected: Path) -> None:
    found = indexed(corrected)
    assert [(r.files[0], r.label, r.corrected, r.label_before) for r in found.dataset.rows] == [
        ("a.nii", "ADC", True, "T2W"),
        ("b.nii", "ADC", True, "ADC"),
        ("c.nii", "T2W", False, None),
        ("d.nii", "T2W", False, None),
    ]
    words = said(found)
    table = "mrsift-corrections.csv"
    assert words["corrected"] == (f"a.nii: {table} says ADC, the table T2W",)
    assert words["other_words"] == (f"c.nii: {table} says FLAIR, the table T2W",)
    assert words["corrected_not_named"] == (f"e.nii: {table} says T2W",)
    assert [one.says for one in index_findings(found) if one.kind == "by_hand"] == [
        "2 labels set by hand"
    ]


def test_another_table_of_corrections_is_followed_instead(corrected: Path) -> None:
    other = corrected.parent / "other.csv"
    other.write_text("path,label\ndata/d.nii,ADC\n")
    found = indexed(corrected, other)
    assert [row.label for row in found.dataset.rows] == ["T2W", "ADC", "T2W", "ADC"]
    assert "not read" in said(found)["corrections_aside"][0]
    assert set(said(found)) >= {"corrected", "corrections_aside"}


def test_corrections_win_over_folders(tmp_path: Path) -> None:
    for number, name in enumerate(("T2W/a.nii", "ADC/b.nii", "T2W/c.nii")):
        save(tmp_path / name, number)
    (tmp_path / "mrsift-corrections.csv").write_text("path,label\nT2W/a.nii,ADC\n")
    found = index_folder(tmp_path, "folders", jobs=1)
    assert {row.files[0]: row.label for row in found.dataset.rows} == {
        "ADC/b.nii": "ADC",
        "T2W/a.nii": "ADC",
        "T2W/c.nii": "T2W",
    }
    assert len(said(found)["corrected"]) == 1


def test_a_bad_row_of_corrections_is_named(corrected: Path) -> None:
    with (corrected / "mrsift-corrections.csv").open("a") as file:
        file.write("d.nii,ADC\nd.nii,T2W\n")
    found = indexed(corrected)
    assert "is corrected to ADC" in said(found)["bad_correction"][0]
