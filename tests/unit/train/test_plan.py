"""The order of a run: a pure function of seed and step, whole, and fair to rare classes."""

import numpy as np
import pytest

from mrsift.errors import ConfigError
from mrsift.train.batches import ShareSampler
from mrsift.train.plan import Plan, StepSampler

LABELS = np.array([0] * 90 + [1] * 10, dtype=np.intp)


def test_an_epoch_takes_every_volume_once() -> None:
    plan = Plan(LABELS, "none", seed=1, batch=10)
    seen = [place[2] for step in range(10) for place in plan.places(step)]
    assert sorted(seen) == list(range(100))
    again = [place[2] for step in range(10, 20) for place in plan.places(step)]
    assert sorted(again) == list(range(100))
    assert seen != again


@pytest.mark.parametrize(("balance", "share"), [("none", 0.1), ("sqrt", 0.25), ("equal", 0.5)])
def test_rare_classes_are_drawn_as_the_recipe_says(balance: str, share: float) -> None:
    plan = Plan(LABELS, balance, seed=1, batch=10)
    drawn = [LABELS[place[2]] for step in range(400) for place in plan.places(step)]
    assert np.mean(drawn) == pytest.approx(share, abs=0.02)


def test_processes_share_a_step() -> None:
    whole = Plan(LABELS, "sqrt", seed=1, batch=8)
    parts = [Plan(LABELS, "sqrt", seed=1, batch=4, processes=2, rank=rank) for rank in (0, 1)]
    for step in (0, 5, 13):
        assert parts[0].places(step) + parts[1].places(step) == whole.places(step)


def test_a_sampler_goes_on_from_the_step_that_is_reached() -> None:
    plan = Plan(LABELS, "none", seed=1, batch=10)
    reached = 0
    sampler = StepSampler(plan, lambda: reached)
    whole = list(sampler)
    assert len(whole) == len(sampler) == 10
    reached = 7
    assert list(sampler) == whole[7:]
    reached = 10
    assert next(iter(sampler)) == plan.places(10)


def test_too_few_volumes_for_a_step() -> None:
    with pytest.raises(ConfigError, match="100 training volumes are fewer than the 128"):
        Plan(LABELS, "none", seed=1, batch=64, processes=2)


@pytest.mark.parametrize("total", [1, 7, 8, 33])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_every_volume_counts_once_and_all_processes_take_as_many_batches(
    total: int, processes: int
) -> None:
    shares = [list(ShareSampler(total, 4, processes, rank)) for rank in range(processes)]
    counted = [index for share in shares for batch in share for index, counts in batch if counts]
    assert sorted(counted) == list(range(total))
    assert len({len(share) for share in shares}) == 1
