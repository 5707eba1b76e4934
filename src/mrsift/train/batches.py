"""Prepared volumes -> batches: augmented for training, as inference sees them for the rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from mrsift.config import AugmentationSettings, PreprocessSettings
from mrsift.train.augmentation import apply, draw
from mrsift.train.plan import Place, Plan, StepSampler
from mrsift.types import Float32Array

NO_REGION = -1
"""Region of a volume that shows none of those that the network knows."""

Sample = tuple[Tensor, int, int, bool]
"""Volume (channels, slices, rows, columns), label, region, and whether it counts."""

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Volumes (n, channels, slices, rows, columns), labels (n,), regions (n,), counted (n,)."""

Augment = Callable[[Float32Array, np.random.Generator], Float32Array]
"""What the cache holds -> what training sees; all chance comes from the generator."""


class Volumes(Protocol):
    """Prepared volumes, read when asked for: ([channels,] slices, rows, columns)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Float32Array: ...


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Volumes with what is to be learnt of them.

    Attributes:
        volumes: May hold more than are used.
        places: Of those used, shape (n,).
        labels: Class of each, shape (n,).
        regions: Body region of each or `NO_REGION`, shape (n,).
    """

    volumes: Volumes
    places: NDArray[np.intp]
    labels: NDArray[np.intp]
    regions: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class VolumeAugmentation:
    """Augments one volume of one channel.

    Attributes:
        preprocess: Of the network's input.
        augmentation: How often and how much.
    """

    preprocess: PreprocessSettings
    augmentation: AugmentationSettings

    def __call__(self, source: Float32Array, rng: np.random.Generator) -> Float32Array:
        """Shape (slices, rows, columns), to that of the input."""
        drawn = draw(rng, self.augmentation, self.preprocess.input_shape[0])
        return apply(source, drawn, self.preprocess, rng)


class AugmentedVolumes(Dataset[Sample]):
    """What training sees: every draw follows from (seed, epoch, sample) alone."""

    def __init__(self, data: Labelled, augment: Augment, seed: int) -> None:
        self._data = data
        self._augment = augment
        self._seed = seed

    def __getitem__(self, place: Place) -> Sample:
        """The volume of one place in the plan."""
        epoch, sample, index = place
        rng = np.random.default_rng((self._seed, epoch, sample))
        volume = self._augment(self._data.volumes[int(self._data.places[index])], rng)
        return _sample(volume, self._data, index, counts=True)


class PlainVolumes(Dataset[Sample]):
    """What inference sees."""

    def __init__(self, data: Labelled) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, place: tuple[int, bool]) -> Sample:
        """The volume of one place, and whether it counts."""
        index, counts = place
        volume = self._data.volumes[int(self._data.places[index])]
        return _sample(np.array(volume, dtype=np.float32), self._data, index, counts=counts)


class ShareSampler(Sampler[list[tuple[int, bool]]]):
    """Every volume once, in as many batches for each process; what fills up does not count."""

    def __init__(self, total: int, batch: int, processes: int = 1, rank: int = 0) -> None:
        each = -(-total // processes)
        mine = range(rank * each, (rank + 1) * each)
        places = [(index % max(total, 1), index < total) for index in mine]
        self._batches = [places[start : start + batch] for start in range(0, each, batch)]

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[tuple[int, bool]]]:
        return iter(self._batches)


def training_loader(
    dataset: AugmentedVolumes, plan: Plan, reached: Callable[[], int], workers: int
) -> DataLoader[Sample]:
    """Batches of an epoch from the step that the run has reached."""
    return DataLoader(
        dataset,
        batch_sampler=StepSampler(plan, reached),
        collate_fn=collate,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=_stay_on_one_core,
    )


def _stay_on_one_core(_worker: int) -> None:
    """Workers stand side by side, and NumPy's own threads would stand in each other's way."""
    threadpool_limits(1)


def plain_loader(
    data: Labelled, batch: int, processes: int = 1, rank: int = 0
) -> DataLoader[Sample]:
    """Every volume once; read by this process, since a memory map is as fast as a worker."""
    return DataLoader(
        PlainVolumes(data),
        batch_sampler=ShareSampler(len(data), batch, processes, rank),
        collate_fn=collate,
    )


def collate(samples: Sequence[Sample]) -> Batch:
    """Samples to a batch."""
    volumes, labels, regions, counted = zip(*samples, strict=True)
    return (
        torch.stack(volumes),
        torch.tensor(labels),
        torch.tensor(regions),
        torch.tensor(counted),
    )


def _sample(volume: Float32Array, data: Labelled, index: int, *, counts: bool) -> Sample:
    tensor = torch.from_numpy(volume[None] if volume.ndim == 3 else volume)
    return tensor, int(data.labels[index]), int(data.regions[index]), counts
