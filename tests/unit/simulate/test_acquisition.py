"""Noise, shading and distortion; grids and textures."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.simulate import geometry
from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.artefact import Acquisition, distort, finish, left_by_band, measure, shading
from mrsift.simulate.grid import Grid
from mrsift.simulate.noise import Texture, block

GRID = Grid("axial", (0.0, 0.0, 4.0), (6, 48, 56), (4.0, 4.0, 4.0), 4.0)
PLAIN = Acquisition(seed=1, snr=10.0, coil=0.0, normalise=0.0, resolution=(1.0, 1.0), window=0.0)


@pytest.fixture(scope="module")
def maps() -> Maps:
    return Subject((11,), "pelvis").render(GRID, 1)


def test_noise_without_signal_is_rayleigh(maps: Maps) -> None:
    image = np.zeros(GRID.shape, dtype=np.float32)
    image[:, :, :8] = 100.0
    level = 100.0 / PLAIN.snr
    noise = measure(image, maps, PLAIN)[:, :, 16:48]
    assert noise.mean() == pytest.approx(level * np.sqrt(np.pi / 2), rel=0.05)
    assert noise.std() == pytest.approx(level * np.sqrt(2 - np.pi / 2), rel=0.05)


def test_noise_on_strong_signal_is_gaussian_and_hardly_biased(maps: Maps) -> None:
    image = np.full(GRID.shape, 100.0, dtype=np.float32)
    found = measure(image, maps, PLAIN) - image * shading(maps, PLAIN)
    assert abs(found.mean()) < 1.0
    assert found.std() == pytest.approx(10.0, rel=0.05)
    centred = (found - found.mean()) / found.std()
    assert abs(float(np.mean(centred**3))) < 0.1


def test_the_seed_decides_the_noise(maps: Maps) -> None:
    image = np.full(GRID.shape, 50.0, dtype=np.float32)
    first, second = measure(image, maps, PLAIN), measure(image, maps, PLAIN)
    other = measure(image, maps, Acquisition(seed=2, snr=10.0))
    assert (first == second).all()
    assert not (first == other).all()


def test_partial_fourier_halves_fine_detail_along_the_phase_direction(maps: Maps) -> None:
    rng = np.random.default_rng(3)
    image = rng.normal(100.0, 5.0, GRID.shape).astype(np.float32)
    quiet = replace(PLAIN, snr=1e6, phase_axis=2)
    whole, partial = (
        np.abs(np.fft.fft2(measure(image, maps, replace(quiet, partial=share)))) ** 2
        for share in (1.0, 0.75)
    )
    frequency = np.abs(np.fft.fftfreq(GRID.shape[2])) * 2
    coarse, fine = (frequency > 0) & (frequency < 0.45), (frequency > 0.55) & (frequency < 1)
    assert partial[..., coarse].sum() == pytest.approx(whole[..., coarse].sum(), rel=0.05)
    assert partial[..., fine].sum() == pytest.approx(0.25 * whole[..., fine].sum(), rel=0.05)


@pytest.mark.parametrize(("rows", "columns", "phase_axis"), [(128, 84, 2), (84, 128, 1)])
def test_lines_are_saved_along_the_phase_direction(
    rows: int, columns: int, phase_axis: int
) -> None:
    grid = replace(GRID, shape=(6, rows, columns))
    drawn = [
        geometry.draw_acquisition(np.random.default_rng(number), grid, True, "pelvis")
        for number in range(40)
    ]
    assert {a.phase_axis for a in drawn} == {phase_axis}
    assert 0.3 < np.mean([a.partial < 1 for a in drawn]) < 0.9


def test_a_saturation_band_takes_its_share_in_front_and_nothing_behind(maps: Maps) -> None:
    a = replace(PLAIN, snr=1e6, saturated=0.8, band_mm=-20.0, band_slope=0.5)
    left = left_by_band(GRID, a)
    _, y, z = GRID.points_mm(1)
    edge = a.band_mm + a.band_slope * z
    assert left[y < edge - 15] == pytest.approx(0.2, abs=0.01)
    assert left[y > edge + 15] == pytest.approx(1.0, abs=0.01)
    image = np.full(GRID.shape, 100.0, dtype=np.float32)
    shares = measure(image, maps, a) / measure(image, maps, replace(a, saturated=0.0))
    assert np.median(shares[y < edge - 25]) == pytest.approx(0.2, abs=0.05)
    assert np.median(shares[y > edge + 25]) == pytest.approx(1.0, abs=0.05)


def test_only_pelves_have_saturation_bands_and_not_all_of_them() -> None:
    share = {
        region: np.mean(
            [
                geometry.draw_acquisition(
                    np.random.default_rng(number), GRID, False, region
                ).saturated
                > 0
                for number in range(200)
            ]
        )
        for region in ("pelvis", "head", "abdomen")
    }
    assert 0.15 < share["pelvis"] < 0.5
    assert share["head"] == share["abdomen"] == 0


def test_coils_see_half_where_their_reach_ends() -> None:
    tall = Grid("coronal", (0.0, 0.0, 10.0), (3, 101, 11), (4.0, 4.0, 4.0), 4.0)
    there = Subject((11,), "pelvis").render(tall, 1)
    seen = shading(there, replace(PLAIN, coil_reach_mm=100.0, coil_offset_mm=20.0))
    z = tall.points_mm(1)[2]
    best = float(seen[np.abs(z - 30) < 2.1].mean())
    for end_mm in (-70, 130):
        assert float(seen[np.abs(z - end_mm) < 2.1].mean()) == pytest.approx(0.5 * best, rel=0.05)


def test_distortion_of_nothing_is_nothing() -> None:
    image = np.random.default_rng(0).random((2, 20, 30), dtype=np.float32)
    assert distort(image, np.zeros_like(image), 1)[:, :-1] == pytest.approx(image[:, :-1], abs=1e-5)


def test_distortion_moves_and_keeps_the_signal() -> None:
    image = np.zeros((1, 60, 60), dtype=np.float32)
    image[:, 25:35, 25:35] = 1.0
    rows = np.arange(60, dtype=np.float32)[None, :, None]
    off = np.broadcast_to(5 * np.exp(-(((rows - 30) / 15) ** 2)), image.shape).astype(np.float32)
    moved = distort(image, off, 1)
    centre = (moved.sum(axis=(0, 2)) * np.arange(60)).sum() / moved.sum()
    assert centre == pytest.approx(29.5 + 4.8, abs=0.6)
    assert moved.sum() == pytest.approx(image.sum(), rel=0.08)


def test_sharpening_raises_and_smoothing_lowers_the_gradient(maps: Maps) -> None:
    image = maps.average(maps.pd)
    roughness = [
        float(np.abs(np.diff(finish(image, Acquisition(1, 10, sharpen=s)), axis=1)).mean())
        for s in (-0.6, 0.0, 1.0)
    ]
    assert roughness == sorted(roughness)


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
def test_points_agree_with_the_affine(plane: str) -> None:
    grid = Grid(plane, (3.0, -7.0, 20.0), (3, 5, 4), (5.0, 2.0, 1.5), 4.0, (8.0, -5.0))  # type: ignore[arg-type]
    points = np.stack(grid.points_mm(1), axis=-1)
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    expected = index @ grid.affine_lps_mm[:3, :3].T + grid.affine_lps_mm[:3, 3]
    assert points == pytest.approx(expected, abs=1e-4)
    assert grid.directions @ grid.directions.T == pytest.approx(np.eye(3), abs=1e-9)


def test_parts_of_a_slice_average_to_its_middle() -> None:
    points = GRID.points_mm(3)[2].reshape(6, 3, 48, 56).mean(axis=1)
    assert points == pytest.approx(GRID.points_mm(1)[2], abs=1e-4)


@pytest.mark.parametrize("kind", ["white", "grain", "fractal", "smooth", "ridge"])
def test_noise_has_mean_zero_and_unit_deviation(kind: str) -> None:
    field = block(kind, 0)
    assert abs(float(field.mean())) < 1e-3
    assert float(field.std()) == pytest.approx(1.0, abs=1e-3)


def test_textures_belong_to_places_in_the_patient() -> None:
    texture = Texture(np.random.default_rng(4))
    axial = Grid("axial", (0, 0, 0), (5, 7, 9), (2, 2, 2), 2.0)
    coronal = Grid("coronal", (0, 0, 0), (7, 5, 9), (2, 2, 2), 2.0)
    first = texture.on(axial, 1, "grain", 1.5, 3)
    second = texture.on(coronal, 1, "grain", 1.5, 3)
    assert second == pytest.approx(first.transpose(1, 0, 2)[:, ::-1], abs=1e-4)


@pytest.mark.parametrize("region", ["pelvis", "head", "abdomen"])
@pytest.mark.parametrize("kind", [geometry.ANATOMICAL, geometry.ECHO_PLANAR])
def test_slices_are_the_coarsest_axis(region: str, kind: str) -> None:
    """Preprocessing tells the plane of a volume by it."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        grid = geometry.draw_grid(rng, region, kind)
        for one in (grid, geometry.picked_from_many(rng, grid)):
            assert one.spacing_mm[0] > max(one.spacing_mm[1:])


def test_echo_planar_pelves_are_narrow_from_side_to_side_or_from_front_to_back() -> None:
    """A public examination has 128 rows and 84 columns of 2 mm, phase from side to side."""
    shapes = [
        grid.shape
        for seed in range(400)
        if (grid := draw_pelvis(seed)).plane == "axial" and grid.shape[1] * grid.spacing_mm[1] > 150
    ]
    ratios = np.array([columns / rows for _, rows, columns in shapes])
    assert np.mean(ratios < 0.7) > 0.08
    assert np.mean(ratios > 1 / 0.7) > 0.03


def draw_pelvis(seed: int) -> Grid:
    return geometry.draw_grid(np.random.default_rng(seed), "pelvis", geometry.ECHO_PLANAR)
