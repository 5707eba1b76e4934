"""Studies -> running numbers, and the key that leads back, kept outside the sorted tree.

A patient is a subject and a study a session. Numbers that were given stay: the key is read
again by every later run into the same tree.
"""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mrsift.errors import ConfigError
from mrsift.export.csv_table import key_cell
from mrsift.export.output_file import write_text
from mrsift.ingest import Study
from mrsift.types import StudyReport

COLUMNS = ("participant_id", "session_id", "patient", "study_instance_uid", "path")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A study under its running number.

    Attributes:
        subject: E.g. `sub-001`.
        session: E.g. `ses-1`.
        report: Its volumes with their answers.
    """

    subject: str
    session: str
    report: StudyReport

    @property
    def folder(self) -> str:
        """E.g. `sub-001/ses-1`."""
        return f"{self.subject}/{self.session}"

    @property
    def name(self) -> str:
        """E.g. `sub-001_ses-1`."""
        return f"{self.subject}_{self.session}"


def key_path(out: Path) -> Path:
    """The key of a tree: beside it, never in it."""
    absolute = Path(os.path.abspath(out))  # noqa: PTH100
    return absolute.with_name(f"{absolute.name}-key.csv")


def number_studies(
    studies: Sequence[tuple[StudyReport, Study]], key: Sequence[dict[str, str]]
) -> tuple[list[Case], list[dict[str, str]]]:
    """Give every study its number.

    Args:
        studies: What was answered, and what was found, of each.
        key: Numbers given before, from `read_key`.

    Returns:
        The cases, and the key with the new ones.
    """
    rows = list(key)
    known = {_identity(row): row for row in rows}
    cases = []
    for report, study in studies:
        path = os.path.abspath(study.path)  # noqa: PTH100
        row = {
            "patient": study.patient or "",
            "study_instance_uid": study.study_instance_uid or "",
            "path": path,
        }
        found = known.get(_identity(row))
        if found is None:
            found = {**_numbers(row, rows), **row}
            known[_identity(row)] = found
            rows.append(found)
        cases.append(Case(found["participant_id"], found["session_id"], report))
    return cases, rows


def read_key(path: Path) -> list[dict[str, str]]:
    """The numbers given before; none where there is no key.

    Raises:
        ConfigError: The file is no key of mrsift.
    """
    if not path.exists():
        return []
    try:
        text = path.read_text("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        rows = [{name: (row[name] or "").removeprefix("'") for name in COLUMNS} for row in reader]
        for row in rows:
            int(row["participant_id"].removeprefix("sub-"))
            int(row["session_id"].removeprefix("ses-"))
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, ValueError) as error:
        raise ConfigError(
            f"{path}: is not the key of a sorted tree; move it away, or choose another OUT"
        ) from error
    return rows


def write_key(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write the key, before anything that it numbers.

    Raises:
        OutputError: It cannot be written.
    """
    text = io.StringIO()
    text.write("\N{BYTE ORDER MARK}")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows({name: key_cell(row[name]) for name in COLUMNS} for row in rows)
    write_text(path, text.getvalue())


def _identity(row: dict[str, str]) -> tuple[str, ...]:
    if row["study_instance_uid"]:
        return (row["patient"], row["study_instance_uid"])
    return (row["patient"], "", row["path"])


def _numbers(row: dict[str, str], rows: Sequence[dict[str, str]]) -> dict[str, str]:
    """The next session of a known patient, or the first of a new one."""
    same = [old for old in rows if row["patient"] and old["patient"] == row["patient"]]
    if same:
        subject = same[0]["participant_id"]
        session = 1 + max(int(old["session_id"].removeprefix("ses-")) for old in same)
        return {"participant_id": subject, "session_id": f"ses-{session}"}
    used = [int(old["participant_id"].removeprefix("sub-")) for old in rows]
    return {"participant_id": f"sub-{1 + max(used, default=0):03d}", "session_id": "ses-1"}
