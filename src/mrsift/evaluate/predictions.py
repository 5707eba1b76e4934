"""The predictions table: what a model answered for every volume; all numbers come from it alone.

| column | is |
|---|---|
| `volume_id`, `patient`, `label`, `predicted` | text, never empty but for `label` |
| `p_<label>` | calibrated probability of each label the network knows, sum 1 |
| `split` | `train`, `validation`, `test` or empty |
| `fold` | number of the fold, or empty |
| `site`, `vendor`, `model`, `plane`, `field_strength_t` | where it came from; may be empty |
| `in_distribution` | 0 (like nothing seen in training) to 1, or empty |
| `prediction_set` | labels that cannot be ruled out, joined by a vertical bar |
| `source_path_hash` | tells two sources apart without naming them |
| `reader_*` | labels by readers, or empty |
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mrsift.errors import ConfigError, OutputError
from mrsift.labels import UNKNOWN
from mrsift.types import Float64Array

if TYPE_CHECKING:
    import pyarrow as pa

Texts = NDArray[np.object_]
"""Text or None, shape (n,)."""

SPLITS = ("train", "validation", "test")
SUM_TOLERANCE = 1e-3
"""Probabilities of a row may miss 1 by so much; they are often stored as float32."""

_NEEDED = ("volume_id", "patient", "label", "predicted")
_TEXTS = ("site", "vendor", "model", "plane", "split", "prediction_set", "source_path_hash")
_NUMBERS = ("field_strength_t", "fold", "in_distribution")


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One row per volume, as columns.

    Attributes:
        names: Labels the network knows, in the order of `probabilities`.
        volume_id: Shape (n,), as every other column of text; never None.
        patient: Never None.
        label: The right label; None where nobody said it.
        probabilities: Shape (n, labels), calibrated, rows sum to 1.
        predicted: The answer, one of `names` or `UNKNOWN`.
        split: `train`, `validation`, `test` or None.
        field_strength_t: Shape (n,), tesla; NaN where not known.
        fold: Shape (n,); NaN where there are no folds.
        in_distribution: Shape (n,), 0 to 1; NaN where not known.
        prediction_set: Labels joined by `|`, or None.
        readers: Name of the column -> labels by that reader, None where there is none.
    """

    names: tuple[str, ...]
    volume_id: Texts
    patient: Texts
    label: Texts
    probabilities: Float64Array
    predicted: Texts
    split: Texts
    site: Texts
    vendor: Texts
    model: Texts
    plane: Texts
    prediction_set: Texts
    source_path_hash: Texts
    field_strength_t: Float64Array
    fold: Float64Array
    in_distribution: Float64Array
    readers: Mapping[str, Texts] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.volume_id)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Predictions":
        """The chosen rows only.

        Args:
            chosen: Mask, shape (n,), or indices.
        """
        columns = {
            name: getattr(self, name)[chosen]
            for name in ("probabilities", *_NEEDED, *_TEXTS, *_NUMBERS)
        }
        readers = {name: labels[chosen] for name, labels in self.readers.items()}
        return Predictions(names=self.names, readers=readers, **columns)


def make_predictions(names: Sequence[str], columns: Mapping[str, object]) -> Predictions:
    """Columns -> a checked table.

    Args:
        names: Labels the network knows.
        columns: Name as in the table -> array or list of n values; `probabilities` of shape
            (n, labels) stands for the `p_<label>`. Columns that may be empty may be absent.

    Raises:
        ConfigError: A column is missing, has another length, or holds what it must not.
    """
    missing = [name for name in (*_NEEDED, "probabilities") if name not in columns]
    if missing:
        raise ConfigError(f"predictions: no column {', '.join(missing)}")
    count = len(np.asarray(columns["volume_id"], dtype=object))
    empty: list[None] = [None] * count
    texts = {name: _texts(columns.get(name, empty)) for name in (*_NEEDED, *_TEXTS)}
    numbers = {name: _numbers(columns.get(name, empty)) for name in _NUMBERS}
    numbers["probabilities"] = np.asarray(columns["probabilities"], np.float64).reshape(count, -1)
    readers = {
        name: _texts(values) for name, values in columns.items() if name.startswith("reader_")
    }
    arrays: dict[str, Any] = {**texts, **numbers}
    table = Predictions(names=tuple(names), readers=readers, **arrays)
    _check(table)
    return table


def from_table(table: "pa.Table") -> Predictions:
    """Arrow table -> checked predictions; columns that are not ours are left out.

    Raises:
        ConfigError: As in `make_predictions`.
    """
    names = [name[2:] for name in table.column_names if name.startswith("p_")]
    if not names:
        raise ConfigError("predictions: no column p_<label>; is this a predictions table?")
    known = (*_NEEDED, *_TEXTS, *_NUMBERS)
    columns: dict[str, object] = {
        name: table.column(name).to_pylist()
        for name in table.column_names
        if name in known or name.startswith("reader_")
    }
    columns["probabilities"] = np.stack(
        [table.column(f"p_{name}").to_numpy() for name in names], axis=1
    )
    return make_predictions(names, columns)


def to_table(predictions: Predictions) -> "pa.Table":
    """Predictions -> Arrow table, one column per attribute and `p_<label>`.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    pa = _pyarrow()
    columns: dict[str, Any] = {}
    for name in ("volume_id", "patient", "site", "vendor", "model"):
        columns[name] = pa.array(getattr(predictions, name), pa.string())
    columns["field_strength_t"] = _arrow_numbers(predictions.field_strength_t, pa.float64())
    columns["plane"] = pa.array(predictions.plane, pa.string())
    columns["split"] = pa.array(predictions.split, pa.string())
    columns["fold"] = _arrow_numbers(predictions.fold, pa.int32())
    columns["label"] = pa.array(predictions.label, pa.string())
    for index, name in enumerate(predictions.names):
        columns[f"p_{name}"] = pa.array(predictions.probabilities[:, index], pa.float64())
    columns["predicted"] = pa.array(predictions.predicted, pa.string())
    columns["in_distribution"] = _arrow_numbers(predictions.in_distribution, pa.float64())
    for name in ("prediction_set", "source_path_hash"):
        columns[name] = pa.array(getattr(predictions, name), pa.string())
    for name, labels in predictions.readers.items():
        columns[name] = pa.array(labels, pa.string())
    return pa.table(columns)


def pooled(tables: Sequence[Predictions]) -> Predictions:
    """The rows of several tables of the same labels, one after the other.

    Args:
        tables: One or more; a reader that one of them lacks labelled nothing there.

    Raises:
        ConfigError: A volume occurs twice in one split.
    """
    columns: dict[str, object] = {
        name: np.concatenate([getattr(table, name) for table in tables])
        for name in ("probabilities", *_NEEDED, *_TEXTS, *_NUMBERS)
    }
    for name in sorted({name for table in tables for name in table.readers}):
        empty = [np.full(len(table), None, dtype=object) for table in tables]
        columns[name] = np.concatenate(
            [table.readers.get(name, none) for table, none in zip(tables, empty, strict=True)]
        )
    return make_predictions(tables[0].names, columns)


def read_predictions(path: Path) -> Predictions:
    """A predictions table from disk.

    Raises:
        ConfigError: The file is missing, is no Parquet, or is no predictions table; or pyarrow
            is not installed.
    """
    pa = _pyarrow()
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, partitioning=None)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or 'damaged'}") from error
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path}: is no Parquet file, or is damaged") from error
    try:
        return from_table(table)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write the table as Parquet beside its place, then rename.

    Raises:
        OutputError: The folder is not writable or the disk is full; the target is as before.
    """
    import pyarrow.parquet as pq

    beside = path.with_name(f".mrsift-{os.urandom(6).hex()}.tmp")
    try:
        try:
            pq.write_table(to_table(predictions), beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "the write failed"
        raise OutputError(f"{path}: {reason}; nothing was written there") from error


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise ConfigError(
            "predictions are Parquet files, and pyarrow is not installed:"
            " pip install 'mrsift[train]'"
        ) from error
    return pyarrow


def _texts(values: object) -> Texts:
    found = np.asarray(values, dtype=object)
    cleaned = [None if value is None or value == "" else str(value) for value in found]
    texts = np.empty(len(cleaned), dtype=object)
    texts[:] = cleaned
    return texts


def _numbers(values: object) -> Float64Array:
    return np.asarray(values, dtype=object).astype(np.float64)  # None -> NaN


def _arrow_numbers(values: Float64Array, kind: Any) -> Any:
    pa = _pyarrow()
    return pa.array([None if np.isnan(value) else value for value in values]).cast(kind)


def _check(table: Predictions) -> None:
    lengths = {len(getattr(table, name)) for name in (*_NEEDED, *_TEXTS, *_NUMBERS)}
    lengths |= {len(labels) for labels in table.readers.values()}
    if len(lengths) != 1:
        raise ConfigError("predictions: columns differ in length")
    if table.probabilities.shape[1:] != (len(table.names),) or len(set(table.names)) < 2:
        raise ConfigError("predictions: needs one column p_<label> for each of at least 2 labels")
    for name in ("volume_id", "patient", "predicted"):
        if any(value is None for value in getattr(table, name)):
            raise ConfigError(f"predictions: column {name} has empty cells")
    sums = table.probabilities.sum(axis=1)
    if not (np.abs(sums - 1) <= SUM_TOLERANCE).all() or not (table.probabilities >= 0).all():
        raise ConfigError("predictions: the p_<label> of a row are no probabilities that sum to 1")
    answers = set(table.predicted) - {*table.names, UNKNOWN}
    if answers:
        raise ConfigError(f"predictions: answer {min(answers)!r} is no label of the network")
    strange = set(table.split) - {*SPLITS, None}
    if strange:
        raise ConfigError(f"predictions: split {sorted(strange)[0]!r} is none of {SPLITS}")
    keys = list(zip(table.volume_id, table.split, np.nan_to_num(table.fold, nan=-1), strict=True))
    if len(set(keys)) < len(keys):
        raise ConfigError("predictions: a volume_id occurs twice in one split")
