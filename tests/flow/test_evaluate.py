"""`mrsift evaluate` and `mrsift compare`: from a predictions table to the files of a report."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.cli.main import main
from mrsift.evaluate.predictions import read_predictions, write_predictions
from tests.ordinary_user import run_as_ordinary_user
from tests.simulated_predictions import simulated_predictions


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs on one data set, as training leaves them, without the data."""
    for name, seed in (("a", 7), ("b", 8)):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        table = simulated_predictions(60, seed=seed, difficulty=3.0)
        write_predictions(table, folder / "predictions.parquet")
        facts = {"tuned_on": "validation", "data": str(tmp_path / "data.parquet"), "epochs": 3}
        (folder / "run.json").write_text(json.dumps(facts))
    return tmp_path / "runs"


def test_a_report_is_whole(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report"
    assert main(["evaluate", str(runs / "a"), "--out", str(report), "--draws", "100"]) == 0
    said = capsys.readouterr().out
    page = (report / "index.html").read_text("utf-8")
    numbers = json.loads((report / "evaluation.json").read_text("utf-8"))
    accuracy = numbers["evaluation"]["splits"]["test"]["overall"]["accuracy"]
    right = f"{accuracy['successes']} of {accuracy['total']} volumes"
    assert right in said
    assert right in page
    table = read_predictions(runs / "a" / "predictions.parquet")
    test = table.rows(table.split == "test")
    assert accuracy["successes"] == (test.label == test.predicted).sum()
    with (report / "errors.csv").open(encoding="utf-8", newline="") as file:
        errors = list(csv.DictReader(file))
    assert len(errors) == accuracy["total"] - accuracy["successes"]
    assert {path.suffix for path in (report / "figures").iterdir()} == {".png", ".svg"}
    assert {path.suffix for path in (report / "tables").iterdir()} == {".csv", ".tex"}
    assert not [path for path in report.rglob("*") if path.name.startswith(".mrsift")]
    assert "No pictures" in page
    needs_nothing_else(page)

    files = ("errors.csv", "tables/labels-test.csv", "figures/confusion.png")
    before = [(report / file).read_bytes() for file in files]
    assert main(["evaluate", str(runs / "a"), "--out", str(report), "--draws", "100"]) == 0
    assert [(report / file).read_bytes() for file in files] == before


def needs_nothing_else(page: str) -> None:
    """No script, nothing fetched, no name twice, small enough to mail."""
    assert len(page) < 5_000_000
    for outside in ("<script", "<link", 'src="http', "url(http", "@import"):
        assert outside not in page
    names = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(names) == len(set(names))


def test_each_look_at_the_test_split_is_counted(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["evaluate", str(runs / "a"), "--draws", "20"])
    assert "scored once" in capsys.readouterr().out
    main(["evaluate", str(runs / "a"), "--draws", "20"])
    assert "2 times, this time included, always with this run" in capsys.readouterr().out
    main(["compare", str(runs / "a"), str(runs / "b"), "--draws", "20"])
    assert "4 times, this time included, with 2 different runs" in capsys.readouterr().out
    with (tmp_path / "data.parquet.scored.csv").open(encoding="utf-8") as file:
        looks = list(csv.DictReader(file))
    assert [look["verb"] for look in looks] == ["evaluate", "evaluate", "compare", "compare"]
    assert len({look["set_sha256"] for look in looks}) == 1
    assert len((runs / "a" / "scored.csv").read_text().splitlines()) == 4


def test_validation_may_be_looked_at_freely(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compare", str(runs / "a"), str(runs / "b"), "--split", "validation"]
    assert main([*arguments, "--draws", "20"]) == 0
    assert "which the models were tuned on" in capsys.readouterr().out
    assert not (tmp_path / "data.parquet.scored.csv").exists()


def test_a_table_alone_is_enough(runs: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.parquet"
    (runs / "a" / "predictions.parquet").rename(alone)
    assert main(["evaluate", str(alone), "--out", str(tmp_path / "report"), "--draws", "20"]) == 0
    assert (tmp_path / "alone.parquet.scored.csv").is_file()
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "is not written beside these predictions" in page


def as_folds(runs: Path, column: str) -> list[Path]:
    """Three runs on the volumes of `a`, each tested on a third of the patients, or on a site."""
    table = read_predictions(runs / "a" / "predictions.parquet")
    thirds = [str(int(patient[1:]) % 3) for patient in table.patient]
    group = np.array(thirds if column == "patient" else table.site, dtype=object)
    folders = []
    for fold, value in enumerate(sorted(set(group))):
        split = np.where(group == value, "test", "train").astype(object)
        numbers = np.full(len(table), float(fold))
        folders.append(runs / f"fold-{fold}")
        folders[-1].mkdir()
        part = replace(table, split=split, fold=numbers)
        write_predictions(part, folders[-1] / "predictions.parquet")
        facts = {"tuned_on": "validation", "data": str(runs.parent / "data.parquet")}
        (folders[-1] / "run.json").write_text(json.dumps(facts))
    return folders


def test_folds_make_one_report(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = read_predictions(runs / "a" / "predictions.parquet")
    folds = list(map(str, as_folds(runs, "patient")))
    report = tmp_path / "cv"
    assert main(["evaluate", *folds, "--out", str(report), "--draws", "50"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Cross-validation: 3 models" in said
    assert "also trained on sites" in said
    assert "is a fold missing" not in said
    kept = read_predictions(report / "predictions.parquet")
    assert set(kept.split) == {"test"}
    assert sorted(kept.volume_id) == sorted(table.volume_id), "each volume once"
    numbers = json.loads((report / "evaluation.json").read_text("utf-8"))["evaluation"]
    accuracy = numbers["splits"]["test"]["overall"]["accuracy"]
    assert accuracy["successes"] == int((table.label == table.predicted).sum())
    assert (report / "tables" / "by-fold.csv").read_text().count("\n") == 4
    assert "fold-0,fold-1" in (tmp_path / "data.parquet.scored.csv").read_text()
    assert main(["compare", str(report), str(report), "--draws", "20"]) == 0


def test_what_is_no_set_of_folds_is_said(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folds = list(map(str, as_folds(runs, "site")))
    assert main(["evaluate", *folds[:2], "--draws", "20"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "is a fold missing?" in said
    assert "No model was trained on a site that it is tested on" in said
    table = read_predictions(runs / "a" / "predictions.parquet")
    write_predictions(table.rows(table.split == "train"), tmp_path / "no-test.parquet")
    cases = (
        ([*folds, folds[0]], "are in the test split of both"),
        ([folds[0], str(tmp_path / "no-test.parquet")], "has no test split"),
        ([folds[0], str(runs / "nothing")], "no such run"),
        ([*folds, "--saliency", "--out", str(tmp_path / "x")], "needs one run"),
        ([*folds, "--data", str(tmp_path / "no-test.parquet")], "give one RUN"),
    )
    for arguments, says in cases:
        assert main(["evaluate", *arguments]) == 2
        assert says in capsys.readouterr().err


def test_a_comparison_is_whole(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "comparison"
    arguments = ["compare", str(runs / "a"), str(runs / "b"), "--out", str(out)]
    assert main([*arguments, "--draws", "100"]) == 0
    numbers = json.loads((out / "comparison.json").read_text("utf-8"))["comparison"]
    every = numbers["all_volumes"]
    assert f"{every['only_first']}</td>" in (out / "index.html").read_text("utf-8")
    assert set(numbers["differences"]) == {"accuracy", "balanced_accuracy", "macro_f1", "kappa"}


def test_a_folder_that_is_no_report_is_left_alone(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    arguments = ["evaluate", str(runs / "a"), "--draws", "20", "--out"]
    mine.mkdir()
    (mine / "index.html").write_text("mine")
    assert main([*arguments, str(mine)]) == 2
    assert "holds other files" in capsys.readouterr().err
    assert (mine / "index.html").read_text() == "mine"
    (tmp_path / "file").write_text("")
    assert main([*arguments, str(tmp_path / "file")]) == 2


def test_bad_input_is_one_line(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    other = simulated_predictions(40)
    write_predictions(other, tmp_path / "other.parquet")
    cases = (
        (["evaluate", str(tmp_path / "empty")], "has no predictions.parquet"),
        (["evaluate", str(tmp_path / "broken.parquet")], "is no Parquet file"),
        (["compare", str(runs / "a"), str(tmp_path / "other.parquet")], "the same volumes"),
        (["compare", str(runs / "a"), str(tmp_path / "broken.parquet")], "is no Parquet file"),
        (["evaluate", str(runs / "a"), "--saliency"], "give --out"),
    )
    for arguments, says in cases:
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert says in error
        assert len(error.splitlines()) == 1
    (runs / "a" / "run.json").write_text("{")
    assert main(["evaluate", str(runs / "a")]) == 2
    assert "run.json" in capsys.readouterr().err


def test_a_split_that_is_not_there_is_named(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = read_predictions(runs / "a" / "predictions.parquet")
    path = tmp_path / "train.parquet"
    write_predictions(table.rows(np.flatnonzero(table.split == "train")), path)
    assert main(["compare", str(path), str(path), "--split", "validation"]) == 2
    assert "has no volume of the split 'validation'; it has train" in capsys.readouterr().err


def test_a_read_only_data_set_is_evaluated_and_said_to_be_uncounted(
    runs: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "locked" / "p.parquet"
    alone.parent.mkdir()
    (runs / "a" / "predictions.parquet").rename(alone)
    alone.parent.chmod(0o555)
    from tests.ordinary_user import MRSIFT

    done = run_as_ordinary_user([MRSIFT, "evaluate", alone, "--draws", "20"])
    alone.parent.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "could not be written down" in done.stderr
    assert "could not be written down" in done.stdout


def test_a_full_disk_leaves_no_half_file(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / "evaluation.json").write_text("{}")
    (report / "tables").mkdir()
    (report / "tables" / "overall.csv").symlink_to("/dev/full")
    arguments = ["evaluate", str(runs / "a"), "--draws", "20", "--out", str(report)]
    assert main(arguments) == 1
    assert "overall.csv" in capsys.readouterr().err
    assert (report / "evaluation.json").read_text() == "{}"
