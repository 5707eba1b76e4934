"""A table with one label per patient, e.g. `train_labels.csv` of the RSNA-MICCAI challenge."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mrsift.errors import ConfigError

PATIENT_COLUMNS: Final = ("patient", "BraTS21ID", "patient_id", "subject", "participant_id")
LABEL_COLUMNS: Final = ("label", "MGMT_value")
_WHOLE: Final = re.compile(r"(\d+)\.0+")
"""A whole number as spreadsheets write it once a cell of its column was empty."""

ID_DIGITS: Final = 5
"""Of a patient in the challenge: the folder is 00012, whatever the table made of it."""


@dataclass(frozen=True, slots=True)
class StudyLabel:
    """What the table says of one patient.

    Attributes:
        line: Of the file.
        label: None where the cell is empty.
        extra: Every other column, as it stands.
    """

    line: int
    label: str | None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudyLabels:
    """A whole table.

    Attributes:
        column: Name of the column that holds the labels.
        of: Patient -> what is said.
    """

    column: str
    of: Mapping[str, StudyLabel]


def read_study_labels(path: Path, *, numbered: bool = False) -> StudyLabels:
    """Read a table of patients and their labels.

    Args:
        path: CSV (comma, semicolon or tab) with a header line: a column that names patients,
            one named `label` or `MGMT_value`, or else the only other one.
        numbered: Patients are numbers of five digits; a table that wrote 9 for 00009 is
            understood.

    Raises:
        ConfigError: The file cannot be read, lacks a column, or says two things of a patient.
    """
    records = _records(path)
    names = list(records[0][1]) if records else []
    patient = next((name for name in PATIENT_COLUMNS if name in names), None)
    if patient is None:
        raise ConfigError(
            f"{path}: no column names patients; call it patient (found: {', '.join(names)[:80]})"
        )
    others = [name for name in names if name != patient]
    column: str | None = next((name for name in LABEL_COLUMNS if name in others), None)
    if column is None and len(others) == 1:
        column = others[0]
    if column is None:
        raise ConfigError(
            f"{path}: no column is named label, and {len(others)} could be it; rename the one "
            f"that is meant (found: {', '.join(others)[:80]})"
        )
    found: dict[str, StudyLabel] = {}
    for line, cells in records:
        who = cells.pop(patient)
        if not who:
            raise ConfigError(f"{path}: line {line} names no patient")
        who = challenge_id(who) if numbered else who
        label = _WHOLE.sub(r"\1", cells.pop(column)) or None
        if who in found and found[who].label != label:
            raise ConfigError(
                f"{path}: lines {found[who].line} and {line} give one patient two labels; make "
                "the table say one"
            )
        found.setdefault(who, StudyLabel(line, label, {k: v for k, v in cells.items() if v}))
    return StudyLabels(column, found)


def challenge_id(text: str) -> str:
    """A patient of the challenge with all five digits: 9, 9.0 and 00009 are one."""
    plain = text.strip()
    whole = _WHOLE.fullmatch(plain)
    plain = whole[1] if whole else plain
    return plain.zfill(ID_DIGITS) if plain.isascii() and plain.isdigit() else plain


def _records(path: Path) -> Sequence[tuple[int, dict[str, str]]]:
    """Every line that is not empty, with its number; cells without the blanks around them."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path}: label table cannot be read ({reason})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: label table is not UTF-8; save it as CSV UTF-8") from error
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) < len(names):
            raise ConfigError(f"{path}: two columns have one name; rename one")
        found = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise ConfigError(
                    f"{path}: line {reader.line_num} has {len(cells)} cells, the header line has "
                    f"{len(names)}"
                )
            plain = [cell.strip().removeprefix("'") for cell in cells]
            found.append((reader.line_num, dict(zip(names, plain, strict=True))))
    except csv.Error as error:
        raise ConfigError(f"{path}: is no CSV below line {reader.line_num} ({error})") from error
    if not found:
        raise ConfigError(f"{path}: label table holds no rows")
    return found
