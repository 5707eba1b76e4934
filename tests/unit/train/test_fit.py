"""Training: it learns, it resumes to the same weights, and it exports what it learnt."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mrsift.config import NetworkSettings, PreprocessSettings
from mrsift.errors import ConfigError
from mrsift.train.fit import FitSettings, fit, load_network
from mrsift.train.pool import NO_REGION, Pool
from mrsift.train.score import augmented, score

PREPROCESS = PreprocessSettings(input_shape=(8, 16, 16), intensity="zscore")
SETTINGS = FitSettings(
    steps=24,
    batch=8,
    save_every=8,
    workers=0,
    bfloat16=False,
    network=NetworkSettings(
        depth=10,
        width=4,
        stem_kernel=(3, 3, 3),
        stem_stride=(1, 1, 1),
        stem_pool=False,
        dropout=0.3,
    ),
)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """Two labels: a bright bar along the rows, or along the columns."""
    folder = tmp_path_factory.mktemp("pool")
    rng = np.random.default_rng(0)
    for first in range(3):
        labels = rng.integers(0, 2, 16)
        volumes = rng.normal(scale=0.3, size=(16, 8, 20, 20))
        volumes[labels == 0, :, 9:11] += 3.0
        volumes[labels == 1, :, :, 9:11] += 3.0
        np.save(folder / f"{first:06d}.npy", volumes.astype(np.float16))
        rows = [
            {"label": int(label), "region": int(label) or NO_REGION, "subject": first, "note": ""}
            for label in labels
        ]
        (folder / f"{first:06d}.json").write_text(json.dumps(rows))
    return Pool(folder, range(4))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Sums in another order would make resumed weights differ in the last digit."""
    torch.set_num_threads(1)


def test_pool_opens_the_shards_that_are_there(pool: Pool) -> None:
    assert len(pool) == 48
    assert pool[47].shape == (8, 20, 20)
    assert pool.labels.tolist() == [row.label for row in pool.rows]


def test_it_learns(pool: Pool, tmp_path: Path) -> None:
    network = fit(pool, PREPROCESS, replace(SETTINGS, steps=120, learning_rate=0.01), tmp_path)
    logits = score(network, augmented(pool, PREPROCESS, 1)).logits
    assert (logits.argmax(axis=1) == pool.labels).mean() > 0.85


def test_a_run_that_is_cut_off_ends_with_the_same_weights(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit(pool, PREPROCESS, SETTINGS, tmp_path / "whole")

    class PowerCutError(Exception):
        pass

    steps_left = 13  # in the middle of an epoch, and five steps after a checkpoint
    step = torch.optim.AdamW.step

    def cut(*arguments: object, **named: object) -> object:
        nonlocal steps_left
        steps_left -= 1
        if steps_left < 0:
            raise PowerCutError
        return step(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", cut)
        with pytest.raises(PowerCutError):
            fit(pool, PREPROCESS, SETTINGS, tmp_path / "cut")
    assert load_network(tmp_path / "cut")[1]["step"] == 8
    resumed = fit(pool, PREPROCESS, SETTINGS, tmp_path / "cut")
    for (name, expected), found in zip(
        whole.state_dict().items(), resumed.state_dict().values(), strict=True
    ):
        assert torch.equal(expected, found), name


def test_other_settings_do_not_resume(pool: Pool, tmp_path: Path) -> None:
    fit(pool, PREPROCESS, replace(SETTINGS, steps=2), tmp_path)
    with pytest.raises(ConfigError, match="other settings"):
        fit(pool, PREPROCESS, replace(SETTINGS, steps=3), tmp_path)


def test_a_pool_that_is_too_small_is_named(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Build more"):
        fit(pool, PREPROCESS, replace(SETTINGS, batch=1000), tmp_path)


def test_a_loss_that_is_no_number_stops_the_run(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"loss is (nan|inf).*lower learning rate"):
        fit(pool, PREPROCESS, replace(SETTINGS, region_weight=float("inf")), tmp_path)


def test_a_run_that_never_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="train first"):
        load_network(tmp_path)
