"""What single artefacts do to a bundle's answers: our own beyond their ranges, and MONAI's.

    python -m bench.artefacts [BUNDLE ...] [--subjects 24]

The simulated set `test` of `held_out.py`, whole, as it is; drawn again with each artefact in turn
as `shifted` has it; and as it is with each artefact of MONAI in turn, since no training draws any
by that code, and spikes in k-space not at all. From one volume's pixels: the largest of the
network's own probabilities, before calibration and without the rule for `UNKNOWN`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from monai.transforms import (
    RandBiasField,
    RandGibbsNoise,
    RandKSpaceSpikeNoise,
    RandRicianNoise,
)
from numpy.typing import NDArray
from rich.table import Table

from bench.held_out import FOLDER, SUBJECTS, held_out
from bench.looks import SHIPPED, told
from mrsift.bundle import shipped_bundle_path
from mrsift.evaluate.uncertainty import CONFIDENT
from mrsift.export.terminal import open_console
from mrsift.models.weights import network_of_bundle
from mrsift.simulate.variation import BEYOND
from mrsift.train.batches import Volumes
from mrsift.train.pool import PlainPool
from mrsift.train.score import score
from mrsift.types import Float32Array

Artefact = Callable[[torch.Tensor], torch.Tensor]

ARTEFACTS: dict[str, Callable[[], Artefact]] = {
    "bias field": lambda: RandBiasField(prob=1.0, coeff_range=(-0.4, 0.4)),
    "Rician noise": lambda: RandRicianNoise(prob=1.0, std=0.3, sample_std=False),
    "Gibbs ringing": lambda: RandGibbsNoise(prob=1.0, alpha=(0.7, 0.7)),
    "spike in k-space": lambda: RandKSpaceSpikeNoise(prob=1.0, intensity_range=(11.5, 12.5)),
}
"""Name -> what makes it: of the logarithm of a gain, in deviations of the volume, as a share of
k-space, as the logarithm of the spike in volumes of the pool's size."""


class Changed:
    """Volumes with an artefact, the same one for the same place."""

    def __init__(self, volumes: Volumes, name: str) -> None:
        self._volumes = volumes
        self._name = name

    def __len__(self) -> int:
        return len(self._volumes)

    def __getitem__(self, index: int) -> Float32Array:
        """A volume with its darkest voxel at 0, as a magnitude image has it."""
        volume = self._volumes[index]
        artefact = ARTEFACTS[self._name]()
        artefact.set_random_state(seed=index)
        bright = torch.from_numpy(volume - volume.min())[None]
        return np.abs(np.asarray(artefact(bright)[0], dtype=np.float32))


def sets(folder: Path, subjects: int) -> Iterator[tuple[str, str, Volumes, NDArray[np.intp]]]:
    """Whose artefact, its name, the volumes and their labels."""
    pool = held_out("test", folder, subjects)
    yield "", "as it is", pool, pool.labels
    for name in BEYOND:
        alone = held_out(name, folder, subjects)
        yield "ours", name, alone, alone.labels
    for name in ARTEFACTS:
        yield "MONAI's", name, Changed(pool, name), pool.labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    shipped = [shipped_bundle_path(name) for name in SHIPPED]
    parser.add_argument("bundles", nargs="*", type=Path, default=shipped, metavar="BUNDLE")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    given = parser.parse_args()
    asked = [network_of_bundle(path) for path in given.bundles]
    names = (f"{manifest.name} {manifest.version}" for _, manifest in asked)
    table = Table("artefact", "", *names)
    for whose, name, volumes, labels in sets(given.folder, given.subjects):
        cells = []
        for network, manifest in asked:
            seen = PlainPool(volumes, manifest.preprocess)
            logits = score(network, (seen[index] for index in range(len(seen)))).logits
            found = told(logits, labels)
            cells.append(f"{found.right:.3f}, {found.log_loss:.3f}, {found.sure_wrong}")
        table.add_row(name, whose, *cells)
    print(f"Right, log loss, wrong with {CONFIDENT:g} or more; {len(labels)} volumes each")
    open_console(sys.stdout).print(table)


if __name__ == "__main__":
    main()
