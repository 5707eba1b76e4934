"""What goes wrong in training: a clear error, and the run that exists stays whole."""

import os
import pickle
import resource
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from mrsift.errors import ConfigError, OutputError
from mrsift.train.checkpoints import WholeCheckpoints, read_checkpoint
from mrsift.train.experiment import Machine, resume, train
from mrsift.train.recipe import Recipe, load_recipe, with_settings
from mrsift.train.run_folder import open_run
from mrsift.train.watch import Watch, spoken_time
from tests.toy_data import toy_data

ONE_THREAD = Machine(threads=1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return toy_data(tmp_path / "toy")


@pytest.fixture
def recipe(data: Path) -> Recipe:
    return with_settings(load_recipe(data.with_name("toy.toml")), {"training.max_epochs": 2})


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_leaves_the_checkpoint_before_whole(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    whole = train(recipe, data, tmp_path / "whole", ONE_THREAD)
    assert whole.last.stat().st_size > 60_000

    def fill(doing: str, _done: int, _total: int | None) -> None:
        if doing.startswith("step 5 "):
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(OutputError, match=r"ckpt: .*what was there is whole.*--resume"):
            train(recipe, data, tmp_path / "full", ONE_THREAD, Watch(progress=fill))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    folder = open_run(tmp_path / "full")
    assert read_checkpoint(folder.last)["global_step"] == 4
    assert not list(folder.last.parent.glob("*.part"))
    resume(folder.path)
    assert folder.predictions.read_bytes() == whole.predictions.read_bytes()


class Payload:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("was-run",)


def test_a_checkpoint_that_holds_code_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "more": Payload()}, tmp_path / "evil.ckpt")
    (tmp_path / "plain.ckpt").write_bytes(pickle.dumps(Payload()))
    for name in ("evil.ckpt", "plain.ckpt"):
        with pytest.raises(ConfigError, match=rf"{name}: is damaged, or holds more than weights"):
            read_checkpoint(tmp_path / name)
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "other"])
def test_a_damaged_checkpoint_is_named_and_the_run_stays(
    data: Path, recipe: Recipe, tmp_path: Path, damage: str
) -> None:
    folder = train(recipe, data, tmp_path / "run", ONE_THREAD)
    if damage == "other":
        torch.save({"weights": torch.zeros(3)}, folder.last)
    else:
        whole = folder.last.read_bytes()
        folder.last.write_bytes({"cut": whole[:5000], "empty": b"", "noise": b"x" * 99}[damage])
    before = content(folder.path)
    with pytest.raises(ConfigError, match=r"last\.ckpt: is "):
        resume(folder.path)
    assert content(folder.path) == before


def test_a_folder_that_exists_is_refused(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    folder = train(recipe, data, tmp_path / "run", ONE_THREAD)
    before = content(folder.path)
    with pytest.raises(ConfigError, match=r"is a run already.*--resume"):
        train(recipe, data, folder.path, ONE_THREAD)
    assert content(folder.path) == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    for path in (tmp_path / "other", tmp_path / "other" / "notes.txt"):
        with pytest.raises(ConfigError, match="another --out"):
            train(recipe, data, path, ONE_THREAD)
    with pytest.raises(ConfigError, match="is no run"):
        resume(tmp_path / "other")
    assert (tmp_path / "other" / "notes.txt").read_text() == "mine"


def test_volumes_that_cannot_be_read_are_left_out_and_counted(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    (data.parent / "3_ADC.nii").write_bytes(b"damaged")
    said: list[str] = []
    folder = train(recipe, data, tmp_path / "run", ONE_THREAD, Watch(say=said.append))
    assert any("left out" in line and "3_ADC.nii" in line for line in said)
    facts = folder.facts()
    assert len(facts["left_out"]) == 1
    assert facts["rows"] == 39
    assert facts["counts"]["train"] == {"T2W": 12, "ADC": 11}


@pytest.mark.parametrize("workers", [0, 1])
def test_a_volume_that_is_gone_in_mid_epoch_is_named(
    data: Path, recipe: Recipe, tmp_path: Path, workers: int
) -> None:
    pieces = data.with_name("data.cache")

    def remove(doing: str, _done: int, _total: int | None) -> None:
        if doing.startswith("step 3 "):
            for piece in pieces.iterdir():
                piece.unlink()

    several = with_settings(recipe, {"training.workers": workers})
    with pytest.raises(ConfigError, match=r"\.npy: is gone or damaged") as error:
        train(several, data, tmp_path / "run", ONE_THREAD, Watch(progress=remove))
    assert "\n" not in str(error.value)
    assert resume(tmp_path / "run").predictions.is_file()


def test_too_many_unreadable_volumes_stop_before_anything_is_written(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    for patient in range(3):
        (data.parent / f"{patient}_ADC.nii").unlink()
    with pytest.raises(ConfigError, match=r"3 of 40 volumes cannot be read.*0_ADC\.nii"):
        train(recipe, data, tmp_path / "run", ONE_THREAD)
    assert not (tmp_path / "run").exists()


def test_a_run_whose_volumes_are_gone_does_not_go_on(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    folder = train(recipe, data, tmp_path / "run", ONE_THREAD)
    (data.parent / "3_ADC.nii").unlink()
    with pytest.raises(ConfigError, match="began with 40 volumes, and 39 can be read"):
        resume(folder.path)


def test_a_source_that_changed_is_said(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    os.utime(data.parent / "3_ADC.nii", ns=(1, 1))
    said: list[str] = []
    train(recipe, data, tmp_path / "run", ONE_THREAD, Watch(say=said.append))
    assert any("1 volumes changed since they were indexed" in line for line in said)


def test_other_classes_end_before_anything_is_written(
    data: Path, recipe: Recipe, tmp_path: Path
) -> None:
    three = with_settings(recipe, {"labels.names": ["T2W", "ADC", "FLAIR"]})
    with pytest.raises(ConfigError, match="no training volume of class FLAIR"):
        train(three, data, tmp_path / "run", ONE_THREAD)
    assert not (tmp_path / "run").exists()


def test_a_logger_that_is_not_installed(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    if find_spec("mlflow") is not None:
        pytest.skip("mlflow is installed")
    asking = with_settings(recipe, {"training.loggers": ["mlflow"]})
    with pytest.raises(ConfigError, match="pip install mlflow"):
        train(asking, data, tmp_path / "run", ONE_THREAD)
    assert not (tmp_path / "run").exists(), "the same command works after the installation"


def test_facts_that_are_damaged_are_named(data: Path, recipe: Recipe, tmp_path: Path) -> None:
    folder = train(recipe, data, tmp_path / "run", ONE_THREAD)
    for text in ("", "[]", "{"):
        (folder.path / "run.json").write_text(text)
        with pytest.raises(ConfigError, match=r"run\.json"):
            resume(folder.path)


def test_a_checkpoint_is_taken_away_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    WholeCheckpoints().save_checkpoint({"state_dict": {}}, path)
    assert read_checkpoint(path) == {"state_dict": {}}
    WholeCheckpoints().remove_checkpoint(path)
    assert not path.exists()
    with pytest.raises(ConfigError, match="train first"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (7200, "2 h"), (5616000, "65 d")],
)
def test_times_for_people(seconds: float, text: str) -> None:
    assert spoken_time(seconds) == text
