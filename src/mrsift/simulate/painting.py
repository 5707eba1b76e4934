"""A list of solids, drawn once for a subject and painted on any grid."""

from dataclasses import dataclass, field

from mrsift.simulate.shapes import Canvas, Solid, mirrored
from mrsift.simulate.tissue import codes
from mrsift.types import Float32Array


@dataclass(frozen=True, slots=True)
class Stroke:
    """One solid with its layers.

    Attributes:
        layers: (depth below the surface in mm, tissue index), outermost first.
        over: Tissues that may be painted over; all when None.
        rough_mm: How irregular the surface is.
    """

    solid: Solid
    layers: tuple[tuple[float, int], ...]
    over: tuple[int, ...] | None
    rough_mm: float


@dataclass(slots=True)
class Painting:
    """Solids in the order in which they are painted."""

    strokes: list[Stroke] = field(default_factory=list)

    def add(
        self,
        solid: Solid,
        *layers: str | tuple[float, str],
        over: tuple[str, ...] | None = None,
        rough: float = 0.0,
    ) -> None:
        """Append one solid.

        Args:
            solid: Its shape.
            layers: Tissue names, each alone (from the surface on) or with its depth in mm.
            over: Tissues that may be painted over; all when None.
            rough: How irregular the surface is, mm.
        """
        code = codes()
        depths = ((0.0, layer) if isinstance(layer, str) else layer for layer in layers)
        only = None if over is None else tuple(code[name] for name in over)
        filled = tuple((depth, code[name]) for depth, name in depths)
        self.strokes.append(Stroke(solid, filled, only, rough))

    def both(
        self,
        solid: Solid,
        *layers: str | tuple[float, str],
        over: tuple[str, ...] | None = None,
        rough: float = 0.0,
    ) -> None:
        """Append a solid and its mirror image."""
        self.add(solid, *layers, over=over, rough=rough)
        self.add(mirrored(solid), *layers, over=over, rough=rough)

    def paint(self, canvas: Canvas, rough: Float32Array) -> None:
        """Paint everything.

        Args:
            canvas: Where.
            rough: Noise of unit deviation, shape of the canvas.
        """
        for stroke in self.strokes:
            surface = rough if stroke.rough_mm else None
            canvas.paint(
                stroke.solid,
                stroke.layers,
                over=stroke.over,
                rough=surface,
                rough_mm=stroke.rough_mm,
            )
