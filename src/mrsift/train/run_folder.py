"""The folder of a run: made whole, never overwritten, and what is where in it."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrsift.dataset.table import Dataset, read_dataset, write_dataset
from mrsift.errors import ConfigError, OutputError
from mrsift.export.output_file import write_text
from mrsift.train.recipe import Recipe, load_recipe, to_toml


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One training run on disk.

    Attributes:
        path: Holds `recipe.toml`, `data.parquet`, `run.json`, `history.csv`, curves,
            checkpoints, TensorBoard and, when training has ended, the predictions.
    """

    path: Path

    @property
    def best(self) -> Path:
        """Weights of the epoch that did best on validation."""
        return self.path / "checkpoints" / "best.ckpt"

    @property
    def last(self) -> Path:
        """All that a run needs to go on."""
        return self.path / "checkpoints" / "last.ckpt"

    def at_epoch(self, epoch: int) -> Path:
        """Weights after an epoch that the recipe reports."""
        return self.path / "checkpoints" / f"epoch-{epoch:04d}.ckpt"

    @property
    def start(self) -> Path:
        """Weights that the run began with, where they were not drawn."""
        return self.path / "checkpoints" / "start.safetensors"

    @property
    def predictions(self) -> Path:
        """Answers for every volume of every split."""
        return self.path / "predictions.parquet"

    @property
    def outliers(self) -> Path:
        """What the features of training volumes look like."""
        return self.path / "outliers.npz"

    def recipe(self) -> Recipe:
        """The recipe as it was resolved at the start."""
        return load_recipe(self.path / "recipe.toml")

    def dataset(self) -> Dataset:
        """The data as they were at the start."""
        return read_dataset(self.path / "data.parquet")

    def facts(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            ConfigError: It is missing or damaged.
        """
        file = self.path / "run.json"
        try:
            facts = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{file}: is missing or damaged; copy the run again") from error
        if not isinstance(facts, dict):
            raise ConfigError(f"{file}: is damaged; copy the run again")
        return facts

    def add_facts(self, facts: Mapping[str, Any]) -> None:
        """Adds to `run.json`, or replaces what it said of the same."""
        text = json.dumps(self.facts() | dict(facts), indent=1, sort_keys=True)
        write_text(self.path / "run.json", text + "\n")


def create_run(
    path: Path,
    recipe: Recipe,
    dataset: Dataset | None,
    facts: Mapping[str, Any],
    start: bytes | None = None,
) -> RunFolder:
    """Makes the folder of a new run, beside its place and renamed.

    Args:
        path: Must not exist, or be empty.
        recipe: Resolved.
        dataset: As it is trained on; None for volumes that were never files.
        facts: For `run.json`.
        start: Weights to begin with, as safetensors.

    Raises:
        ConfigError: There is something already.
        OutputError: The folder cannot be made; nothing is left of it.
    """
    refuse_existing(path)
    beside = path.parent / f".mrsift-{os.urandom(6).hex()}.tmp"
    fresh = RunFolder(beside)
    try:
        try:
            (beside / "checkpoints").mkdir(parents=True)
            if dataset is not None:
                write_dataset(dataset, beside / "data.parquet")
            write_text(beside / "recipe.toml", to_toml(recipe))
            write_text(beside / "run.json", "{}")
            fresh.add_facts(facts)
            if start is not None:
                fresh.start.write_bytes(start)
            beside.replace(path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made: {error.strerror}") from error
    return RunFolder(path)


def refuse_existing(path: Path) -> None:
    """Raises where a run, or anything else, is in the way.

    Raises:
        ConfigError: There is.
    """
    if (path / "recipe.toml").is_file():
        raise ConfigError(
            f"{path}: is a run already. To go on with it: mrsift train --resume {path}; for a new "
            "run, give another --out"
        )
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise ConfigError(f"{path}: exists and is not empty; give another --out")


def open_run(path: Path) -> RunFolder:
    """A run that was made before.

    Raises:
        ConfigError: There is none.
    """
    if not (path / "recipe.toml").is_file():
        raise ConfigError(f"{path}: is no run of mrsift train; it has no recipe.toml")
    return RunFolder(path)
