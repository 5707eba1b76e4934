"""Teachers: what is learnt beside the labels, and that it stays out of what is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mrsift.bundle import REGIONS, shipped_bundle_path
from mrsift.errors import ConfigError
from mrsift.labels import LABEL_NAMES
from mrsift.models.catalogue import build
from mrsift.models.weights import to_safetensors
from mrsift.train import default
from mrsift.train.batches import Labelled
from mrsift.train.checkpoints import read_checkpoint
from mrsift.train.fit import Task, fit, load_network
from mrsift.train.pool import Pool
from mrsift.train.recipe import Recipe, load_recipe, with_settings
from mrsift.train.run_folder import RunFolder, create_run
from mrsift.train.teachers import Teacher, taught, teachers_of
from mrsift.train.watch import Watch

_SHAPE = (4, 16, 16)


def _recipe() -> Recipe:
    small = load_recipe(
        "default",
        [
            "preprocess.input_shape=[4, 16, 16]",
            "preprocess.source_shape=[4, 16, 16]",
            "network.width=4",
            "network.slice_strides=[1, 1, 1, 1]",
            "network.dropout=0.0",
            "optimiser.learning_rate=1e-2",
            "training.max_epochs=6",
            "training.averaging=0.0",
            "training.workers=0",
        ],
    )
    return with_settings(small, {"training.precision": "32"})


def _teacher(seed: int, sharpness: float = 1.0) -> Teacher:
    torch.manual_seed(seed)
    network = build(_recipe().network, len(LABEL_NAMES), len(REGIONS)).eval()
    with torch.no_grad():
        for parameter in network.label_head.parameters():
            parameter.mul_(sharpness)
    return Teacher(network, _SHAPE)


def test_the_answer_is_the_mean_of_what_each_says_at_its_own_size() -> None:
    volumes = torch.randn(3, 1, *_SHAPE, generator=torch.Generator().manual_seed(0))
    volumes = (volumes - volumes.mean((1, 2, 3, 4), keepdim=True)) / volumes.std(
        (1, 2, 3, 4), keepdim=True, correction=0
    )
    first, second = _teacher(1), _teacher(2)
    larger = Teacher(second.network, (6, 24, 24))
    seen = nn.functional.interpolate(volumes, (6, 24, 24), mode="trilinear")
    seen = seen / seen.std((1, 2, 3, 4), keepdim=True, correction=0)
    with torch.no_grad():
        one = first.network(volumes).logits.softmax(1)
        other = second.network(seen).logits.softmax(1)
    answers = taught([first, larger], volumes)
    assert torch.allclose(answers, (one + other) / 2, atol=1e-3)
    assert torch.allclose(answers.sum(1), torch.ones(3))


def _imitation(folder: Path, teachers: tuple[Teacher, ...]) -> tuple[float, RunFolder]:
    """Mean probability that a run gives to its first teacher's answer, on its own volumes."""
    rng = np.random.default_rng(5)
    volumes = rng.standard_normal((48, *_SHAPE)).astype(np.float32)
    labels = np.arange(48) % len(LABEL_NAMES)  # of noise: nothing to be learnt from these
    side = Labelled(volumes, np.arange(48), labels, np.zeros(48, dtype=np.intp))
    recipe = _recipe()
    run = RunFolder(folder)
    create_run(folder, recipe, None, {}, to_safetensors(_teacher(9).network))
    fit(run, recipe, Task(LABEL_NAMES, REGIONS, side, side, teachers=teachers), Watch())
    network = load_network(run.last, recipe, len(LABEL_NAMES), len(REGIONS))
    seen = torch.from_numpy(volumes)[:, None]
    wanted = taught([_teacher(3, 40.0)], seen).argmax(1)
    with torch.no_grad():
        answers = network(seen).logits.softmax(1)
    return float(answers[torch.arange(48), wanted].mean()), run


def test_a_pupil_follows_its_teacher_and_keeps_nothing_of_it(tmp_path: Path) -> None:
    sure = _teacher(3, 40.0)
    before = {name: value.clone() for name, value in sure.network.state_dict().items()}
    alone, _ = _imitation(tmp_path / "alone", ())
    followed, run = _imitation(tmp_path / "taught", (sure,))
    assert followed > alone + 0.1
    assert all(
        torch.equal(before[name], value) for name, value in sure.network.state_dict().items()
    )
    alone_names = read_checkpoint(tmp_path / "alone" / "checkpoints" / "last.ckpt")["state_dict"]
    assert set(read_checkpoint(run.last)["state_dict"]) == set(alone_names)


def test_shipped_bundles_can_teach() -> None:
    (teacher,) = teachers_of([shipped_bundle_path("sim")])
    assert teacher.input_shape == (12, 160, 160)
    assert not teacher.network.training


def test_a_run_goes_on_with_the_teachers_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_run(tmp_path / "fit", _recipe(), None, {"volumes": [1, 1], "teachers": ["a.mrsift"]})
    monkeypatch.setattr(default, "_both_sides", lambda _: (Pool(tmp_path, []), Pool(tmp_path, [])))
    start = str(shipped_bundle_path("sim"))
    with pytest.raises(ConfigError, match="teachers"):
        default.main(["fit", "--runs", str(tmp_path), "--start-from", start])
