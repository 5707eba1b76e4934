"""What a network sees at once of a study."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from mrsift.classify.sampling import (
    Bags,
    Patients,
    StudyAugmentation,
    evenly,
    make_task,
    slice_places,
)
from mrsift.config import AugmentationSettings
from mrsift.train.recipe import check_recipe
from mrsift.types import Float32Array

ROWS = 6


@dataclass(frozen=True)
class InMemory:
    """Studies whose voxels say which study, role and slice they are of."""

    counts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, index: int) -> Float32Array:
        study = np.zeros((2, self.counts[index], ROWS, ROWS), dtype=np.float32)
        study += np.arange(2, dtype=np.float32)[:, None, None, None] * 1000 + index * 100
        study += np.arange(self.counts[index], dtype=np.float32)[None, :, None, None]
        return study

    def slices_of(self, index: int, slices: NDArray[np.intp]) -> Float32Array:
        return self[index][:, slices].swapaxes(0, 1)


def patients(counts: tuple[int, ...] = (5, 9, 3)) -> Patients:
    names = tuple(f"{n:05d}" for n in range(len(counts)))
    labels = np.arange(len(counts), dtype=np.intp) % 2
    return Patients(names, InMemory(counts), labels, tuple(np.arange(n) for n in counts))


def recipe(unit: str, seen: int) -> dict[str, object]:
    """Tables of a recipe."""
    volume = unit == "volume"
    return {
        "name": "small",
        "labels": {"names": ["0", "1"]},
        "study": {
            "unit": unit,
            "roles": ["flair", "t1w_ce"],
            "plane_shape": [ROWS, ROWS],
            "slices_seen": seen,
            "aggregate": "attention" if unit == "bag" else "mean",
            **({"slices": 5} if volume else {}),
        },
        "network": {
            "dimensions": 3 if volume else 2,
            "slice_pooling": "attention" if unit == "bag" else "mean",
        },
    }


@pytest.mark.parametrize(("slices", "wanted"), [(64, 24), (5, 5), (3, 7), (1, 4), (9, 1)])
def test_slices_are_evenly_spread(slices: int, wanted: int) -> None:
    places = evenly(slices, wanted)
    assert len(places) == wanted
    assert (np.diff(places) >= 0).all()
    assert places.min() >= 0
    assert places.max() < slices
    assert len(set(places.tolist())) == min(slices, wanted)


def test_every_slice_has_its_patient_s_label() -> None:
    task = make_task(
        check_recipe(recipe("slice", 0), "x"), patients(), np.array([1, 2]), np.array([0])
    )
    assert len(task.train) == 9 + 3
    assert task.train.labels.tolist() == [1] * 9 + [0] * 3
    sample = task.train.volumes[9]
    assert sample.shape == (2, 1, ROWS, ROWS)
    assert sample[:, 0, 0, 0].tolist() == [200.0, 1200.0]  # first slice of the third study


def test_few_slices_of_each_patient() -> None:
    places = slice_places(np.array([5, 9, 3]), [0, 1, 2], 4)
    assert np.bincount(places[:, 0]).tolist() == [4, 4, 3]


def test_bags_of_validation_are_fixed_and_those_of_training_drawn() -> None:
    one = patients((40, 40))
    task = make_task(check_recipe(recipe("bag", 6), "x"), one, np.array([0]), np.array([1]))
    fixed = task.validation.volumes[1]
    assert isinstance(task.validation.volumes, Bags)
    assert fixed.shape == (2, 6, ROWS, ROWS)
    assert fixed[0, :, 0, 0].tolist() == [103.0, 110.0, 116.0, 123.0, 130.0, 136.0]
    assert task.augment is not None
    drawn = [
        task.augment(task.train.volumes[0], np.random.default_rng(seed))[0, :, 0, 0].tolist()
        for seed in (1, 2, 1)
    ]
    assert drawn[0] == drawn[2] != drawn[1]
    assert sorted(drawn[0]) == drawn[0]
    assert len(set(drawn[0])) == 6


def test_a_bag_is_filled_up_from_a_short_study() -> None:
    drawn = StudyAugmentation(AugmentationSettings(), bag=6)(
        InMemory((3,))[0], np.random.default_rng(0)
    )
    assert drawn.shape == (2, 6, ROWS, ROWS)


def test_channels_stay_on_one_grid() -> None:
    settings = AugmentationSettings(
        plane=1.0, rotation_deg=30.0, translation=0.2, mirror=0.5, upside_down=0.5
    )
    one = np.random.default_rng(0).normal(size=(1, 3, 12, 12)).astype(np.float32)
    both = np.concatenate([one, one])
    made = StudyAugmentation(settings)(both, np.random.default_rng(4))
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.allclose(made[0], one[0])


def test_a_missing_sequence_stays_empty() -> None:
    study = np.random.default_rng(0).normal(size=(2, 3, 12, 12)).astype(np.float32)
    study[1] = 0.0
    settings = AugmentationSettings(noise=(1.0, 0.5), shading=(1.0, 0.5))
    made = StudyAugmentation(settings)(study, np.random.default_rng(4))
    assert made[0].std() > 0
    assert not made[1].any()


def test_without_settings_nothing_changes() -> None:
    study = np.random.default_rng(0).normal(size=(2, 3, 12, 12)).astype(np.float32)
    made = StudyAugmentation(AugmentationSettings())(study, np.random.default_rng(4))
    np.testing.assert_allclose(made, study, atol=1e-6)
