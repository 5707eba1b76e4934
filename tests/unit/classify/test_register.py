"""A motion of the head between two sequences is found again."""

import numpy as np

from mrsift.classify.register import rigid_motion
from mrsift.classify.resample import Grid, sample
from mrsift.types import Float64Array
from tests.study_volumes import affine_of, head, points_of

FIXED = Grid((24, 48, 44), affine_of("axial", (24, 48, 44), (6.0, 4.0, 4.0)))
MOVING = Grid((26, 44, 48), affine_of("sagittal", (26, 44, 48), (5.0, 4.0, 4.0)))
MARKS = np.array([[x, y, z] for x in (-40, 40) for y in (-50, 50) for z in (-40, 40)])


def motion(angle_deg: float, shift_mm: tuple[float, float, float]) -> Float64Array:
    """A turn around the axis of the body, then a shift."""
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    matrix = np.eye(4)
    matrix[:2, :2] = [[c, -s], [s, c]]
    matrix[:3, 3] = shift_mm
    return matrix


def test_a_turned_head_comes_over_the_other() -> None:
    true = motion(8.0, (5.0, -3.0, 4.0))
    fixed = head(points_of(FIXED.shape, FIXED.affine_lps_mm))
    # what lies at p in the first lies at `true` p in the second, in other brightness
    back = np.linalg.inv(true)
    moved = points_of(MOVING.shape, MOVING.affine_lps_mm) @ back[:3, :3].T + back[:3, 3]
    moving = 30.0 * np.sqrt(head(moved))
    found = rigid_motion((fixed, FIXED), (moving, MOVING))
    assert found is not None
    apart = MARKS @ (found - true)[:3, :3].T + (found - true)[:3, 3]
    assert np.linalg.norm(apart, axis=1).max() < 2.0  # half a pixel
    before = sample(moving, MOVING, FIXED)
    after = sample(moving, MOVING, FIXED, found)
    assert before is not None
    assert after is not None
    expected = 30.0 * np.sqrt(fixed)
    assert np.abs(after - expected).mean() < 0.3 * np.abs(before - expected).mean()
    again = rigid_motion((fixed, FIXED), (moving, MOVING))
    np.testing.assert_allclose(found, again, atol=1e-9)  # sums of threads differ in the last bit


def test_what_does_not_overlap_is_not_moved() -> None:
    fixed = head(points_of(FIXED.shape, FIXED.affine_lps_mm))
    far = FIXED.affine_lps_mm.copy()
    far[0, 3] += 2000.0
    assert rigid_motion((fixed, FIXED), (fixed, Grid(FIXED.shape, far))) is None
