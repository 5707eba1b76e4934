"""A data set -> how many volumes and patients of each class there are where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mrsift.dataset.table import SPLITS, DatasetRow

NOT_SPLIT: Final = "not split"


@dataclass(frozen=True, slots=True)
class Count:
    """How much there is of something."""

    volumes: int
    patients: int


@dataclass(frozen=True, slots=True)
class CountTable:
    """Counts of one thing against another.

    Attributes:
        lines_are: What the lines are, e.g. `class`.
        columns: Names of the columns; the last is `all`.
        lines: Name of the line -> one count per column; the last line is `all`.
    """

    lines_are: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Count, ...]], ...]


def class_of(row: DatasetRow) -> str:
    """The label, or `no label`."""
    return "no label" if row.label is None else row.label


def count_by_side(rows: Sequence[DatasetRow]) -> CountTable:
    """Classes against train, validation and test, as papers print it.

    Args:
        rows: Of one data set, split or not.
    """
    return count_table("class", rows, class_of, lambda row: row.split or NOT_SPLIT)


def count_table(
    lines_are: str,
    rows: Sequence[DatasetRow],
    line_of: Callable[[DatasetRow], str],
    column_of: Callable[[DatasetRow], str],
) -> CountTable:
    """Count rows by two of their values.

    Args:
        lines_are: What `line_of` gives.
        rows: Of one data set.
        line_of: Line that a row is counted in.
        column_of: Column that a row is counted in; sides of a split and folds keep their order.
    """
    patients: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        patients.setdefault((line_of(row), column_of(row)), []).append(row.patient)
    names = sorted({name for name, _ in patients}, key=_order)
    columns = sorted({column for _, column in patients}, key=_order)

    def line(wanted: Sequence[str]) -> tuple[Count, ...]:
        found = []
        for places in (*([column] for column in columns), columns):
            keys = [(name, place) for name in wanted for place in places]
            there = [patient for key in keys for patient in patients.get(key, ())]
            found.append(Count(len(there), len(set(there))))
        return tuple(found)

    lines = (*((name, line([name])) for name in names), ("all", line(names)))
    return CountTable(lines_are, (*columns, "all"), lines)


def fold_of(row: DatasetRow) -> str:
    """The number of the fold, or `none`."""
    return "none" if row.fold is None else str(row.fold)


def _order(name: str) -> tuple[int, int, str]:
    """Sides in the order of an experiment, folds in that of numbers, all else by name."""
    sides = (*SPLITS, NOT_SPLIT)
    first = name.split(" ", maxsplit=1)[0]
    number = int(first) if first.isdecimal() else 10**9
    return (sides.index(name) if name in sides else -1, number, name)
