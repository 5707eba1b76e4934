"""The rows of `ablations.py`: each differs from `base` in one thing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mrsift.config import AugmentationSettings
from mrsift.simulate.variation import AS_IT_IS, PARTS, Variation
from mrsift.train.recipe import load_recipe

PAPER = load_recipe("prostate-2024")


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        name: In the file.
        about: What differs.
        settings: `section.key` -> value, over those of `base`.
        augmentation: In place of that of `base`.
        variation: Of the simulator, on a small pool; None for the pool that is given.
        mirrored: Answers are the mean with those for the mirror image.
        same_training: Row whose network is used, where only the answering differs.
        together: Rows whose networks answer beside it.
        teachers: Rows whose networks' mean answer is learnt beside the labels.
    """

    name: str
    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    augmentation: AugmentationSettings | None = None
    variation: Variation | None = None
    mirrored: bool = False
    same_training: str | None = None
    together: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()

    @property
    def trained_as(self) -> str:
        """Row whose network this is."""
        return self.same_training or self.name


ROWS: tuple[Row, ...] = (
    Row("base", "the recipe default"),
    Row("mirrored", "mean with the mirror image", mirrored=True, same_training="base"),
    Row(
        "paper A",
        "histogram equalisation and augmentation of prostate-2024",
        {"preprocess.intensity": "histogram"},
        PAPER.augmentation,
    ),
    Row("histogram", "histogram equalisation for z-score", {"preprocess.intensity": "histogram"}),
    Row("augmentation A", "augmentation of prostate-2024", augmentation=PAPER.augmentation),
    Row("no augmentation", "volumes as they are", augmentation=AugmentationSettings()),
    Row("small", "smaller input", {"preprocess.input_shape": [12, 48, 48]}),
    Row("large", "larger input", {"preprocess.input_shape": [12, 112, 112]}),
    Row("width 8", "half the width", {"network.width": 8}),
    Row("width 32", "twice the width", {"network.width": 32}),
    Row("depth 10", "one block a stage", {"network.depth": 10}),
    Row("depth 18", "two blocks a stage", {"network.depth": 18}),
    Row(
        "ensemble",
        "mean answer of base, width 32 and depth 18",
        same_training="base",
        together=("width 32", "depth 18"),
    ),
    Row(
        "distilled",
        "learns the mean answer of base, width 32 and depth 18",
        teachers=("base", "width 32", "depth 18"),
    ),
    Row("whole simulator", "the subjects of the rows below", variation=AS_IT_IS),
    *(Row(f"without {name}", part.about, variation=part) for name, part in PARTS.items()),
)


def named(name: str) -> Row:
    """The row of that name."""
    return next(row for row in ROWS if row.name == name)
