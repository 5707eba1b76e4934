"""A run -> a report folder: one page, tables for papers and programs, figures, everything as JSON.

report/index.html         the page, self-contained
report/evaluation.json    every number, `mrsift.evaluation/1`
report/errors.csv         every wrong answer of the headline split
report/tables/            each table as .csv and .tex
report/figures/           each figure as .png and .svg
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.errors import ConfigError, OutputError
from mrsift.evaluate import figures as draw
from mrsift.evaluate.cases import UNSPLIT, split_rows
from mrsift.evaluate.caveats import caveats
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.summary import Evaluation
from mrsift.export import evaluation_words as words
from mrsift.export.csv_table import harmless
from mrsift.export.evaluation_figures import inline_svg, png_bytes, svg_file, svg_text
from mrsift.export.evaluation_gallery import Gallery, Look, make_gallery, wrong_rows
from mrsift.export.evaluation_html import Page, PageFigure, html_text
from mrsift.export.evaluation_json import to_json
from mrsift.export.evaluation_ledger import Looks
from mrsift.export.evaluation_run import Run
from mrsift.export.evaluation_tables import Table, all_tables
from mrsift.export.evaluation_text import csv_text, latex_text
from mrsift.export.output_file import write_bytes, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, NUMBERS, ERRORS = "index.html", "evaluation.json", "errors.csv"

_CAPTIONS = {
    "reliability": "Above: how often answers of a probability are right; on the dashed line the"
    " probability is honest, and larger dots are more volumes. Below: how many volumes.",
    "risk": "The dashed line is the share wrong when all answers are kept.",
    "strangers": "A score is useful where the two colours do not overlap.",
    "groups": "Accuracy with its 95 % interval; volumes in brackets.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Where pictures come from.

    Attributes:
        look: volume_id -> its picture; None: no pictures are made.
        explain: volume_id -> what the answer rests on; None: no saliency is made.
        words: Why there are no pictures, or how many are missing; may be empty.
        saliency_words: How to read the saliency, or why there is none; may be empty.
    """

    look: Look | None = None
    explain: Look | None = None
    words: str = ""
    saliency_words: str = ""


def check_report_folder(folder: Path, marker: str = NUMBERS) -> None:
    """Refuse a folder that holds something else, before any work is done.

    Args:
        folder: Where the report shall go.
        marker: File that tells an older report, which may be replaced.

    Raises:
        ConfigError: It is a file, or holds files that are no report.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; a report is a folder, give another name")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / marker).is_file():
        raise ConfigError(
            f"{folder}: holds other files and no older report; give the name of a new folder"
        )


def write_report(
    folder: Path, run: Run, evaluation: Evaluation, looks: Looks | None, sources: Sources
) -> None:
    """Write the whole folder; files of an older report are replaced one by one.

    Args:
        folder: Made where it is missing.
        run: What was evaluated.
        evaluation: Of its predictions.
        looks: How often the test set was scored; None where it was not scored.
        sources: Of pictures.

    Raises:
        OutputError: A file cannot be written.
    """
    main = run.predictions.rows(split_rows(run.predictions.split)[evaluation.headline])
    tables = all_tables(evaluation)
    figures = draw_figures(evaluation)
    svgs = {name: svg_text(figure) for name, figure in figures.items()}
    gallery = make_gallery(main, sources.look, sources.explain)
    honesty = honesty_words(run, evaluation, looks)
    page = Page(
        name=run.name,
        tables=tables,
        figures={
            name: PageFigure(inline_svg(svg, name, name), _CAPTIONS.get(name, ""))
            for name, svg in svgs.items()
        },
        gallery=gallery,
        honesty=honesty,
        run_facts=run_facts(run),
        gallery_words=_gallery_words(gallery, sources),
        saliency_words=sources.saliency_words,
    )
    figures["confusion"] = draw.confusion_figure(evaluation.splits)
    svgs["confusion"] = svg_text(figures["confusion"])
    write_parts(folder, tables, figures, svgs)
    write_text(folder / ERRORS, errors_csv(main))
    parts = {
        "run": str(run.path),
        "facts": run.facts,
        "looks": looks,
        "honesty": honesty,
        "caveats": caveats(evaluation),
        "evaluation": evaluation,
    }
    write_text(folder / NUMBERS, to_json("mrsift.evaluation/1", parts))
    write_text(folder / PAGE, html_text(evaluation, page))


def write_parts(
    folder: Path,
    tables: Mapping[str, Table],
    figures: Mapping[str, "Figure"],
    svgs: Mapping[str, str],
) -> None:
    """Tables and figures of any report, in the two folders within its own.

    Args:
        folder: Of the report; made where it is missing.
        tables: By name.
        figures: By name.
        svgs: Of `evaluation_figures.svg_text`, of the same figures.

    Raises:
        OutputError: A folder or a file cannot be written.
    """
    _make_folders(folder)
    for name, table in tables.items():
        write_text(folder / "tables" / f"{name}.csv", csv_text(table))
        write_text(folder / "tables" / f"{name}.tex", latex_text(table))
    for name, figure in figures.items():
        write_bytes(folder / "figures" / f"{name}.png", png_bytes(figure))
        write_text(folder / "figures" / f"{name}.svg", svg_file(svgs[name]))


def _make_folders(folder: Path) -> None:
    try:
        for name in ("tables", "figures"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror}; nothing was written there") from error


def draw_figures(evaluation: Evaluation) -> dict[str, "Figure"]:
    """Every figure there is something to show in."""
    figures = {
        f"confusion-{name}": draw.confusion_figure({name: scores})
        for name, scores in evaluation.splits.items()
    }
    curves = {name: found.curve for name, found in evaluation.calibration.items()}
    if curves:
        figures["reliability"] = draw.reliability_figure(curves)
    figures["risk"] = draw.risk_figure(evaluation.selective)
    if evaluation.strangers:
        figures["strangers"] = draw.strangers_figure(evaluation.strangers)
    if evaluation.groups:
        figures["groups"] = draw.groups_figure(evaluation.groups, words.COLUMNS)
    return figures


def errors_csv(predictions: Predictions) -> str:
    """Every wrong answer, the surest first, in the key of every label table of mrsift.

    Args:
        predictions: Rows of one split.
    """
    columns = (
        *("volume_id", "patient", "label", "predicted", "prediction_set"),
        *("site", "vendor", "model", "plane"),
    )
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*columns, "in_distribution", *(f"p_{name}" for name in predictions.names)])
    for row in wrong_rows(predictions):
        cells = [harmless(getattr(predictions, name)[row]) for name in columns]
        numbers = [predictions.in_distribution[row], *predictions.probabilities[row]]
        writer.writerow([*cells, *(f"{number:.6g}" for number in numbers)])
    return text.getvalue()


def honesty_words(run: Run, evaluation: Evaluation, looks: Looks | None) -> tuple[str, ...]:
    """What was tuned on what, and how often the test split was scored."""
    tuned = run.facts.get("tuned_on")
    said = list(run.facts.get("folds", ())) or [
        f"The weights are fitted to the train split; when to stop, the temperature and the"
        f" prediction sets are chosen on {tuned}."
        if tuned and "model" not in run.facts
        else f"The model was fitted to other data; on what it was fitted and tuned, {tuned}."
        if tuned
        else "What the model was tuned on is not written beside these predictions."
    ]
    return tuple(said) if looks is None else (*said, *looks_words(looks, evaluation.headline))


def looks_words(looks: Looks, split: str) -> tuple[str, ...]:
    """How often a test set was scored.

    Args:
        looks: Of `evaluation_ledger.record`.
        split: Name of the split.
    """
    where = words.split_words(split).capitalize()
    scored = "were" if split == UNSPLIT else "was"
    said = [f"That it was scored could not be written down: {each}." for each in looks.not_written]
    if looks.times > 1:
        times = f"{where} {scored} scored {looks.times} times, this time included"
        several = (
            f"{times}, with {looks.runs} different runs; whoever chooses among them by these"
            " numbers has tuned on them."
        )
        said.insert(0, several if looks.runs > 1 else f"{times}, always with this run.")
    elif looks.ledger:
        said.insert(0, f"{where} {scored} scored once: now.")
    return tuple(said)


def run_facts(run: Run) -> tuple[tuple[str, str], ...]:
    """What the run remembers, in words, for the end of the page."""
    wanted = {
        "command": "Command",
        "mrsift_version": "Trained with mrsift",
        "data": "Data set",
        "device": "Device",
        "epochs": "Epochs",
        "best_epoch": "Best epoch",
        "stopped_because": "Stopped because",
        "seconds": "Seconds of training",
        "seed": "Seed",
        "temperature": "Temperature",
    }
    found = [("Predictions", str(run.path))]
    for key, name in wanted.items():
        value = run.facts.get(key)
        if isinstance(value, list):
            value = " ".join(map(str, value))
        if value is not None:
            found.append((name, f"{value:.4g}" if isinstance(value, float) else str(value)))
    return tuple(found)


def _gallery_words(gallery: Gallery, sources: Sources) -> str:
    said = [sources.words] if sources.words else []
    if gallery.missing:
        said.append(f"Pictures missing because the source could not be read: {gallery.missing}.")
    return " ".join(said)
