"""The label from facts beside the image: how often would the scanner give it away?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.cohort import Study
from mrsift.classify.folds import Part
from mrsift.classify.heads import fit_logistic
from mrsift.dataset.table import DatasetRow
from mrsift.types import Float64Array

ALL = "all of these together"


def confounder_scores(
    studies: Sequence[Study], labels: Mapping[str, int], parts: Sequence[Part]
) -> dict[str, dict[str, float]]:
    """Each set of facts -> patient -> probability of the last label, out of the run's own folds.

    Args:
        studies: Of the run's cohort.
        labels: Labelled patient -> index of the label.
        parts: Of the run.

    Returns:
        Sets that are not the same for all; empty where there are none.

    Raises:
        ConfigError: scikit-learn is not installed.
    """
    known = [study for study in studies if study.patient in labels]
    sets = {name: table for name, table in _facts(known).items() if table.shape[1]}
    if len(sets) > 1:
        sets[ALL] = np.concatenate(list(sets.values()), axis=1)
    place = {study.patient: row for row, study in enumerate(known)}
    y_true = np.array([labels[study.patient] for study in known], np.intp)
    return {name: _scores(table, y_true, place, parts) for name, table in sets.items()}


def _facts(studies: Sequence[Study]) -> dict[str, Float64Array]:
    """Name -> shape (patients, facts); facts that are the same for all are left out."""
    roles = sorted({role for study in studies for role in study.rows})

    def each(fact: Any) -> Float64Array:
        return _numbers([[fact(study.rows.get(role)) for role in roles] for study in studies])

    def kinds(fact: Any) -> Float64Array:
        return _kinds([[fact(study.rows.get(role)) for role in roles] for study in studies])

    return {
        "matrix size": np.concatenate([each(_rows), each(_columns)], axis=1),
        "plane": kinds(lambda row: row and row.plane),
        "spacing": np.concatenate([each(_between), each(_in_plane)], axis=1),
        "slice count": each(lambda row: np.nan if row is None else row.shape[0]),
        "vendor": _kinds([[_any(study, "vendor")] for study in studies]),
        "site": _kinds([[study.site] for study in studies]),
    }


def _any(study: Study, name: str) -> object:
    return next((getattr(row, name) for row in study.rows.values()), None)


def _rows(row: DatasetRow | None) -> float:
    return np.nan if row is None else float(row.shape[1])


def _columns(row: DatasetRow | None) -> float:
    return np.nan if row is None else float(row.shape[2])


def _between(row: DatasetRow | None) -> float:
    return np.nan if row is None else float(np.linalg.norm(row.affine_lps_mm[:3, 0]))


def _in_plane(row: DatasetRow | None) -> float:
    return np.nan if row is None else float(np.linalg.norm(row.affine_lps_mm[:3, 1]))


def _numbers(cells: Sequence[Sequence[float]]) -> Float64Array:
    """Columns with more than one value, of mean 0 and unit deviation, empty cells at 0."""
    table = np.array(cells, np.float64).reshape(len(cells), -1)
    kept = []
    for column in table.T:
        there = ~np.isnan(column)
        if len(np.unique(np.round(column[there], 4))) > 1:
            scaled = (column - column[there].mean()) / column[there].std()
            kept.append(np.where(there, scaled, 0.0))
        if there.any() and not there.all():
            kept.append(there - there.mean())
    return np.stack(kept, axis=1) if kept else np.empty((len(cells), 0))


def _kinds(cells: Sequence[Sequence[object]]) -> Float64Array:
    """One column for each value of each cell that not all have."""
    kept = []
    for column in zip(*cells, strict=True):
        values = sorted({str(value) for value in column})
        if len(values) > 1:
            kept += [[float(str(value) == name) for value in column] for name in values]
    return np.array(kept, np.float64).T if kept else np.empty((len(cells), 0))


def _scores(
    table: Float64Array,
    y_true: NDArray[np.intp],
    place: Mapping[str, int],
    parts: Sequence[Part],
) -> dict[str, float]:
    total: dict[str, list[float]] = {}
    labels = int(y_true.max()) + 1
    for part in parts:
        learnt = [
            place[name]
            for side in ("train", "validation")
            for name in part.patients(side)
            if name in place
        ]
        asked = [name for name in part.patients("test") if name in place]
        if not learnt or not asked:
            continue
        rows = [place[name] for name in asked]
        said = fit_logistic(table[learnt], y_true[learnt], table[rows], max(labels, 2))
        for name, values in zip(asked, said, strict=True):
            total.setdefault(name, []).append(float(values[-1]))
    return {name: float(np.mean(values)) for name, values in total.items()}
