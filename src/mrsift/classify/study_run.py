"""The folder of a run on studies: that of any run, and a folder for each network in it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mrsift.classify.answers import ANSWERS, Answers, read_answers
from mrsift.classify.folds import Part
from mrsift.classify.frozen import FEATURES
from mrsift.dataset.table import SPLITS
from mrsift.errors import ConfigError, OutputError
from mrsift.train.run_folder import RunFolder, open_run

PARTS = "networks"
"""Key of `run.json` under which each network's patients stand."""


@dataclass(frozen=True, slots=True)
class StudyRun:
    """A run on studies on disk.

    Attributes:
        folder: As of every run.
    """

    folder: RunFolder

    @property
    def slices(self) -> Path:
        """What was said of every slice."""
        return self.folder.path / "slices.parquet"

    @property
    def epochs(self) -> Path:
        """Values after the reported epochs."""
        return self.folder.path / "epochs.parquet"

    @property
    def features(self) -> Path:
        """What every network sees in every patient."""
        return self.folder.path / FEATURES

    def network(self, part: Part) -> RunFolder:
        """The folder of one network."""
        return RunFolder(self.folder.path / "folds" / part.name)

    def answers(self, part: Part) -> Path:
        """What one network says of every patient."""
        return self.network(part).path / ANSWERS

    def all_answers(self) -> tuple[Answers, ...]:
        """Of every network.

        Raises:
            ConfigError: One is missing or damaged.
        """
        return tuple(read_answers(self.answers(part)) for part in self.parts())

    def parts(self) -> tuple[Part, ...]:
        """Who trained which network.

        Raises:
            ConfigError: `run.json` is missing or damaged.
        """
        said = self.folder.facts().get(PARTS)
        try:
            return tuple(
                Part(
                    int(one["repeat"]),
                    int(one["fold"]),
                    {name: side for side in SPLITS for name in one[side]},
                )
                for one in said or []
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{self.folder.path / 'run.json'}: is damaged; copy the run again"
            ) from error

    def make_network(self, part: Part) -> RunFolder:
        """The folder of one network, with the weights that it begins with.

        Raises:
            OutputError: It cannot be made.
        """
        made = self.network(part)
        try:
            made.best.parent.mkdir(parents=True, exist_ok=True)
            if self.folder.start.is_file() and not made.start.exists():
                # One file for all: weights of a 3D network are large.
                beside = made.start.with_suffix(f".{os.urandom(4).hex()}")
                beside.symlink_to(os.path.relpath(self.folder.start, beside.parent))
                beside.replace(made.start)
        except OSError as error:
            raise OutputError(f"{made.path}: cannot be made: {error.strerror}") from error
        return made


def said_of(parts: Sequence[Part]) -> dict[str, object]:
    """The patients of every network, for `run.json`."""
    return {
        PARTS: [
            {"repeat": one.repeat, "fold": one.fold}
            | {side: list(one.patients(side)) for side in SPLITS}
            for one in parts
        ]
    }


def open_study_run(path: Path) -> StudyRun:
    """A run on studies that was made before.

    Raises:
        ConfigError: There is none, or it is one on volumes.
    """
    folder = open_run(path)
    if folder.recipe().study is None:
        raise ConfigError(
            f"{path}: is a run on volumes, each with a label of its own; its recipe has no section "
            "[study]"
        )
    return StudyRun(folder)
