"""Goes on from a simulated bundle with real volumes: `python -m mrsift.train.with_real bundle`.

It trains on with all of them and writes a second bundle. What that is worth for patients and
sites that were left out, `bench/left_out.py` measures.

The data are tables of `mrsift dataset index`; their column `accept` names every answer that is
right, and a volume with several is asked about but not learnt from. Half of every step is
simulated, so that what the few real volumes do not show is not forgotten; for the same reason
the network is the one halfway between the weights before and after.

Source:
    Wortsman et al. 2022, Robust fine-tuning of zero-shot models (halfway is their advice).
"""

import argparse
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import mrsift
from mrsift.bundle import REGIONS, Bundle
from mrsift.dataset.table import DatasetRow, read_dataset
from mrsift.dataset.voxels import read_voxels
from mrsift.labels import LABEL_NAMES
from mrsift.models.resnet import ResNet
from mrsift.models.weights import network_of_bundle, to_safetensors
from mrsift.preprocess import prepare
from mrsift.train.batches import NO_REGION, Labelled
from mrsift.train.card import with_real
from mrsift.train.default import open_pool
from mrsift.train.fit import Task, fit, load_network
from mrsift.train.pool import PlainPool, Pool
from mrsift.train.recipe import Recipe, load_recipe
from mrsift.train.run_folder import RunFolder, create_run
from mrsift.train.shipped import write_shipped
from mrsift.train.watch import Watch
from mrsift.types import Float32Array

NAME = "sim-and-real"

SIMULATED = 480
"""Simulated volumes of a run, seen once each; as many times a real one is shown."""

REFERENCE = 2900
"""Simulated volumes, those among them, that the outlier reference holds beside the real ones."""

OVERRIDES = ("training.max_epochs=1", "optimiser.learning_rate=3e-4", "training.workers=0")

MOST_ALIKE = 4
"""Volumes of one patient, label and plane that are looked at: directions of one series, or times,
are nearly the same image, and there can be hundreds."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """Real volumes, and simulated ones of a pool behind them.

    Attributes:
        rows: Of the real volumes.
        real: Prepared, each of the size of the pool's.
        pool: The simulated.
        chosen: Places in the pool.
    """

    rows: tuple[DatasetRow, ...]
    real: tuple[Float32Array, ...]
    pool: Pool
    chosen: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.real) + len(self.chosen)

    def __getitem__(self, index: int) -> Float32Array:
        """One volume, ready to be augmented."""
        if index < len(self.real):
            return self.real[index].copy()
        return self.pool[int(self.chosen[index - len(self.real)])]

    @property
    def labels(self) -> NDArray[np.intp]:
        """Shape (n,), index in `LABEL_NAMES`."""
        mine = [LABEL_NAMES.index(row.label or "") for row in self.rows]
        return np.concatenate([np.array(mine, dtype=np.intp), self.pool.labels[self.chosen]])

    @property
    def regions(self) -> NDArray[np.intp]:
        """Shape (n,), index in `REGIONS` or `NO_REGION`."""
        mine = [_region(row) for row in self.rows]
        drawn = [self.pool.rows[int(place)].region for place in self.chosen]
        return np.array([*mine, *drawn], dtype=np.intp)

    def to_learn_from(self, without: Collection[int] = ()) -> "Mixed":
        """The same without the real volumes of these places and of labels in doubt."""
        kept = [
            index
            for index, row in enumerate(self.rows)
            if index not in without and "|" not in row.extra.get("accept", "")
        ]
        rows = tuple(self.rows[index] for index in kept)
        return replace(self, rows=rows, real=tuple(self.real[index] for index in kept))


def main(arguments: list[str] | None = None) -> None:
    """Trains on with all the real volumes, and writes the bundle."""
    parser = argparse.ArgumentParser(prog="python -m mrsift.train.with_real", description=__doc__)
    parser.add_argument("command", choices=["bundle"])
    add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--version", default="0")
    parser.add_argument("--sources", default="", help="whose volumes, under which licence")
    parser.add_argument("--made-by", default="python -m mrsift.train.with_real bundle")
    parser.add_argument("--real", type=Path, help="Markdown with results on real scans")
    given = parser.parse_args(arguments)
    recipe, mixed = begin(given)
    mixed = mixed.to_learn_from()
    if not given.sources:
        raise SystemExit("--sources: say whose volumes these are, and under which licence")
    network = trained_on(given, recipe, mixed, "all")
    kept_out = open_pool(given.runs, range(given.subjects), validation=True)
    facts = {
        "version": given.version,
        "made by": given.made_by,
        "real volumes": f"{len(mixed.real)} of {len({row.patient for row in mixed.rows})} patients",
        "simulated volumes": f"{SIMULATED} beside them, after those of the bundle gone on from",
        "gone on from": str(network_of_bundle(given.start_from)[1].version),
    }
    write_shipped(
        given.out,
        (network, recipe),
        (replace(mixed, chosen=_order(mixed.pool, recipe)[:REFERENCE]), kept_out),
        (with_real(NAME, given.sources), facts),
        given.real,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `begin` and `trained_on`."""
    parser.add_argument("--runs", type=Path, required=True, help="folder with the pool")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="tables of real scans")
    parser.add_argument("--start-from", type=Path, required=True, help="bundle to go on from")
    parser.add_argument("--subjects", type=int, default=2000, help="one after the last subject")
    parser.add_argument(
        "--set", action="append", default=[], help="section.key=value of the recipe"
    )
    parser.add_argument("--threads", type=int, default=2)


def begin(given: argparse.Namespace) -> tuple[Recipe, Mixed]:
    """The recipe, and all volumes, those in doubt too.

    Args:
        given: Of `add_arguments`.

    Raises:
        SystemExit: The bundle is no start for the recipe, or there is no pool.
    """
    torch.set_num_threads(given.threads)
    recipe = load_recipe("default", (*OVERRIDES, *given.set))
    _check_alike(given.start_from, recipe)
    return recipe, _mixed(given, recipe)


def _check_alike(start: Path, recipe: Recipe) -> None:
    """Raises where the bundle's network is another than the recipe's, or sees another size."""
    network, manifest = network_of_bundle(start)
    ours = {"input_shape": recipe.preprocess.input_shape, **asdict(recipe.network)}
    theirs = {"input_shape": manifest.preprocess.input_shape, **asdict(network.settings)}
    for name, value in theirs.items():
        if value != ours[name]:
            raise SystemExit(
                f"--start-from: {start} has {name} {value}, the recipe `default` {ours[name]}: "
                "give a bundle that was trained by it, or the bundle's own value with --set, "
                "with which the pool was drawn too"
            )


def _mixed(given: argparse.Namespace, recipe: Recipe) -> Mixed:
    settings = recipe.preprocess.at_source()
    rows = _unlike([row for path in given.data for row in read_dataset(path).rows if row.label])
    pool = open_pool(given.runs, range(given.subjects), validation=False)
    if not len(pool):
        raise SystemExit(
            f"--runs: {given.runs} holds no pool of subjects below {given.subjects}; draw one with "
            f"python -m mrsift.train.default pool --runs {given.runs}"
        )
    real = []
    for row in rows:
        volume = read_voxels(row)
        real.append(prepare(volume.voxels, volume.info.affine_lps_mm, settings))
    return Mixed(rows, tuple(real), pool, _order(pool, recipe)[:SIMULATED])


def _order(pool: Pool, recipe: Recipe) -> NDArray[np.intp]:
    """In which simulated volumes serve."""
    order: NDArray[np.intp] = np.random.default_rng(recipe.training.seed).permutation(len(pool))
    return order


def _unlike(rows: Sequence[DatasetRow]) -> tuple[DatasetRow, ...]:
    """Without those of which there are `MOST_ALIKE` already."""
    seen: Counter[tuple[str, ...]] = Counter()
    kept = []
    for row in rows:
        kind = (row.patient, row.label or "", row.plane)
        seen[kind] += 1
        if seen[kind] <= MOST_ALIKE:
            kept.append(row)
    return tuple(kept)


def _region(row: DatasetRow) -> int:
    """From the label table's free column `body_part`."""
    name = {"brain": "head"}.get(row.extra.get("body_part", ""), row.extra.get("body_part", ""))
    return REGIONS.index(name) if name in REGIONS else NO_REGION


def trained_on(given: argparse.Namespace, recipe: Recipe, mixed: Mixed, name: str) -> ResNet:
    """Half real, half simulated, from the bundle's weights; goes on where it stopped.

    Args:
        given: Of `add_arguments`.
        recipe: Of `begin`.
        mixed: What to learn from.
        name: Of the run.

    Returns:
        The mean of the weights before and after.

    Raises:
        SystemExit: The run is there, and began from another bundle or with other volumes.
    """
    folder = RunFolder(given.runs / "with-real" / name)
    began = {
        "start_from": Bundle.load(given.start_from).id.sha256,
        "volumes": [len(mixed.real), len(mixed.pool)],
    }
    if not (folder.path / "recipe.toml").is_file():
        start = to_safetensors(network_of_bundle(given.start_from)[0])
        create_run(folder.path, recipe, None, {"mrsift_version": mrsift.__version__} | began, start)
    elif {key: folder.facts().get(key) for key in began} != began:
        raise SystemExit(
            f"{folder.path}: began from another bundle, or with other volumes; remove it to train "
            "anew, or give the same again"
        )
    count = len(mixed.real)
    shown = np.resize(np.arange(count), SIMULATED)  # every real volume about as often
    places = np.concatenate([shown, np.arange(count, len(mixed))])
    train = Labelled(mixed, places, mixed.labels[places], mixed.regions[places])
    plain = PlainPool(mixed.pool, recipe.preprocess)
    some = mixed.chosen[::8]
    regions = np.array([mixed.pool.rows[int(place)].region for place in some], dtype=np.intp)
    seen = Labelled(plain, some, mixed.pool.labels[some], regions)
    keeper = fit(folder, recipe, Task(LABEL_NAMES, REGIONS, train, seen), Watch(say=print))
    folder.add_facts({"steps": keeper.history[-1]["step"], "best_epoch": keeper.best_epoch})
    return _halfway(given, folder, recipe)


def _halfway(given: argparse.Namespace, folder: RunFolder, recipe: Recipe) -> ResNet:
    """The mean of the weights before and after the real volumes."""
    network = load_network(folder.best, recipe, len(LABEL_NAMES), len(REGIONS))
    before = network_of_bundle(given.start_from)[0].state_dict()
    for name, weight in network.state_dict().items():
        if weight.is_floating_point():
            weight.lerp_(before[name], 0.5)
    return network


if __name__ == "__main__":
    main()
