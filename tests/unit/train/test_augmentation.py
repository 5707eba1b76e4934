"""Augmentation: replayable, of the right size, and true to the contrast."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.config import AugmentationSettings, PreprocessSettings
from mrsift.preprocess import normalise, resize
from mrsift.train.augmentation import apply, draw
from mrsift.train.recipe import load_recipe

SETTINGS = PreprocessSettings(input_shape=(8, 24, 24), intensity="zscore")
OURS = load_recipe("default").augmentation


def volume() -> np.ndarray:
    """Dark background, grey body, one bright organ."""
    result = np.zeros((8, 32, 32), dtype=np.float32)
    result[:, 4:28, 4:28] = 1.0
    result[:, 12:20, 12:20] = 3.0
    return normalise(result, replace(SETTINGS, clip_percentiles=(0.0, 100.0)))


@pytest.mark.parametrize("seed", range(40))
def test_the_same_seed_gives_the_same_input(seed: int) -> None:
    results = []
    for _ in range(2):
        rng = np.random.default_rng((7, seed))
        results.append(apply(volume(), draw(rng, OURS, 8), SETTINGS, rng))
    np.testing.assert_array_equal(*results)
    assert results[0].shape == SETTINGS.input_shape
    assert results[0].dtype == np.float32
    assert np.isfinite(results[0]).all()
    assert results[0].mean() == pytest.approx(0.0, abs=1e-3)


def test_draws_differ() -> None:
    inputs = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        inputs.append(apply(volume(), draw(rng, OURS, 8), SETTINGS, rng))
    assert all(np.abs(inputs[0] - other).max() > 0.01 for other in inputs[1:])


@pytest.mark.parametrize("seed", range(40))
def test_bright_stays_brighter_than_dark(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = replace(draw(rng, OURS, 8), homography=None, repeated=())
    result = apply(volume(), drawn, SETTINGS, rng)
    organ, body = result[:, 10:14, 10:14].mean(), result[:, 4:7, 4:20].mean()
    if drawn.upside_down:
        body = result[:, -7:-4, 4:20].mean()
    assert organ > body


def test_nothing_drawn_is_what_inference_does() -> None:
    rng = np.random.default_rng(0)
    nothing = replace(
        draw(rng, OURS, 8),
        homography=None,
        slices=(0.0, 1.0),
        repeated=(),
        mirrored=False,
        upside_down=False,
        shading=np.zeros((2, 3)),
        sharpness=0.0,
        coarseness=1.0,
        texture=0.0,
        noise=0.0,
        upper_percentile=None,
        empty_below=None,
    )
    expected = normalise(resize(volume(), SETTINGS.input_shape), SETTINGS)
    np.testing.assert_allclose(apply(volume(), nothing, SETTINGS, rng), expected, atol=1e-5)


def test_identity_homography_changes_little() -> None:
    rng = np.random.default_rng(0)
    base = replace(
        draw(rng, OURS, 8), repeated=(), mirrored=False, upside_down=False, slices=(0.0, 1.0)
    )
    base = replace(base, noise=0.0, texture=0.0, coarseness=1.0, sharpness=0.0)
    plain = apply(volume(), replace(base, homography=None), SETTINGS, rng)
    seen = apply(volume(), replace(base, homography=np.eye(3)), SETTINGS, rng)
    assert np.corrcoef(plain.ravel(), seen.ravel())[0, 1] > 0.97


@pytest.mark.parametrize(("share", "shown"), [(1.0, slice(0, 72)), (1 / 3, slice(24, 48))])
def test_fine_detail_is_averaged_no_more_and_no_less_than_inference_does(
    share: float, shown: slice
) -> None:
    """Whole or in part: how fine an image is tells how it was measured."""
    rng = np.random.default_rng(0)
    grains = rng.standard_normal((8, 72, 72)).astype(np.float32)
    nothing = draw(rng, AugmentationSettings(), 8)
    part = replace(nothing, homography=np.diag([share, share, 1.0]))
    expected = normalise(resize(grains[:, shown, shown], SETTINGS.input_shape), SETTINGS)
    np.testing.assert_allclose(apply(grains, part, SETTINGS, rng), expected, atol=1e-3)


def test_all_off_is_what_inference_does() -> None:
    rng = np.random.default_rng(0)
    expected = normalise(resize(volume(), SETTINGS.input_shape), SETTINGS)
    found = apply(volume(), draw(rng, AugmentationSettings(), 8), SETTINGS, rng)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_an_equalised_volume_stays_within_its_range(seed: int) -> None:
    settings = PreprocessSettings(input_shape=(8, 24, 24))
    rng = np.random.default_rng(seed)
    equalised = normalise(volume(), settings)
    paper = load_recipe("prostate-2024").augmentation
    result = apply(equalised, draw(rng, paper, 8), settings, rng)
    assert result.min() >= -0.5
    assert result.max() <= 0.5
    assert np.ptp(result) > 0.5


def test_a_recipe_decides_what_is_drawn() -> None:
    """Each part alone; the others are as if there were none."""
    nothing = draw(np.random.default_rng(3), AugmentationSettings(), 8)
    changes = {
        "plane": AugmentationSettings(plane=1.0, rotation_deg=5.0),
        "mirror": AugmentationSettings(mirror=1.0),
        "noise": AugmentationSettings(noise=(1.0, 0.1)),
        "slices": AugmentationSettings(crop_slices=(1.0, 0.3)),
        "coarseness": AugmentationSettings(coarseness=(1.0, 0.5)),
    }
    fields = {"plane": "homography", "mirror": "mirrored"}
    for name, settings in changes.items():
        drawn = draw(np.random.default_rng(3), settings, 8)
        field = fields.get(name, name)
        changed = {
            key
            for key in ("homography", "mirrored", "noise", "slices", "coarseness", "texture")
            if repr(getattr(drawn, key)) != repr(getattr(nothing, key))
        }
        assert changed == {field}
