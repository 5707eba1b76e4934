"""A site and its habits: the same protocol for every patient, day after day.

What a site does follows from the seed of the data set, its name, and the kind of series, so
that studies of one site resemble each other and those of another do not.
"""

import zlib
from dataclasses import replace

import numpy as np

from mrsift.simulate import geometry
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.simulate.recipe import Site, Size, Span
from mrsift.types import Plane

_T2W_PLANES: tuple[Plane, ...] = ("axial", "sagittal", "coronal")
_PLANAR = frozenset(("eadc", "fa", "bold"))
_LABEL = {"LOCALIZER": "T2W", "DWI": "DWI_LOW", "CALCULATED": "DWI_HIGH"}


class Habits:
    """What one site does, for one field strength and region."""

    def __init__(self, seed: int, site: Site, region: str, field_t: float) -> None:
        self.site = site
        self.region = region
        self.field_t = field_t
        self._seed = (seed, zlib.crc32(site.name.encode()))

    def stream(self, what: str) -> np.random.Generator:
        """The site's own source of chance for one decision."""
        key = zlib.crc32(f"{what}/{self.region}/{self.field_t}".encode())
        return np.random.default_rng([*self._seed, key])

    def protocol(self, rng: np.random.Generator, kind: str) -> Protocol:
        """Draw the protocol of one kind of series.

        Args:
            rng: The site's stream, or one of its own for a stray.
            kind: Of `recipe.SeriesKind`.

        Returns:
            The protocol; of diffusion-weighted series the one with the lowest b.
        """
        label = _LABEL.get(kind, kind)
        p = draw_protocol(rng, label, self.region, self.field_t)
        while (p.family == "haste") != (kind == "LOCALIZER") and label == "T2W":
            p = draw_protocol(rng, label, self.region, self.field_t)
        if kind == "LOCALIZER":
            return replace(p, family="localizer")
        b = self.site.b_values_s_per_mm2
        if kind == "DWI":
            return replace(p, family="dwi", b=b[0], low_b=b[0], high_b=b[-1], direction_factor=1.0)
        if p.family in ("eadc", "fa"):
            return replace(p, low_b=b[0], high_b=b[-1])
        return p

    def grid(self, rng: np.random.Generator, kind: str, copy: int, size: Size) -> tuple[Grid, str]:
        """Draw where the slices lie, and the kind of geometry it is."""
        geometry_kind = {
            "LOCALIZER": geometry.LOCALIZER,
            "DWI": geometry.ECHO_PLANAR,
        }.get(kind, geometry.ANATOMICAL)
        plane: Plane | None = "axial" if kind in ("DWI", "FLAIR") else None
        if kind in ("T2W", "LOCALIZER"):
            plane = _T2W_PLANES[copy % 3]
        grid = geometry.draw_grid(rng, self.region, geometry_kind, plane)
        pixels = size.echo_planar_pixels if kind == "DWI" else size.pixels
        slices = _within(rng, size.slices)
        if kind == "LOCALIZER":
            slices = int(rng.integers(3, 7))
            grid = replace(grid, shape=(slices, *grid.shape[1:]))
        return resized(grid, slices, _within(rng, pixels)), geometry_kind

    def acquisition(self, rng: np.random.Generator, geometry_kind: str, grid: Grid) -> Acquisition:
        """Draw coils, noise and finish."""
        planar = geometry_kind == geometry.ECHO_PLANAR
        a = geometry.draw_acquisition(rng, grid, planar, self.region)
        # distortions are drawn for images of about 110 pixels a side
        return replace(a, distortion_px=a.distortion_px * grid.shape[1] / 110)


def is_planar(p: Protocol) -> bool:
    """Whether a volume shares the grid of the diffusion-weighted ones."""
    return p.sequence == "epi" or p.family in _PLANAR


def _within(rng: np.random.Generator, span: Span) -> int:
    return int(rng.integers(span[0], span[1] + 1))


def resized(grid: Grid, slices: int, pixels: int) -> Grid:
    """The same field of view in other steps.

    Args:
        grid: Where.
        slices: New number.
        pixels: New length of the longer side.

    Returns:
        A grid over the same space, the shorter side keeping its share; along the slices less
        than the same space where steps of more than 7 mm would be needed.
    """
    _, rows, columns = grid.shape
    factor = pixels / max(rows, columns)
    shape = (slices, max(round(rows * factor), 1), max(round(columns * factor), 1))
    steps = [s * old / new for s, old, new in zip(grid.spacing_mm, grid.shape, shape, strict=True)]
    step = min(steps[0], max(grid.spacing_mm[0], 7.0))
    thick = grid.thickness_mm * step / grid.spacing_mm[0]
    return replace(grid, shape=shape, spacing_mm=(step, steps[1], steps[2]), thickness_mm=thick)
