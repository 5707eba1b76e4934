"""The commands that make the shipped bundle, at the smallest size."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mrsift.bundle import Bundle
from mrsift.evaluate.outliers import in_distribution
from mrsift.labels import LABEL_NAMES
from mrsift.models.weights import network_of_bundle
from mrsift.preprocess import prepare
from mrsift.simulate import draw_subject
from mrsift.simulate.variation import WIDER
from mrsift.train import default
from mrsift.train.pool import PlainPool, Pool, build_shard
from mrsift.train.recipe import load_recipe

SMALL = [
    "--set",
    "preprocess.input_shape=[24, 48, 48]",
    "--set",
    "preprocess.source_shape=[24, 60, 60]",
    "--set",
    "network.width=4",
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A pool of four subjects, in two shards: one for training, one kept out."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default, "SUBJECTS_PER_SHARD", 2)
        patch.setattr(default, "VALIDATION_EVERY", 2)
        default.main(["pool", "--runs", str(folder), "--subjects", "4", "--threads", "1", *SMALL])
        yield folder


def test_fit_and_bundle(runs: Path, tmp_path: Path) -> None:
    common = ["--runs", str(runs), "--subjects", "4", "--threads", "1", *SMALL]
    default.main(["fit", *common, "--set", "training.max_steps=3"])
    real = tmp_path / "real.md"
    real.write_text("3 of 4 right.")
    out = tmp_path / "bundle"
    default.main(["bundle", *common, "--out", str(out), "--version", "9", "--real", str(real)])

    bundle = Bundle.load(out)
    assert bundle.id.version == "9"
    assert bundle.manifest.preprocess.input_shape == (24, 48, 48)
    assert bundle.manifest.preprocess.source_shape == (24, 60, 60)
    assert "mrsift.train.default pool" in bundle.manifest.made_by
    assert "Research use only" in bundle.card
    assert "3 of 4 right." in bundle.card
    assert f"of {len(Pool(runs / 'pool', [0]))} (" in bundle.card
    network, _ = network_of_bundle(out)
    assert network.settings.width == 4
    shares = in_distribution(np.zeros((1, 4 + 8 + 16 + 32)), bundle.manifest.outliers)
    assert 0 <= shares[0] <= 1

    default.main(
        ["fit", *common, "--fit", "more", "--start-from", str(out), "--set", "training.max_steps=1"]
    )
    assert (runs / "more" / "checkpoints" / "start.safetensors").is_file()


def test_a_shard_holds_what_inference_would_see(runs: Path) -> None:
    recipe = load_recipe("default", SMALL[1::2])
    settings = recipe.preprocess.at_source()
    subject = draw_subject(default.POOL_SEED, 2, variation=WIDER)
    pool = Pool(runs / "pool", [2])
    assert [LABEL_NAMES[row.label] for row in pool.rows[: len(subject)]] == [
        volume.label for volume in subject
    ]
    first = prepare(subject[0].voxels, subject[0].affine_lps_mm, settings)
    np.testing.assert_allclose(pool[0], first, atol=5e-3)
    seen = PlainPool(pool, recipe.preprocess)  # by validation, and by whoever asks a bundle
    for place, volume in enumerate(subject):
        asked = prepare(volume.voxels, volume.affine_lps_mm, recipe.preprocess)
        np.testing.assert_allclose(seen[place], asked, atol=0.02)


def test_a_shard_that_is_there_is_not_drawn_again(runs: Path) -> None:
    settings = load_recipe("default", SMALL[1::2]).preprocess.at_source()
    before = sorted(path.name for path in (runs / "pool").iterdir())
    assert before == ["000000.json", "000000.npy", "000002.json", "000002.npy"]
    assert build_shard(runs / "pool", range(2, 4), default.POOL_SEED, settings, None) == 0
