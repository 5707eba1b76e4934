"""What each choice of the default model is worth: every row the same budget, one line of CSV each.

    python -m bench.ablations --pool RUNS/pool [--steps 400] [--seeds 7] [--shape 12,64,64]
                              [--rows base histogram ...] [--part-subjects 40] [--locked]

Rows differ from `base`, the recipe `default` at the stated shape, in one thing. The rows of
the simulator's parts, and `whole simulator` that they are compared with, have a small pool of
their own: the same subjects, drawn without the part. Rows that are in the file are not run
again; a row that was cut off goes on where it was. Measured are balanced accuracy on
simulated test data, on the same with every artefact beyond its range, and answers on each real
source.
"""

import argparse
import csv
import math
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.ablation_rows import ROWS, Row, named
from bench.held_out import FOLDER, SUBJECTS, held_out, version
from bench.locked_ledger import LEDGER, record
from bench.model_sets import source_of
from bench.real_data import LOOK_AT, SHARED, Case, read_cases
from mrsift.bundle import REGIONS
from mrsift.evaluate.calibration import softmax
from mrsift.ingest import scan
from mrsift.labels import LABEL_NAMES
from mrsift.models.resnet import ResNet
from mrsift.preprocess import normalise, prepare
from mrsift.simulate import draw_subject
from mrsift.simulate.variation import Variation
from mrsift.train.batches import Labelled
from mrsift.train.default import POOL_SEED
from mrsift.train.fit import Task, fit, load_network
from mrsift.train.pool import PlainPool, Pool, write_shard
from mrsift.train.recipe import Recipe, load_recipe, with_settings
from mrsift.train.run_folder import RunFolder, create_run
from mrsift.train.score import score
from mrsift.train.teachers import Teacher
from mrsift.train.watch import Watch
from mrsift.types import BundleId, Float32Array, Volume

ABLATIONS = Path(__file__).with_name("ablations.csv")
"""What has run, under version control: a row takes minutes."""

COLUMNS = (
    *("row", "about", "seed", "steps", "batch", "volumes", "shape", "parameters", "seconds"),
    *("test", "shifted", "real", "simulator", "command", "time"),
)
KEY = ("row", "seed", "steps", "batch", "shape", "simulator")
"""Tells one measurement from another."""

WATCHED = 32
"""Volumes that the loss is watched on; nothing is chosen by it."""

PART_FIRST = 5000
"""First subject of the pools without a part."""


@dataclass(frozen=True)
class Bench:
    """What all rows share."""

    given: argparse.Namespace
    tests: Mapping[str, Pool]
    real: Sequence[tuple[Case, Volume]]

    def recipe(self, row: Row, seed: int, volumes: int) -> Recipe:
        """Of one row, with the schedule of the budget."""
        given = self.given
        shape = [int(side) for side in given.shape.split(",")]
        epochs = math.ceil(given.steps / max(volumes // given.batch, 1))
        budget = {
            "preprocess.input_shape": shape,
            "training.batch": given.batch,
            "training.max_epochs": epochs,
            "training.patience": epochs,
            "training.max_steps": given.steps,
            "training.seed": seed,
            "training.precision": "32",
            "training.workers": 0,
            "training.loggers": [],
        }
        recipe = with_settings(load_recipe("default"), budget | dict(row.settings))
        return replace(recipe, augmentation=row.augmentation or recipe.augmentation)

    def pool(self, row: Row) -> Pool:
        """Volumes that a row is trained on."""
        if row.variation is None:
            firsts = sorted(int(path.stem) for path in self.given.pool.glob("[0-9]*.json"))
            return Pool(self.given.pool, firsts[: self.given.shards])
        folder = self.given.out / version() / "pools" / row.name.replace(" ", "-")
        return part_pool(folder, row.variation, self.given.part_subjects)


def part_pool(folder: Path, variation: Variation, subjects: int) -> Pool:
    """The same subjects for every variation."""
    recipe = load_recipe("default")
    settings = recipe.preprocess.at_source()
    chosen = range(PART_FIRST, PART_FIRST + subjects)
    for subject in chosen:
        drawn = (
            (subject, volume) for volume in draw_subject(POOL_SEED, subject, variation=variation)
        )
        write_shard(folder, subject, drawn, settings)
    return Pool(folder, chosen)


@dataclass(frozen=True)
class Ready:
    """A pool as a recipe wants it before augmentation: equalised where the recipe equalises."""

    pool: Pool
    recipe: Recipe

    def __len__(self) -> int:
        return len(self.pool)

    def __getitem__(self, index: int) -> Float32Array:
        volume = self.pool[index]
        if self.recipe.preprocess.intensity == "histogram":
            return normalise(volume, self.recipe.preprocess)
        return volume


def trained(bench: Bench, row: Row, seed: int) -> tuple[ResNet, Recipe, int, float]:
    """The network of a row after its budget, or after the rest of it."""
    pool = bench.pool(row)
    recipe = bench.recipe(row, seed, len(pool))
    given = bench.given
    name = f"{row.trained_as.replace(' ', '-')}-{seed}-{given.steps}x{given.batch}-{given.shape}"
    folder = RunFolder(given.out / version() / "runs" / name.replace(",", "x"))
    if not (folder.path / "recipe.toml").is_file():
        create_run(folder.path, recipe, None, {"command": shlex.join(sys.argv)})
    watched = np.random.default_rng(0).permutation(len(pool))[:WATCHED]
    plain = PlainPool(pool, recipe.preprocess)
    regions = np.array([one.region for one in pool.rows], dtype=np.intp)
    sides = (
        Labelled(Ready(pool, recipe), np.arange(len(pool)), pool.labels, regions),
        Labelled(plain, watched, pool.labels[watched], regions[watched]),
    )
    teachers = tuple(
        Teacher(trained(bench, named(name), seed)[0], recipe.preprocess.input_shape)
        for name in row.teachers
    )
    keeper = fit(folder, recipe, Task(LABEL_NAMES, REGIONS, *sides, teachers=teachers), Watch())
    network = load_network(folder.last, recipe, len(LABEL_NAMES), len(REGIONS))
    return network, recipe, len(pool), keeper.seconds


def answers(
    networks: Sequence[ResNet], volumes: Sequence[Float32Array], *, mirrored: bool
) -> NDArray[np.float64]:
    """Probabilities, shape (n, labels): mean of networks, and of mirror images if asked."""
    views = [volumes]
    if mirrored:
        views.append([np.ascontiguousarray(volume[:, :, ::-1]) for volume in volumes])
    shares = [softmax(score(network, view).logits) for network in networks for view in views]
    mean: NDArray[np.float64] = np.mean(shares, axis=0)
    return mean


def measure(bench: Bench, row: Row, networks: Sequence[ResNet], recipe: Recipe) -> dict[str, str]:
    """Balanced accuracy on each simulated set, and k of n on each real source."""
    found = {}
    for name, pool in bench.tests.items():
        plain = PlainPool(pool, recipe.preprocess)
        said = answers(networks, [plain[i] for i in range(len(pool))], mirrored=row.mirrored)
        right = said.argmax(axis=1) == pool.labels
        each = [right[pool.labels == label].mean() for label in np.unique(pool.labels)]
        found[name] = f"{np.mean(each):.3f}"
    counts: dict[str, list[bool]] = {}
    locked: list[tuple[bool, float]] = []
    prepared = [prepare(v.voxels, v.affine_lps_mm, recipe.preprocess) for _, v in bench.real]
    if prepared:
        said = answers(networks, prepared, mirrored=row.mirrored)
        for (case, _), shares in zip(bench.real, said, strict=True):
            right_ = LABEL_NAMES[shares.argmax()] in case.accept
            group = "looked at" if case.patient in LOOK_AT else "locked"
            counts.setdefault(f"{source_of(case.patient)} {group}", []).append(right_)
            if group == "locked":
                locked.append((right_, float(shares.max())))
    if locked:
        network = BundleId(f"ablation {row.name}", str(recipe.training.max_steps), "none")
        record("ablations.py --locked", network, {"one volume": locked})
    parts = [f"{name} {sum(k)}/{len(k)}" for name, k in sorted(counts.items())]
    return found | {"real": "; ".join(parts) or "not there"}


def real_volumes(data: Path, *, locked: bool) -> list[tuple[Case, Volume]]:
    """Volumes of the label tables; a row of several volumes counts with the first."""
    if not data.is_dir():
        return []
    cases = [case for case in read_cases(data) if locked or case.patient in LOOK_AT]
    found = []
    for place in sorted({case.place for case in cases}):
        scanned = scan([place])
        infos = [info for study in scanned.studies for info in study.volumes]
        for case in (case for case in cases if case.place == place):
            fitting = [info for info in infos if case.fits(info)]
            found += [(case, scanned.read(info)) for info in fitting[:1]]
    return found


def done(path: Path) -> set[tuple[str, ...]]:
    """Rows in the file already, with their budget."""
    if not path.is_file():
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        return {tuple(line[name] for name in KEY) for line in csv.DictReader(file)}


def append(path: Path, line: Mapping[str, object]) -> None:
    """One row, with the heads where the file is new."""
    fresh = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(line)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pool", type=Path, required=True, help="of mrsift.train.default pool")
    parser.add_argument("--shards", type=int, default=40, help="of the pool, at most")
    parser.add_argument("--out", type=Path, default=FOLDER.parent / "ablations")
    parser.add_argument("--csv", type=Path, default=ABLATIONS)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--shape", default="12,64,64")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--rows", nargs="+", choices=[row.name for row in ROWS], metavar="ROW")
    parser.add_argument("--part-subjects", type=int, default=40)
    parser.add_argument("--held-out", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=SUBJECTS, help="simulated test subjects")
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument(
        "--locked", action="store_true", help=f"also score the locked: lines of {LEDGER.name}"
    )
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    given = parse()
    torch.set_num_threads(given.threads)
    tests = {name: held_out(name, given.held_out, given.subjects) for name in ("test", "shifted")}
    bench = Bench(given, tests, real_volumes(given.data, locked=given.locked))
    given.csv.parent.mkdir(parents=True, exist_ok=True)
    there = done(given.csv)
    wanted = [row for row in ROWS if given.rows is None or row.name in given.rows]
    for seed in given.seeds:
        for row in wanted:
            shape = dict(row.settings).get("preprocess.input_shape")
            sides = given.shape if shape is None else ",".join(map(str, shape))
            key = (row.name, *map(str, (seed, given.steps, given.batch)), sides, version())
            if key in there:
                continue
            begin = time.perf_counter()
            network, recipe, volumes, seconds = trained(bench, row, seed)
            networks = [network, *(trained(bench, named(name), seed)[0] for name in row.together)]
            line = {
                "row": row.name,
                "about": row.about,
                "seed": seed,
                "steps": given.steps,
                "batch": given.batch,
                "volumes": volumes,
                "shape": sides,
                "parameters": sum(w.numel() for one in networks for w in one.parameters()),
                "seconds": round(seconds),
                "simulator": version(),
                "command": shlex.join(["python", "-m", "bench.ablations", *sys.argv[1:]]),
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
            } | measure(bench, row, networks, recipe)
            append(given.csv, line)
            taken = time.perf_counter() - begin
            print(
                f"{row.name}, seed {seed}: test {line['test']}, shifted {line['shifted']}, "
                f"{line['real']} ({taken:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
