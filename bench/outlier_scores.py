"""Which score tells volumes of no known label from the rest? AUROC and FPR95 of each.

    python -m bench.outlier_scores --pool RUNS/pool [--bundle BUNDLE] [--reference 1500]

References are fitted to training volumes of the pool, as inference sees them; each distance
becomes the share of validation volumes, augmented as in training, that lie at least as far
out. Strangers are of families that training never sees; known are the eight labels of
`test`, and of `shifted`. A product is of such shares.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.held_out import FOLDER, SUBJECTS, family_of, held_out
from mrsift.bundle import OutlierReference, default_bundle_path
from mrsift.evaluate.outliers import distance, fit_reference, in_distribution
from mrsift.evaluate.ranking import auroc, false_positive_rate
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.models.layers import with_every_stage
from mrsift.models.resnet import ResNet
from mrsift.models.weights import network_of_bundle
from mrsift.train.pool import PlainPool, Pool
from mrsift.train.recipe import load_recipe
from mrsift.train.score import augmented
from mrsift.types import Float32Array, Float64Array

COMPONENTS = load_recipe("default").calibration.components
PERCENTILES = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)
OTHER = LABEL_NAMES.index(UNKNOWN)
SHRINKAGE = 0.05
"""Share of the mean variance mixed into a covariance, so that it can be inverted."""

Scores = dict[str, Float64Array]


@dataclass(frozen=True, eq=False)
class Seen:
    """What there is to tell strangers by, one row for each volume of a set."""

    labels: NDArray[np.intp]
    logits: Float64Array
    layers: dict[str, Float64Array]

    @property
    def known(self) -> "Seen":
        rows = self.labels != OTHER
        layers = {name: values[rows] for name, values in self.layers.items()}
        return Seen(self.labels[rows], self.logits[rows], layers)

    @property
    def probabilities(self) -> Float64Array:
        weights = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        p: Float64Array = weights / weights.sum(axis=1, keepdims=True)
        return p


def histogram(volume: Float32Array) -> list[float]:
    """Percentiles of the input, how rough it is, and how much of it is empty."""
    rough = [float(np.abs(np.diff(volume, axis=axis)).mean()) for axis in range(3)]
    return [*np.percentile(volume, PERCENTILES), *rough, float((volume == volume.min()).mean())]


def see(network: ResNet, volumes: Iterator[Float32Array], labels: NDArray[np.intp]) -> Seen:
    """Outputs, means of the stages over space, and the histogram of the input."""
    logits, features, histograms = [], [], []
    with torch.inference_mode():
        for volume in volumes:
            output = with_every_stage(network, torch.from_numpy(volume[None, None]))
            logits.append(output.logits.double().numpy())
            features.append(output.features.double().numpy())
            histograms.append(histogram(volume))
    every = np.concatenate(features)
    width = network.settings.width
    edges = np.cumsum([0, *(every.shape[1] * 2**i // 15 for i in range(4))])
    assert edges[1] % width == 0
    layers = {f"stage {i + 1}": every[:, edges[i] : edges[i + 1]] for i in range(4)}
    layers |= {"every stage": every, "histogram": np.array(histograms)}
    return Seen(labels, np.concatenate(logits), layers)


def label_means(
    train: Float64Array, labels: NDArray[np.intp], reference: OutlierReference
) -> OutlierReference:
    """Mahalanobis' distance to the mean of the nearest label, in the same components."""
    projected = (train - reference.centre) @ reference.projection
    names = np.unique(labels)
    means = np.stack([projected[labels == name].mean(axis=0) for name in names])
    within = projected - means[np.searchsorted(names, labels)]
    covariance = within.T @ within / len(within)
    size = len(covariance)
    covariance += SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    whitening = np.linalg.cholesky(np.linalg.inv(covariance))
    return replace(
        reference, projection=reference.projection @ whitening, neighbours=means @ whitening
    )


def share(far: Float64Array, own: Float64Array) -> Float64Array:
    """Share of validation volumes at least as far out; those beyond all keep their order."""
    rank = 1 - np.searchsorted(np.sort(own), far) / (len(own) + 1)
    return np.asarray(rank - 1e-3 * np.tanh(far / (np.abs(own).max() + 1e-9)) / (len(own) + 1))


@dataclass(frozen=True, eq=False)
class Candidates:
    """Every score, fitted; higher is more like what is known."""

    train: Seen
    validation: Seen

    def of(self, one: Seen) -> Scores:
        train, checked = self.train.known, self.validation.known
        found: Scores = {}
        for name in one.layers:
            components = min(COMPONENTS, train.layers[name].shape[1])
            near = fit_reference(train.layers[name], checked.layers[name], components)
            found[f"nearest volume, {name}"] = in_distribution(one.layers[name], near)
            mean = label_means(train.layers[name], train.labels, near)
            far, own = (distance(seen.layers[name], mean) for seen in (one, checked))
            found[f"Mahalanobis, {name}"] = share(far, own)
        everything = fit_reference(
            self.train.layers["every stage"], self.validation.layers["every stage"], COMPONENTS
        )
        found["nearest volume, every stage, UNKNOWN among them"] = in_distribution(
            one.layers["every stage"], everything
        )
        energies = [
            -np.logaddexp.reduce(np.delete(seen.logits, OTHER, 1), axis=1)
            for seen in (one, checked)
        ]
        found["energy of the known"] = share(energies[0], energies[1])
        found["probability of the answer"] = np.delete(one.probabilities, OTHER, 1).max(axis=1)
        found["1 - p(UNKNOWN)"] = 1 - one.probabilities[:, OTHER]
        products = (
            ("nearest volume, every stage", "1 - p(UNKNOWN)"),
            ("nearest volume, every stage", "nearest volume, histogram"),
            ("nearest volume, every stage", "nearest volume, histogram", "1 - p(UNKNOWN)"),
            ("Mahalanobis, every stage", "1 - p(UNKNOWN)"),
        )
        return found | {
            " × ".join(names): np.prod([found[name] for name in names], axis=0)
            for names in products
        }


def area(known: Float64Array, strange: Float64Array) -> tuple[float, float]:
    """AUROC and FPR95."""
    value = np.concatenate([known, strange])
    kind = np.arange(len(value)) < len(known)
    ones = np.ones((1, len(value)))
    return float(auroc(value, kind, ones)[0]), float(false_positive_rate(value, kind, ones)[0])


def print_table(found: dict[str, tuple[Scores, Seen]], families: NDArray[np.str_]) -> None:
    """One row for each score, best first."""
    names = sorted(set(families))
    rows: list[tuple[tuple[float, ...], str]] = []
    for score, strange in found["strangers"][0].items():
        known, shifted = (
            found[name][0][score][found[name][1].labels != OTHER] for name in ("test", "shifted")
        )
        parts = [area(known, strange[families == name])[0] for name in names]
        rows.append(((*area(known, strange), *area(shifted, strange), *parts), score))
    print(f"| score | AUROC | FPR95 | shifted AUROC | FPR95 | {' | '.join(names)} |")
    print("|---" * (5 + len(names)) + "|")
    for numbers, score in sorted(rows, reverse=True):
        print(f"| {score} | {' | '.join(f'{number:.3f}' for number in numbers)} |")


def print_silenced(found: dict[str, tuple[Scores, Seen]]) -> None:
    """What a threshold on the share does to known volumes and to strangers."""
    print("\n| below | test silenced | shifted | strangers |\n|---|---|---|---|")
    for threshold in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05):
        parts = []
        for name, (scores, seen) in found.items():
            rows = seen.labels != OTHER if name != "strangers" else slice(None)
            silent = scores["nearest volume, every stage"][rows] < threshold
            parts.append(f"{silent.mean():.3f}")
        print(f"| {threshold} | {' | '.join(parts)} |")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, default=default_bundle_path())
    parser.add_argument("--reference", type=int, default=1500, help="training volumes")
    parser.add_argument("--validation", type=int, default=3, help="shards of the pool")
    parser.add_argument("--held-out", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    return parser.parse_args()


def main() -> None:
    given = parse()
    torch.set_num_threads(1)
    network, manifest = network_of_bundle(given.bundle)
    settings, recipe = manifest.preprocess, load_recipe("default")

    def plain(pool: Pool, places: Sequence[int] | NDArray[np.intp]) -> Iterator[Float32Array]:
        volumes = PlainPool(pool, settings)
        return (volumes[int(place)] for place in places)

    firsts = sorted(int(path.stem) for path in given.pool.glob("[0-9]*.json"))
    train = Pool(given.pool, [first for first in firsts if first % 100])
    validation = Pool(given.pool, [f for f in firsts if f % 100 == 0][: given.validation])
    order = np.sort(np.random.default_rng(0).permutation(len(train))[: given.reference])
    places = range(len(validation))
    changed = augmented(validation, places, settings, recipe.augmentation, recipe.training.seed)
    candidates = Candidates(
        see(network, plain(train, order), train.labels[order]),
        see(network, changed, validation.labels),
    )
    found, families = {}, np.array([], dtype=str)
    for name in ("test", "shifted", "strangers"):
        pool = held_out(name, given.held_out, given.subjects)
        seen = see(network, plain(pool, range(len(pool))), pool.labels)
        found[name] = candidates.of(seen), seen
        families = np.array([family_of(row.note) for row in pool.rows])
    print(
        f"{len(order)} reference volumes, {len(places)} validation, "
        + ", ".join(f"{len(seen.labels)} {name}" for name, (_, seen) in found.items())
        + "\n"
    )
    print_table(found, families)
    print_silenced(found)


if __name__ == "__main__":
    main()
