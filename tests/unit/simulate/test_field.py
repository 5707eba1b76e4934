"""The field around gas, and what gradient echoes lose to it."""

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mrsift.simulate import signal
from mrsift.simulate.anatomy import Subject
from mrsift.simulate.field import across_voxel, dipole_field
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol

_SLOPES = st.floats(-0.05, 0.05)  # ppm a mm


def test_the_field_around_a_sphere_is_that_of_a_dipole_but_for_the_shim() -> None:
    grid = Grid("axial", (0, 0, 0), (60, 160, 160), (2, 1, 1), 2.0)
    z, y, x = np.meshgrid(*(grid.offsets_mm(axis) for axis in range(3)), indexing="ij")
    distance = np.sqrt(z**2 + y**2 + x**2)
    field = dipole_field(np.where(distance < 16, 0.0, -9.0).astype(np.float32), grid)
    truth = 9.0 / 3 * (16 / distance) ** 3 * (3 * (z / distance) ** 2 - 1)
    around = (distance > 24) & (distance < 45)
    terms = np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, y * z, x * z], -1)
    other = (field - truth)[around]
    other -= terms[around] @ np.linalg.lstsq(terms[around], other, rcond=None)[0]
    assert np.abs(other).mean() < 0.06 * np.abs(truth[around]).max()


def test_a_body_alone_is_shimmed_and_a_ball_of_gas_in_it_is_not() -> None:
    grid = Grid("axial", (0, 0, 0), (20, 100, 100), (6, 2.4, 2.4), 4.0)
    z, y, x = np.meshgrid(*(grid.offsets_mm(axis) for axis in range(3)), indexing="ij")
    body = x**2 + y**2 < 90**2
    ball = x**2 + (y - 20) ** 2 + z**2 < 12**2
    deep = (x**2 + y**2 < 60**2) & (x**2 + (y - 20) ** 2 + z**2 > 16**2) & (np.abs(z) < 40)

    def spread_ppm(air: NDArray[np.bool_]) -> float:
        return float(dipole_field(np.where(air, 0.0, -9.0).astype(np.float32), grid)[deep].std())

    assert spread_ppm(~body) < 0.1 < spread_ppm(~body | ball)


@given(along=_SLOPES, down=_SLOPES, across=_SLOPES, gap=st.floats(0.0, 1.0))
def test_a_linear_field_changes_by_its_slope(
    along: float, down: float, across: float, gap: float
) -> None:
    grid = Grid("axial", (0, 0, 0), (4, 6, 5), (4 * (1 + gap), 2, 3), 4.0)
    field = (
        along * grid.offsets_mm(0)[:, None, None]
        + down * grid.offsets_mm(1)[None, :, None]
        + across * grid.offsets_mm(2)[None, None, :]
    ).astype(np.float32)
    expected = np.sqrt((4 * along) ** 2 + (2 * down) ** 2 + (3 * across) ** 2)
    assert across_voxel(field, grid) == pytest.approx(np.full(field.shape, expected), abs=1e-5)


def test_one_slice_has_no_change_through_it() -> None:
    grid = Grid("axial", (0, 0, 0), (1, 6, 5), (4, 2, 3), 4.0)
    assert not across_voxel(np.ones((1, 6, 5), dtype=np.float32), grid).any()


@given(change_ppm=st.floats(0, 2), field_t=st.sampled_from([1.5, 3.0]), te_ms=st.floats(1, 60))
def test_what_stays_in_phase_is_the_sum_of_the_spins(
    change_ppm: float, field_t: float, te_ms: float
) -> None:
    places = (np.arange(4000) + 0.5) / 4000 - 0.5
    hz = 42.577 * field_t * change_ppm * places
    spins = np.exp(2j * np.pi * hz * te_ms * 1e-3)
    kept = signal.in_phase(np.array([change_ppm], dtype=np.float32), field_t, te_ms)
    assert kept[0] == pytest.approx(abs(spins.mean()), abs=2e-3)


def test_functional_series_lose_the_brain_above_the_nose_and_diffusion_does_not() -> None:
    maps = Subject((3, 1), "head", field_t=3.0).render(
        Grid("axial", (0, 0, 0), (18, 100, 90), (5, 2.2, 2.2), 4.0)
    )
    function = Protocol("UNKNOWN", "bold", "gre_epi", 3.0, 2500, 30, flip_deg=80)
    diffusion = Protocol("DWI_LOW", "b0", "epi", 3.0, 5000, 70)
    gas = maps.average(maps.of(("gas",)).astype(np.float32)) > 0.5
    distance_mm = scipy.ndimage.distance_transform_edt(~gas, sampling=(5, 2.2, 2.2))
    brain = maps.average(maps.of(("white_matter", "grey_matter")).astype(np.float32)) > 0.9
    assert (brain & (distance_mm < 15)).sum() > 100

    def lost(protocol: Protocol) -> float:
        image = signal.render(maps, protocol)
        usual = np.median(image[brain & (distance_mm > 50)])
        return float((image[brain & (distance_mm < 15)] < 0.5 * usual).mean())

    assert lost(function) > 0.2
    assert lost(diffusion) < 0.02
