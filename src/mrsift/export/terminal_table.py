"""What `mrsift identify` prints: a table per study, its roles and conflicts, what was left out."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mrsift.export import role_rows, rows
from mrsift.export.terminal import (
    WIDE,
    add_grid_columns,
    grid_cells,
    heading,
    make_table,
    name_cells,
    print_skipped,
)
from mrsift.labels import UNKNOWN
from mrsift.types import Prediction, Report, StudyReport

RESEARCH_ONLY = "Research use only; not a medical device."

_LABEL_STYLES = {
    "T2W": "green",
    "T2W_FS": "bright_green",
    "DWI_LOW": "cyan",
    "DWI_HIGH": "bright_cyan",
    "ADC": "magenta",
    "T1W": "yellow",
    "T1W_CE": "bright_yellow",
    "FLAIR": "bright_blue",
    UNKNOWN: "dim",
}
_DOUBTFUL = 0.8

Row = tuple[Prediction, ...]


def print_report(report: Report, console: Console) -> None:
    """Print every study, then what was skipped, then one line that sums it up."""
    for number, study in enumerate(report.studies, 1):
        console.print(heading(study.path, number, len(report.studies)))
        reason = rows.one_line(study.profile_reason)
        console.print(Text(f"Profile {rows.one_line(study.profile)}: {reason}", "dim"))
        found = rows.fold(study.predictions, rows.prediction_key)
        console.print(_table(study, found, wide=console.width >= WIDE))
        _print_conflicts(found, console)
        _print_physics(study, console)
        _print_roles(study, console)
        console.print()
    print_skipped(report.skipped, console)
    console.print(_summary(report))
    console.print(Text(RESEARCH_ONLY, "dim"))


def _table(study: StudyReport, found: list[Row], *, wide: bool) -> Table:
    table = make_table()
    table.add_column("label", no_wrap=True)
    table.add_column("prob.", no_wrap=True, justify="right")
    add_grid_columns(table, wide=wide)
    notes = [rows.notes(row) for row in found]
    if any(notes):
        table.add_column("notes", overflow="fold", min_width=14)
    volumes = [prediction.volume for prediction in study.predictions]
    for row, doubts in zip(found, notes, strict=True):
        infos = [prediction.volume for prediction in row]
        cells = [*name_cells(infos, volumes), _label(row), _probability(row)]
        cells += grid_cells(infos[0], wide=wide)
        table.add_row(*cells, *([_notes(doubts)] if any(notes) else []))
    return table


def _label(row: Row) -> Text:
    return Text(row[0].label, _LABEL_STYLES.get(row[0].label, ""))


def _probability(row: Row) -> Text:
    values = [prediction.probability for prediction in row]
    return Text(rows.sure_words(row), "yellow" if min(values) < _DOUBTFUL else "")


def _notes(doubts: list[str]) -> Text:
    words = [
        Text("! conflict", "bold red") if word == "conflict" else Text(word) for word in doubts
    ]
    return Text("; ").join(words)


def _print_conflicts(found: list[Row], console: Console) -> None:
    for row in found:
        if row[0].conflict:
            line = Text.assemble(("! conflict", "bold red"), " in ", _name(row), ": ")
            console.print(line + Text(rows.conflict_words(row[0])))


def _print_physics(study: StudyReport, console: Console) -> None:
    for volume, words in role_rows.physics_lines(study.predictions):
        console.print(Text.assemble(("physics", "bold"), f" {volume}: {words}"))


def _print_roles(study: StudyReport, console: Console) -> None:
    found = role_rows.role_rows(study)
    if not found:
        return
    console.print()
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("role", no_wrap=True)
    table.add_column("volume", overflow="fold", min_width=12)
    table.add_column("why", overflow="fold", min_width=20)
    for row in found:
        style = "bold red" if row.missing else ("" if row.volume_id else "dim")
        volume = row.volume or ("missing" if row.missing else "none, optional")
        why = Text(row.reason, "" if row.volume_id else style)
        for doubt in row.doubts:
            why.append(f"\n! {doubt}", "yellow")
        table.add_row(Text(row.role), Text(volume, style), why)
    console.print(table)


def _name(row: Row) -> str:
    info = row[0].volume
    number = "" if info.series_number is None else f"series {info.series_number}, "
    return f"{number}{rows.description(info)}"


def _summary(report: Report) -> Text:
    predictions = [prediction for study in report.studies for prediction in study.predictions]
    words = [
        f"{rows.count(len(predictions), 'volume')} in {rows.count(len(report.studies), 'study')}"
    ]
    if unknown := sum(prediction.label == UNKNOWN for prediction in predictions):
        words.append(f"{unknown} {UNKNOWN}")
    if corrected := sum(prediction.correction is not None for prediction in predictions):
        words.append(f"{corrected} set by hand")
    if conflicts := sum(prediction.conflict for prediction in predictions):
        words.append(rows.count(conflicts, "conflict"))
    if report.skipped:
        words.append(f"{rows.count(len(report.skipped), 'file')} skipped")
    return Text(f"{', '.join(words)}; {rows.model_words(report.bundle)}.")
