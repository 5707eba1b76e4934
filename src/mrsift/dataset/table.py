"""The labelled volumes of an experiment, one row each, and the Parquet file they live in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np

from mrsift.errors import ConfigError
from mrsift.types import Float64Array, Plane

Split = Literal["train", "validation", "test"]
SPLITS: Final[tuple[Split, ...]] = get_args(Split)

SCHEMA: Final = "mrsift.dataset/1"
_KEY: Final = b"mrsift"
_EXTRA: Final = "extra."
_LATER: Final = ("corrected", "label_before")
"""Columns that files of the first weeks do not have."""


@dataclass(frozen=True, slots=True, eq=False)
class DatasetRow:
    """One labelled volume, where it lies, and what it is counted under.

    Attributes:
        volume_id: As everywhere in mrsift.
        root: Absolute folder that `files` are relative to.
        files: As in `types.VolumeInfo`.
        frames: As in `types.VolumeInfo`.
        index: As in `types.VolumeInfo`.
        shape: (slices, rows, columns).
        affine_lps_mm: Shape (4, 4), index (slice, row, column, 1) to LPS, mm.
        patient: What a split never tears apart: the user's name for the patient, else a
            pseudonym made from PatientID, else from the study.
        label: Any string; None where there is none.
        site: `unknown` where no table says it.
        vendor: In one spelling, e.g. `Siemens`; None where nothing says it.
        localizer: The header calls it a localizer.
        corrected: A person set or confirmed the label by hand.
        label_before: What the label table, or `mrsift identify`, said of such a volume.
        split: None until `mrsift dataset split` ran.
        fold: Zero-based; None without folds.
        source_stamp: Changes when a file of the volume changes, see `voxels.source_stamp`.
        pixel_sha256: Of shape and voxels; None where all voxels are equal.
        thumbprint: 64 hex digits that similar pictures share most bits of, see `thumbprint.py`.
        extra: Free columns of the label table, as they stood there.
    """

    volume_id: str
    root: str
    files: tuple[str, ...]
    frames: tuple[int, ...] | None
    index: int | None
    shape: tuple[int, int, int]
    affine_lps_mm: Float64Array
    patient: str
    label: str | None
    site: str = "unknown"
    vendor: str | None = None
    model: str | None = None
    field_strength_t: float | None = None
    plane: Plane = "oblique"
    b_value_s_per_mm2: float | None = None
    localizer: bool = False
    corrected: bool = False
    label_before: str | None = None
    split: Split | None = None
    fold: int | None = None
    source_stamp: str = ""
    pixel_sha256: str | None = None
    thumbprint: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Rows in the order of their files, and how they were made.

    Attributes:
        facts: What a reader should know, as text: `mrsift_version`, `split`, ...
    """

    rows: tuple[DatasetRow, ...]
    facts: Mapping[str, str] = field(default_factory=dict)


def write_dataset(dataset: Dataset, path: Path) -> None:
    """Write a dataset as Parquet, beside the target, then rename over it.

    Args:
        dataset: Any number of rows.
        path: Target, replaced if it exists.

    Raises:
        ConfigError: pyarrow is not installed.
        OutputError: The folder is not writable or the disk is full; the target is as before.
    """
    pa = _pyarrow()
    import pyarrow.parquet as pq

    from mrsift.export.output_file import write_bytes

    names = sorted({name for row in dataset.rows for name in row.extra})
    fields = _fields(pa)
    columns = {name: [_plain(getattr(row, name)) for row in dataset.rows] for name in fields}
    fields |= {_EXTRA + name: pa.string() for name in names}
    columns |= {_EXTRA + name: [row.extra.get(name) for row in dataset.rows] for name in names}
    about = json.dumps({"schema": SCHEMA, "facts": dict(dataset.facts)})
    schema = pa.schema(list(fields.items()), metadata={_KEY: about.encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=schema), sink, compression="zstd")
    write_bytes(path, sink.getvalue().to_pybytes())


def read_dataset(path: Path) -> Dataset:
    """Read what `write_dataset` wrote.

    Args:
        path: A Parquet file.

    Raises:
        ConfigError: The file is missing, damaged, not a dataset of mrsift, or of a newer
            version; or pyarrow is not installed.
    """
    pa = _pyarrow()
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such file; make it with: mrsift dataset index PATH --labels FILE "
            f"--out {path}"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(
            f"{path}: is no Parquet file or is damaged; make it again with mrsift dataset index"
        ) from error
    facts = _facts(path, (table.schema.metadata or {}).get(_KEY))
    columns = _fields(pa)
    fields = {
        name: columns[name] for name in columns if name in table.column_names or name not in _LATER
    }
    for name, kind in fields.items():
        if name not in table.column_names or table.schema.field(name).type != kind:
            raise ConfigError(
                f"{path}: column {name} is missing or not {kind}; make the file again with "
                "mrsift dataset index"
            )
    free = [name for name in table.column_names if name.startswith(_EXTRA)]
    try:
        records = table.select([*fields, *free]).to_pylist()
        return Dataset(tuple(_row(record, free) for record in records), facts)
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: holds a value that mrsift never writes ({error}); make it again with "
            "mrsift dataset index"
        ) from error


def _facts(path: Path, stored: bytes | None) -> dict[str, str]:
    """The facts of a file of this schema."""
    try:
        about = json.loads(stored or b"")
        schema, facts = about["schema"], about["facts"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: is a Parquet file, but no dataset of mrsift; give one that mrsift dataset "
            "index wrote"
        ) from error
    if schema != SCHEMA:
        raise ConfigError(
            f"{path}: has schema {schema!s:.40}, this mrsift reads {SCHEMA}; use the version of "
            "mrsift that wrote it, or make it again with mrsift dataset index"
        )
    return {str(key): str(value) for key, value in facts.items()}


def _row(record: dict[str, Any], free: list[str]) -> DatasetRow:
    extra = {name.removeprefix(_EXTRA): record.pop(name) for name in free}
    record["extra"] = {name: value for name, value in extra.items() if value is not None}
    if record["split"] not in (*SPLITS, None):
        raise ValueError(f"split {record['split']!r}")
    record["files"], record["shape"] = tuple(record["files"]), tuple(record["shape"])
    record["frames"] = None if record["frames"] is None else tuple(record["frames"])
    record["affine_lps_mm"] = np.array(record["affine_lps_mm"], np.float64).reshape(4, 4)
    return DatasetRow(**record)


def _plain(value: object) -> object:
    return value.ravel().tolist() if isinstance(value, np.ndarray) else value


def _fields(pa: Any) -> dict[str, Any]:
    """Column -> Arrow type, in the order of `DatasetRow`."""
    text, whole, real = pa.string(), pa.int32(), pa.float64()
    return {
        "volume_id": text,
        "root": text,
        "files": pa.list_(text),
        "frames": pa.list_(whole),
        "index": whole,
        "shape": pa.list_(whole),
        "affine_lps_mm": pa.list_(real),
        "patient": text,
        "label": text,
        "site": text,
        "vendor": text,
        "model": text,
        "field_strength_t": real,
        "plane": text,
        "b_value_s_per_mm2": real,
        "localizer": pa.bool_(),
        "corrected": pa.bool_(),
        "label_before": text,
        "split": text,
        "fold": whole,
        "source_stamp": text,
        "pixel_sha256": text,
        "thumbprint": text,
    }


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise ConfigError(
            "datasets are Parquet files, and pyarrow is not installed: pip install 'mrsift[train]'"
        ) from error
    return pyarrow
