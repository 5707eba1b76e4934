"""CSV tables of numbers and of slice counts -> what an audit reads; an audit -> CSV."""

import csv
import io
from pathlib import Path

from mrsift.classify.audit import Audit, Cells, Row, read_cell
from mrsift.classify.audit_table import Counts
from mrsift.errors import ConfigError

PATIENT_COLUMNS = ("patient", "BraTS21ID")
"""Names of the column of patients; the first column where there is none of them."""

COLUMNS = ("patient", "column", "printed", "votes", "slices", "verdict", "repeats", "chance")


def read_values(path: Path) -> tuple[tuple[str, ...], dict[str, Cells]]:
    """Names of the columns, and patient -> one number per column.

    Raises:
        ConfigError: No table of numbers from 0 to 1 with each patient once; names the line.
    """
    columns, lines = _read(path)
    if not columns:
        raise ConfigError(f"{path}: has no column of numbers beside the patients")
    values: dict[str, Cells] = {}
    for line, patient, texts in lines:
        cells = []
        for column, text in zip(columns, texts, strict=True):
            try:
                cells.append(read_cell(text))
            except ValueError as error:
                raise ConfigError(
                    f"{path}: line {line}, column {column}: {error}; "
                    "expected shares or probabilities"
                ) from error
        values[patient] = tuple(cells)
    return columns, values


def read_counts(path: Path) -> Counts:
    """Patient -> column -> slices; empty cells are left out.

    Raises:
        ConfigError: No table of whole numbers with each patient once; names the line.
    """
    columns, lines = _read(path)
    counts: dict[str, dict[str, int]] = {}
    for line, patient, texts in lines:
        known = {column: text.strip() for column, text in zip(columns, texts, strict=True)}
        for column, text in known.items():
            if text and not (text.isdecimal() and int(text) > 0):
                raise ConfigError(
                    f"{path}: line {line}, column {column}: {text!r} is no number of slices; "
                    "expected a whole number from 1, or nothing"
                )
        counts[patient] = {column: int(text) for column, text in known.items() if text}
    return counts


def _read(path: Path) -> tuple[tuple[str, ...], list[tuple[int, str, list[str]]]]:
    """Names of the other columns, and (line, patient, texts) of each row that is not empty."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is no table in UTF-8 that can be read; give a CSV") from error
    try:
        reader = csv.reader(io.StringIO(text), strict=True)
        lines = [(reader.line_num, line) for line in reader if any(map(str.strip, line))]
    except csv.Error as error:
        raise ConfigError(f"{path}: is no CSV: {error}") from error
    if len(lines) < 2:
        raise ConfigError(f"{path}: has no rows; expected a line of names, then one per patient")
    names = [name.strip() for name in lines[0][1]]
    if len(set(names)) < len(names):
        raise ConfigError(f"{path}: two columns have the same name; rename one")
    place = next((names.index(name) for name in PATIENT_COLUMNS if name in names), 0)
    found, seen = [], set()
    for number, line in lines[1:]:
        if len(line) != len(names):
            raise ConfigError(
                f"{path}: line {number} has {len(line)} cells; expected {len(names)}, as above it"
            )
        patient = line[place].strip()
        if not patient or patient in seen:
            what = "a patient that is in the table already" if patient else "no patient"
            raise ConfigError(f"{path}: line {number} has {what}; give each patient one line")
        seen.add(patient)
        found.append((number, patient, line[:place] + line[place + 1 :]))
    return tuple(names[:place] + names[place + 1 :]), found


def csv_text(audit: Audit) -> str:
    """One line per number: what it was printed as, and what it can be."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in audit.rows:
        for place, cell in enumerate(row.cells):
            if cell is None:
                continue
            votes = cell.votes(row.used) if row.used and cell.telling else None
            writer.writerow(
                (
                    row.patient,
                    audit.columns[place],
                    cell.text,
                    "" if votes is None else votes,
                    row.used or "",
                    verdict(row, place),
                    "|".join(row.repeats.get(place, ())),
                    f"{row.chance:.3g}",
                )
            )
    return stream.getvalue()


def verdict(row: Row, place: int) -> str:
    """What one number of a row is: `share`, `impossible`, `any`, `unsettled`, or `empty`."""
    cell = row.cells[place]
    if cell is None:
        return "empty"
    if not cell.telling:
        return "any"
    if place in row.impossible:
        return "impossible"
    return "share" if row.used and cell.votes(row.used) is not None else "unsettled"
