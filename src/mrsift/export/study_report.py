"""A study run -> the same report folder as for volumes, about patients.

report/index.html         the page, self-contained
report/evaluation.json    every number, `mrsift.evaluation/1`, those of patients under `study`
report/errors.csv         every patient who was named wrong
report/tables/            each table as .csv and .tex
report/figures/           each figure as .png and .svg
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift import __version__
from mrsift.evaluate import study_figures as draw
from mrsift.evaluate.cases import split_rows
from mrsift.evaluate.figures import confusion_figure, reliability_figure
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.study import StudyEvaluation
from mrsift.evaluate.study_caveats import study_caveats
from mrsift.export.evaluation import (
    ERRORS,
    NUMBERS,
    PAGE,
    errors_csv,
    run_facts,
    write_parts,
)
from mrsift.export.evaluation_figures import inline_svg, svg_text
from mrsift.export.evaluation_html import PageFigure, page_environment
from mrsift.export.evaluation_json import to_json
from mrsift.export.evaluation_ledger import Looks
from mrsift.export.evaluation_run import Run
from mrsift.export.output_file import write_text
from mrsift.export.study_tables import of_patients, study_tables
from mrsift.export.study_words import (
    permutation_words,
    run_warnings,
    study_honesty,
    study_method_words,
    study_result,
    study_second,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_ROWS = 100
"""Patients of the table of epochs that the page shows; the files have all."""

_CAPTIONS = {
    "curves": "The grey band is where the same answers lie in 95 of 100 shuffles of the labels: a"
    " curve within it shows nothing.",
    "areas": "A line that reaches into the grey band is no signal by itself.",
    "training": "Thin lines are single networks. What is learnt from is remembered, so the grey"
    " line rises whatever there is to learn. The band is always saying the more frequent label.",
    "permutation": "Where the blue line stands among the shuffles.",
    "reliability": "Above: how often answers of a probability are right; on the dashed line the"
    " probability is honest, and larger dots are more patients. Below: how many patients.",
    "epochs": "Red: the last label; blue: the other.",
    "epoch-areas": "The grey band is chance alone.",
}


def write_study_report(folder: Path, run: Run, found: StudyEvaluation, looks: Looks | None) -> None:
    """Write the whole folder; files of an older report are replaced one by one.

    Args:
        folder: Made where it is missing.
        run: What was evaluated.
        found: Of its predictions and what else it left.
        looks: How often the test patients were scored; None where they were not.

    Raises:
        OutputError: A file cannot be written.
    """
    tables, figures = study_tables(found), study_figures(found)
    svgs = {name: svg_text(figure) for name, figure in figures.items()}
    honesty = study_honesty(found, run, looks)
    caveats = (*study_caveats(found), *run_warnings(run))
    write_parts(folder, tables, figures, svgs)
    main = run.predictions.rows(split_rows(run.predictions.split)[found.whole.headline])
    write_text(folder / ERRORS, errors_csv(main))
    parts = {
        "run": str(run.path),
        "facts": run.facts,
        "looks": looks,
        "honesty": honesty,
        "caveats": caveats,
        "result": study_result(found),
        "study": found,
    }
    write_text(folder / NUMBERS, to_json("mrsift.evaluation/1", parts))
    page = page_environment().get_template("study.html.j2")
    text = page.render(
        version=__version__,
        title=f"Evaluation of {run.name}, by patient",
        lead=study_result(found),
        second=study_second(found),
        permutation=permutation_words(found),
        headline=_headline(found),
        caveats=caveats,
        honesty=honesty,
        tables={name: table for name, table in tables.items() if name != "epochs"},
        epochs=tables.get("epochs"),
        shown=SHOWN_ROWS,
        label_table=of_patients(tables[f"labels-{found.whole.headline}"]),
        group_tables=[name for name in tables if name.startswith("by-")],
        leaks=any(leak.inflated for leak in found.controls.leaks),
        figures={
            name: PageFigure(inline_svg(svg, name, name), _CAPTIONS.get(name, ""))
            for name, svg in svgs.items()
        },
        run_facts=run_facts(run),
        method_words=study_method_words(found),
    )
    write_text(folder / PAGE, text)


def study_figures(found: StudyEvaluation) -> dict[str, "Figure"]:
    """Every figure there is something to show in."""
    whole, controls = found.whole, found.controls
    figures = {"confusion": confusion_figure({whole.headline: whole.main}, "patients")}
    if found.labels:
        figures["curves"] = draw.curves_figure(found.labels)
        figures["areas"] = draw.areas_figure(_areas(found), found.chance)
    if found.permutation is not None:
        figures["permutation"] = draw.permutation_figure(found.permutation)
    if any(len(curve.epoch) > 1 for curve in controls.curves):
        share = found.majority_share.value
        figures["training"] = draw.training_figure(
            controls.curves, controls.permuted_curves, share, found.patients
        )
    curve = whole.calibration.get(whole.headline)
    if curve is not None:
        figures["reliability"] = reliability_figure({whole.headline: curve.curve}, "patients")
    if controls.epochs is not None:
        figures["epochs"] = draw.epochs_figure(controls.epochs)
        if controls.epochs.areas:
            figures["epoch-areas"] = draw.epoch_areas_figure(controls.epochs.areas)
    return figures


def _areas(found: StudyEvaluation) -> dict[str, Estimate]:
    """Lines of the figure of areas, the main one first."""
    rows = {"all patients": found.area}
    for label in found.labels:
        of = f"{label.label}, " if len(found.labels) > 1 else ""
        if of:
            rows[f"{of}all patients"] = label.pooled
        if label.mean_of_folds is not None:
            rows[f"{of}mean of folds"] = label.mean_of_folds
        rows |= {f"{of}fold {name}": area for name, area in label.folds.items()}
    rows |= {f"site {name}": area for name, (_, area) in found.sites.items()}
    rows |= {f"without the image: {item.name}": item.area for item in found.controls.confounders}
    return {name: area for name, area in rows.items() if not math.isnan(area.value)}


def _headline(found: StudyEvaluation) -> list[tuple[str, Estimate]]:
    """The numbers in large type."""
    numbers = [("AUC", found.area), ("Accuracy", found.accuracy)]
    if len(found.labels) == 1:
        label = found.labels[0]
        if label.mean_of_folds is not None:
            numbers.insert(1, ("AUC, mean of folds", label.mean_of_folds))
        numbers.append(("Average precision", label.average_precision))
    return [*numbers, ("Brier score", found.brier)]
