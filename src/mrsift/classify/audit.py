"""Printed numbers -> the n slices they are shares of, cells that are no share, and what to think.

A share of k among n slices, printed with d digits, is the only one with that n within half a unit
of its last digit if n is below 10^d. So few n fit by chance, and several numbers of one patient,
which must share their n, leave one and its multiples. All comparisons are between whole numbers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float64Array

MOST_SLICES = 600
"""Above the slices of one series; with four series of one patient, `--max-slices` goes higher."""

MOST_DIGITS = 400
"""More than the smallest double has."""

BEYOND_DOUBLE = 10**16
"""A program divides k by n with an error of up to 1.5 of so many parts before it prints."""

RARE = 0.05
"""A row has a finding when chance alone gives one as good less often."""

CERTAIN = 0.001
"""The same for a sentence about the whole table."""

FEW_SLICES = 32
"""Digits that could not even tell so few slices from chance cannot tell anything."""

ALL_SERIES = "all series together"

Kind = Literal["votes", "other", "mixed", "digits"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed number.

    Attributes:
        text: As printed.
        units: The number in units of its last digit.
        digits: Behind the point.
    """

    text: str
    units: int
    digits: int

    @property
    def telling(self) -> bool:
        """Whether it depends on n at all: no vote and every vote are possible with any n."""
        return 0 < self.units < int(10**self.digits)

    def votes(self, slices: int) -> int | None:
        """k, where the number is k of so many slices, rounded; None where it is no such share."""
        unit = 10**self.digits
        votes = (2 * slices * self.units + unit) // (2 * unit)
        off = abs(2 * votes * unit - 2 * slices * self.units)  # in halves of a unit, times n
        fits = off * BEYOND_DOUBLE <= slices * (BEYOND_DOUBLE + 3 * self.units)
        return votes if fits else None

    def chance(self, slices: NDArray[np.int_]) -> Float64Array:
        """How often a number drawn evenly from 0 to 1 would be a share of so many slices."""
        chance: Float64Array = np.minimum(1.0, slices * 10.0**-self.digits)
        return chance


def read_cell(text: str) -> Cell | None:
    """A printed number; None for an empty cell.

    Args:
        text: E.g. `0.984496`, `.5`, `1.000`, `9.5e-05`.

    Raises:
        ValueError: It is no number from 0 to 1.
    """
    text = text.strip()
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no number") from error
    if not number.is_finite() or not 0 <= number <= 1:
        raise ValueError(f"{text!r} is not between 0 and 1")
    digits = max(0, -int(number.as_tuple().exponent))
    if digits > MOST_DIGITS:
        raise ValueError(f"{text!r} has more than {MOST_DIGITS} digits")
    return Cell(text, int(Fraction(number) * 10**digits), digits)


Cells = tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What the numbers of one patient can be.

    Attributes:
        patient: As in the table.
        cells: One per column; None where empty.
        slices: Every n that explains as much as any other does, smallest first; none where no
            number of the row is a share of up to the most slices.
        used: The n that the row is read with; None where nothing speaks for one.
        chance: How often numbers drawn at random would be explained as well by so small an n.
        impossible: Columns whose number is no share of the slices.
        repeats: Of those, patients with the same number in the same column.
        real: Columns of the slice counts that the n found is equal to.
    """

    patient: str
    cells: Cells
    slices: tuple[int, ...]
    used: int | None
    chance: float
    impossible: tuple[int, ...]
    repeats: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    real: tuple[str, ...] = ()

    @property
    def telling(self) -> int:
        """Numbers that depend on n."""
        return sum(cell is not None and cell.telling for cell in self.cells)

    @property
    def settled(self) -> bool:
        """Whether the n found is more than chance."""
        return self.chance < RARE


@dataclass(frozen=True, slots=True)
class Source:
    """How well one column of the real slice counts explains the numbers.

    Attributes:
        name: Of the column.
        fits: Numbers that are shares of this count.
        of: Numbers of patients whose count is known.
        chance: How often numbers drawn at random would fit as often.
    """

    name: str
    fits: int
    of: int
    chance: float


@dataclass(frozen=True, slots=True)
class Audit:
    """What a table of numbers is.

    Attributes:
        columns: Names of the columns with numbers.
        rows: One per patient.
        kind: `votes` are shares of slices; `other` are not, up to `most` slices; `mixed` where
            only some rows are; `digits` where too few were printed.
        most: Slices that were tried.
        sources: Of the real slice counts, the best first; none without.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    kind: Kind
    most: int
    sources: tuple[Source, ...] = ()

    @property
    def impossible(self) -> tuple[tuple[str, str], ...]:
        """(patient, column) of every number that is no share of the patient's slices."""
        return tuple(
            (row.patient, self.columns[place]) for row in self.rows for place in row.impossible
        )


def tail(chances: Float64Array, least: int) -> Float64Array:
    """Probability that at least so many of several independent events happen.

    Args:
        chances: Of each event, shape (events, cases).
        least: How many.

    Returns:
        Shape (cases,).
    """
    counts = np.zeros((len(chances) + 1, chances.shape[1]))
    counts[0] = 1.0
    for chance in chances:
        counts[1:] = counts[1:] * (1 - chance) + counts[:-1] * chance
        counts[0] *= 1 - chance
    likely: Float64Array = counts[least:].sum(axis=0)
    return likely


def combined(chances: Sequence[float]) -> float:
    """How often independent rows would all be as rare as these, or rarer together.

    Source:
        Fisher 1932: minus twice the sum of logarithms has a chi-squared distribution.
    """
    x = -sum(math.log(max(chance, 1e-300)) for chance in chances)
    if x == 0:
        return 1.0
    terms = (math.exp(i * math.log(x) - x - math.lgamma(i + 1)) for i in range(len(chances)))
    return min(1.0, math.fsum(terms))


def row_chance(cells: Sequence[Cell], fits: int, slices: int, most: int) -> float:
    """How often numbers drawn at random have an n as good as the one found; an upper bound.

    Args:
        cells: The telling numbers of a row.
        fits: Of them, those that the n explains.
        slices: The n; a smaller one that explains as many is as good.
        most: An n up to here that explains more is better.
    """
    if fits == 0:
        return 1.0
    slice_counts = np.arange(1, most + 1)
    chances = np.array([cell.chance(slice_counts) for cell in cells])
    as_good = tail(chances, fits)[:slices].sum()
    better = tail(chances, fits + 1)[slices:].sum()
    return min(1.0, float(as_good + better))
