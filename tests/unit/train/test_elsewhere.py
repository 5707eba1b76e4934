"""What a model says of data of another hospital."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.main import main
from mrsift.dataset.table import Dataset, read_dataset, write_dataset
from mrsift.errors import ConfigError
from mrsift.evaluate.cases import find_cases
from mrsift.evaluate.predictions import read_predictions
from mrsift.export.evaluation_run import PREDICTIONS
from mrsift.train.bundle_export import export_run
from mrsift.train.elsewhere import predict_elsewhere
from mrsift.train.experiment import Machine, train
from mrsift.train.recipe import load_recipe
from mrsift.train.run_folder import RunFolder
from mrsift.train.watch import Watch
from tests.toy_data import toy_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    data = toy_data(tmp_path_factory.mktemp("toy"))
    recipe = load_recipe(data.with_name("toy.toml"))
    return train(recipe, data, tmp_path_factory.mktemp("runs") / "a", Machine(threads=1))


@pytest.fixture
def other(folder: RunFolder, tmp_path: Path) -> Path:
    """The test patients, as data of their own without a split; one volume is of another class."""
    rows = [replace(row, split=None) for row in folder.dataset().rows if row.split == "test"]
    rows[0] = replace(rows[0], label="FLAIR")
    write_dataset(Dataset(tuple(rows)), tmp_path / "other.parquet")
    return tmp_path / "other.parquet"


def test_a_run_says_of_other_data_what_it_said_before(folder: RunFolder, other: Path) -> None:
    before = read_predictions(folder.predictions)
    expected = dict(zip(before.volume_id, before.probabilities, strict=True))
    found = predict_elsewhere(str(folder.path), other, Watch()).predictions
    assert len(found) == 8
    assert found.label[0] == "FLAIR", "a stranger keeps its name"
    for volume_id, probabilities in zip(found.volume_id, found.probabilities, strict=True):
        np.testing.assert_allclose(probabilities, expected[volume_id], atol=1e-4)


def test_a_bundle_answers_as_its_run(folder: RunFolder, other: Path, tmp_path: Path) -> None:
    export_run(folder.path, tmp_path / "site.mrsift", "CC-BY-4.0")
    by_run = predict_elsewhere(str(folder.path), other, Watch())
    by_bundle = predict_elsewhere(str(tmp_path / "site.mrsift"), other, Watch())
    assert by_bundle.model.startswith("bundle site")
    np.testing.assert_array_equal(
        by_run.predictions.probabilities, by_bundle.predictions.probabilities
    )


def test_a_label_that_the_shipped_model_lacks_counts_as_unknown(other: Path) -> None:
    dataset = read_dataset(other)
    rows = (replace(dataset.rows[0], label="SPECTROSCOPY"), *dataset.rows[1:])
    write_dataset(replace(dataset, rows=rows), other)
    found = predict_elsewhere("default", other, Watch()).predictions
    assert found.label[0] == "SPECTROSCOPY"
    cases = find_cases(found)
    assert cases.names[cases.y_true[0]] == "UNKNOWN"


def test_volumes_of_the_training_are_refused(folder: RunFolder, tmp_path: Path) -> None:
    rows = tuple(replace(row, split=None, patient="else") for row in folder.dataset().rows)
    write_dataset(Dataset(rows), tmp_path / "leak.parquet")
    with pytest.raises(ConfigError, match="32 volumes have the pixels"):
        predict_elsewhere(str(folder.path), tmp_path / "leak.parquet", Watch())


def test_of_split_data_the_test_split_alone_is_asked_about(
    folder: RunFolder, tmp_path: Path
) -> None:
    """Else rows of somebody's training would stand in the report as this model's own."""
    write_dataset(folder.dataset(), tmp_path / "split.parquet")
    for model in (str(folder.path), "default"):
        found = predict_elsewhere(model, tmp_path / "split.parquet", Watch()).predictions
        assert set(found.split) == {"test"}
        assert len(found) == 8
    rows = [replace(row, split="train") for row in folder.dataset().rows if row.split == "test"]
    write_dataset(Dataset(tuple(rows)), tmp_path / "train.parquet")
    found = predict_elsewhere(str(folder.path), tmp_path / "train.parquet", Watch()).predictions
    assert set(found.split) == {None}


def test_unreadable_volumes_are_named_and_the_rest_is_answered(
    folder: RunFolder, other: Path, tmp_path: Path
) -> None:
    dataset = read_dataset(other)
    gone = replace(dataset.rows[1], root=str(tmp_path), files=("gone.nii",))
    write_dataset(replace(dataset, rows=(dataset.rows[0], gone, *dataset.rows[2:])), other)
    found = predict_elsewhere(str(folder.path), other, Watch())
    assert len(found.predictions) == 7
    assert len(found.unreadable) == 1
    assert "gone.nii" in found.unreadable[0]


def test_the_verb_writes_a_report_and_counts_the_look(
    folder: RunFolder, other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(folder.path), "--data", str(other), "--out", str(tmp_path / "r")]
    assert main([*arguments, "--draws", "50"]) == ExitStatus.DONE
    assert main([*arguments, "--draws", "50"]) == ExitStatus.DONE, "a report may be replaced"
    assert "scored 2 times" in capsys.readouterr().out
    assert len(read_predictions(tmp_path / "r" / PREDICTIONS)) == 8
    assert (tmp_path / "other.parquet.scored.csv").is_file()
    assert main(["evaluate", "nowhere"]) == ExitStatus.USAGE
