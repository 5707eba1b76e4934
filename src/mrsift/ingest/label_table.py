"""What people say of volumes: a table of labels, one row per volume or group of volumes.

A row names volumes by one key: `volume_id`, or `path` with as much of `inside`,
`series_instance_uid`, `b_value` and `index` as is needed. Read from CSV (comma, semicolon or
tab, as spreadsheets write it) or from the JSON that `mrsift identify` writes.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from mrsift.errors import ConfigError

KEY_COLUMNS: Final = ("volume_id", "path", "inside", "series_instance_uid", "b_value", "index")
_LARGEST_CELL: Final = 1 << 20
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One row of a label table.

    Attributes:
        number: Line of the file, for messages; for JSON, the how-manieth volume.
        label: Any string; None where the cell is empty.
        volume_id: Decides alone where it is given.
        path: File, folder or archive, relative to the input.
        inside: Member of the archive, or a folder in it.
        patient: The user's name for the patient; None where the cell is empty.
        extra: Every other column, as it stands.
    """

    number: int
    label: str | None
    volume_id: str | None = None
    path: str | None = None
    inside: str | None = None
    series_instance_uid: str | None = None
    b_value_s_per_mm2: float | None = None
    index: int | None = None
    patient: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> str:
        """The key of this row in words, for messages."""
        cells = [self.volume_id] if self.volume_id else [self.path, self.inside]
        words = [cell for cell in cells if cell]
        if self.volume_id is None and self.b_value_s_per_mm2 is not None:
            words.append(f"b {self.b_value_s_per_mm2:g}")
        if self.volume_id is None and self.index is not None:
            words.append(f"index {self.index}")
        return f"line {self.number}: {' '.join(words) or 'by its series'}"


def read_label_table(path: Path) -> tuple[LabelRow, ...]:
    """Read a table of labels.

    Args:
        path: CSV with a header line, or `.json` as `mrsift identify --json` writes it.

    Raises:
        ConfigError: The file cannot be read, lacks a column, or a cell cannot be right.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path}: label table cannot be read ({reason})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: label table is not UTF-8; save it again as CSV UTF-8"
        ) from error
    rows = _from_json(path, text) if path.suffix.lower() == ".json" else _from_csv(path, text)
    if not rows:
        raise ConfigError(f"{path}: label table holds no rows")
    return rows


def _from_csv(path: Path, text: str) -> tuple[LabelRow, ...]:
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    csv.field_size_limit(_LARGEST_CELL)
    # Strict, or a quote that is never closed would swallow the rest of the table.
    lines = io.StringIO(text, newline="")
    reader = csv.DictReader(lines, delimiter=delimiter, restkey="", strict=True)
    try:
        columns = [(name or "").strip() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        _check_columns(path, columns)
        found = []
        for cells in reader:
            if "" in cells and any(cells.pop("")):
                raise ConfigError(
                    f"{path}: line {reader.line_num} has more cells than the header line"
                )
            plain = {name: _cell(value) for name, value in cells.items()}
            if any(plain.values()):
                found.append(_row(path, reader.line_num, plain))
    except csv.Error as error:
        raise ConfigError(f"{path}: is no CSV below line {reader.line_num} ({error})") from error
    return tuple(found)


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    doubles = sorted({name for name in columns if name and columns.count(name) > 1})
    if doubles:
        raise ConfigError(f"{path}: column {doubles[0]} is there twice; rename one")
    if "label" not in columns:
        raise ConfigError(
            f"{path}: has no column label; the header line says {', '.join(columns)[:80]!r}"
        )
    if not {"volume_id", "path", "series_instance_uid"} & set(columns):
        raise ConfigError(
            f"{path}: has no column that names volumes: volume_id, path or series_instance_uid"
        )


def _from_json(path: Path, text: str) -> tuple[LabelRow, ...]:
    try:
        report = json.loads(text)
        volumes = [volume for study in report["studies"] for volume in study["volumes"]]
        found = [
            LabelRow(number, str(one["label"]), volume_id=str(one["volume_id"]))
            for number, one in enumerate(volumes, 1)
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: is no JSON of mrsift identify; labels come from that or from a CSV"
        ) from error
    return tuple(found)


def _row(path: Path, number: int, cells: dict[str, str | None]) -> LabelRow:
    where = cells.get("path")
    if where is not None:
        where = where.replace("\\", "/").removeprefix("./").rstrip("/") or "."
    inside = cells.get("inside")
    if not any(cells.get(name) for name in ("volume_id", "path", "series_instance_uid")):
        raise ConfigError(
            f"{path}: line {number} names no volume: volume_id, path and series_instance_uid "
            "are empty"
        )
    return LabelRow(
        number,
        cells.get("label"),
        cells.get("volume_id"),
        where,
        inside.replace("\\", "/").strip("/") if inside else None,
        cells.get("series_instance_uid"),
        _number(path, number, "b_value", cells.get("b_value"), float),
        _number(path, number, "index", cells.get("index"), int),
        cells.get("patient"),
        {
            name: value
            for name, value in cells.items()
            if value and name and name not in {*KEY_COLUMNS, "label", "patient"}
        },
    )


def _number(
    path: Path, line: int, column: str, cell: str | None, kind: Callable[[str], _T]
) -> _T | None:
    if cell is None:
        return None
    try:
        return kind(cell)
    except ValueError as error:
        raise ConfigError(f"{path}: line {line}: {column} {cell!r:.30} is no number") from error


def _cell(value: str | None) -> str | None:
    """A cell without the blanks around it and the apostrophe that keeps spreadsheets from it."""
    plain = (value or "").strip()
    return plain.removeprefix("'") or None
