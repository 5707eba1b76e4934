"""Simulated volumes that a bundle is measured on: drawn once, kept in an ignored folder.

    python bench/held_out.py [--folder runs/held-out] [--subjects 20]

Three sets of other seeds than the training pool: `test` as training is simulated, `shifted`
the same with every artefact beyond the ranges of training, and `strangers` of families that
no training sees. What is there is not drawn again; more subjects add to it.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from mrsift.simulate import SimulatedVolume, draw_subject
from mrsift.simulate.stranger import draw_strangers
from mrsift.simulate.variation import SHIFTED
from mrsift.train.pool import Pool, pool_settings, write_shard
from mrsift.train.recipe import load_recipe

FOLDER = Path(__file__).parents[1] / "runs" / "held-out"
SEED = 2031
"""Training draws with 7."""

SUBJECTS = 20

Draw = Callable[[int], list[SimulatedVolume]]
DRAWS: dict[str, Draw] = {
    "test": lambda subject: draw_subject(SEED, subject),
    "shifted": lambda subject: draw_subject(SEED, subject, variation=SHIFTED),
    "strangers": lambda subject: draw_strangers(SEED, subject),
}


def held_out(name: str, folder: Path = FOLDER, subjects: int = SUBJECTS) -> Pool:
    """One of the sets, drawn where it is not there.

    Args:
        name: Of `DRAWS`.
        folder: Where all sets lie.
        subjects: How many.
    """
    recipe = load_recipe("default")
    shape = recipe.augmentation.source_shape or recipe.preprocess.input_shape
    settings = pool_settings(recipe.preprocess, shape)
    for subject in range(subjects):
        write_shard(folder / name, subject, _numbered(DRAWS[name], subject), settings)
    return Pool(folder / name, range(subjects))


def _numbered(draw: Draw, subject: int) -> Iterator[tuple[int, SimulatedVolume]]:
    for volume in draw(subject):
        yield subject, volume


def family_of(note: str) -> str:
    """The family of a row's note."""
    return note.split()[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    given = parser.parse_args()
    for name in DRAWS:
        print(f"{name}: {len(held_out(name, given.folder, given.subjects))} volumes", flush=True)


if __name__ == "__main__":
    main()
