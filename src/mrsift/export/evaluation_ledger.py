"""How often a test set was looked at: one line per look, beside the data and in the run."""

import csv
import fcntl
import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mrsift import __version__
from mrsift.export.csv_table import harmless
from mrsift.export.evaluation_run import Run

COLUMNS = ("time", "verb", "run", "set_sha256", "volumes", "mrsift_version")
SUFFIX = ".scored.csv"


@dataclass(frozen=True, slots=True)
class Look:
    """What is recorded of one evaluation of a test set.

    Attributes:
        verb: `evaluate` or `compare`.
        set_sha256: Of `evaluation_run.set_sha256`.
        volumes: Of the set.
    """

    verb: str
    set_sha256: str
    volumes: int


@dataclass(frozen=True, slots=True)
class Looks:
    """How often the set was looked at, this time included.

    Attributes:
        times: Over all ledgers that could be read, the largest.
        runs: Different runs that it was looked at with.
        ledger: Where that is written down; None where nothing could be written.
        not_written: Ledgers that could not be written, with the reason.
    """

    times: int
    runs: int
    ledger: Path | None
    not_written: tuple[str, ...]


def record(run: Run, look: Look) -> Looks:
    """Write down that a test set is being looked at, and tell how often it was.

    A ledger that cannot be written is no error: a data set may be read-only. It is said in
    the report.

    Args:
        run: Evaluated run.
        look: What is looked at.
    """
    best, failed = Looks(1, 1, None, ()), []
    for path in _ledgers(run):
        try:
            rows = _append(path, run, look)
        except OSError as error:
            failed.append(f"{path}: {error.strerror}")
            continue
        same = [row for row in rows if row.get("set_sha256") == look.set_sha256]
        if len(same) > best.times or best.ledger is None:
            best = Looks(len(same), len({row.get("run") for row in same}), path, ())
    return Looks(best.times, best.runs, best.ledger, tuple(failed))


def _ledgers(run: Run) -> list[Path]:
    if run.folder is None and run.data is not None:  # a model on data of another
        return [run.data.with_name(run.data.name + SUFFIX)]
    if run.folder is None:
        return [run.path.with_name(run.path.name + SUFFIX)]
    found = [run.folder / SUFFIX.removeprefix(".")]
    if run.data is not None:
        found.insert(0, run.data.with_name(run.data.name + SUFFIX))
    return found


def _append(path: Path, run: Run, look: Look) -> list[dict[str, str]]:
    """Add a line under a lock, so that two runs that end together both count.

    Returns:
        All lines, the new one last.
    """
    with path.open("a+", encoding="utf-8", newline="") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = file.read()
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "verb": look.verb,
            "run": harmless(str(run.path.resolve())),
            "set_sha256": look.set_sha256,
            "volumes": str(look.volumes),
            "mrsift_version": __version__,
        }
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        if not before:
            writer.writeheader()
        elif not before.endswith("\n"):
            text.write("\r\n")  # the last line was cut off: keep it, start a new one
        writer.writerow(line)
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())
    return [*csv.DictReader(io.StringIO(before)), line]
