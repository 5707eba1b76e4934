"""`bench.artefacts`: each artefact changes a volume, always in the same way."""

from pathlib import Path

import numpy as np
import pytest

from bench.artefacts import ARTEFACTS, Changed, sets
from mrsift.simulate.variation import BEYOND
from mrsift.types import Float32Array


class Discs:
    """Two volumes of a bright disc in noise, of the size of a pool's."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Float32Array:
        down, across = np.mgrid[-1:1:200j, -1:1:200j]
        disc = (down**2 + across**2 < 0.4).astype(np.float32)
        noise = np.random.default_rng(index).normal(size=(14, 200, 200)).astype(np.float32)
        return np.asarray(2 * disc + 0.1 * noise - 1, dtype=np.float32)


@pytest.mark.parametrize("name", sorted(ARTEFACTS))
def test_an_artefact_changes_a_volume_and_leaves_what_it_shows(name: str) -> None:
    plain, changed, again = Discs()[1], Changed(Discs(), name)[1], Changed(Discs(), name)[1]
    np.testing.assert_array_equal(changed, again)
    assert changed.shape == plain.shape
    assert changed.min() >= 0
    bright = plain - plain.min()
    assert np.abs(changed - bright).mean() > 0.01
    assert np.corrcoef(changed.ravel(), bright.ravel())[0, 1] > 0.5


def test_every_artefact_is_asked_about_and_the_set_as_it_is(tmp_path: Path) -> None:
    found = list(sets(tmp_path, subjects=0))
    assert [name for _, name, *_ in found] == ["as it is", *BEYOND, *ARTEFACTS]
