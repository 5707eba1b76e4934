"""What is thinner than a voxel is shown by its share, on fine grids and on coarse ones."""

import numpy as np
import pytest

from mrsift.simulate.grid import Grid
from mrsift.simulate.noise import Texture
from mrsift.simulate.shapes import Canvas
from mrsift.simulate.strands import Strands
from mrsift.simulate.tissue import codes


def woven(tissue: str, pixel_mm: float, strands: Strands) -> Canvas:
    """A block of 60 mm of one tissue, where the subject of this seed has all kinds of sheets."""
    side = round(60 / pixel_mm)
    grid = Grid("axial", (0.0, 0.0, 0.0), (6, side, side), (3.0, pixel_mm, pixel_mm), 3.0)
    canvas = Canvas(grid, 2, grid.points_mm(2), margin_mm=0.0)
    canvas.tissue[:] = codes()[tissue]
    strands.weave(canvas, Texture(np.random.default_rng(5)))
    return canvas


@pytest.mark.parametrize(
    ("tissue", "other"),
    [("fat", "septum"), ("visceral_fat", "muscle"), ("muscle", "visceral_fat")],
)
def test_a_coarse_grid_holds_as_much_of_it_as_a_fine_one(tissue: str, other: str) -> None:
    strands = Strands(septa_mm=0.6, fascia_mm=0.6, marbling_mm=0.4, frayed=-1.0)
    fine, coarse = woven(tissue, 0.4, strands), woven(tissue, 1.2, strands)
    assert (fine.woven == codes()[other]).all()
    assert fine.share.mean() == pytest.approx(coarse.share.mean(), rel=0.1)
    assert 0.02 < fine.share.mean() < 0.5
    assert (coarse.share.min(), coarse.share.max() <= 1) == (0, True)


def test_thicker_sheets_take_more() -> None:
    thin, thick = (
        woven("fat", 1.0, Strands(septa, 0.5, 0.5, -1.0)).share.mean() for septa in (0.2, 0.4)
    )
    assert thick == pytest.approx(2 * thin, rel=0.1)


def test_other_tissue_is_left_alone() -> None:
    assert not woven("marrow", 1.0, Strands(0.5, 0.5, 0.5, 0.5)).share.any()
