"""Training: it learns, a run that is cut off ends with the same weights, and it ends as it says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mrsift.errors import ConfigError
from mrsift.evaluate.predictions import read_predictions
from mrsift.train.checkpoints import read_checkpoint
from mrsift.train.experiment import Machine, resume, train
from mrsift.train.recipe import Recipe, load_recipe, with_settings
from mrsift.train.run_folder import RunFolder
from mrsift.train.watch import Watch
from tests.toy_data import toy_data

ONE_THREAD = Machine(threads=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_data(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def recipe(data: Path) -> Recipe:
    """With a schedule, sampling and dropout, which all must be taken up where they were."""
    changes = {
        "optimiser.schedule": "cosine",
        "optimiser.warmup": 0.1,
        "training.balance": "sqrt",
    }
    return with_settings(load_recipe(data.with_name("toy.toml")), changes)


@pytest.fixture(scope="module")
def whole(data: Path, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that nobody cut off: 3 epochs of 6 steps."""
    return train(recipe, data, tmp_path_factory.mktemp("runs") / "whole", ONE_THREAD)


def test_it_learns(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    longer = with_settings(recipe, {"training.max_epochs": 8})
    folder = train(longer, data, tmp_path / "run", ONE_THREAD)
    table = read_predictions(folder.predictions)
    kept_out = table.split != "train"
    assert (table.predicted == table.label)[kept_out].mean() > 0.9
    assert len(table) == 40
    assert table.names == ("T2W", "ADC")


def test_a_run_leaves_what_it_says(whole: RunFolder) -> None:
    names = {path.name for path in whole.path.iterdir()}
    assert names == {
        *("recipe.toml", "data.parquet", "run.json", "history.csv", "curves.png", "curves.svg"),
        *("checkpoints", "tensorboard", "predictions.parquet", "outliers.npz"),
    }
    facts = whole.facts()
    assert facts["stopped_because"] == "training.max_epochs=3"
    assert (facts["epochs"], facts["steps"]) == (3, 18)
    assert facts["counts"]["train"] == {"T2W": 12, "ADC": 12}
    assert set(facts["conformal"]) == {"T2W", "ADC"}
    assert len((whole.path / "history.csv").read_text().splitlines()) == 4


class PowerCutError(Exception):
    """Raised where the power goes."""


def cut_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Lets the optimiser take so many steps, and no more."""
    left = step
    original = torch.optim.Adam.step

    def limited(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise PowerCutError
        return original(*arguments, **named)

    patch.setattr(torch.optim.Adam, "step", limited)


@pytest.mark.parametrize(("step", "kept"), [(1, None), (5, 4), (6, 6), (9, 8), (17, 16)])
def test_a_run_that_is_cut_off_ends_with_the_same_weights(
    data: Path, recipe: Recipe, whole: RunFolder, tmp_path: Path, step: int, kept: int | None
) -> None:
    """Before the first checkpoint, in an epoch, and at the start of one."""
    with pytest.MonkeyPatch.context() as patch:
        cut_at(step, patch)
        with pytest.raises(PowerCutError):
            train(recipe, data, tmp_path / "cut", ONE_THREAD)
    cut = RunFolder(tmp_path / "cut")
    assert cut.last.is_file() == (kept is not None)
    if kept is not None:
        assert read_checkpoint(cut.last)["global_step"] == kept
    resume(cut.path)
    same_weights(whole.last, cut.last)
    same_weights(whole.best, cut.best)
    assert cut.predictions.read_bytes() == whole.predictions.read_bytes()
    assert without_seconds(cut) == without_seconds(whole)


def test_the_mean_of_the_weights_is_kept_and_taken_up_again(
    data: Path, recipe: Recipe, whole: RunFolder, tmp_path: Path
) -> None:
    """What is learnt is the same; what is kept follows it by a tenth a step."""
    averaged = with_settings(recipe, {"training.averaging": 0.9})
    entire = train(averaged, data, tmp_path / "whole", ONE_THREAD)
    state, plain = read_checkpoint(entire.last), read_checkpoint(whole.last)["state_dict"]
    for name, value in plain.items():
        assert torch.equal(value, state["current_model_state"][name]), name
    assert any(not torch.equal(value, state["state_dict"][name]) for name, value in plain.items())
    with pytest.MonkeyPatch.context() as patch:
        cut_at(9, patch)
        with pytest.raises(PowerCutError):
            train(averaged, data, tmp_path / "cut", ONE_THREAD)
    same_weights(entire.last, resume(tmp_path / "cut").last)
    same_weights(entire.best, RunFolder(tmp_path / "cut").best)


def same_weights(one: Path, other: Path) -> None:
    expected, found = (read_checkpoint(path)["state_dict"] for path in (one, other))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name


def without_seconds(folder: RunFolder) -> list[str]:
    lines = (folder.path / "history.csv").read_text().splitlines()
    return [line.rpartition(",")[0] for line in lines]


def test_a_run_that_has_ended_is_not_trained_on(whole: RunFolder) -> None:
    before = whole.last.read_bytes()
    whole.predictions.unlink()
    resume(whole.path)
    assert whole.last.read_bytes() == before
    assert whole.predictions.is_file()


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # where there is one core
def test_workers_do_not_change_the_result(
    data: Path, recipe: Recipe, whole: RunFolder, tmp_path: Path
) -> None:
    shared = with_settings(recipe, {"training.workers": 2})
    same_weights(whole.last, train(shared, data, tmp_path / "run", ONE_THREAD).last)


def test_training_stops_when_validation_no_longer_improves(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    changes = {"training.max_epochs": 50, "training.patience": 2, "optimiser.learning_rate": 1e-12}
    folder = train(with_settings(recipe, changes), data, tmp_path / "run", ONE_THREAD)
    facts = folder.facts()
    assert facts["stopped_because"] == "no better validation_loss in 2 epochs"
    assert facts["epochs"] < 10
    before = folder.last.read_bytes()
    resume(folder.path)
    assert folder.last.read_bytes() == before


def test_a_stated_number_of_steps_says_how_long_the_whole_takes(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    said: list[str] = []
    short = with_settings(recipe, {"training.max_steps": 4, "training.max_epochs": 100})
    folder = train(short, data, tmp_path / "run", ONE_THREAD, Watch(say=said.append))
    assert folder.facts()["steps"] == 4
    assert folder.facts()["stopped_because"] == "training.max_steps=4"
    assert any("100 epochs of 6 steps" in line for line in said)


@pytest.mark.parametrize("balance", ["none", "equal", "loss"])
@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_every_way_to_balance_and_round_runs(
    data: Path, recipe: Recipe, tmp_path: Path, balance: str, precision: str
) -> None:
    changes = {
        "training.balance": balance,
        "training.precision": precision,
        "training.max_epochs": 1,
        "training.monitor": "balanced_accuracy",
        "optimiser.clip_norm": 1.0,
    }
    folder = train(with_settings(recipe, changes), data, tmp_path / "run", ONE_THREAD)
    loss = float((folder.path / "history.csv").read_text().splitlines()[1].split(",")[2])
    assert 0 < loss < 5


def test_a_loss_that_is_no_number_stops_the_run(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    wild = with_settings(recipe, {"optimiser.learning_rate": 1e30, "optimiser.warmup": 0.0})
    with pytest.raises(ConfigError, match=r"loss is (nan|inf).*lower optimiser.learning_rate"):
        train(wild, data, tmp_path / "run", ONE_THREAD)


def test_gradients_that_torch_gets_wrong_are_refused(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    deep = replace(recipe.network, slice_strides=(1, 2, 2, 1))
    wrong = with_settings(replace(recipe, network=deep), {"training.precision": "bf16"})
    with pytest.raises(ConfigError, match="2 slices"):
        train(wrong, data, tmp_path / "run", ONE_THREAD)


def test_predictions_are_calibrated_probabilities(whole: RunFolder) -> None:
    table = read_predictions(whole.predictions)
    np.testing.assert_allclose(table.probabilities.sum(axis=1), 1.0)
    assert np.isfinite(table.in_distribution).all()
    assert set(table.split) == {"train", "validation", "test"}
    assert all(
        predicted in kept.split("|")
        for predicted, kept in zip(table.predicted, table.prediction_set, strict=True)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"network.dimensions": 2, "network.stem_kernel": [3, 3, 3]},
        {"preprocess.intensity": "histogram", "augmentation.perspective": 0.04},
        {"preprocess.source_shape": [10, 20, 20], "augmentation.scale": [0.7, 1.1]},
        {"labels.names": ["axial_T2W", "axial_ADC"], "labels.columns": ["plane", "label"]},
    ],
    ids=["2D", "equalised", "larger source", "plane in the class"],
)
def test_other_recipes_run(
    data: Path, recipe: Recipe, tmp_path: Path, changes: dict[str, Any]
) -> None:
    short = with_settings(recipe, {"training.max_epochs": 1, **changes})
    folder = train(short, data, tmp_path / "run", ONE_THREAD)
    table = read_predictions(folder.predictions)
    assert len(table) == 40
    assert set(table.label) == set(short.labels.names)
