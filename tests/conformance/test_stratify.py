"""Splits against StratifiedGroupKFold of scikit-learn, where both can do the task."""

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from mrsift.dataset.split import SplitPlan, split_dataset
from mrsift.dataset.table import Dataset, DatasetRow
from tests.dataset_rows import row

FOLDS = 10
SIDES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def patients(seed: int, count: int = 200) -> tuple[DatasetRow, ...]:
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(count):
        site = str(rng.choice(["north", "south", "west"], p=[0.6, 0.3, 0.1]))
        for label, mean in (("T2W", 2.0), ("ADC", 1.0), ("DWI", 1.5), ("T1W", 0.3)):
            for _ in range(rng.poisson(mean)):
                rows.append(row(len(rows), f"p{patient:03d}", label, site=site))
    return tuple(rows)


def deviation(
    rows: Sequence[DatasetRow], sides: Sequence[object], wanted: dict[str, float]
) -> float:
    """Mean over classes, sites and sides of how far a share is from the wanted one."""
    apart = []
    for column in ("label", "site"):
        for value in {getattr(one, column) for one in rows}:
            own = [
                side for one, side in zip(rows, sides, strict=True) if getattr(one, column) == value
            ]
            apart += [abs(own.count(side) / len(own) - share) for side, share in wanted.items()]
    return float(np.mean(apart))


def folds_of_scikit_learn(rows: Sequence[DatasetRow], seed: int) -> list[int]:
    strata = [f"{one.label} {one.site}" for one in rows]
    names = [one.patient for one in rows]
    found = np.zeros(len(rows), int)
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for fold, (_, held_out) in enumerate(splitter.split(strata, strata, names)):
        found[held_out] = fold
    return [int(fold) for fold in found]


pytestmark = pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")


def test_eight_to_one_to_one_is_as_even_as_ten_folds_put_together() -> None:
    ours, theirs = [], []
    names = ("validation", "test", *["train"] * (FOLDS - 2))
    for seed in range(1, 13):
        rows = patients(seed)
        done = split_dataset(Dataset(rows), SplitPlan(seed=seed))
        ours.append(deviation(rows, [one.split for one in done.rows], SIDES))
        folds = folds_of_scikit_learn(rows, seed)
        theirs.append(deviation(rows, [names[fold] for fold in folds], SIDES))
    assert np.mean(ours) <= np.mean(theirs) < 0.01


def test_ten_folds_are_as_even_as_theirs() -> None:
    ours, theirs = [], []
    wanted = {str(fold): 1 / FOLDS for fold in range(FOLDS)}
    for seed in range(1, 13):
        rows = patients(seed)
        done = split_dataset(Dataset(rows), SplitPlan(seed=seed, folds=FOLDS))
        ours.append(deviation(rows, [str(one.fold) for one in done.rows], wanted))
        folds = folds_of_scikit_learn(rows, seed)
        theirs.append(deviation(rows, [str(fold) for fold in folds], wanted))
    assert np.mean(ours) <= np.mean(theirs) < 0.01
