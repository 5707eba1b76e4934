"""`mrsift simulate` from the command line to the table that training reads."""

from pathlib import Path

import pytest

from mrsift.cli.main import main

TINY = [
    *("--set", "size.pixels=[24,32]", "--set", "size.echo_planar_pixels=[24,28]"),
    *("--set", "size.slices=[3,4]"),
]


def simulate(out: Path, *extra: str) -> int:
    return main(["simulate", "multi-site", str(out), "--seed", "3", *TINY, *extra])


def test_studies_are_written_and_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(tmp_path / "out", "--studies", "1") == 0
    assert "1 studies (1 new)" in capsys.readouterr().out
    assert simulate(tmp_path / "out", "--studies", "2") == 0
    assert "2 studies (1 new)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["multisite", "OUT", "--studies", "1", "--seed", "1"], "shipped are"),
        (["brain", "OUT", "--studies", "1", "--seed", "1", "--layout", "rsna-miccai"], "glioma"),
        (["brain", "OUT", "--studies", "1", "--seed", "1", "--set", "size.pixel=3"], "pixels"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "out"
    arguments = [str(out) if word == "OUT" else word for word in arguments]
    assert main(["simulate", *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not out.exists()


def test_the_data_set_is_indexed_with_every_label(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from mrsift.dataset.table import read_dataset

    assert simulate(tmp_path / "out", "--studies", "2") == 0
    table = tmp_path / "data.parquet"
    labels = str(tmp_path / "out" / "labels.csv")
    done = main(
        ["dataset", "index", str(tmp_path / "out"), "--labels", labels, "--out", str(table)]
    )
    assert done == 0
    rows = read_dataset(table).rows
    records = (tmp_path / "out" / "records.jsonl").read_text().splitlines()
    assert len(rows) == len(records)
    assert len({row.patient for row in rows}) == 2
    assert {row.site for row in rows} <= {
        *("north", "harbour", "hill", "old-town", "island", "river", "valley"),
    }
