"""Saliency in a report: what is drawn, what is said of it, and that a run gives both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.cli.main import main
from mrsift.evaluate.predictions import read_predictions, write_predictions
from mrsift.models.saliency import Saliency, SanityCheck
from mrsift.train.experiment import Machine, train
from mrsift.train.explain import HOT, overlay, saliency_words
from mrsift.train.recipe import load_recipe, with_settings
from mrsift.train.run_folder import RunFolder
from tests.toy_data import toy_data


def test_the_slice_with_the_most_saliency_is_drawn() -> None:
    prepared = np.zeros((3, 4, 5), np.float32)
    prepared[1] = 1.0
    values = np.zeros((3, 4, 5), np.float32)
    values[2, 0, 0] = 1.0
    picture = overlay(prepared, Saliency(values, (1, 2, 2)))
    assert picture.shape == (4, 5, 3)
    assert picture[0, 0, 0] > picture[0, 0, 2]  # orange on black
    np.testing.assert_array_equal(picture[0, 0], (HOT * 0.55).astype(np.uint8))
    assert not picture[1:].any()


def test_maps_that_show_the_image_are_called_so() -> None:
    layers = ("head", "stem")
    good = saliency_words((4, 4, 4), (16, 64, 64), SanityCheck(layers, (0.4, 0.1)), 3)
    assert "4×4×4 numbers there for 16×64×64 voxels" in good
    assert "do depend on what was learnt" in good
    bad = saliency_words((4, 4, 4), (16, 64, 64), SanityCheck(layers, (0.9, 0.8)), 3)
    assert "do not read them" in bad
    empty = saliency_words((4, 4, 4), (16, 64, 64), SanityCheck(layers, (None, None)), 3)
    assert "every map was empty" in empty


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose predictions have two errors, whatever the network learnt."""
    path = tmp_path_factory.mktemp("toy")
    data = toy_data(path)
    recipe = with_settings(load_recipe(data.with_name("toy.toml")), {"training.max_epochs": 1})
    run = train(recipe, data, path / "run", Machine(threads=1))
    table = read_predictions(run.predictions)
    predicted = table.label.copy()
    wrong = np.flatnonzero(table.split == "test")[:2]
    predicted[wrong] = [table.names[1 - table.names.index(name)] for name in table.label[wrong]]
    write_predictions(replace(table, predicted=predicted), run.predictions)
    return run


def test_each_error_has_its_picture_and_its_map(folder: RunFolder, tmp_path: Path) -> None:
    report = tmp_path / "report"
    arguments = ["evaluate", str(folder.path), "--out", str(report), "--draws", "20"]
    assert main([*arguments, "--saliency"]) == 0
    page = (report / "index.html").read_text("utf-8")
    assert page.count('alt="The network\'s input with what the answer rests on"') == 2
    assert page.count('alt="Slice of a volume') == 2 + 6  # errors, then the right ones there are
    assert "Check with randomised weights on 2 volumes" in page
    assert "No pictures" not in page


def test_sources_that_are_gone_are_said(folder: RunFolder, tmp_path: Path) -> None:
    for file in folder.path.parent.rglob("*.nii"):
        file.rename(file.with_suffix(".gone"))
    report = tmp_path / "report"
    arguments = ["evaluate", str(folder.path), "--out", str(report), "--draws", "20"]
    assert main([*arguments, "--saliency"]) == 0
    page = (report / "index.html").read_text("utf-8")
    assert "Pictures missing because the source could not be read: 8." in page
    assert page.count("<img") == 0


def test_weights_that_are_gone_are_an_error(
    folder: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.best.rename(folder.best.with_suffix(".gone"))
    arguments = ["evaluate", str(folder.path), "--out", str(tmp_path / "r"), "--saliency"]
    assert main(arguments) == 2
    assert "best.ckpt" in capsys.readouterr().err
