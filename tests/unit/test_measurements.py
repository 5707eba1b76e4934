"""The drivers in `bench/` that others rely on: rows differ in one thing, looks are counted."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from bench import locked_ledger
from bench.ablation_rows import ROWS, named
from bench.ablations import Bench, answers, append, done, parse
from bench.held_out import DRAWS, SEED, version
from bench.model_parts import remaining_table
from bench.model_report import Report, real_sections
from bench.model_words import floors, passed
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.evaluate.summary import evaluate
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.models.catalogue import build
from mrsift.simulate.variation import PARTS
from mrsift.train.default import POOL_SEED
from mrsift.train.recipe import load_recipe
from mrsift.types import BundleId


def test_measured_volumes_have_other_seeds_than_training() -> None:
    assert SEED != POOL_SEED
    assert set(DRAWS) == {"test", "shifted", "strangers"}
    assert version() == version()


def test_every_part_of_the_simulator_has_a_row_and_names_are_single() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert {f"without {part}" for part in PARTS} < set(names)
    assert all(row.trained_as in names for row in ROWS)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("sys.argv", ["ablations", "--pool", "nowhere", "--steps", "20"])
    return Bench(parse(), {}, ())


def test_rows_have_the_same_budget_and_differ_in_what_they_say(bench: Bench) -> None:
    recipes = {row.name: bench.recipe(row, 7, 64) for row in ROWS}
    assert {recipe.training.max_steps for recipe in recipes.values()} == {20}
    assert {recipe.training.max_epochs for recipe in recipes.values()} == {5}
    base = recipes["base"]
    assert recipes["width 8"].network.width == 8
    assert recipes["paper A"].preprocess.intensity == "histogram"
    assert recipes["paper A"].augmentation == recipes["augmentation A"].augmentation
    assert recipes["without texture"] == base
    assert recipes["large"].preprocess.input_shape != base.preprocess.input_shape


def test_an_ensemble_and_its_pupil_are_of_rows_that_there_are() -> None:
    ensemble, pupil = named("ensemble"), named("distilled")
    assert {ensemble.trained_as, *ensemble.together} == set(pupil.teachers)
    assert all(named(name).variation is None for name in pupil.teachers)


def test_networks_together_answer_by_their_mean() -> None:
    """One is surer than another is, but not than three."""
    settings = replace(load_recipe("default").network, width=4)
    biases = ((9.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 2.0, 0.0), (0.0, 2.0, 0.0))
    networks = []
    for bias in biases:
        network = build(settings, 3, 0).eval()
        network.label_head.weight.data.zero_()
        network.label_head.bias.data[:] = torch.tensor(bias)
        networks.append(network)
    volumes = [np.zeros((4, 16, 16), dtype=np.float32)] * 2
    said = [answers(networks[:count], volumes, mirrored=False) for count in (1, 2, 4)]
    assert [one.argmax(axis=1).tolist() for one in said] == [[0, 0], [0, 0], [1, 1]]


def test_rows_in_the_file_are_known_by_their_budget(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert done(path) == set()
    line = {"row": "base", "seed": 7, "steps": 20, "batch": 16, "shape": "16,64,64"}
    line["simulator"] = "0a1b2c3d"
    append(path, line)
    append(path, line | {"row": "paper A"})
    assert ("base", "7", "20", "16", "16,64,64", "0a1b2c3d") in done(path)
    assert ("base", "7", "40", "16", "16,64,64", "0a1b2c3d") not in done(path)
    assert len(path.read_text().splitlines()) == 3


def test_looks_at_the_locked_scans_are_counted_by_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked_ledger, "LEDGER", tmp_path / "locked.csv")
    assert locked_ledger.times() == 0
    answers = [(True, 0.95), (False, 0.95), (False, 0.5)]
    bundle = BundleId("sim", "1", "0" * 64)
    locked_ledger.record("a command", bundle, {"pixels": answers, "both": answers[:1]})
    assert locked_ledger.times() == 1
    lines = (tmp_path / "locked.csv").read_text().splitlines()
    assert [line.split(",", 4)[-1] for line in lines[1:]] == ["pixels,3,1,1", "both,1,1,0"]


def test_without_real_scans_the_report_says_so(tmp_path: Path) -> None:
    given = argparse.Namespace(data=tmp_path / "nowhere", locked=False)
    (section,), said = real_sections(cast(Report, None), given)
    assert "nothing was measured on real scans" in section.words[0]
    assert said == {}


def strangers_noticed(share: float) -> Predictions:
    """Known volumes that look known, and as many strangers of which a share does not."""
    rng = np.random.default_rng(0)
    count = 60
    known = np.arange(2 * count) < count
    noticed = ~known & (np.arange(2 * count) < count + share * count)
    p = np.full((2 * count, len(LABEL_NAMES)), 0.01)
    p[:, 0] = 1 - 0.01 * (len(LABEL_NAMES) - 1)
    columns = {
        "volume_id": [str(i) for i in range(2 * count)],
        "patient": [str(i % 20) for i in range(2 * count)],
        "label": np.where(known, "T2W", np.tile(["phantom", "emission"], count)),
        "predicted": np.where(noticed, UNKNOWN, "T2W"),
        "probabilities": p,
        "in_distribution": np.where(noticed, 0.001, 0.5) * rng.uniform(0.9, 1.1, 2 * count),
        "split": ["test"] * (2 * count),
    }
    return make_predictions(LABEL_NAMES, columns)


@pytest.mark.parametrize(
    ("share", "said", "passed_words"),
    [(1.0, "are reached; families below 0.8: none", "0 were"), (0.2, "are not both", "48 were")],
)
def test_the_report_says_whether_the_floors_are_reached(
    share: float, said: str, passed_words: str
) -> None:
    table = strangers_noticed(share)
    assert said in floors(evaluate(table, draws=20))
    assert passed_words in passed(table)


def test_the_report_counts_what_remains_wrong() -> None:
    """Half the strangers are called T2W with 0.92, counted as `UNKNOWN`; no other is wrong."""
    table = remaining_table({"made up": strangers_noticed(0.5)})
    assert table.rows == (("made up", UNKNOWN, "T2W", "30 of 30", 30),)
