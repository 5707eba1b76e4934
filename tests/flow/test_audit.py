"""`mrsift classify audit` on the published table, as the page about it shows."""

import csv
import re
from pathlib import Path

import pytest

from mrsift.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "mgmt.md"


def block(name: str) -> str:
    """What stands in a block of the page."""
    found = re.search(rf"<!-- {name}: begin -->\n```\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def tables(tmp_path: Path) -> list[str]:
    for name in ("values.csv", "slices.csv"):
        (tmp_path / name).write_text(block(name), "utf-8")
    return [str(tmp_path / "values.csv"), "--counts", str(tmp_path / "slices.csv")]


def test_the_page_shows_what_the_command_prints(
    tables: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["classify", "audit", *tables]) == 0
    printed = capsys.readouterr().out
    assert "".join(f"{line.rstrip()}\n" for line in printed.splitlines()) == block("printed")
    assert printed.count("is impossible") == 6


def test_the_table_holds_the_same(tables: list[str], tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    assert main(["classify", "audit", *tables, "--out", str(out)]) == 0
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {(row["patient"], row["column"]) for row in rows if row["verdict"] == "impossible"} == {
        ("00001", "50"),
        ("00027", "100"),
        ("00829", "100"),
        ("00833", "100"),
        ("00997", "100"),
        ("01006", "100"),
    }


def test_an_input_is_never_written_over(
    tables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(tables[0]).read_bytes()
    assert main(["classify", "audit", *tables, "--out", tables[0]]) == 2
    assert "is an input and would be overwritten" in capsys.readouterr().err
    assert Path(tables[0]).read_bytes() == before


def test_no_table_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "values.csv").write_text("patient,10\na,many\n")
    assert main(["classify", "audit", str(tmp_path / "values.csv")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "line 2, column 10" in said[0]
