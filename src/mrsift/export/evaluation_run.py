"""A run folder, or a predictions table alone, -> what there is to evaluate."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrsift.errors import ConfigError
from mrsift.evaluate.predictions import Predictions, read_predictions

PREDICTIONS = "predictions.parquet"
FACTS = "run.json"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What is evaluated.

    Attributes:
        path: As the user gave it.
        folder: The run folder; None for a predictions table alone.
        predictions: All splits.
        facts: Of `run.json`; empty without one.
    """

    path: Path
    folder: Path | None
    predictions: Predictions
    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the run is called in a report."""
        if "model" in self.facts:
            return str(self.facts["model"])
        return self.path.resolve().name if self.folder else self.path.name

    @property
    def data(self) -> Path | None:
        """The data set behind the predictions, where the run remembers it."""
        said = self.facts.get("data")
        return Path(said) if isinstance(said, str) and said else None


def open_run(path: Path) -> Run:
    """Read a run.

    Args:
        path: Run folder, or a Parquet file.

    Raises:
        ConfigError: There are no predictions, or a file of the run is damaged.
    """
    if not path.is_dir():
        return Run(path, None, read_predictions(path), {})
    table = path / PREDICTIONS
    if not table.is_file():
        raise ConfigError(
            f"{path}: has no {PREDICTIONS}, which training writes at its end; finish the run with"
            f" `mrsift train --resume {path}`"
        )
    return Run(path, path, read_predictions(table), _read_facts(path / FACTS))


def set_sha256(predictions: Predictions) -> str:
    """Tells one set of labelled volumes from another; the order of rows does not matter.

    Args:
        predictions: Rows of the set.

    Returns:
        64 hex digits.
    """
    lines = sorted(
        f"{volume}\t{label or ''}"
        for volume, label in zip(predictions.volume_id, predictions.label, strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read_facts(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as JSON; is the run damaged?") from error
    if not isinstance(facts, dict):
        raise ConfigError(f"{path}: holds no facts of a run")
    return facts
