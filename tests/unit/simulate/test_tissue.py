"""Published means lie inside the ranges of the tissue table."""

import numpy as np
import pytest

from mrsift.simulate.tissue import codes, draw, table

# de Bazelaire et al., Radiology 2004;230:652: T1 and T2 at 3 T, ms
RELAXATION_MS = {
    "kidney_cortex": (1142, 76),
    "kidney_medulla": (1545, 81),
    "liver": (809, 34),
    "spleen": (1328, 61),
    "pancreas": (725, 43),
    "muscle": (898, 29),
    "transition_zone": (1597, 74),
    "myometrium": (1514, 79),
}
# Tamada et al., J Magn Reson Imaging 2008;28:720: ADC, 1e-3 mm2/s
DIFFUSION = {"peripheral_zone": 1.80, "transition_zone": 1.34, "tumour": 1.02}


def reached(span: tuple[float, float]) -> tuple[float, float]:
    """What can be drawn: a tenth more at either end."""
    room = 0.1 * (span[1] - span[0])
    return span[0] - room, span[1] + room


@pytest.mark.parametrize("name", RELAXATION_MS)
def test_relaxation_times(name: str) -> None:
    row = table()[codes()[name]]
    for span, mean in zip((row.t1_ms, row.t2_ms), RELAXATION_MS[name], strict=True):
        low, high = reached(span)
        assert low <= mean <= high


@pytest.mark.parametrize("name", DIFFUSION)
def test_diffusion_coefficients(name: str) -> None:
    low, high = reached(table()[codes()[name]].adc)
    assert low <= DIFFUSION[name] <= high


def test_t1_is_about_a_fifth_longer_at_3_t() -> None:
    low, high = (draw(np.random.default_rng(1), field).t1_ms for field in (1.5, 3.0))
    assert np.mean(high / low) == pytest.approx(1.21, abs=0.06)


@pytest.mark.parametrize("seed", range(20))
def test_grey_matter_has_the_longer_t2(seed: int) -> None:
    drawn = draw(np.random.default_rng(seed), 3.0)
    grey, white = codes()["grey_matter"], codes()["white_matter"]
    assert drawn.t2_ms[grey] >= 1.09 * drawn.t2_ms[white]
    assert drawn.t2_ms[grey] >= drawn.t2star_ms[grey] >= 1.09 * drawn.t2star_ms[white]
