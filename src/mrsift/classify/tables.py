"""The Parquet files of a run on studies: written beside their place, then renamed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mrsift.evaluate.predictions import Predictions, to_table
from mrsift.export.output_file import write_bytes

WHOLE = ("fold", "repeat", "slice", "epochs", "slices", "networks")
TEXT = ("patient", "split")


def write_patients(predictions: Predictions, own: Mapping[str, Sequence[Any]], path: Path) -> None:
    """The predictions table with further columns.

    Args:
        predictions: One row per patient and split.
        own: Columns of the same length.
        path: Replaced if it exists.

    Raises:
        ConfigError: pyarrow is not installed.
        OutputError: It cannot be written; what was there is whole.
    """
    table = to_table(predictions)
    for name, values in own.items():
        table = table.append_column(name, _array(name, values))
    _write(table, path)


def write_columns(columns: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Columns of equal length, under their names.

    Raises:
        OutputError: It cannot be written; what was there is whole.
    """
    import pyarrow as pa

    _write(pa.table({name: _array(name, values) for name, values in columns.items()}), path)


def _array(name: str, values: Sequence[Any]) -> Any:
    import pyarrow as pa

    kind = pa.int32() if name in WHOLE else pa.string() if name in TEXT else pa.float64()
    return pa.array(values, kind)


def _write(table: Any, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_bytes(path, sink.getvalue().to_pybytes())
