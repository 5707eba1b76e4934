"""Which volumes make which step: a pure function of the seed and the step.

So a run that was cut off goes on with the very batches it would have had.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from mrsift.errors import ConfigError

Place = tuple[int, int, int]
"""(epoch, sample, index of the volume); the first two seed its augmentation."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The order of a whole run.

    Attributes:
        labels: Class of each training volume, shape (n,).
        balance: As in `config.TrainingSettings`.
        seed: Of the order.
        batch: Volumes a step and process.
        processes: That train together; each step takes `batch` volumes for each of them.
        rank: Of this process.
    """

    labels: NDArray[np.intp]
    balance: str
    seed: int
    batch: int
    processes: int = 1
    rank: int = 0

    def __post_init__(self) -> None:
        if self.steps_per_epoch < 1:
            raise ConfigError(
                f"{len(self.labels)} training volumes are fewer than the "
                f"{self.batch * self.processes} of one step; add volumes or lower training.batch"
            )

    @property
    def steps_per_epoch(self) -> int:
        """Whole steps; the volumes of a last part are drawn in another epoch."""
        return len(self.labels) // (self.batch * self.processes)

    def places(self, step: int) -> list[Place]:
        """What this process sees at a step, counted from the start of the run."""
        epoch, within = divmod(step, self.steps_per_epoch)
        start = (within * self.processes + self.rank) * self.batch
        order = _order(self, epoch)
        return [(epoch, sample, int(order[sample])) for sample in range(start, start + self.batch)]


@lru_cache(maxsize=2)
def _order(plan: Plan, epoch: int) -> NDArray[np.intp]:
    """Index of the volume at each place of an epoch, shape (n,).

    `sqrt` is halfway between classes as they come and all alike.
    """
    rng = np.random.default_rng((plan.seed, epoch))
    power = {"sqrt": 0.5, "equal": 1.0}.get(plan.balance)
    if power is None:
        return rng.permutation(len(plan.labels)).astype(np.intp)
    chance = np.bincount(plan.labels)[plan.labels] ** -power
    drawn: NDArray[np.intp] = rng.choice(len(chance), len(chance), p=chance / chance.sum())
    return drawn


class StepSampler(Sampler[list[Place]]):
    """The batches of an epoch, from the step that the run has reached."""

    def __init__(self, plan: Plan, reached: Callable[[], int]) -> None:
        """Remembers where to look.

        Args:
            plan: Of the run.
            reached: Says how many steps are done when an epoch begins or is gone on with.
        """
        self._plan = plan
        self._reached = reached

    def __len__(self) -> int:
        return self._plan.steps_per_epoch

    def __iter__(self) -> Iterator[list[Place]]:
        first = self._reached()
        end = (first // self._plan.steps_per_epoch + 1) * self._plan.steps_per_epoch
        for step in range(first, end):
            yield self._plan.places(step)
