"""What lies between: fascia in fat, fat between the fibres of muscle, muscle that frays into fat.

Most of it is thinner than a voxel, which shows it by the share that it takes. So it is not painted:
a sample of one tissue holds a share of another.
"""

from dataclasses import dataclass

import numpy as np

from mrsift.simulate.noise import Texture
from mrsift.simulate.shapes import Canvas
from mrsift.simulate.tissue import codes
from mrsift.types import Float32Array

_SLOPE = 0.63
"""Mean slope of a field of the band `ridge`, deviations a sample."""


@dataclass(frozen=True, slots=True)
class Strands:
    """How much lies between in one trunk.

    Attributes:
        septa_mm: Thickness of the sheets in the fat under the skin, where they are thickest.
        fascia_mm: Thickness of those in the fat within, likewise.
        marbling_mm: Thickness of the sheets of fat in muscle.
        frayed: Which part of the fat within holds strands of muscle, -1 (none) to 1 (most).
    """

    septa_mm: float
    fascia_mm: float
    marbling_mm: float
    frayed: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Strands":
        """Those of one subject."""
        septa, fascia, marbling, frayed = rng.uniform((0.2, 0.2, 0.0, -2.4), (0.63, 0.67, 0.7, 0.3))
        return cls(float(septa**2), float(fascia**2), float(marbling**2), float(frayed))

    def weave(self, canvas: Canvas, texture: Texture) -> None:
        """Tells the canvas what its fat and its muscle hold of each other.

        Args:
            canvas: With everything painted.
            texture: Of the subject.
        """
        code = codes()
        grid, parts = canvas.grid, canvas.parts

        def field(kind: str, sample_mm: float, channel: int) -> Float32Array:
            return texture.on(grid, parts, kind, sample_mm, channel)

        def sheets(thick_mm: float | Float32Array, sample_mm: float, channel: int) -> Float32Array:
            far_mm = np.abs(field("ridge", sample_mm, channel)) * np.float32(sample_mm / _SLOPE)
            voxel_mm = np.float32(grid.spacing_mm[1])
            most = np.minimum(thick_mm / voxel_mm, 1)
            return np.clip((thick_mm + voxel_mm) / (2 * voxel_mm) - far_mm / voxel_mm, 0, most)

        some = np.clip(field("smooth", 4.0, 31) + 0.5, 0, 1)
        within = np.maximum(
            sheets(self.fascia_mm * some, 1.2, 4), sheets(0.8 * self.fascia_mm * some, 2.4, 3)
        )
        # strands of muscle where the region is, thick and thin
        region = np.clip(2 * field("smooth", 2.5, 32) + 2 * np.float32(self.frayed), 0, 1)
        frayed = np.clip(
            0.5 + 0.6 * field("ridge", 1.2, 33) + 0.6 * field("fractal", 1.6, 30), 0, 1
        )
        frayed = frayed * region
        shares = {
            "fat": sheets(self.septa_mm * some, 1.9, 3),
            "visceral_fat": np.maximum(within, frayed),
            "muscle": sheets(self.marbling_mm * some, 0.9, 2),
        }
        others = {"fat": "septum", "visceral_fat": "muscle", "muscle": "visceral_fat"}
        for name, share in shares.items():
            here = canvas.tissue == code[name]
            canvas.share[here] = share[here]
            canvas.woven[here] = code[others[name]]
