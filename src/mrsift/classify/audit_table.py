"""A table of patients, each with a few numbers -> its audit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mrsift.classify.audit import (
    ALL_SERIES,
    CERTAIN,
    FEW_SLICES,
    MOST_SLICES,
    RARE,
    Audit,
    Cell,
    Cells,
    Kind,
    Row,
    Source,
    combined,
    row_chance,
    tail,
)

Counts = Mapping[str, Mapping[str, int]]
"""Patient -> column -> slices."""


def audit(
    columns: Sequence[str],
    values: Mapping[str, Cells],
    counts: Counts | None = None,
    most: int = MOST_SLICES,
) -> Audit:
    """Finds n for every patient, and the numbers that cannot be.

    With real slice counts, n is the patient's count in the column that explains most numbers of
    the table, if that is more than chance would, and unless the patient's own numbers agree on
    another n. Without, it is the smallest n that explains
    most numbers of the patient; among equals the one that explains numbers which no other patient
    has in that column.

    Args:
        columns: Names of the numbers.
        values: Patient -> numbers, one per column.
        counts: Real slice counts.
        most: n is looked for up to here.
    """
    counts = _with_sums(counts or {})
    repeats = _repeats(values)
    rows = [_read(patient, values[patient], repeats[patient], most) for patient in values]
    sources = _sources(values, counts)
    if sources and sources[0].chance < CERTAIN:
        rows = [_with_count(row, counts.get(row.patient, {}), sources[0].name) for row in rows]
    rows = [
        replace(
            row,
            repeats=_only(repeats[row.patient], row.impossible),
            real=tuple(name for name, n in counts.get(row.patient, {}).items() if n in row.slices),
        )
        for row in rows
    ]
    return Audit(tuple(columns), tuple(rows), _kind(rows, most), most, sources)


def _with_sums(counts: Counts) -> Counts:
    """The counts, with their sum where a patient has several."""
    return {
        patient: {**known, ALL_SERIES: sum(known.values())} if len(known) > 1 else known
        for patient, known in counts.items()
    }


def _repeats(values: Mapping[str, Cells]) -> dict[str, dict[int, tuple[str, ...]]]:
    """Patient -> column -> other patients with the same telling number there."""
    holders: dict[tuple[int, Cell], list[str]] = {}
    for patient, cells in values.items():
        for place, cell in _telling(cells).items():
            holders.setdefault((place, cell), []).append(patient)
    found: dict[str, dict[int, tuple[str, ...]]] = {patient: {} for patient in values}
    for (place, _), patients in holders.items():
        for patient in patients if len(patients) > 1 else ():
            found[patient][place] = tuple(other for other in patients if other != patient)
    return found


def _telling(cells: Cells) -> dict[int, Cell]:
    """Column -> number that depends on n."""
    return {place: cell for place, cell in enumerate(cells) if cell is not None and cell.telling}


def _read(patient: str, cells: Cells, repeats: Mapping[int, tuple[str, ...]], most: int) -> Row:
    """The row by its own numbers."""
    telling = _telling(cells)
    fits = {
        n: frozenset(place for place, cell in telling.items() if cell.votes(n) is not None)
        for n in range(1, most + 1)
    }
    nowhere = tuple(place for place in telling if not any(place in fit for fit in fits.values()))
    best = max(fits, key=lambda n: (len(fits[n]), len(fits[n] - repeats.keys()), -n))
    if not fits[best]:
        return Row(patient, cells, (), None, 1.0, nowhere)
    slices = tuple(n for n in fits if fits[n] == fits[best])
    chance = row_chance(list(telling.values()), len(fits[best]), best, most)
    impossible = nowhere
    if chance < RARE:
        impossible = tuple(place for place in telling if place not in fits[best])
    return Row(patient, cells, slices, best, chance, impossible)


def _only(
    repeats: Mapping[int, tuple[str, ...]], places: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    return {place: repeats[place] for place in places if place in repeats}


def _sources(values: Mapping[str, Cells], counts: Counts) -> tuple[Source, ...]:
    """The columns of the counts, the one that explains most numbers first."""
    names = dict.fromkeys(name for known in counts.values() for name in known)
    found = []
    for name in names:
        pairs = [
            (cell, counts[patient][name])
            for patient, cells in values.items()
            if name in counts.get(patient, {})
            for cell in _telling(cells).values()
        ]
        fits = sum(cell.votes(n) is not None for cell, n in pairs)
        chances = np.array([cell.chance(np.array([n])) for cell, n in pairs]).reshape(-1, 1)
        found.append(Source(name, fits, len(pairs), float(tail(chances, fits)[0])))
    return tuple(sorted(found, key=lambda source: (-source.fits, source.chance)))


def _with_count(row: Row, known: Mapping[str, int], source: str) -> Row:
    """The row, read with the patient's real count where it is known."""
    if source not in known:
        return row
    n = known[source]
    telling = _telling(row.cells)
    impossible = tuple(place for place, cell in telling.items() if cell.votes(n) is None)
    if row.chance < CERTAIN and len(impossible) > len(row.impossible):
        return row  # its own numbers agree on another n: another series, not so many misprints
    return replace(row, used=n, impossible=impossible)


def _kind(rows: Sequence[Row], most: int) -> Kind:
    """What the numbers are, by what chance alone would explain."""
    able = [row for row in rows if _can_tell(row, most)]
    if not able:
        return "digits"
    if combined([row.chance for row in able]) >= CERTAIN:
        return "other"
    settled = sum(row.chance < RARE for row in able)
    return "votes" if 2 * settled >= len(able) else "mixed"


def _can_tell(row: Row, most: int) -> bool:
    """Whether a fit of the row with few slices could be more than chance."""
    cells = list(_telling(row.cells).values())
    return bool(cells) and row_chance(cells, len(cells), min(FEW_SLICES, most), most) < RARE
