"""(epoch, sample) -> augmented input. Every draw follows from (seed, epoch, sample) alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from mrsift.config import PreprocessSettings
from mrsift.train.augmentation import apply, draw
from mrsift.train.pool import Pool

Place = tuple[int, int]
"""(epoch, sample)"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One volume for the network.

    Attributes:
        volume: Shape (1, slices, rows, columns).
        label: Index.
        region: Index, or `pool.NO_REGION`.
    """

    volume: Tensor
    label: int
    region: int


class AugmentedPool(Dataset[Sample]):
    """Volumes of a pool as the network sees them in training."""

    def __init__(self, pool: Pool, settings: PreprocessSettings, seed: int) -> None:
        self._pool = pool
        self._settings = settings
        self._seed = seed
        self._plan: tuple[int, NDArray[np.intp]] | None = None

    def __getitem__(self, place: Place) -> Sample:
        """The volume of one place in the plan, augmented."""
        epoch, sample = place
        index = int(self._epoch_plan(epoch)[sample])
        rng = np.random.default_rng((self._seed, epoch, sample))
        drawn = draw(rng, self._settings.input_shape[0])
        volume = apply(self._pool[index], drawn, self._settings, rng)
        row = self._pool.rows[index]
        return Sample(torch.from_numpy(volume[None]), row.label, row.region)

    def _epoch_plan(self, epoch: int) -> NDArray[np.intp]:
        """Index of the volume at each place of an epoch, shape (len(pool),).

        Each label is drawn as often as the square root of its count asks for: halfway
        between as it comes and all alike.
        """
        if self._plan is None or self._plan[0] != epoch:
            labels = self._pool.labels
            chance = 1.0 / np.sqrt(np.bincount(labels)[labels])
            rng = np.random.default_rng((self._seed, epoch))
            drawn = rng.choice(len(labels), len(labels), p=chance / chance.sum())
            self._plan = (epoch, drawn)
        return self._plan[1]


class Plan(Sampler[list[Place]]):
    """Batches of places from a step on, without end before the last step."""

    def __init__(self, pool: Pool, batch: int, steps: range) -> None:
        """Args are the pool, volumes a step, and the steps to do."""
        self._per_epoch = len(pool) // batch
        self._batch = batch
        self._steps = steps

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[list[Place]]:
        for step in self._steps:
            epoch, within = divmod(step, self._per_epoch)
            start = within * self._batch
            yield [(epoch, sample) for sample in range(start, start + self._batch)]


def collate(samples: list[Sample]) -> tuple[Tensor, Tensor, Tensor]:
    """Samples to a batch: volumes (n, 1, D, H, W), labels (n,), regions (n,)."""
    return (
        torch.stack([sample.volume for sample in samples]),
        torch.tensor([sample.label for sample in samples]),
        torch.tensor([sample.region for sample in samples]),
    )
