"""Diffusion-weighted images against maps: numbers with a known truth."""

import numpy as np
import pytest

from mrsift.infer.consistency import (
    Weighted,
    attenuation_per_unit,
    correlate,
    explanations,
    follows_exactly,
    noise_floor,
    shares_mask,
)

RNG = np.random.default_rng(5)
D = RNG.uniform(0.4e-3, 2.4e-3, 4000)  # mm2/s
S0 = RNG.uniform(300, 900, 4000)


def image(b: float, *, noise: float = 0.0, gain: float = 1.0) -> np.ndarray:
    clean = gain * S0 * np.exp(-b * D)
    return np.abs(clean + noise * RNG.standard_normal(D.size)).astype(np.float32)


ADC = (D * 1e6).astype(np.float32)


def test_two_images_without_noise_give_the_map_and_its_unit():
    best = explanations(ADC, [Weighted(image(50), 50.0), Weighted(image(800), 800.0)])[0]
    assert best.r == pytest.approx(1.0, abs=1e-6)
    assert best.slope == pytest.approx(1e-6, rel=1e-4)
    assert not best.exponential


def test_an_exponential_map_is_told_from_a_straight_one():
    eadc = np.exp(-800 * D).astype(np.float32)
    best = explanations(eadc, [Weighted(image(0), 0.0), Weighted(image(800), 800.0)])[0]
    assert best.exponential
    assert best.r == pytest.approx(1.0, abs=1e-6)


def test_the_pair_that_made_the_map_wins_over_every_other():
    images = {b: image(b, noise=12.0) for b in (50.0, 400.0, 800.0)}
    made = np.log(images[50.0] / images[800.0]) / 750 * 1e6
    values = np.maximum(made, 0).astype(np.float32)
    tried = explanations(values, [Weighted(signal, b) for b, signal in images.items()])
    assert tried[0].members == (0, 2)
    assert tried[0].r > 0.999
    pairs = {one.members: one.r for one in tried if not one.exponential}
    assert pairs[0, 1] < 0.99
    assert pairs[1, 2] < 0.99
    assert (0, 1, 2) in pairs


def test_a_map_fitted_over_all_b_values_is_explained_by_the_fit():
    b_values = np.array([0.0, 800.0, 1000.0])
    images = [image(b, noise=20.0) for b in b_values]
    centred = b_values - b_values.mean()
    fit = -sum(w * np.log(one) for w, one in zip(centred, images, strict=True))
    values = np.maximum(fit / np.sum(centred**2) * 1e6, 0).astype(np.float32)
    weighted = [Weighted(one, b) for one, b in zip(images, b_values, strict=True)]
    assert explanations(values, weighted)[0].members == (0, 1, 2)


def test_swapped_b_values_turn_the_sign():
    best = explanations(ADC, [Weighted(image(800), 50.0), Weighted(image(50), 800.0)])[0]
    assert best.r == pytest.approx(-1.0, abs=1e-6)


def test_an_unrelated_map_is_not_explained():
    other = RNG.uniform(1, 2000, D.size).astype(np.float32)
    best = explanations(other, [Weighted(image(50), 50.0), Weighted(image(800), 800.0)])[0]
    assert abs(best.r) < 0.1


@pytest.mark.parametrize("voxels", [0, 50])
def test_too_few_voxels_say_nothing(voxels):
    values = np.where(np.arange(D.size) < voxels, ADC, 0).astype(np.float32)
    assert explanations(values, [Weighted(image(50), 50.0), Weighted(image(800), 800.0)]) == []


def test_one_image_explains_nothing():
    assert explanations(ADC, [Weighted(image(50), 50.0)]) == []


def test_the_noise_floor_is_twice_the_noise():
    sigma = 7.0
    air = np.hypot(*RNG.normal(0, sigma, (2, 20000)))
    signal = np.concatenate([air, RNG.uniform(200, 400, 4000)]).astype(np.float32)
    tissue = np.arange(signal.size) >= air.size
    assert noise_floor(signal, tissue) == pytest.approx(2 * sigma, rel=0.35)


def test_the_noise_floor_keeps_half_of_the_tissue_where_air_was_masked():
    signal = np.concatenate([np.zeros(5000), RNG.uniform(200, 400, 4000)]).astype(np.float32)
    tissue = signal > 0
    assert np.mean(signal[tissue] > noise_floor(signal, tissue)) >= 0.49


@pytest.mark.parametrize("gain", [0.2, 1.0, 5.0])
def test_the_fall_shows_the_b_value_whatever_the_gain(gain):
    r, slope = attenuation_per_unit(ADC, image(50), image(700, gain=gain))
    assert r == pytest.approx(1.0, abs=1e-6)
    assert slope / 1e-6 == pytest.approx(650, rel=1e-3)


def test_a_mask_that_only_the_computed_image_shares():
    kept = RNG.random(D.size) < 0.5
    values = np.where(kept, ADC, 0).astype(np.float32)
    computed = np.where(kept, image(1000), 0).astype(np.float32)
    assert shares_mask(values, computed, [image(50)])
    assert not shares_mask(values, image(800), [image(50), computed])
    stripped = [np.where(kept, image(b), 0).astype(np.float32) for b in (50, 800)]
    assert not shares_mask(values, stripped[1], stripped[:1])  # all of them are masked


def test_noise_tells_an_acquired_image_from_a_computed_one():
    low = image(50, noise=10)
    values = np.maximum(ADC + RNG.normal(0, 90, D.size), 1).astype(np.float32)
    computed = np.rint(low * np.exp(-950e-6 * values)).astype(np.float32)
    assert follows_exactly(values, low, computed)
    assert not follows_exactly(values, low, image(1000, noise=10))


def test_correlation_is_that_of_numpy():
    x, y = RNG.normal(size=(2, 500))
    y = y + x
    r, slope = correlate(x, y)
    assert r == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert slope == pytest.approx(np.polyfit(x, y, 1)[0])
    assert correlate(np.ones(5), np.arange(5.0)) == (0.0, 0.0)
