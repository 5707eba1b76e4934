"""Which score tells volumes of no known label from the rest? AUROC and FPR95 of each.

    python -m bench.outlier_scores --pool RUNS/pool [--bundle BUNDLE] [--reference 1500]

References are fitted to training volumes of the pool, as inference sees them; each distance
becomes the share of validation volumes, augmented as in training, that lie at least as far
out. Strangers are of families that training never sees; known are the eight labels of
`test`, and of `shifted`. Sums are of the logarithms of those shares.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.held_out import FOLDER, SUBJECTS, family_of, held_out
from mrsift.bundle import OutlierReference, default_bundle_path
from mrsift.config import PreprocessSettings
from mrsift.evaluate.outliers import fit_reference, in_distribution
from mrsift.evaluate.ranking import auroc, false_positive_rate
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.models.resnet import ResNet
from mrsift.models.weights import network_of_bundle
from mrsift.train.augmentation import apply, draw
from mrsift.train.pool import PlainPool, Pool
from mrsift.train.recipe import Recipe, load_recipe
from mrsift.types import Float32Array, Float64Array

NEIGHBOURS = 5
COMPONENTS = 24
PERCENTILES = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)
OTHER = LABEL_NAMES.index(UNKNOWN)


@dataclass(frozen=True, eq=False)
class Seen:
    """What there is to tell strangers by, one row for each volume of a set."""

    labels: NDArray[np.intp]
    logits: Float64Array
    layers: dict[str, Float64Array]

    def only(self, rows: NDArray[np.bool_]) -> "Seen":
        layers = {name: values[rows] for name, values in self.layers.items()}
        return Seen(self.labels[rows], self.logits[rows], layers)


def histogram(volume: Float32Array) -> list[float]:
    """Percentiles of the input, and how rough it is."""
    rough = [np.abs(np.diff(volume, axis=axis)).mean() for axis in range(3)]
    return [*np.percentile(volume, PERCENTILES), *rough, float((volume == volume.min()).mean())]


def see(network: ResNet, volumes: list[Float32Array], labels: NDArray[np.intp]) -> Seen:
    """Outputs, the mean of each stage over space, and the histogram of the input."""
    found: dict[str, list[Float64Array]] = {}
    handles = [
        stage.register_forward_hook(
            lambda _m, _i, out, name=f"stage {number}": found.setdefault(name, []).append(
                out.mean(dim=(2, 3, 4)).double().numpy()
            )
        )
        for number, stage in enumerate(network.stages, 1)
    ]
    with torch.inference_mode():
        logits = [
            network(torch.from_numpy(volume[None, None])).logits.double().numpy()
            for volume in volumes
        ]
    for handle in handles:
        handle.remove()
    layers = {name: np.concatenate(parts) for name, parts in found.items()}
    layers["histogram"] = np.array([histogram(volume) for volume in volumes])
    for first in (2, 3):
        name = f"stages {first} to 4"
        layers[name] = np.concatenate([layers[f"stage {i}"] for i in range(first, 5)], axis=1)
    return Seen(labels, np.concatenate(logits), layers)


def plain(pool: Pool, settings: PreprocessSettings, most: int | None = None) -> list[Float32Array]:
    volumes = PlainPool(pool, settings)
    order = np.random.default_rng(0).permutation(len(pool))[:most]
    return [volumes[int(index)] for index in np.sort(order)]


def varied(pool: Pool, recipe: Recipe, settings: PreprocessSettings) -> list[Float32Array]:
    result = []
    for index in range(len(pool)):
        rng = np.random.default_rng((recipe.training.seed, index))
        drawn = draw(rng, recipe.augmentation, settings.input_shape[0])
        result.append(apply(pool[index], drawn, settings, rng))
    return result


@dataclass(frozen=True, eq=False)
class Candidates:
    """Every score, fitted; higher is more like what is known."""

    train: Seen
    validation: Seen

    def shares(self, one: Seen) -> dict[str, Float64Array]:
        known, checked = self._known(self.train), self._known(self.validation)
        found: dict[str, Float64Array] = {}
        for name in one.layers:
            reference = self._reference(self.train, self.validation, name)
            found[f"Mahalanobis, all labels, {name}"] = in_distribution(one.layers[name], reference)
            reference = self._reference(known, checked, name)
            found[f"Mahalanobis, {name}"] = in_distribution(one.layers[name], reference)
            found[f"nearest neighbours, {name}"] = self._rank(
                self._neighbours(known, known, name, one),
                self._neighbours(known, known, name, checked),
            )
        energy = np.logaddexp.reduce(np.delete(one.logits, OTHER, 1), axis=1)
        own = np.logaddexp.reduce(np.delete(checked.logits, OTHER, 1), axis=1)
        found["energy of the known"] = self._rank(-energy, -own)
        found["probability of the answer"] = self._rank(-self._p(one)[0], -self._p(checked)[0])
        found["1 - p(UNKNOWN)"] = self._rank(self._p(one)[1], self._p(checked)[1])
        return found

    @staticmethod
    def _known(one: Seen) -> Seen:
        return one.only(one.labels != OTHER)

    @staticmethod
    def _p(one: Seen) -> tuple[Float64Array, Float64Array]:
        weights = np.exp(one.logits - one.logits.max(axis=1, keepdims=True))
        p = weights / weights.sum(axis=1, keepdims=True)
        return np.delete(p, OTHER, 1).max(axis=1), p[:, OTHER]

    @staticmethod
    def _reference(train: Seen, checked: Seen, name: str) -> OutlierReference:
        components = min(COMPONENTS, train.layers[name].shape[1])
        return fit_reference((train.layers[name], train.labels), checked.layers[name], components)

    @staticmethod
    def _neighbours(bank: Seen, _known: Seen, name: str, one: Seen) -> Float64Array:
        """Distance to the k-th nearest training volume, after scaling each feature."""
        mean, scale = bank.layers[name].mean(axis=0), bank.layers[name].std(axis=0) + 1e-9
        kept, asked = ((s.layers[name] - mean) / scale for s in (bank, one))
        squared = (asked**2).sum(1)[:, None] + (kept**2).sum(1) - 2 * asked @ kept.T
        nearest: Float64Array = np.sqrt(np.maximum(np.sort(squared, axis=1)[:, NEIGHBOURS], 0))
        return nearest

    @staticmethod
    def _rank(far: Float64Array, own: Float64Array) -> Float64Array:
        """Share of the known validation volumes at least as far out; never quite 0."""
        order = np.sort(own)
        place = np.searchsorted(order, far)
        share: Float64Array = (len(own) - place + 0.5) / (len(own) + 1)
        return share - 1e-6 * np.tanh(far / (np.abs(own).max() + 1e-9))


SUMS = (
    ("Mahalanobis, stage 4", "Mahalanobis, histogram"),
    ("Mahalanobis, stages 2 to 4", "Mahalanobis, histogram"),
    ("Mahalanobis, stages 2 to 4", "1 - p(UNKNOWN)"),
    ("Mahalanobis, stage 4", "1 - p(UNKNOWN)"),
    ("nearest neighbours, stages 2 to 4", "1 - p(UNKNOWN)"),
    ("Mahalanobis, stage 4", "Mahalanobis, histogram", "1 - p(UNKNOWN)"),
    ("Mahalanobis, stages 2 to 4", "Mahalanobis, histogram", "1 - p(UNKNOWN)"),
    ("nearest neighbours, stages 2 to 4", "nearest neighbours, histogram", "1 - p(UNKNOWN)"),
)


def with_sums(shares: dict[str, Float64Array]) -> dict[str, Float64Array]:
    sums = {
        " + ".join(names): np.sum([np.log(np.maximum(shares[n], 1e-12)) for n in names], axis=0)
        for names in SUMS
    }
    return shares | sums


def area(known: Float64Array, strange: Float64Array) -> tuple[float, float]:
    """AUROC and FPR95."""
    value = np.concatenate([known, strange])
    kind = np.arange(len(value)) < len(known)
    ones = np.ones((1, len(value)))
    return float(auroc(value, kind, ones)[0]), float(false_positive_rate(value, kind, ones)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, default=default_bundle_path())
    parser.add_argument("--reference", type=int, default=1500)
    parser.add_argument("--validation-shards", type=int, default=3)
    parser.add_argument("--held-out", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    given = parser.parse_args()

    torch.set_num_threads(1)
    network, manifest = network_of_bundle(given.bundle)
    settings, recipe = manifest.preprocess, load_recipe("default")
    firsts = sorted(int(path.stem) for path in given.pool.glob("[0-9]*.json"))
    sides = [[f for f in firsts if (f % 100 == 0) == wanted] for wanted in (False, True)]
    train, validation = (
        Pool(given.pool, sides[0]),
        Pool(given.pool, sides[1][: given.validation_shards]),
    )
    order = np.sort(np.random.default_rng(0).permutation(len(train))[: given.reference])
    candidates = Candidates(
        see(network, plain(train, settings, given.reference), train.labels[order]),
        see(network, varied(validation, recipe, settings), validation.labels),
    )
    pools = {
        name: held_out(name, given.held_out, given.subjects)
        for name in ("test", "shifted", "strangers")
    }
    found = {}
    for name, pool in pools.items():
        seen = see(network, plain(pool, settings), pool.labels)
        found[name] = with_sums(candidates.shares(seen)), seen
    families = np.array([family_of(row.note) for row in pools["strangers"].rows])
    print(
        f"{len(order)} reference, {len(candidates.validation.labels)} validation, "
        f"{len(pools['test'])} test, {len(pools['shifted'])} shifted, {len(families)} strangers\n"
    )
    names = sorted(set(families))
    print(f"| score | AUROC | FPR95 | AUROC shifted | {' | '.join(names)} |")
    print("|---" * (4 + len(names)) + "|")
    for score, value in found["strangers"][0].items():
        known, shifted = (
            found[name][0][score][found[name][1].labels != OTHER] for name in ("test", "shifted")
        )
        whole = area(known, value)
        parts = [f"{area(known, value[families == name])[0]:.3f}" for name in names]
        numbers = [f"{n:.3f}" for n in (*whole, area(shifted, value)[0])]
        print(f"| {score} | {' | '.join([*numbers, *parts])} |")


if __name__ == "__main__":
    main()
