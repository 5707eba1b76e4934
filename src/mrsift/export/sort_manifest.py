"""The manifest of a sorted tree: every file with its SHA-256, written as the work goes on.

A line is added as soon as its file is there, so after an interruption the manifest says what is
done. It holds no path of the input and nothing of a patient.
"""

import csv
import io
import os
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mrsift.errors import ConfigError

MANIFEST = "mrsift-manifest.csv"


@dataclass(frozen=True, slots=True)
class Line:
    """One file of the tree.

    Attributes:
        path: Below the tree.
        how: `written`, `copied`, `hard link` or `symlink`.
        bytes: Size of the file.
        label: One per volume, divided by `|`; empty for files about the whole tree.
        volume_id: One per volume, in the same order, divided by `|`.
        by_hand: `true` where a person set the label, else `false`; in the same order.
    """

    path: str
    how: str
    bytes: int
    sha256: str
    label: str = ""
    volume_id: str = ""
    by_hand: str = ""


COLUMNS = tuple(field.name for field in fields(Line))


def read_manifest(path: Path) -> dict[str, Line]:
    """The files of a tree by their path; none where there is no manifest.

    A last line that was cut off by an interruption does not count.

    Raises:
        ConfigError: The file is no manifest of mrsift.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig", "strict")
        whole = text[: text.rfind("\n") + 1]
        rows = list(csv.reader(io.StringIO(whole, newline="")))
        if rows and tuple(rows[0]) != COLUMNS:
            raise ValueError
        lines = [_line(row) for row in rows[1:]]
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigError(
            f"{path}: is no manifest of mrsift sort; choose another OUT, or move it away"
        ) from error
    return {line.path: line for line in lines}


def _line(row: list[str]) -> Line:
    path, how, size, sha256, label, volume_id, by_hand = row
    return Line(path, how, int(size), sha256, label, volume_id.removeprefix("'"), by_hand)


class ManifestFile:
    """A manifest that is open for adding lines; nobody else adds to it meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open it, and cut off what an interruption left half-written.

        Raises:
            ConfigError: Another run writes to it.
            OSError: It cannot be written.
        """
        import fcntl

        new = not path.exists()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise ConfigError(f"{path.parent}: another mrsift sort is writing here") from error
        content = path.read_bytes()
        self._end = content.rfind(b"\n") + 1
        os.ftruncate(self._descriptor, self._end)
        if new or not self._end:
            self._append("\N{BYTE ORDER MARK}" + _text(COLUMNS))

    def add(self, line: Line) -> None:
        """Add a line; on failure the manifest is as before.

        Raises:
            OSError: The disk is full.
        """
        self._append(_text(astuple(line)))

    def close(self) -> None:
        """Let others write again."""
        os.close(self._descriptor)

    def _append(self, text: str) -> None:
        data = text.encode()
        try:
            written = os.pwrite(self._descriptor, data, self._end)
            if written < len(data):
                os.pwrite(self._descriptor, data[written:], self._end + written)  # raises if full
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            raise
        self._end += len(data)


def _text(cells: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
