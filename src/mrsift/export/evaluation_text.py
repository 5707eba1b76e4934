"""Tables of an evaluation -> CSV and LaTeX."""

import csv
import io
import math

from mrsift.evaluate.intervals import Estimate
from mrsift.export.csv_table import harmless
from mrsift.export.evaluation_tables import Cell, Table
from mrsift.export.evaluation_words import interval_words, three

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "<": r"$<$",
    ">": r"$>$",
    "\N{MINUS SIGN}": r"$-$",
    "–": "--",
}


def csv_text(table: Table) -> str:
    """The table for programs and spreadsheets; every number with all digits.

    Args:
        table: An estimate becomes five columns: value, ends of the interval, what it rests
            on, and how the interval was made.

    Returns:
        Header line and rows, ended by CR LF.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    spread = [
        any(isinstance(row[index], Estimate) for row in table.rows)
        for index in range(len(table.columns))
    ]
    heads: list[str] = []
    for name, wide in zip(table.columns, spread, strict=True):
        heads.append(name)
        if wide:
            heads += [f"{name} {part}" for part in ("low", "high", "counts", "patients", "method")]
    writer.writerow(heads)
    for row in table.rows:
        cells: list[str] = []
        for cell, wide in zip(row, spread, strict=True):
            cells += _csv_cells(cell, wide)
        writer.writerow(cells)
    return text.getvalue()


def latex_text(table: Table) -> str:
    r"""The table for a paper, to be `\input`; needs the package booktabs.

    Args:
        table: An estimate becomes a number with its interval below it, so that nine measures
            fit on a page.
    """
    heads = " & ".join(_stacked(*_in_two(name)) for name in table.columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        r"\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{_latex(f'{table.title}. {table.caption}'.strip())}}}",
        rf"\label{{tab:{table.name}}}",
        r"\begin{tabular}{l" + "r" * (len(table.columns) - 1) + "}",
        r"\toprule",
        heads + r" \\",
        r"\midrule",
        *(" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _csv_cells(cell: Cell, wide: bool) -> list[str]:
    if not isinstance(cell, Estimate):
        text = str(cell) if isinstance(cell, int) else harmless(cell)
        return [text, *([""] * 5 if wide else [])]
    numbers = [
        "" if math.isnan(value) else repr(value) for value in (cell.value, cell.low, cell.high)
    ]
    counts = str(cell.total) if cell.successes is None else f"{cell.successes} of {cell.total}"
    return [*numbers, counts, str(cell.patients), cell.method]


def _latex_cell(cell: Cell) -> str:
    if not isinstance(cell, Estimate):
        return _latex(str(cell))
    return _stacked(three(cell.value), interval_words(cell), r"\scriptsize ")


def _in_two(head: str) -> tuple[str, str]:
    """A head of several words on two lines."""
    first, _, rest = head.partition(" ")
    return first, rest


def _stacked(above: str, below: str, size: str = "") -> str:
    """Two lines in one cell, without another package."""
    if not below:
        return _latex(above)
    inner = rf"{_latex(above)}\\{size}{_latex(below)}"
    return rf"\begin{{tabular}}[t]{{@{{}}r@{{}}}}{inner}\end{{tabular}}"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)
