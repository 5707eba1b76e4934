"""What `mrsift evaluate` and `mrsift compare` print."""

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from mrsift.evaluate.caveats import caveats
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.paired import Comparison
from mrsift.evaluate.summary import Evaluation
from mrsift.export import evaluation_words as words
from mrsift.export.comparison import comparison_tables, comparison_words
from mrsift.export.evaluation_tables import Cell, Table, all_tables


def print_evaluation(evaluation: Evaluation, honesty: tuple[str, ...], console: Console) -> None:
    """The main result, what it does not show, and the two tables behind it.

    Args:
        evaluation: To be told.
        honesty: Sentences of `evaluation.honesty_words`.
        console: Of `terminal.open_console`.
    """
    console.print(Text(words.main_result(evaluation), "bold"))
    if weakest := words.weakest_label(evaluation):
        console.print(Text(weakest))
    console.print(Text(" ".join(honesty), "dim"))
    for said in caveats(evaluation):
        console.print(Text(f"! {said}", "yellow"))
    console.print()
    tables = all_tables(evaluation)
    print_table(tables["overall"], console)
    print_table(tables[f"labels-{evaluation.headline}"], console)


def print_comparison(
    found: Comparison, names: tuple[str, str], honesty: tuple[str, ...], console: Console
) -> None:
    """The result of a comparison and its tables.

    Args:
        found: To be told.
        names: Of the two runs.
        honesty: How often the split was scored.
        console: Of `terminal.open_console`.
    """
    lead, *sentences = comparison_words(found, names)
    console.print(Text(lead, "bold"))
    for said in sentences:
        console.print(Text(said))
    console.print(Text(" ".join(honesty), "dim"))
    console.print()
    for table in comparison_tables(found, names):
        print_table(table, console)


def print_table(table: Table, console: Console) -> None:
    """One table; a number has its interval on the line below, so that it fits 80 columns."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for index, name in enumerate(table.columns):
        grid.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
    for row in table.rows:
        grid.add_row(*map(_cell, row))
    console.print(Text(table.title, "bold"))
    console.print(grid)
    console.print()


def _cell(cell: Cell) -> Text:
    if not isinstance(cell, Estimate):
        return Text(str(cell))
    interval = words.interval_words(cell)
    if "\N{MINUS SIGN}" not in interval:
        interval = interval.replace(" to ", "–")
    return Text("\n").join([Text(words.three(cell.value)), Text(interval, "dim")])
