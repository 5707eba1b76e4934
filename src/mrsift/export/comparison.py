"""Two runs on the same volumes -> tables, sentences, and a report folder.

report/index.html         the page, self-contained
report/comparison.json    every number, `mrsift.comparison/1`
report/tables/            each table as .csv and .tex
report/figures/           the figure as .png and .svg
"""

import math
from pathlib import Path

from mrsift import __version__
from mrsift.evaluate.figures import differences_figure
from mrsift.evaluate.paired import Comparison, Discordance
from mrsift.export.evaluation import write_parts
from mrsift.export.evaluation_figures import inline_svg, svg_text
from mrsift.export.evaluation_html import page_environment
from mrsift.export.evaluation_json import to_json
from mrsift.export.evaluation_tables import Cell, Table
from mrsift.export.evaluation_words import (
    MEASURES,
    interval_words,
    split_words,
    three,
    volumes_words,
)
from mrsift.export.output_file import write_text

NUMBERS = "comparison.json"


def write_comparison(
    folder: Path, found: Comparison, names: tuple[str, str], honesty: tuple[str, ...]
) -> None:
    """Write the whole folder; files of an older comparison are replaced one by one.

    Args:
        folder: Made where it is missing.
        found: The comparison.
        names: Of the two runs.
        honesty: Sentences on how often the split was scored.

    Raises:
        OutputError: A file cannot be written.
    """
    tables = comparison_tables(found, names)
    figure = differences_figure(found.differences, MEASURES)
    svg = svg_text(figure)
    by_name = {table.name: table for table in tables}
    write_parts(folder, by_name, {"differences": figure}, {"differences": svg})
    parts = {"runs": names, "honesty": honesty, "comparison": found}
    write_text(folder / NUMBERS, to_json("mrsift.comparison/1", parts))
    lead, *sentences = comparison_words(found, names)
    page = page_environment().get_template("comparison.html.j2")
    text = page.render(
        version=__version__,
        title=f"{names[1]} against {names[0]}",
        lead=lead,
        sentences=[*sentences, *honesty],
        tables=tables,
        svg=inline_svg(svg, "Differences with their intervals", "differences"),
        method=METHOD,
    )
    write_text(folder / "index.html", text)


METHOD = (
    "Both models answered the same volumes. Differences are second minus first; patients are"
    " drawn with replacement, the same ones for both models, and the interval of 95 % is"
    " percentiles 2.5 and 97.5 of the differences.",
    "McNemar's exact test looks only at volumes that one model alone answers right, and takes"
    " them for independent. Volumes of one patient are not quite, so the interval by patient is"
    " the safer of the two. The rows per label are looked at together; no correction for several"
    " tests is made.",
)
"""How a comparison is made, for the end of its page."""


def comparison_words(found: Comparison, names: tuple[str, str]) -> tuple[str, ...]:
    """The result in sentences, the main one first.

    Args:
        found: The comparison.
        names: Of the two runs.
    """
    first, second = names
    where = split_words(found.split)
    volumes = volumes_words(found.first.volumes, found.first.patients)
    difference = found.differences["accuracy"]
    every = found.all_volumes
    if every.only_first == every.only_second == 0:
        return (
            f"On {where} the two models are right and wrong on the same volumes, {volumes}.",
            f"Both are right on {every.both}, both wrong on {every.neither};"
            f" {found.same_answers} answers are the same.",
        )
    better, worse = (second, first) if difference.value > 0 else (first, second)
    if difference.method == "bootstrap" and (difference.low > 0 or difference.high < 0):
        lead = (
            f"On {where} {better} is right more often than {worse}: accuracy differs by"
            f" {three(abs(difference.value))}, 95 % interval {_absolute(found)}."
        )
    else:
        lead = (
            f"On {where} no difference in accuracy is shown: {second} minus {first} is"
            f" {three(difference.value)}, 95 % interval {interval_words(difference)}."
        )
    return (
        lead,
        f"Of {volumes}, {first} alone is right on {every.only_first}, {second} alone on"
        f" {every.only_second}; McNemar's exact test gives {_p(every.p_value)}.",
    )


def comparison_tables(found: Comparison, names: tuple[str, str]) -> tuple[Table, ...]:
    """Measures of both with their difference, and who is right where."""
    first, second = names
    rows: list[tuple[Cell, ...]] = [
        (MEASURES[name], found.first.overall[name], found.second.overall[name], difference)
        for name, difference in found.differences.items()
    ]
    every = {"all volumes": found.all_volumes} | dict(found.labels)
    return (
        Table(
            "differences",
            f"Measures of both, {split_words(found.split)}",
            "Each with its 95 % interval; the difference is drawn in pairs, by patient.",
            ("Measure", first, second, "Difference"),
            tuple(rows),
        ),
        Table(
            "discordance",
            "Who is right where",
            "p: McNemar's exact two-sided test of the two columns in the middle.",
            ("Volumes", "Both right", f"Only {first}", f"Only {second}", "Both wrong", "p"),
            tuple(_discordance_row(name, counts) for name, counts in every.items()),
        ),
    )


def _discordance_row(name: str, counts: Discordance) -> tuple[Cell, ...]:
    p_value = _p(counts.p_value).removeprefix("p = ").removeprefix("p ")
    row = (counts.both, counts.only_first, counts.only_second, counts.neither)
    return (name, *row, p_value)


def _p(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _absolute(found: Comparison) -> str:
    """The interval of the difference, better minus worse."""
    difference = found.differences["accuracy"]
    ends = sorted((math.fabs(difference.low), math.fabs(difference.high)))
    return f"{three(ends[0])} to {three(ends[1])}"
