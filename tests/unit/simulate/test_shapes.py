"""Solids are painted where they are, whatever the grid looks like."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.simulate.grid import Grid
from mrsift.simulate.shapes import Canvas, Ellipsoid, Point, Solid, Tube

lengths = st.floats(2.0, 40.0)
angles = st.floats(-90.0, 90.0)
places = st.tuples(*[st.floats(-40.0, 40.0)] * 3)

ellipsoids = st.builds(
    Ellipsoid,
    places,
    st.tuples(lengths, lengths, lengths),
    st.tuples(angles, angles, angles),
    st.floats(2.0, 3.0),
)


@st.composite
def tubes(draw: st.DrawFn) -> Tube:
    points: list[Point] = draw(st.lists(places, min_size=2, max_size=4, unique=True))
    return Tube(tuple(points), tuple(draw(lengths) / 4 for _ in points))


@settings(max_examples=60, deadline=None)
@given(
    solid=ellipsoids | tubes(),
    plane=st.sampled_from(["axial", "sagittal", "coronal"]),
    tilt=st.tuples(st.floats(-20.0, 20.0), st.floats(-20.0, 20.0)),
    scale=st.tuples(*[st.sampled_from([-1.2, -0.8, 0.9, 1.1])] * 3),
)
def test_nothing_of_a_solid_is_left_out(
    solid: Solid, plane: str, tilt: tuple[float, float], scale: Point
) -> None:
    grid = Grid(plane, (3.0, -4.0, 5.0), (9, 31, 27), (8.0, 3.0, 3.0), 8.0, tilt)  # type: ignore[arg-type]
    canvas = Canvas(grid, 1, list(grid.points_mm(1)), margin_mm=0.0)
    canvas.resize(scale)
    canvas.paint(solid, [(0.0, 1)])
    np.testing.assert_array_equal(canvas.tissue == 1, solid.level(*canvas.xyz) < 0)
