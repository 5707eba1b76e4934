"""A study evaluation as tables, the one source of what HTML, CSV and LaTeX show."""

import math
from collections.abc import Iterable
from dataclasses import replace

from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.study import StudyEvaluation
from mrsift.export import evaluation_tables as general
from mrsift.export.evaluation_tables import Cell, Table
from mrsift.export.evaluation_words import three
from mrsift.export.study_words import HOW, band_words

NOTHING = "–"
COUNTS = "what counts"


def study_tables(found: StudyEvaluation) -> dict[str, Table]:
    """Every table that has rows, by name."""
    tables = [
        side_by_side_table(found),
        areas_table(found),
        folds_table(found),
        answers_table(found),
        permutation_table(found),
        leaks_table(found),
        confounders_table(found),
        sites_table(found),
        epoch_areas_table(found),
        epochs_table(found),
        *map(of_patients, _general(found)),
    ]
    return {table.name: table for table in tables if table.rows}


def side_by_side_table(found: StudyEvaluation) -> Table:
    """The numbers that are often taken for each other, each with what it says."""
    controls, permutation = found.controls, found.permutation
    rows: list[tuple[Cell, ...]] = []
    _add(rows, "Training accuracy", controls.training_accuracy, "nothing: memory")
    _add(
        rows,
        "Training accuracy, labels shuffled",
        controls.permuted_training_accuracy,
        "nothing: there was nothing to learn",
    )
    _add(
        rows,
        "Slice accuracy",
        controls.slice_accuracy,
        "little: slices of a patient are almost copies",
    )
    for leak in controls.leaks:
        shuffled = ", labels shuffled" if leak.shuffled else ""
        _add(rows, f"Slice accuracy, LEAK on purpose{shuffled}", leak.accuracy, "nothing: a leak")
    _add(rows, "Patient accuracy", found.accuracy, "with the line below")
    _add(rows, f"Always saying {found.majority}", found.majority_share, "nothing was looked at")
    _add(rows, "Patient AUC", found.area, COUNTS)
    if permutation is not None:
        band, times = permutation.band, len(permutation.areas)
        middle = sorted(permutation.areas.tolist())[times // 2]
        null = Estimate(
            middle, band.low, band.high, None, found.patients, found.patients, "shuffled"
        )
        _add(rows, "Patient AUC, labels permuted", null, "what chance gives here")
    return Table(
        "side-by-side",
        "Numbers that are often taken for each other",
        "Each with its 95 % interval; of the permuted labels, the middle 95 % of the shuffles.",
        ("Number", "Value", "What it says of new patients"),
        tuple(rows),
    )


def areas_table(found: StudyEvaluation) -> Table:
    """AUC in three ways, average precision, and what chance gives."""
    rows = [
        (
            label.label,
            label.positives,
            label.negatives,
            label.pooled,
            label.drawn,
            label.mean_of_folds or NOTHING,
            band_words(label.band),
            band_words(label.shuffled),
            label.average_precision,
            three(label.base_rate),
        )
        for label in found.labels
    ]
    return Table(
        "areas",
        "Is the label told from the image?",
        "Chance by counts: Hanley and McNeil for so many patients. Chance by shuffles: these very"
        " answers under shuffled labels. Average precision of an answer that says nothing is the"
        " share of the label.",
        (
            *("Label", "Patients", "Others", "AUC (DeLong)", "AUC (patients drawn)"),
            *("Mean of folds", "Chance by counts", "Chance by shuffles"),
            *("Average precision", "Share"),
        ),
        tuple(rows),
    )


def folds_table(found: StudyEvaluation) -> Table:
    """Each fold alone, beside its own chance band."""
    rows = [
        (f"{label.label}, fold {name}", area.total, area)
        for label in found.labels
        for name, area in label.folds.items()
    ]
    return Table(
        "folds",
        "AUC of each fold",
        "So few patients have wide intervals: a best fold is not a result.",
        ("Fold", "Patients", "AUC"),
        tuple(rows),
    )


def answers_table(found: StudyEvaluation) -> Table:
    """Accuracy and Brier score beside what needs no image."""
    rows: tuple[tuple[Cell, ...], ...] = (
        ("Accuracy", found.accuracy),
        (f"Accuracy of always saying {found.majority}", found.majority_share),
        ("Difference", found.gain),
        ("Brier score", found.brier),
        ("Brier score of always saying the shares of the labels", found.brier_of_shares),
    )
    return Table(
        "answers",
        "Are the answers better than none?",
        "Brier score: mean squared distance of probabilities and truth, 0 to 2; small is good.",
        ("Measure", "Value"),
        rows,
    )


def permutation_table(found: StudyEvaluation) -> Table:
    """The permutation test with its floor."""
    null = found.permutation
    rows: tuple[tuple[Cell, ...], ...] = ()
    if null is not None:
        cells: tuple[Cell, ...] = (
            HOW[null.how],
            len(null.areas),
            three(null.observed),
            band_words(null.band),
            f"{null.p:.4f}",
            f"{null.floor:.4f}",
        )
        rows = (cells,)
    return Table(
        "permutation",
        "Labels permuted over patients",
        "p: share of shuffles, the labels as they are counted among them, whose AUC is at least as"
        " large; it cannot be below 1 / (shuffles + 1).",
        ("How", "Shuffles", "AUC, labels as they are", "AUC, labels shuffled", "p", "Smallest p"),
        rows,
    )


def leaks_table(found: StudyEvaluation) -> Table:
    """Controls that leak on purpose, flagged."""
    rows = [
        (
            "labels shuffled" if leak.shuffled else "labels as they are",
            leak.accuracy.total,
            leak.accuracy,
            leak.area,
            "LEAK: inflated" if leak.inflated else "not inflated",
        )
        for leak in found.controls.leaks
    ]
    return Table(
        "leak",
        "A leak on purpose: slices of one patient on both sides",
        "The same recipe, split by slice instead of by patient. With shuffled labels there is"
        " nothing to learn but who the patient is.",
        ("Control", "Slices", "Accuracy of slices", "AUC of slices", "Verdict"),
        tuple(rows),
    )


def confounders_table(found: StudyEvaluation) -> Table:
    """The label from facts beside the image, next to the image model."""
    rows: list[tuple[Cell, ...]] = [
        (item.name, item.area.total, item.area, item.difference)
        for item in found.controls.confounders
    ]
    if rows:
        rows.append(("the image model", found.patients, found.area, NOTHING))
    return Table(
        "confounders",
        "Is the label told without the image?",
        "Logistic regression on facts of the files alone, out of the same folds. Where such a line"
        " has signal, the model may know the scanner and not the tumour.",
        ("From", "Patients", "AUC", "Image model minus this"),
        tuple(rows),
    )


def sites_table(found: StudyEvaluation) -> Table:
    """AUC of each site."""
    rows = [
        (name, count, NOTHING if math.isnan(area.value) else area)
        for name, (count, area) in found.sites.items()
    ]
    return Table(
        "sites",
        "AUC of each site",
        "A dash: all patients of the site have one label.",
        ("Site", "Patients", "AUC"),
        tuple(rows),
    )


def epoch_areas_table(found: StudyEvaluation) -> Table:
    """AUC after so many epochs."""
    epochs = found.controls.epochs
    rows: list[tuple[Cell, ...]] = [
        (str(epoch), area.total, area, band_words(band))
        for epoch, (area, band) in (epochs.areas if epochs else {}).items()
    ]
    return Table(
        "epoch-areas",
        "AUC of patients by epochs of training",
        "Whoever keeps the best of these lines has tuned on these patients.",
        ("Epochs", "Patients", "AUC", "Chance by counts"),
        tuple(rows),
    )


def epochs_table(found: StudyEvaluation) -> Table:
    """Patients x epochs, the layout of table 2 of the 2022 paper."""
    epochs = found.controls.epochs
    if epochs is None:
        return Table("epochs", "", "", ("Patient",), ())
    rows = [
        (str(name), label or "", *(NOTHING if math.isnan(v) else f"{v:.6f}" for v in values))
        for name, label, values in zip(
            epochs.patient, epochs.label, epochs.value.tolist(), strict=True
        )
    ]
    return Table(
        "epochs",
        "Patients and epochs, as table 2 of the 2022 paper",
        "The value of the last label as the recipe makes it from slices; a share of votes is no"
        " probability, no confidence and no accuracy.",
        ("Patient", "Label", *(f"{epoch} epochs" for epoch in epochs.epochs.tolist())),
        tuple(rows),
    )


def of_patients(table: Table) -> Table:
    """A table of volumes, where each row is a patient: the same words for both would mislead."""
    doubled = "Volumes" in table.columns and "Patients" in table.columns
    drop = table.columns.index("Volumes") if doubled else None
    rows = [
        tuple(cell for place, cell in enumerate(row) if place != drop)
        for row in table.rows
        if row[0] != "patients"
    ]
    columns = [name for place, name in enumerate(table.columns) if place != drop]
    return replace(
        table,
        title=_said_of_patients(table.title),
        caption=_said_of_patients(table.caption),
        columns=tuple(_said_of_patients(name) for name in columns),
        rows=tuple(rows),
    )


def _general(found: StudyEvaluation) -> Iterable[Table]:
    """Tables that any predictions have, of the headline split."""
    whole = found.whole
    balanced = "Balanced accuracy is (sensitivity + specificity) / 2."
    yield replace(general.label_table(whole.headline, whole.main), caption=balanced)
    yield general.counts_table(whole)
    yield general.calibration_table(whole)
    yield general.sets_table(whole)
    yield general.sets_by_label_table(whole)
    yield from general.group_tables(whole)


def _said_of_patients(text: str) -> str:
    return text.replace("Volumes", "Patients").replace("volumes", "patients")


def _add(rows: list[tuple[Cell, ...]], name: str, estimate: Estimate | None, says: str) -> None:
    if estimate is not None:
        rows.append((name, estimate, says))
