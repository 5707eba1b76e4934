"""Functional series: what T2*, flip angle, other slices, shim and moving fluid leave of them."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.simulate import signal
from mrsift.simulate.anatomy import Maps
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.types import Float32Array
from tests.unit.simulate.test_signal import column, one_tissue_each


@pytest.fixture(scope="module")
def maps() -> Maps:
    return one_tissue_each()


def test_functional_imaging_shows_fluid_no_darker_than_brain(maps: Maps) -> None:
    p = Protocol("UNKNOWN", "bold", "gre_epi", 3.0, 2500.0, 35.0, flip_deg=75.0)
    image = signal.water_and_fat(maps, p)[0][0, 0]
    assert image[column("csf")] > 0.9 * image[column("grey_matter")]
    assert image[column("venous_sinus")] < 0.9 * image[column("grey_matter")]


def test_fluid_about_the_brain_stem_loses_signal_as_it_moves(maps: Maps) -> None:
    p = Protocol("UNKNOWN", "bold", "gre_epi", 3.0, 2500.0, 35.0, flip_deg=75.0)
    high = replace(maps, grid=replace(maps.grid, centre_mm=(0.0, 0.0, 110.0)))
    fluid, brain = column("csf"), column("grey_matter")
    kept = {}
    for place, where in (("base", maps), ("top", high)):
        still, moved = (
            signal.water_and_fat(where, replace(p, pulsation=share))[0][0, 0]
            for share in (0.0, 0.8)
        )
        assert moved[brain] == still[brain]
        kept[place] = moved[fluid] / still[fluid]
    assert kept["base"] < 0.5
    assert kept["top"] > 0.95


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_functional_series_show_grey_matter_brighter_than_white(field_t: float) -> None:
    grey, white = column("grey_matter"), column("white_matter")
    ratios, shares = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = functional(rng, field_t)
        subject = one_tissue_each(field_t, seed)
        image = signal.water_and_fat(subject, p)[0][0, 0]
        ratios.append(image[grey] / image[white])
        shares.append(image[grey] / brightest(subject, p)[grey])
    assert 1.1 < np.median(ratios) < 1.35  # scans that were measured: 1.2 and 1.35
    assert np.mean(np.array(ratios) > 0.95) > 0.9
    assert min(shares) > 0.9  # near the best flip angle


def functional(rng: np.random.Generator, field_t: float) -> Protocol:
    """The next functional series that is drawn."""
    while (p := draw_protocol(rng, "UNKNOWN", "head", field_t)).family != "bold":
        pass
    return p


def brightest(subject: Maps, p: Protocol) -> Float32Array:
    """Water at the best of many flip angles, tissue by tissue."""
    angles = [replace(p, flip_deg=float(flip)) for flip in range(5, 91, 5)]
    return np.max([signal.water_and_fat(subject, one)[0][0, 0] for one in angles], axis=0)


def test_a_better_shim_keeps_more_of_a_gradient_echo_and_a_spin_echo_has_nothing_to_lose(
    maps: Maps,
) -> None:
    curved = replace(maps, across_ppm=np.full_like(maps.across_ppm, 0.1))
    brain = (0, 0, column("grey_matter"))
    kept = {}
    for sequence in ("gre_epi", "epi"):
        p = Protocol("UNKNOWN", "bold", sequence, 3.0, 2000.0, 35.0)
        whole = signal.water_and_fat(maps, p)[0][brain]
        kept[sequence] = [
            signal.water_and_fat(curved, replace(p, off_resonance=off))[0][brain] / whole
            for off in (0.1, 0.8, 1.5)
        ]
    good, usual, poor = kept["gre_epi"]
    assert 1 > good > usual > poor
    assert kept["epi"] == pytest.approx([1.0, 1.0, 1.0])
