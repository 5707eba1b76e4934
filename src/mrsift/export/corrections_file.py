"""What a person says of volumes -> the table that keeps it, for every later run.

The one place where corrections are written, by whoever asks a person.
"""

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mrsift.errors import ConfigError, OutputError
from mrsift.export.csv_table import key_cell
from mrsift.export.output_file import write_text
from mrsift.ingest.corrections import rows_from_root
from mrsift.ingest.label_match import fits
from mrsift.ingest.label_table import KEY_COLUMNS, read_label_table
from mrsift.ingest.scan import CORRECTIONS_NAME
from mrsift.types import Prediction, VolumeInfo

COLUMNS = ("volume_id", "path", "index", "label", "label_before", "time")


def corrections_table(infos: Sequence[VolumeInfo], root: Path) -> Path:
    """The table beside a study.

    Args:
        infos: Its volumes.
        root: Folder that their files are relative to.

    Returns:
        In the deepest folder on disk that holds all of the study, or the archives it is in.
    """
    folders = {(root / file.partition("!")[0]).parent for info in infos for file in info.files}
    return Path(os.path.commonpath(folders)) / CORRECTIONS_NAME


def record_corrections(
    table: Path, said: Sequence[tuple[Prediction, str | None]], root: Path
) -> None:
    """Keep labels in a table, so that every later run honours them.

    A volume that the table names already gets the new label in its row; other rows and columns
    stay. Two writers at a time wait for each other.

    Args:
        table: Made where it is missing, removed where no row is left; see `corrections_table`.
        said: Answers, each with the label that a person set; None takes the row out again.
        root: Folder that the files of the volumes are relative to.

    Raises:
        ConfigError: The table that is there is not a label table, or a row of it about several
            volumes says otherwise.
        OutputError: The table cannot be written; it is as before.
    """
    with _alone_in(table):
        if table.exists():
            _check(table, said, root)
        columns, rows, delimiter = _read(table)
        for prediction, label in said:
            key = _key(prediction.volume, table, root)
            row = next((row for row in rows if _names(row, key, prediction.volume)), None)
            if label is None:
                rows = [other for other in rows if other is not row]
                continue
            if row is None:
                row = dict.fromkeys(columns, "") | {name: key_cell(key[name]) for name in key}
                before = prediction.correction
                row["label_before"] = before.label_before if before else prediction.label
                rows.append(row)
            row |= {"label": key_cell(label), "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        if not rows:
            _remove(table)
            return
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, delimiter=delimiter, restval="")
        writer.writeheader()
        writer.writerows(rows)
        try:
            write_text(table, "\N{BYTE ORDER MARK}" + text.getvalue())
        except OutputError as error:
            raise OutputError(f"{error}; --corrections FILE keeps labels elsewhere") from error


def _check(table: Path, said: Sequence[tuple[Prediction, str | None]], root: Path) -> None:
    """Raises ConfigError where the table is none, or would contradict itself afterwards."""
    for row in rows_from_root(read_label_table(table), root, table):
        for prediction, label in said:
            one = prediction.volume
            exact = row.volume_id is not None or row.path == one.files[0]
            if fits(row, one) and not exact and row.label not in (label, None):
                raise ConfigError(
                    f"{table}: {row.names} already says {row.label} of this volume and perhaps of "
                    "others; change that row by hand"
                )


def _remove(table: Path) -> None:
    try:
        table.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{table}: {error.strerror}; it is as before") from error


def _key(info: VolumeInfo, table: Path, root: Path) -> dict[str, str]:
    """What names a volume wherever the table is read from.

    Without DICOM the volume_id depends on where the scan began, the place of a file beside the
    table does not.
    """
    if info.series_instance_uid is not None:
        return {"volume_id": info.volume_id}
    place = os.path.relpath(root / info.files[0], table.resolve().parent).replace(os.sep, "/")
    return {"path": place, "index": "" if info.index is None else str(info.index)}


def _read(table: Path) -> tuple[list[str], list[dict[str, str]], str]:
    """Columns, rows and delimiter of the table as it stands, or of an empty one."""
    if not table.exists():
        return list(COLUMNS), [], ","
    text = table.read_text("utf-8-sig")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = list(reader)
    columns = [*(reader.fieldnames or ())]
    return [*columns, *(name for name in COLUMNS if name not in columns)], rows, delimiter


def _names(row: dict[str, str], key: dict[str, str], info: VolumeInfo) -> bool:
    """Whether a row is about exactly one volume, this one."""
    said = {name: (row.get(name) or "").strip().removeprefix("'") for name in KEY_COLUMNS}
    if said["volume_id"]:
        return said["volume_id"] == info.volume_id
    return said == dict.fromkeys(KEY_COLUMNS, "") | key


@contextmanager
def _alone_in(table: Path) -> Iterator[None]:
    """Inside, no other writer of tables works in the same folder."""
    folder = table.resolve().parent
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise OutputError(f"{table}: {error.strerror}; the corrections were not kept") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
