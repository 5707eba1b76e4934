"""Files of a run on studies -> what its report needs beside the predictions."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from mrsift.classify.cohort import studies_of
from mrsift.classify.confounders import confounder_scores
from mrsift.classify.leak import read_leaks
from mrsift.classify.permutation import read_permutation
from mrsift.classify.study_run import StudyRun
from mrsift.errors import ConfigError
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.study_evidence import Curve, EpochValues, SliceAnswers, StudyEvidence
from mrsift.types import Float64Array

PERMUTED_HISTORY = "permuted-history.csv"
"""Epochs of a training with shuffled labels, as `history.csv`."""

_COLUMNS = ("train_loss", "train_accuracy", "validation_loss", "validation_balanced_accuracy")


def read_evidence(run: StudyRun, predictions: Predictions) -> StudyEvidence:
    """All that is there; what a run does not have is left out.

    Args:
        run: That has ended.
        predictions: Of it.

    Raises:
        ConfigError: A file is damaged, or a library is missing.
    """
    path, parts = run.folder.path, run.parts()
    dataset = run.folder.dataset()
    names = list(predictions.names)
    labels = {
        patient: names.index(label)
        for patient, label in zip(predictions.patient, predictions.label, strict=True)
        if label in names
    }
    learnt = [len(part.patients("train")) for part in parts]
    return StudyEvidence(
        target=next((row.extra["label_of"] for row in dataset.rows if "label_of" in row.extra), ""),
        promised=run.folder.facts().get("conformal_coverage"),
        trained_patients=int(np.mean(learnt)) if learnt else 0,
        slices=_slices(run.slices, names[-1]),
        epochs=_epochs(run.epochs),
        curves=read_curves(path / "history.csv"),
        permuted_curves=read_curves(path / PERMUTED_HISTORY),
        permutation=read_permutation(path),
        leaks=read_leaks(path),
        confounders=confounder_scores(studies_of(dataset), labels, parts),
    )


def read_curves(path: Path) -> tuple[Curve, ...]:
    """The epochs of every network; empty where there is no such file.

    Raises:
        ConfigError: It is damaged.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read; copy the run again") from error
    networks: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        networks[row.get("repeat", "0"), row.get("fold", "0")].append(row)
    try:
        return tuple(
            Curve(
                f"repeat {repeat}, fold {fold}",
                _numbers(own, "epoch"),
                {name: _numbers(own, name) for name in _COLUMNS if name in own[0]},
            )
            for (repeat, fold), own in networks.items()
        )
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{path}: is damaged; copy the run again") from error


def _numbers(rows: list[dict[str, str]], name: str) -> Float64Array:
    return np.array([float(row[name] or "nan") for row in rows])


def _slices(path: Path, last: str) -> SliceAnswers | None:
    columns = _columns(path, ("patient", "split", f"p_{last}"))
    if columns is None:
        return None
    patient, split, p = columns
    return SliceAnswers(_texts(patient), _texts(split), np.array(p, np.float64))


def _epochs(path: Path) -> EpochValues | None:
    columns = _columns(path, ("patient", "epochs", "value", "split"))
    if columns is None:
        return None
    patient, epochs, value, split = columns
    values = np.array(value, np.float64)
    return EpochValues(_texts(patient), np.array(epochs, np.intp), values, _texts(split))


def _columns(path: Path, names: tuple[str, ...]) -> tuple[list[Any], ...] | None:
    if not path.is_file():
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read(columns=list(names))
        return tuple(table.column(name).to_pylist() for name in names)
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ConfigError(
            f"{path}: is damaged or of another program; copy the run again"
        ) from error


def _texts(values: list[Any]) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
