"""A run on studies to its report: permuted, leaking on purpose, and on another cohort."""

import json
from pathlib import Path

import numpy as np
import pytest

from mrsift.classify.experiment import train_studies
from mrsift.cli.main import main
from mrsift.dataset.table import Dataset, read_dataset, write_dataset
from mrsift.evaluate.predictions import read_predictions
from mrsift.train.recipe import load_recipe
from tests.toy_studies import toy_cohort, toy_recipe

PATIENTS, UNKNOWN = 26, 2


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slices whose sign is easy, so that there is something to shuffle away."""
    cohort = toy_cohort(tmp_path_factory.mktemp("cohort"), PATIENTS, UNKNOWN)
    recipe = load_recipe(toy_recipe(cohort.parent, "slice"), ["training.max_epochs=6"])
    return train_studies(recipe, cohort, cohort.parent / "run").folder.path


def evaluate(run: Path, out: Path, *more: str) -> dict:
    assert main(["evaluate", str(run), "--out", str(out), "--draws", "100", *more]) == 0
    return json.loads((out / "evaluation.json").read_text("utf-8"))


def test_a_run_is_evaluated_by_patient_before_any_control(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = evaluate(run, tmp_path / "report")
    said = capsys.readouterr().out
    assert said.startswith("Signal above chance was found in n = 24 (AUC 1.00, 95 % 0.")
    assert "classify permute" in said
    assert "Training accuracy" in said
    assert numbers["study"]["whole"]["splits"]["test"]["volumes"] == PATIENTS - UNKNOWN
    assert numbers["study"]["target"] == "MGMT_value"
    assert "treat as a bug" in numbers["caveats"][0]
    epochs = (tmp_path / "report" / "tables" / "epochs.csv").read_text("utf-8").splitlines()
    assert epochs[0] == "Patient,Label,1 epochs,3 epochs"
    assert len(epochs) == 1 + PATIENTS  # those without a label as well, as in the paper


def test_controls_are_kept_and_shown(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", "permute", str(run), "--times", "19"]) == 0
    said = capsys.readouterr().err
    assert "19 shuffles" in said
    assert "p = 0.0500, not below 0.0500" in said
    assert main(["classify", "permute", str(run), "--retrain", "--times", "1"]) == 0
    history = (run / "permuted-history.csv").read_text("utf-8").splitlines()
    assert history[0] == (run / "history.csv").read_text("utf-8").splitlines()[0]
    kept = json.loads((run / "permutation-retrained.json").read_text("utf-8"))
    assert len(kept["areas"]) == 1
    assert main(["classify", "leak", str(run)]) == 0
    said = capsys.readouterr().err
    assert "LEAK on purpose, labels shuffled" in said
    assert not list((run / "controls").iterdir())

    numbers = evaluate(run, tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "permuted labels 0." in numbers["result"]
    assert kept["observed"] == pytest.approx(numbers["study"]["area"]["value"])
    assert len(numbers["study"]["permutation"]["areas"]) == 19
    assert [leak["shuffled"] for leak in numbers["study"]["controls"]["leaks"]] == [False, True]
    assert numbers["study"]["controls"]["leaks"][0]["inflated"]
    assert "LEAK, on purpose" in page
    assert "train, labels shuffled" in page


def test_another_cohort_is_answered_by_all_networks(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = run.parent / "cohort.parquet"
    assert main(["evaluate", str(run), "--data", str(own), "--out", str(tmp_path / "no")]) == 2
    assert "in the run as well" in capsys.readouterr().err
    rows = read_dataset(own).rows
    other = tmp_path / "other"
    fresh = read_dataset(toy_cohort(other, 14, 0, seed=5)).rows
    write_dataset(Dataset(fresh, {"cohort": "rsna-miccai"}), other / "cohort.parquet")
    assert not {row.pixel_sha256 for row in rows} & {row.pixel_sha256 for row in fresh}
    numbers = evaluate(run, tmp_path / "external", "--data", str(other / "cohort.parquet"))
    assert numbers["study"]["external"]
    assert not any("external" in said for said in numbers["caveats"])
    kept = read_predictions(tmp_path / "external" / "predictions.parquet")
    assert len(kept) == 14
    assert np.isnan(kept.fold).all()


def test_what_does_not_fit_a_run_on_studies_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(run), str(run), "--out", str(tmp_path / "a")]) == 2
    assert "give one RUN" in capsys.readouterr().err
    assert main(["evaluate", str(run), "--saliency", "--out", str(tmp_path / "a")]) == 2
    assert "classify explain" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()
    (tmp_path / "volumes").mkdir()
    (tmp_path / "volumes" / "recipe.toml").write_text('name = "x"\n[labels]\nnames = ["0", "1"]\n')
    assert main(["classify", "permute", str(tmp_path / "volumes")]) == 2
    assert "is a run on volumes" in capsys.readouterr().err
