"""What is done with a run: a bundle, training on from one, and a search for settings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mrsift.bundle import Bundle, default_bundle_path
from mrsift.dataset.table import Dataset, read_dataset, write_dataset
from mrsift.errors import BundleError, ConfigError
from mrsift.evaluate.calibration import fit_temperature
from mrsift.evaluate.predictions import read_predictions
from mrsift.infer.identify import IdentifyOptions, identify
from mrsift.models.weights import from_safetensors, network_of_bundle, to_safetensors
from mrsift.train.adapt import adapt
from mrsift.train.bundle_export import export_run, without_folders
from mrsift.train.calibrate import calibrate, read_outliers
from mrsift.train.experiment import Machine, train
from mrsift.train.recipe import Recipe, load_recipe, with_settings
from mrsift.train.run_folder import RunFolder
from mrsift.train.score import Scores
from mrsift.train.tune import tune
from mrsift.train.watch import Watch
from tests.toy_data import toy_data

ONE_THREAD = Machine(threads=1, command="mrsift train toy.toml --data /home/somebody/data.parquet")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_data(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def recipe(data: Path) -> Recipe:
    changes = {"training.max_epochs": 5, "augmentation.plane": 0.0}
    return with_settings(load_recipe(data.with_name("toy.toml")), changes)


@pytest.fixture(scope="module")
def folder(data: Path, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(recipe, data, tmp_path_factory.mktemp("runs") / "a", ONE_THREAD)


@pytest.fixture(scope="module")
def bundle(folder: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "my-site.mrsift"
    export_run(folder.path, path, "CC-BY-4.0")
    return path


def test_identify_says_what_the_run_predicted(folder: RunFolder, bundle: Path, data: Path) -> None:
    """The same volume, the same probabilities: from the cache in torch, from files in OpenVINO."""
    table = read_predictions(folder.predictions)
    rows = {row.files[0]: row.volume_id for row in folder.dataset().rows}
    expected = dict(zip(table.volume_id, table.probabilities, strict=True))
    report = identify([data.parent], IdentifyOptions(evidence="pixels", model=bundle))
    found = [prediction for study in report.studies for prediction in study.predictions]
    assert len(found) == 40
    for prediction in found:
        assert prediction.pixels is not None
        probabilities = [prediction.pixels.probabilities[name] for name in table.names]
        np.testing.assert_allclose(
            probabilities, expected[rows[prediction.volume.files[0]]], atol=1e-4
        )


def test_the_card_says_what_was_done_and_not_where(folder: RunFolder, bundle: Path) -> None:
    loaded = Bundle.load(bundle)
    assert loaded.manifest.labels == ("T2W", "ADC")
    assert loaded.manifest.licence == "CC-BY-4.0"
    assert loaded.manifest.temperature == folder.facts()["temperature"]
    for text in ("train: 24 volumes of 12 patients", "seed | 7", "toy.toml --data data.parquet"):
        assert text in loaded.card
    assert "/home" not in loaded.card + loaded.manifest.made_by
    assert "learning_rate = 0.01" in loaded.card
    assert "of 8 (" in loaded.card, "validation only; the test volumes are not scored"


def test_strangers_among_the_validation_volumes_do_not_hinder_the_export(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    rows = read_dataset(data).rows
    strange = tuple(replace(row, label="PD") if row.patient == "p12" else row for row in rows)
    assert {row.split for row in strange if row.label == "PD"} == {"validation"}
    write_dataset(Dataset(strange), data.with_name("strange.parquet"))
    short = with_settings(recipe, {"training.max_epochs": 1})
    run = train(short, data.with_name("strange.parquet"), tmp_path / "run", ONE_THREAD)
    export_run(run.path, tmp_path / "a.mrsift", "MIT")
    assert "of 6 (" in Bundle.load(tmp_path / "a.mrsift").card


def test_commands_lose_their_folders() -> None:
    typed = "mrsift train /a/b.toml --data '/c d/e.parquet' --out=/f/g/ --set x.y=1"
    assert without_folders(typed) == "mrsift train b.toml --data e.parquet --out=g/ --set x.y=1"


def test_a_run_that_has_not_ended_is_not_exported(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends in \.mrsift"):
        export_run(folder.path, tmp_path / "folder", "MIT")
    with pytest.raises(ConfigError, match="no recipe"):
        export_run(tmp_path, tmp_path / "a.mrsift", "MIT")
    kept = folder.predictions.read_bytes()
    folder.predictions.unlink()
    try:
        with pytest.raises(ConfigError, match=r"has not ended.*--resume"):
            export_run(folder.path, tmp_path / "a.mrsift", "MIT")
    finally:
        folder.predictions.write_bytes(kept)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="missing or damaged"):
        read_outliers(tmp_path / "none.npz")


def test_adapting_keeps_the_classes_of_the_bundle(bundle: Path, data: Path, tmp_path: Path) -> None:
    said: list[str] = []
    watch = Watch(say=said.append)
    out = adapt(str(bundle), data, tmp_path / "site", ["training.max_epochs=1"], ONE_THREAD, watch)
    assert out.facts()["labels"] == ["T2W", "ADC"]
    first = float((out.path / "history.csv").read_text().splitlines()[1].split(",")[4])
    assert first < 0.3, "it begins with what the bundle knows"
    assert not any("new classes" in line for line in said)


def test_adapting_to_new_classes_keeps_what_is_known(
    bundle: Path, data: Path, tmp_path: Path
) -> None:
    rows = read_dataset(data).rows
    changed = tuple(
        replace(row, label="FLAIR") if row.label == "ADC" and int(row.patient[1:]) % 2 else row
        for row in rows
    )
    write_dataset(Dataset(changed), tmp_path / "new.parquet")
    said: list[str] = []
    out = adapt(
        *(str(bundle), tmp_path / "new.parquet", tmp_path / "site", ["training.max_epochs=1"]),
        *(replace(ONE_THREAD, cache=tmp_path / "cache"), Watch(say=said.append)),
    )
    assert out.facts()["labels"] == ["ADC", "FLAIR", "T2W"]
    assert any("new classes FLAIR" in line for line in said)
    network, _ = network_of_bundle(bundle)
    start = from_safetensors(out.start.read_bytes(), out.start)
    torch.testing.assert_close(start["label_head.weight"][2], network.label_head.weight[0])
    torch.testing.assert_close(start["stem.0.weight"], network.state_dict()["stem.0.weight"])


def test_a_class_that_no_bundle_can_hold_is_refused_before_training(
    data: Path, tmp_path: Path
) -> None:
    rows = tuple(replace(row, label=f"{row.label} axial") for row in read_dataset(data).rows)
    write_dataset(Dataset(rows), data.with_name("spaces.parquet"))
    arguments = ("default", data.with_name("spaces.parquet"), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"spaces\.parquet: .*'T2W axial'.*labels\.same_as"):
        adapt(*arguments, [], ONE_THREAD, Watch())
    assert not (tmp_path / "run").exists()


def test_the_bundle_that_ships_can_be_adapted(data: Path, tmp_path: Path) -> None:
    """With two of its nine classes in the data."""
    rows = read_dataset(data).rows
    few = tuple(row for row in rows if int(row.patient[1:]) in {0, 1, 2, 3, 12, 13, 16})
    write_dataset(Dataset(few), tmp_path / "few.parquet")
    machine = replace(ONE_THREAD, cache=tmp_path / "cache")
    settings = ["training.max_epochs=1", "training.batch=4"]
    out = adapt("default", tmp_path / "few.parquet", tmp_path / "site", settings, machine, Watch())
    _, manifest = network_of_bundle(default_bundle_path())
    assert tuple(out.facts()["labels"]) == manifest.labels
    assert out.recipe().preprocess == manifest.preprocess
    export_run(out.path, tmp_path / "site.mrsift", "Apache-2.0")
    assert Bundle.load(tmp_path / "site.mrsift").manifest.labels == manifest.labels


def test_a_bundle_that_cannot_be_adapted_is_named(
    data: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=r"no model\.safetensors"):
        adapt(str(tiny_bundle), data, tmp_path / "site", [], ONE_THREAD, Watch())
    assert not (tmp_path / "site").exists()


def test_weights_of_another_network_begin_a_run(
    bundle: Path, data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.safetensors"
    network, _ = network_of_bundle(bundle)
    weights.write_bytes(to_safetensors(network))
    said: list[str] = []
    changes = {"training.start_from": str(weights), "training.max_epochs": 1}
    out = train(
        *(with_settings(recipe, changes), data, tmp_path / "run", ONE_THREAD),
        Watch(say=said.append),
    )
    assert out.start.is_file()
    assert any("100.0 % of the parameters" in line for line in said)


def test_a_search_goes_on_and_never_reads_the_test_volumes(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    kept_out = [row for row in read_dataset(data).rows if row.split == "test"]
    gone = tuple(replace(row, files=("gone.nii",)) for row in kept_out)
    rest = tuple(row for row in read_dataset(data).rows if row.split != "test")
    write_dataset(Dataset((*rest, *gone)), tmp_path / "data.parquet")
    short = with_settings(recipe, {"training.max_epochs": 2})
    said: list[str] = []
    machine = replace(ONE_THREAD, cache=tmp_path / "cache")
    for trials in (2, 3):
        best = tune(
            *(short, tmp_path / "data.parquet", tmp_path / "search", trials, machine),
            Watch(say=said.append),
        )
    tried = [line for line in said if line.startswith("trial")]
    assert len(tried) == len({line.split("=")[1] for line in tried}) == 3
    assert load_recipe(tmp_path / "search" / "best.toml") == best
    assert 1e-3 <= best.optimiser.learning_rate <= 1e-2
    other = with_settings(short, {"training.batch": 2})
    with pytest.raises(ConfigError, match="another recipe"):
        tune(other, tmp_path / "data.parquet", tmp_path / "search", 3, machine, Watch())


def test_a_search_without_a_range_is_named(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \[\[tune\]\]"):
        tune(replace(recipe, tune=()), data, tmp_path / "a", 1, ONE_THREAD, Watch())
    search = replace(recipe.tune[0], low=1.0)
    with pytest.raises(ConfigError, match="low < high"):
        tune(replace(recipe, tune=(search,)), data, tmp_path / "a", 1, ONE_THREAD, Watch())
    search = replace(recipe.tune[0], setting="optimiser.rate")
    with pytest.raises(ConfigError, match="did you mean"):
        tune(replace(recipe, tune=(search,)), data, tmp_path / "a", 1, ONE_THREAD, Watch())
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="another --out"):
        tune(recipe, data, tmp_path / "b", 1, ONE_THREAD, Watch())


def test_a_network_that_doubts_too_much_is_not_made_surer() -> None:
    """What it doubts on volumes like those of training, it doubts with right on another scanner."""
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 3, 400)
    logits = rng.normal(size=(400, 3)) + 2.5 * np.eye(3)[y_true]
    features = rng.normal(size=(400, 8)).astype(np.float32)
    for scale, surest in ((0.3, True), (6.0, False)):
        asked = Scores((scale * logits).astype(np.float32), None, features), y_true
        found = calibrate(asked, asked, load_recipe("default").calibration, None)
        assert (fit_temperature(asked[0].logits, y_true) < 1) == surest
        assert (found.temperature == 1.0) == surest
