"""Size, intensities and bad values of the network's input."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.config import PreprocessSettings
from mrsift.preprocess import canonical_view, foreground, normalise, prepare, resize
from mrsift.preprocess.resample import weights

ZSCORE = PreprocessSettings(input_shape=(6, 16, 20), intensity="zscore")
HISTOGRAM = replace(ZSCORE, intensity="histogram")
AXIAL = np.array([[0, 0, 0.8, 0], [0, 0.8, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1.0]])


def blob(shape: tuple[int, int, int]) -> np.ndarray:
    """A bright ellipsoid with texture on black."""
    axes = np.meshgrid(*[np.linspace(-1, 1, size) for size in shape], indexing="ij")
    inside = sum(axis**2 for axis in axes[1:]) < 0.5
    texture = np.random.default_rng(1).gamma(4.0, 25.0, shape)
    return (inside * texture).astype(np.float32)


@pytest.mark.parametrize("settings", [ZSCORE, HISTOGRAM])
@pytest.mark.parametrize("shape", [(1, 40, 40), (2, 7, 5), (6, 16, 20), (50, 90, 33), (1, 1, 1)])
def test_any_size_becomes_the_input_size(
    settings: PreprocessSettings, shape: tuple[int, int, int]
) -> None:
    result = prepare(
        np.random.default_rng(0).normal(size=shape).astype(np.float32), AXIAL, settings
    )
    assert result.shape == settings.input_shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()


@pytest.mark.parametrize("settings", [ZSCORE, HISTOGRAM])
@pytest.mark.parametrize("value", [0.0, -3.0, 1e30, np.nan, np.inf])
def test_a_constant_volume_gives_zeros(settings: PreprocessSettings, value: float) -> None:
    result = prepare(np.full((4, 30, 30), value, dtype=np.float32), AXIAL, settings)
    np.testing.assert_array_equal(result, 0.0)


def test_values_that_are_not_finite_count_as_the_lowest() -> None:
    volume = blob((6, 40, 40))
    holes = volume.copy()
    holes[:, :3] = np.nan  # that border is zero
    holes[2, 0, 0] = -np.inf
    np.testing.assert_allclose(
        prepare(holes, AXIAL, ZSCORE), prepare(volume, AXIAL, ZSCORE), atol=1e-5
    )


def test_zscore_has_mean_zero_and_deviation_one() -> None:
    result = prepare(blob((9, 50, 60)), AXIAL, ZSCORE)
    assert abs(result.mean()) < 1e-4
    assert result.std() == pytest.approx(1.0, abs=1e-3)


def test_equalised_foreground_is_evenly_filled() -> None:
    volume = np.random.default_rng(0).gamma(2.0, 50.0, (16, 64, 64)).astype(np.float32) + 20.0
    result = normalise(volume, replace(HISTOGRAM, input_shape=(16, 64, 64)))
    counts, _ = np.histogram(result, bins=10, range=(-0.5, 0.5))
    assert counts.min() > 0.07 * volume.size
    assert (np.diff(result.ravel()[np.argsort(volume.ravel())]) >= 0).all()


def test_setting_of_sun_et_al() -> None:
    assert prepare(blob((20, 320, 320)), AXIAL, PreprocessSettings()).shape == (64, 128, 128)


def test_empty_border_is_cut_away() -> None:
    volume = np.zeros((5, 128, 96), dtype=np.float32)
    volume[:, 40:80, 24:60] = 1.0 + np.random.default_rng(0).random((5, 40, 36))
    slices, rows, columns = foreground(volume, 0.03)
    assert slices == slice(None)
    assert (rows.start, rows.stop) == (40, 80)
    assert (columns.start, columns.stop) == (24, 60)


def test_area_mean_where_the_ratio_is_whole() -> None:
    volume = np.random.default_rng(0).random((3, 12, 20)).astype(np.float32)
    expected = volume.reshape(3, 4, 3, 5, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(resize(volume, (3, 4, 5)), expected, atol=1e-6)


def test_linear_ramp_stays_a_ramp() -> None:
    ramp = np.broadcast_to(np.arange(8, dtype=np.float32), (4, 8, 8))
    line = resize(ramp, (4, 8, 24))[0, 0]
    np.testing.assert_allclose(np.diff(line[2:-2]), 1 / 3, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "wanted"), [(1, 5), (5, 1), (7, 7), (384, 96), (100, 96), (3, 64)]
)
def test_weights_sum_to_one(size: int, wanted: int) -> None:
    table = weights(size, wanted)
    assert table.shape == (wanted, size)
    assert (table >= 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-5)


def test_many_thin_slices_are_picked_not_averaged() -> None:
    volume = np.zeros((90, 4, 4), dtype=np.float32) + np.arange(90, dtype=np.float32)[:, None, None]
    np.testing.assert_array_equal(resize(volume, (3, 4, 4))[:, 0, 0], [15, 45, 75])


@pytest.mark.parametrize(
    "affine",
    [np.zeros((4, 4)), np.full((4, 4), np.nan), np.ones((4, 4))],
    ids=["zero", "nan", "singular"],
)
def test_a_useless_affine_changes_nothing(affine: np.ndarray) -> None:
    volume = blob((4, 20, 24))
    np.testing.assert_array_equal(canonical_view(volume, affine), volume)


def test_sagittal_slices_run_to_inferior_and_posterior() -> None:
    # Stored (slice towards right, row towards superior, column towards anterior).
    affine = np.array([[-4.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    volume = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.testing.assert_array_equal(canonical_view(volume, affine), volume[::-1, ::-1, ::-1])


def test_an_isotropic_volume_is_looked_at_in_axial_slices() -> None:
    sagittal = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    volume = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)  # L, I, P
    np.testing.assert_array_equal(canonical_view(volume, sagittal), volume.transpose(1, 2, 0)[::-1])
