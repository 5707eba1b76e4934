"""From a seed to a subject, and from a subject to maps of what its tissue is made of."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from mrsift.simulate import label_map, pelvis_map
from mrsift.simulate.field import across_voxel, dipole_field
from mrsift.simulate.grid import Grid
from mrsift.simulate.head import BRAIN, Head
from mrsift.simulate.noise import Texture
from mrsift.simulate.pelvis import Pelvis
from mrsift.simulate.shapes import Canvas
from mrsift.simulate.tissue import Draw, codes, draw
from mrsift.types import Float32Array

_PPM = 2.0  # field that shifts by one unit of off-resonance
_TISSUE_PPM = -9.0  # against air
_SUSCEPTIBILITY_PPM = {"air": 0.0, "gas": 0.0, "lung": -2.0, "metal": 141.0}
_WARPS = ((7.0, 1.0), (2.6, 0.6))  # mm a sample of the block, share of the amplitude


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """What lies at every sample of a grid.

    All arrays have shape (slices * parts, rows, columns).

    Attributes:
        tissue: Index into the tissue table.
        pd: Proton density, water and fat together, 0 to about 1.
        t1_ms: Of water.
        t2_ms: Of water.
        t2star_ms: Of water.
        adc: Of water, 1e-3 mm2/s.
        fat: Share of the protons that are fat.
        fibre: How far fibres run along (1) or across (-1) one direction of diffusion.
        off_resonance: -1 to 1 or so; scaled by the sequence.
        across_ppm: Change of the field of air, gas and metal from side to side of a voxel.
        shade: Unevenness of the coils, shape of the grid, unit deviation.
        soft: Share of an average that is blurred, shape of the grid.
        soft_px: Deviation of that blur.
        draw: The subject's tissue values.
    """

    grid: Grid
    parts: int
    tissue: NDArray[np.uint8]
    pd: Float32Array
    t1_ms: Float32Array
    t2_ms: Float32Array
    t2star_ms: Float32Array
    adc: Float32Array
    fat: Float32Array
    fibre: Float32Array
    off_resonance: Float32Array
    across_ppm: Float32Array
    shade: Float32Array
    soft: Float32Array
    soft_px: float
    draw: Draw

    def average(self, samples: Float32Array) -> Float32Array:
        """Mean over the samples of each slice, shape `grid.shape`.

        Two samples make two steps of a surface that runs obliquely through a slice; all that lies
        between them makes a ramp, so those places are blurred.
        """
        image = _sliced(samples, self.parts).mean(axis=1)
        blurred = scipy.ndimage.gaussian_filter(
            image, (0, self.soft_px, self.soft_px), truncate=2.5
        )
        return np.asarray(image + self.soft * (blurred - image), dtype=np.float32)

    def of(self, names: tuple[str, ...]) -> NDArray[np.bool_]:
        """Where the tissue is one of these."""
        code = codes()
        lookup = np.zeros(256, dtype=bool)
        lookup[[code[name] for name in names]] = True
        return lookup[self.tissue]

    def brain(self) -> NDArray[np.bool_]:
        """Where the tissue belongs to the brain, ventricles included."""
        return self.of(BRAIN)


class Subject:
    """One simulated person: shape, tissue values and textures.

    Attributes:
        region: `pelvis`, `head` or `abdomen`; the last is the upper part of a pelvis' body.
        scene: The anatomy.
        draw: Tissue values.
    """

    def __init__(
        self,
        seed: tuple[int, ...],
        region: str,
        label_maps: Path | None = None,
        *,
        field_t: float | None = None,
        necrotic_share: float | None = None,
        cluttered: bool = False,
    ) -> None:
        """Draw the person.

        Args:
            seed: The same person for the same numbers.
            region: `pelvis`, `head` or `abdomen`.
            label_maps: Folder of label maps of heads and pelves; procedural ones without.
            field_t: 1.5 or 3.0; drawn where None.
            necrotic_share: Of a head with a glioma; None for whatever is drawn.
            cluttered: Solids that no atlas foresees in the trunk, which bends twice as much: for
                training, not to look at.
        """
        rng = np.random.default_rng([*seed, 1])
        self.region = region
        drawn_t = 3.0 if rng.random() < 0.6 else 1.5
        self.draw = draw(rng, field_t or drawn_t)
        self.texture = Texture(rng)
        self.warp_mm = float(rng.uniform(2.5, 7.0))
        # breath and bowel move the trunk while it is measured, and its tissues are less even
        trunk = region != "head"
        own = np.random.default_rng([*seed, 6])
        self.blur = float(max(own.uniform(-0.5, 0.5), 0)) if trunk else 0.0
        self.patches = float(own.uniform(0, 1.0 if trunk else 0.4))
        self.ragged_mm = float(own.uniform(0.2, 1.8)) if trunk else 0.0
        if trunk:
            self.draw = replace(self.draw, texture=self.draw.texture * float(own.uniform(0.9, 1.6)))
        self.map_name: str | None = None
        if region != "head":
            pelves = pelvis_map.available(label_maps) if label_maps and region == "pelvis" else ()
            found = None
            if pelves and own.random() < 0.6:
                found = pelvis_map.load(pelves[int(own.integers(len(pelves)))])
            pelvis = Pelvis(rng, found, cluttered=cluttered)
            self.map_name = pelvis.label_map.name if pelvis.label_map else None
            self.scene: Pelvis | Head = pelvis
            if cluttered:
                self.warp_mm *= float(rng.uniform(1.0, 2.0))
            return
        files = label_map.available(label_maps) if label_maps else ()
        chosen = None
        if files and rng.random() < 0.75:
            chosen = label_map.load(files[int(rng.integers(len(files)))])
            self.map_name = chosen.name
            self.warp_mm *= 0.6
        self.scene = Head(rng, chosen)
        if necrotic_share is not None:
            self.scene.replace_lesions(rng, necrotic_share)

    @property
    def endorectal(self) -> bool:
        """Whether a coil lies in the rectum."""
        return isinstance(self.scene, Pelvis) and self.scene.lumen == "coil"

    def render(self, grid: Grid, parts: int = 2) -> Maps:
        """The subject's tissue on a grid.

        Args:
            grid: Where.
            parts: Samples inside each slice.

        Returns:
            Maps of shape (slices * parts, rows, columns).
        """
        xyz = grid.points_mm(parts)
        furthest_mm = 0.0
        for axis in range(3):
            moved = np.zeros_like(xyz[axis])
            for number, (sample_mm, share) in enumerate(_WARPS):
                field = self.texture.on(grid, parts, "smooth", sample_mm, 10 + 3 * number + axis)
                moved += field * np.float32(self.warp_mm * share)
            if self.ragged_mm:
                moved += self.texture.on(grid, parts, "fractal", 1.5, 16 + axis) * np.float32(
                    self.ragged_mm
                )
            xyz[axis] = xyz[axis] + moved
            furthest_mm = max(furthest_mm, float(np.abs(moved).max()))
        canvas = Canvas(grid, parts, xyz, margin_mm=furthest_mm + 6)
        self.scene.paint(canvas, self.texture)
        return self._fill(canvas)

    def _fill(self, canvas: Canvas) -> Maps:
        """Values of every sample: those of its tissue, with texture."""
        grid, parts, d = canvas.grid, canvas.parts, self.draw
        tissue = canvas.tissue

        def field(kind: str, sample_mm: float, channel: int) -> Float32Array:
            return self.texture.on(grid, parts, kind, sample_mm, channel)

        def of(values: Float32Array) -> Float32Array:
            own = values[tissue]
            return np.asarray(own + canvas.share * (values[canvas.woven] - own))

        amount = d.texture[tissue]
        fine = amount * (
            0.8 * field("grain", 0.45, 20)
            + 0.6 * field("grain", 1.1, 21)
            + 0.5 * field("fractal", 1.0, 22)
        )
        second = amount * (0.7 * field("grain", 0.9, 23) + 0.6 * field("fractal", 0.8, 24))
        patch = amount * np.float32(self.patches) * field("fractal", 3.0, 28)
        fine, second = fine + patch, second + patch
        fat = of(d.fat)
        fat = np.clip(fat + 1.2 * fat * (1 - fat) * second / 0.2, 0, 0.97).astype(np.float32)
        field_ppm, across_ppm = _field(tissue, grid, parts)
        smooth = field("smooth", 6.0, 25)
        moved = self.texture.on(grid, 1, "smooth", 3.0, 29) * np.float32(self.blur)
        return Maps(
            grid=grid,
            parts=parts,
            tissue=tissue,
            pd=of(d.pd) * np.clip(1 + 0.5 * fine, 0.2, 1.6),
            t1_ms=np.maximum(of(d.t1_ms) * (1 + 0.4 * second), 80),
            t2_ms=np.maximum(of(d.t2_ms) * np.exp(0.9 * fine), 1.0),
            t2star_ms=np.maximum(of(d.t2star_ms) * np.exp(0.7 * fine), 0.8),
            adc=np.maximum(of(d.adc) * np.exp(0.5 * fine + 0.5 * second), 0),
            fat=fat,
            fibre=np.tanh(1.5 * field("smooth", 0.9, 27)).astype(np.float32),
            off_resonance=np.asarray(0.35 * smooth + field_ppm / _PPM, dtype=np.float32),
            across_ppm=across_ppm,
            shade=self.texture.on(grid, 1, "smooth", 4.0, 26),
            soft=np.clip(np.maximum(_oblique(tissue, parts), moved), 0, 1).astype(np.float32),
            soft_px=float(np.clip(0.18 * grid.thickness_mm / grid.spacing_mm[1], 0.35, 1.2)),
            draw=d,
        )


def _sliced(samples: NDArray[np.generic], parts: int) -> NDArray[np.generic]:
    """Shape (slices * parts, rows, columns) -> (slices, parts, rows, columns)."""
    return samples.reshape(-1, parts, *samples.shape[1:])


def _oblique(tissue: NDArray[np.uint8], parts: int) -> Float32Array:
    """Where a slice holds more than one tissue, 0 to 1, shape of the grid."""
    samples = _sliced(tissue, parts)
    mixed = (samples.min(axis=1) != samples.max(axis=1)).astype(np.float32)
    return np.asarray(2 * scipy.ndimage.gaussian_filter(mixed, (0, 1.0, 1.0), truncate=2.5))


def _field(tissue: NDArray[np.uint8], grid: Grid, parts: int) -> tuple[Float32Array, Float32Array]:
    """Field of air, gas and metal and its change across a voxel, of the samples."""
    lookup = np.full(256, _TISSUE_PPM, dtype=np.float32)
    for name, ppm in _SUSCEPTIBILITY_PPM.items():
        lookup[codes()[name]] = ppm
    field = dipole_field(lookup[tissue[parts // 2 :: parts]], grid)
    return np.repeat(field, parts, axis=0), np.repeat(across_voxel(field, grid), parts, axis=0)
