"""What each size that a network looks at knows alone, and all together.

    python -m bench.looks [BUNDLE ...] [--subjects 24]

The simulated sets `test` and `shifted` of `held_out.py`, whole, from one volume's pixels: the
largest of the network's own probabilities, before calibration and without the rule for `UNKNOWN`.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from bench.held_out import FOLDER, SUBJECTS, held_out
from mrsift.bundle import shipped_bundle_path
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.uncertainty import CONFIDENT
from mrsift.export.terminal import open_console
from mrsift.models.resnet import ResNet
from mrsift.models.weights import network_of_bundle
from mrsift.train.pool import PlainPool, Pool
from mrsift.train.score import score

SETS = ("test", "shifted")
SHIPPED = ("sim", "sim-and-real")


@dataclass(frozen=True, slots=True)
class Told:
    """How well a set was told.

    Attributes:
        right: Share of the volumes.
        log_loss: Mean of minus the natural logarithm of the right label's probability.
        sure_wrong: Wrong answers with 0.9 and more.
    """

    right: float
    log_loss: float
    sure_wrong: int


def told(logits: NDArray[np.float32], labels: NDArray[np.intp]) -> Told:
    """Counts.

    Args:
        logits: Shape (n, labels).
        labels: Right ones, shape (n,).
    """
    shares = softmax(logits)
    wrong = shares.argmax(axis=1) != labels
    own = np.maximum(shares[np.arange(len(labels)), labels], np.finfo(np.float32).tiny)
    sure = int((wrong & (shares.max(axis=1) >= CONFIDENT)).sum())
    return Told(float(1 - wrong.mean()), float(-np.log(own).mean()), sure)


def at_each_look(network: ResNet) -> Iterator[tuple[str, ResNet]]:
    """The network with each of its looks alone, where it has several, and with all."""
    every = network.settings
    for looks in (*((look,) for look in every.looks if len(every.looks) > 1), every.looks):
        network.settings = replace(every, looks=looks)
        yield " and ".join(f"{look:g}" for look in looks), network
    network.settings = every


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    shipped = [shipped_bundle_path(name) for name in SHIPPED]
    parser.add_argument("bundles", nargs="*", type=Path, default=shipped, metavar="BUNDLE")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    given = parser.parse_args()
    pools: dict[str, Pool] = {name: held_out(name, given.folder, given.subjects) for name in SETS}
    table = Table(title=f"Right, log loss, wrong with {CONFIDENT:g} or more")
    for head in ("bundle", "looks", *(f"{name}, {len(pool)}" for name, pool in pools.items())):
        table.add_column(head)
    for path in given.bundles:
        whole, manifest = network_of_bundle(path)
        for looks, network in at_each_look(whole):
            found = []
            for pool in pools.values():
                plain = PlainPool(pool, manifest.preprocess)
                logits = score(network, (plain[index] for index in range(len(pool)))).logits
                found.append(told(logits, pool.labels))
            cells = [f"{one.right:.3f}, {one.log_loss:.3f}, {one.sure_wrong}" for one in found]
            table.add_row(f"{manifest.name} {manifest.version}", looks, *cells)
    open_console(sys.stdout).print(table)


if __name__ == "__main__":
    main()
