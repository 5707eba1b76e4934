"""A whole run on studies, for each kind of unit, on a cohort whose sign is easy."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from mrsift.classify.experiment import resume_studies, train_studies
from mrsift.classify.frozen import TEST, UNUSED, read_features
from mrsift.classify.study_run import StudyRun, open_study_run
from mrsift.dataset.table import Dataset, read_dataset, write_dataset
from mrsift.errors import ConfigError
from mrsift.evaluate.predictions import read_predictions
from mrsift.models.catalogue import build
from mrsift.models.weights import to_safetensors
from mrsift.train.recipe import load_recipe
from mrsift.train.watch import Watch
from tests.toy_studies import UNITS, toy_cohort, toy_recipe

PATIENTS, UNKNOWN = 16, 2
Columns = dict[str, list[Any]]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_cohort(tmp_path_factory.mktemp("cohort"), PATIENTS, UNKNOWN)


@pytest.fixture(scope="module", params=UNITS)
def run(request: pytest.FixtureRequest, cohort: Path) -> StudyRun:
    recipe = load_recipe(toy_recipe(cohort.parent, request.param))
    return train_studies(recipe, cohort, cohort.parent / f"run-{request.param}")


def columns(path: Path) -> Columns:
    found: Columns = pq.read_table(path).to_pydict()
    return found


def test_every_patient_has_one_row(run: StudyRun) -> None:
    predictions = read_predictions(run.folder.predictions)
    assert len(predictions) == PATIENTS
    assert sorted(predictions.patient) == [f"{n:05d}" for n in range(PATIENTS)]
    assert (predictions.split[:-UNKNOWN] == "test").all()
    assert set(predictions.split[-UNKNOWN:]) == {None}
    assert set(predictions.label[-UNKNOWN:]) == {None}
    assert set(predictions.prediction_set) == {"0|1"}  # three inner patients promise nothing
    own = columns(run.folder.predictions)
    assert own["networks"] == [1] * (PATIENTS - UNKNOWN) + [2] * UNKNOWN
    assert max(own["epistemic_sd"]) > 0
    assert min(own["epistemic_sd"]) >= 0
    assert set(own["slices"]) == ({1} if run.slices.exists() is False else {8})


def test_the_answer_is_of_the_network_that_did_not_learn_from_the_patient(run: StudyRun) -> None:
    own = columns(run.folder.predictions)
    folds = [part.fold for part in run.parts()]
    networks = dict(zip(folds, run.all_answers(), strict=True))
    for patient, fold, value in zip(own["patient"], own["fold"], own["value"], strict=True):
        if fold is None:
            continue
        answers = networks[fold]
        place = answers.patients.tolist().index(patient)
        assert answers.sides[place] == TEST
        assert value == pytest.approx(answers.values[place, 1])


def test_slices_say_what_the_patient_is_made_of(run: StudyRun) -> None:
    unit = run.folder.recipe().study.unit  # type: ignore[union-attr]
    assert run.slices.exists() == (unit != "volume")
    if unit == "volume":
        return
    said = columns(run.slices)
    assert list(said) == [
        "patient", "split", "fold", "repeat", "slice", "p_0", "p_1", "attention"
    ]  # fmt: skip
    assert len(said["patient"]) == 8 * (PATIENTS + UNKNOWN)  # two networks for the unknown
    first = [place for place, name in enumerate(said["patient"]) if name == "00000"]
    assert [said["slice"][place] for place in first] == list(range(8))
    weights = [said["attention"][place] for place in first]
    assert set(weights) == {None} if unit == "slice" else sum(weights) == pytest.approx(1.0)


def test_epochs_that_were_reached_are_reported(run: StudyRun) -> None:
    said = columns(run.epochs)
    assert sorted(set(said["epochs"])) == [1, 3]  # the ninth was never reached
    assert len(said["epochs"]) == 2 * PATIENTS
    last = {
        name: value
        for name, epoch, value in zip(said["patient"], said["epochs"], said["value"], strict=True)
        if epoch == 3
    }
    own = columns(run.folder.predictions)
    for name, value in zip(own["patient"], own["value"], strict=True):
        assert last[name] == pytest.approx(value)  # weights of the last epoch answer


def test_features_are_there_for_every_network_and_patient(run: StudyRun) -> None:
    frozen = read_features(run.features)
    assert frozen.features.shape[:2] == (2, PATIENTS)
    assert (frozen.sides[:, -UNKNOWN:] == UNUSED).all()
    assert ((frozen.sides == TEST).sum(axis=0)[:-UNKNOWN] == 1).all()


def test_history_and_facts_of_all_networks(run: StudyRun) -> None:
    with (run.folder.path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["fold"], row["epoch"]) for row in rows] == [
        (fold, epoch) for fold in "01" for epoch in "123"
    ]
    facts = run.folder.facts()
    assert facts["tuned_on"] == "nothing"
    assert any("14 labelled patients: too few" in said for said in facts["warnings"])
    assert set(facts["temperature"].values()) == {1.0}
    assert (run.folder.path / "curves.png").is_file()


def test_a_run_whose_end_is_missing_goes_on_to_the_same_answers(run: StudyRun) -> None:
    before = columns(run.folder.predictions)
    last = run.parts()[1]
    run.folder.predictions.unlink()
    run.answers(last).unlink()
    again = resume_studies(run.folder.path)
    assert columns(again.folder.predictions) == before


def test_an_easy_sign_is_found(cohort: Path) -> None:
    recipe = load_recipe(
        toy_recipe(cohort.parent, "slice"),
        ["training.max_epochs=10", "optimiser.schedule=cosine", "training.patience=1"],
    )
    run = train_studies(recipe, cohort, cohort.parent / "easy")
    own = columns(run.folder.predictions)
    for fold in (0, 1):
        said = zip(own["label"], own["value"], own["fold"], strict=True)
        told = [(label, value) for label, value, of in said if of == fold]
        ones = [value for label, value in told if label == "1"]
        assert min(ones) > max(value for label, value in told if label == "0")
    assert run.folder.facts()["epochs"] == 10  # patience stops nothing where the last epoch counts


def test_a_hold_out_has_rows_for_all_sides(cohort: Path) -> None:
    recipe = load_recipe(toy_recipe(cohort.parent, "volume", folds=0))
    run = train_studies(recipe, cohort, cohort.parent / "hold-out")
    own = columns(run.folder.predictions)
    drawn = list(run.parts()[0].sides.values())
    for side in ("train", "validation", "test"):
        assert own["split"].count(side) == drawn.count(side) > 0
    assert own["split"].count(None) == UNKNOWN
    assert len(columns(run.epochs)["patient"]) == 2 * PATIENTS


def test_one_label_only_is_refused_before_anything_is_written(cohort: Path, tmp_path: Path) -> None:
    data = read_dataset(cohort)
    rows = tuple(replace(row, label="1") for row in data.rows)
    write_dataset(Dataset(rows, data.facts), tmp_path / "one.parquet")
    recipe = load_recipe(toy_recipe(cohort.parent, "slice"))
    with pytest.raises(ConfigError, match=r"1 \(16\); two labels are needed"):
        train_studies(recipe, tmp_path / "one.parquet", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_too_few_for_one_step_is_said_before_anything_is_written(
    cohort: Path, tmp_path: Path
) -> None:
    recipe = load_recipe(toy_recipe(cohort.parent, "volume"), ["training.batch=32"])
    with pytest.raises(ConfigError, match=r"repeat-0-fold-0: \d patients .* fewer than the 32"):
        train_studies(recipe, cohort, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_patient_without_a_sequence_is_left_out_and_named_by_its_file(
    cohort: Path, tmp_path: Path
) -> None:
    data = read_dataset(cohort)
    rows = tuple(
        row for row in data.rows if (row.patient, row.extra["role"]) != ("00003", "t1w_ce")
    )
    write_dataset(Dataset(rows, data.facts), tmp_path / "less.parquet")
    recipe = load_recipe(toy_recipe(cohort.parent, "volume"), ["training.max_epochs=1"])
    said: list[str] = []
    run = train_studies(
        recipe, tmp_path / "less.parquet", tmp_path / "run", watch=Watch(say=said.append)
    )
    assert "00003" not in columns(run.folder.predictions)["patient"]
    assert any("left out" in line and "t1w_ce" in line for line in said)
    assert any("1 patient of 16 left out" in line for line in run.folder.facts()["warnings"])
    taken = load_recipe(
        toy_recipe(cohort.parent, "volume"), ["training.max_epochs=1", "study.missing=zeros"]
    )
    run = train_studies(taken, tmp_path / "less.parquet", tmp_path / "zeros")
    assert "00003" in columns(run.folder.predictions)["patient"]


def test_a_patient_in_two_folds_is_refused(cohort: Path, tmp_path: Path) -> None:
    data = read_dataset(cohort)
    rows = [replace(row, fold=int(row.patient) % 3) for row in data.rows]
    rows[0] = replace(rows[0], fold=2)
    write_dataset(Dataset(tuple(rows), data.facts), tmp_path / "torn.parquet")
    recipe = load_recipe(toy_recipe(cohort.parent, "slice"), ["study.sides=data"])
    with pytest.raises(ConfigError, match="its fold is not that of the patient's other sequences"):
        train_studies(recipe, tmp_path / "torn.parquet", tmp_path / "run")


def test_weights_of_a_file_are_begun_with_and_kept(cohort: Path, tmp_path: Path) -> None:
    path = toy_recipe(cohort.parent, "slice")
    torch.manual_seed(5)
    (tmp_path / "body.safetensors").write_bytes(
        to_safetensors(build(load_recipe(path).network, 7))  # the head of another task
    )
    recipe = load_recipe(
        path, [f"training.start_from='{tmp_path / 'body.safetensors'}'", "training.max_epochs=1"]
    )
    said: list[str] = []
    run = train_studies(recipe, cohort, tmp_path / "run", watch=Watch(say=said.append))
    assert any(line.startswith("100.0 % of the parameters are from") for line in said)
    (tmp_path / "body.safetensors").unlink()  # the run has its own
    for part in run.parts():
        assert run.network(part).start.read_bytes() == run.folder.start.read_bytes()
    run.network(run.parts()[1]).last.unlink()
    resume_studies(run.folder.path)


def test_patients_that_are_gone_stop_a_run_that_goes_on(cohort: Path, tmp_path: Path) -> None:
    recipe = load_recipe(toy_recipe(cohort.parent, "volume"), ["training.max_epochs=1"])
    run = train_studies(recipe, cohort, tmp_path / "run")
    facts = json.loads((run.folder.path / "run.json").read_text())
    run.folder.add_facts({"rows": facts["rows"] + 1})
    with pytest.raises(ConfigError, match="began with 17 patients, and 16 can be prepared"):
        resume_studies(run.folder.path)


def test_what_is_no_run_on_studies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run of mrsift train"):
        open_study_run(tmp_path)


def test_torchrun_is_refused(cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    recipe = load_recipe(toy_recipe(cohort.parent, "volume"))
    with pytest.raises(ConfigError, match="trains in one process"):
        train_studies(recipe, cohort, tmp_path / "run")


def test_damaged_answers_say_how_to_go_on(run: StudyRun) -> None:
    path = run.answers(run.parts()[0])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigError, match=r"damaged; finish the run: mrsift train --resume"):
        run.all_answers()
    path.write_bytes(whole)
    assert np.isfinite(run.all_answers()[0].values).all()
