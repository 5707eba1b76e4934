"""Simulated volumes that a bundle is measured on: drawn once, kept in an ignored folder.

    python -m bench.held_out [--folder runs/held-out] [--subjects 24]

Three sets of other seeds than the training pool: `test` with the simulator's usual artefacts,
`shifted` the same with every artefact beyond its usual range, and `strangers` of families that
no training sees. For `bench.artefacts` one more for each artefact, which is beyond its range
alone. What is there is not drawn again; more subjects add to it. Each version of the simulator
and of the preprocessing has a folder of its own.
"""

import argparse
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import mrsift
from mrsift.config import PreprocessSettings
from mrsift.simulate import SimulatedVolume, draw_subject
from mrsift.simulate.stranger import draw_strangers
from mrsift.simulate.variation import BEYOND, SHIFTED
from mrsift.train.pool import Pool, write_shard
from mrsift.train.recipe import load_recipe

FOLDER = Path(__file__).parents[1] / "runs" / "held-out"
SEED = 2031
"""Training draws with 7."""

SUBJECTS = 24

Draw = Callable[[int], list[SimulatedVolume]]
DRAWS: dict[str, Draw] = {
    "test": lambda subject: draw_subject(SEED, subject),
    "shifted": lambda subject: draw_subject(SEED, subject, variation=SHIFTED),
    "strangers": lambda subject: draw_strangers(SEED, subject),
}
ALONE: dict[str, Draw] = {
    name: partial(draw_subject, SEED, variation=variation) for name, variation in BEYOND.items()
}


def version() -> str:
    """Changes when volumes would be drawn or prepared otherwise."""
    package = Path(mrsift.__file__).parent
    files = [path for room in ("simulate", "preprocess") for path in (package / room).iterdir()]
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.suffix in (".py", ".toml")):
        digest.update(path.read_bytes())
    digest.update(repr(_settings()).encode())
    return digest.hexdigest()[:8]


def held_out(name: str, folder: Path = FOLDER, subjects: int = SUBJECTS, first: int = 0) -> Pool:
    """One of the sets, drawn where it is not there.

    Args:
        name: Of `DRAWS` or `ALONE`.
        folder: Where all sets lie.
        subjects: Index after the last one.
        first: Index of the first.
    """
    place = folder / version() / name
    for subject in range(first, subjects):
        write_shard(place, subject, _numbered((DRAWS | ALONE)[name], subject), _settings())
    return Pool(place, range(first, subjects))


def _settings() -> PreprocessSettings:
    """How the sets are prepared: as the volumes of training."""
    return load_recipe("default").preprocess.at_source()


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
