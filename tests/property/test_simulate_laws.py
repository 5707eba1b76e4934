"""Laws of the simulator for any protocol within reason."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.simulate import signal
from mrsift.simulate.computed import fit_adc
from mrsift.simulate.protocol import null_time
from mrsift.simulate.shapes import Ellipsoid, Tube, mirrored

TIMES = st.floats(100, 4000)


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=np.float32)


@given(t1=TIMES, tr=st.floats(1500, 12000))
def test_a_tissue_is_dark_at_its_null(t1: float, tr: float) -> None:
    ti = null_time(t1, tr)
    assert 0 < ti < t1
    assert abs(float(signal.inversion_recovery(one(t1), tr, ti)[0])) < 1e-5


@given(t1=TIMES, t2=st.floats(10, 500), tr=st.floats(200, 9000), te=st.floats(1, 200))
def test_spin_echo_falls_with_echo_time_and_rises_with_repetition_time(
    t1: float, t2: float, tr: float, te: float
) -> None:
    here = float(signal.spin_echo(one(t1), one(t2), tr, te)[0])
    assert float(signal.spin_echo(one(t1), one(t2), tr, te + 10)[0]) <= here
    assert float(signal.spin_echo(one(t1), one(t2), tr + 100, te)[0]) >= here
    assert 0 <= here <= 1


@given(adc=st.floats(0.05, 3.5), ivim=st.floats(0, 0.3), kurtosis=st.floats(0.05, 1.2))
def test_more_diffusion_weighting_never_brightens(adc: float, ivim: float, kurtosis: float) -> None:
    levels = [
        float(signal.diffusion(b, one(adc), one(ivim), kurtosis)[0]) for b in range(0, 2600, 100)
    ]
    assert levels[0] == pytest.approx(1.0)
    assert all(after <= before + 1e-6 for before, after in pairwise(levels))


@given(adc=st.floats(0.05, 3.5), low=st.floats(0, 400), gap=st.floats(100, 1500))
def test_the_fit_returns_the_coefficient(adc: float, low: float, gap: float) -> None:
    images = [1000 * signal.diffusion(b, one(adc), one(0.0), 0.0) for b in (low, low + gap)]
    found = float(fit_adc(images[0], images[1], gap)[0]) * 1e-3
    assert found == pytest.approx(adc, rel=1e-2, abs=5e-3)


@given(t1=TIMES, agent=st.floats(0, 5))
def test_agent_shortens_t1(t1: float, agent: float) -> None:
    assert float(signal.with_agent(one(t1), one(agent))[0]) <= t1 * (1 + 1e-6)


@settings(max_examples=30)
@given(
    centre=st.tuples(*[st.floats(-50, 50)] * 3),
    axes=st.tuples(*[st.floats(2, 40)] * 3),
    turn=st.tuples(*[st.floats(-90, 90)] * 3),
)
def test_a_mirrored_solid_is_the_mirror_image(
    centre: tuple[float, float, float],
    axes: tuple[float, float, float],
    turn: tuple[float, float, float],
) -> None:
    x, y, z = np.random.default_rng(0).uniform(-80, 80, (3, 200)).astype(np.float32)
    tube = Tube((centre, (centre[0] + 9, centre[1] - 4, centre[2] + 30)), (axes[0], axes[1]))
    for solid in (Ellipsoid(centre, axes, turn), tube):
        other = mirrored(solid)
        assert other.level(-x, y, z) == pytest.approx(solid.level(x, y, z), abs=2e-2, rel=1e-3)
