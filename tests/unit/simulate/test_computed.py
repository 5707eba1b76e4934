"""Maps that are computed: fractional anisotropy."""

import numpy as np
import pytest
import scipy.ndimage

from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.computed import MapStyle, derived
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol

GRID = Grid("axial", (0.0, 0.0, 45.0), (5, 110, 96), (6.0, 2.0, 2.0), 4.0)
FA = Protocol("UNKNOWN", "fa", "epi", 3.0, 6000.0, 80.0, high_b=1000.0)


@pytest.fixture(scope="module")
def maps() -> Maps:
    return Subject((11,), "head").render(GRID, 1)


def anisotropy(maps: Maps, seed: int) -> np.ndarray:
    return derived(maps, FA, Acquisition(seed=1, snr=60.0), np.random.default_rng(seed))


def test_anisotropy_is_a_share_and_greatest_in_some_bundles_of_white_matter(maps: Maps) -> None:
    white, grey = maps.of(("white_matter",)), maps.of(("grey_matter",))
    spread = []
    for seed in range(12):
        found = anisotropy(maps, seed)
        assert found.min() >= 0
        assert found.max() <= 1
        assert np.median(found[white]) > 1.5 * np.median(found[grey])
        spread.append(np.percentile(found[white], 95) / np.median(found[white]))
    assert np.mean(spread) > 1.45  # bundles side by side reach far more than those that cross


def test_the_edge_of_the_brain_is_bright_on_most_maps_of_anisotropy(maps: Maps) -> None:
    brain = maps.brain()
    deep = scipy.ndimage.binary_erosion(brain, np.ones((1, 9, 9)))
    edge = brain & ~scipy.ndimage.binary_erosion(brain, np.ones((1, 3, 3)))
    inner = deep & maps.of(("grey_matter", "csf"))
    made = [anisotropy(maps, seed) for seed in range(12)]
    brighter = [np.mean(found[edge]) > 1.3 * np.mean(found[inner]) for found in made]
    assert sum(brighter) >= 6


def test_most_maps_are_as_sharp_as_the_images_they_are_made_of() -> None:
    rng = np.random.default_rng(5)
    smoothed = [MapStyle.draw(rng, head=False).smooth_px > 0 for _ in range(200)]
    assert 0.1 < np.mean(smoothed) < 0.5
