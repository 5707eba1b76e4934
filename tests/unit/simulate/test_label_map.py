"""A head from a label map: what the map says, and a brain that fills more or less of its skull."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.simulate.grid import Grid
from mrsift.simulate.label_map import LabelMap, load
from mrsift.simulate.shapes import Canvas
from mrsift.simulate.tissue import codes

SIDE = 48


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> LabelMap:
    """Ventricle, white and grey matter, 6 mm of fluid, skull: shells around the middle."""
    away = np.linalg.norm(np.indices((SIDE,) * 3) - SIDE / 2, axis=0)
    numbers = np.select(
        [away < 4, away < 10, away < 13, away < 19, away < 21], [4, 2, 3, 24, 515], default=0
    )
    path = tmp_path_factory.mktemp("maps") / "ball.nii.gz"
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])  # LPS
    nibabel.save(nibabel.Nifti1Image(numbers.astype(np.int16), affine), path)
    return load(Path(path))


def painted(ball: LabelMap, fuller_mm: float) -> dict[str, int]:
    """Samples of each tissue."""
    z, y, x = (c - SIDE / 2 for c in np.indices((SIDE,) * 3).astype(np.float32))
    grid = Grid("axial", (0, 0, 0), (SIDE,) * 3, (1.0, 1.0, 1.0), 1.0)
    canvas = Canvas(grid, 1, [x, y, z], 0.0)
    none, everywhere = np.zeros_like(x), np.ones_like(x)
    ball.paint(canvas, everywhere, none, everywhere, fuller_mm)
    return {name: int((canvas.tissue == code).sum()) for name, code in codes().items()}


def test_a_fuller_brain_takes_fluid_from_around_it_and_nothing_else(ball: LabelMap) -> None:
    found = [painted(ball, mm) for mm in (0.0, 1.2, 2.5)]
    assert found[0]["csf"] > found[1]["csf"] > found[2]["csf"] > 0
    for one in found[1:]:
        changed = {name for name in one if one[name] != found[0][name]}
        assert changed == {"csf", "grey_matter"}
        assert one["csf"] + one["grey_matter"] == found[0]["csf"] + found[0]["grey_matter"]


def test_the_ventricles_stay_as_they_are(ball: LabelMap) -> None:
    ventricle = round(4 / 3 * np.pi * 4**3)
    assert painted(ball, 60.0)["csf"] == pytest.approx(ventricle, rel=0.1)
