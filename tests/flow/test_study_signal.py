"""A 3D ResNet-10 on 32 x 48 x 48: a sign is found where there is one, and none where there is none.

The measurement on simulated gliomas with every recipe is bench/study_signal.py.
"""

from pathlib import Path

import numpy as np
import pytest

from mrsift.classify.folds import Part
from mrsift.classify.frozen import TEST
from mrsift.classify.member import ask_member, train_member
from mrsift.classify.sampling import Patients
from mrsift.classify.study_run import StudyRun
from mrsift.evaluate.delong import area
from mrsift.evaluate.intervals import Estimate
from mrsift.train.recipe import check_recipe
from mrsift.train.run_folder import RunFolder
from mrsift.train.watch import Watch

PATIENTS, SHAPE = 72, (32, 48, 48)
RECIPE = {
    "name": "signal",
    "labels": {"names": ["0", "1"]},
    "study": {
        "unit": "volume",
        "roles": ["t1w_ce"],
        "slices": SHAPE[0],
        "plane_shape": list(SHAPE[1:]),
    },
    "augmentation": {"mirror": 0.5},
    "network": {
        "depth": 10,
        "width": 4,
        "stem_kernel": [3, 3, 3],
        "stem_stride": [2, 2, 2],
        "stem_pool": False,
    },
    "optimiser": {"learning_rate": 1e-2},
    "training": {
        "batch": 8,
        "max_epochs": 8,
        "patience": 8,
        "precision": "32",
        "workers": 0,
        "loggers": [],
    },
}


class Volumes(list):
    """Studies in memory."""

    def slices_of(self, index: int, slices: np.ndarray, /) -> np.ndarray:
        return self[index][:, slices].swapaxes(0, 1)


@pytest.fixture(scope="module")
def volumes() -> tuple[Volumes, np.ndarray]:
    """Noise, with a bright ball somewhere in every second patient."""
    rng = np.random.default_rng(3)
    shows = rng.permutation(np.arange(PATIENTS) % 2)
    grid = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"))
    found = Volumes()
    for one in shows:
        centre = rng.uniform((9, 12, 12), (23, 36, 36))
        ball = ((grid - centre[:, None, None, None]) ** 2).sum(axis=0) < 49
        voxels = rng.normal(size=SHAPE) + 4.0 * one * ball
        found.append(voxels[None].astype(np.float32))
    return found, shows


def judged(folder: Path, volumes: Volumes, labels: np.ndarray) -> Estimate:
    """Trains one network by patient, and says how well it answers the patients it never saw."""
    names = tuple(f"{number:03d}" for number in range(PATIENTS))
    sides = ("train",) * 5 + ("validation",) + ("test",) * 3
    part = Part(0, 0, {name: sides[number % 9] for number, name in enumerate(names)})
    everything = tuple(np.arange(SHAPE[0]) for _ in names)
    patients = Patients(names, volumes, labels.astype(np.intp), everything)
    recipe = check_recipe(RECIPE, "test")
    network = StudyRun(RunFolder(folder)).make_network(part)
    train_member(network, recipe, part, patients, Watch())
    answers = ask_member(network, recipe, part, patients, Watch())
    asked = answers.sides == TEST
    return area(answers.values[asked, 1], labels[asked] == 1).estimate()


def test_a_strong_sign_is_found(volumes: tuple[Volumes, np.ndarray], tmp_path: Path) -> None:
    found = judged(tmp_path, *volumes)
    assert found.value > 0.95
    assert found.low > 0.7


def test_where_there_is_none_the_interval_holds_chance(
    volumes: tuple[Volumes, np.ndarray], tmp_path: Path
) -> None:
    coins = np.random.default_rng(11).permutation(volumes[1])
    found = judged(tmp_path, volumes[0], coins)
    assert found.low < 0.5 < found.high
