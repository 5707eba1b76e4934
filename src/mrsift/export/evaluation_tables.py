"""An evaluation as tables, the one source of what HTML, CSV and LaTeX show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.scores import Scores
from mrsift.evaluate.summary import Evaluation
from mrsift.evaluate.uncertainty import SetCoverage
from mrsift.export.evaluation_words import COLUMNS, MEASURES, split_words

Cell = str | int | Estimate
OVERALL = ("accuracy", "balanced_accuracy", "macro_f1", "kappa")


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: Stem of its files.
        title: One line.
        caption: What a reader needs to read it; may be empty.
        columns: Heads; the first column names the row.
        rows: Cells; text, counts, or numbers with their interval.
    """

    name: str
    title: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def all_tables(evaluation: Evaluation) -> dict[str, Table]:
    """Every table that has rows, by name."""
    tables = [
        overall_table(evaluation),
        *(label_table(name, scores) for name, scores in evaluation.splits.items()),
        counts_table(evaluation),
        calibration_table(evaluation),
        sets_table(evaluation),
        sets_by_label_table(evaluation),
        strangers_table(evaluation),
        risk_table(evaluation),
        *group_tables(evaluation),
        readers_table(evaluation),
    ]
    return {table.name: table for table in tables if table.rows}


def overall_table(evaluation: Evaluation) -> Table:
    """All labels together, per split."""
    with_coverage = any("coverage" in scores.overall for scores in evaluation.splits.values())
    measures = (*OVERALL, "coverage") if with_coverage else OVERALL
    rows = [
        (name, scores.volumes, scores.patients, *_cells(scores.overall, measures))
        for name, scores in evaluation.splits.items()
    ]
    return Table(
        "overall",
        "All labels together",
        "Balanced accuracy is the mean sensitivity of the labels, kappa Cohen's over all labels."
        + (" Coverage is the share of known volumes not called UNKNOWN." if with_coverage else ""),
        ("Split", "Volumes", "Patients", *(MEASURES[measure] for measure in measures)),
        tuple(rows),
    )


def label_table(split: str, scores: Scores) -> Table:
    """Table 1 of one split: each label against the rest."""
    measures = tuple(next(iter(scores.labels.values())))
    volumes = scores.matrix.sum(axis=1)
    rows = [
        (name, int(count), *_cells(scores.labels[name], measures))
        for name, count in zip(scores.names, volumes, strict=True)
    ]
    return Table(
        f"labels-{split}",
        f"Each label against the rest, {split_words(split)}",
        "Balanced accuracy is (sensitivity + specificity) / 2, which the 2024 prostate paper"
        " prints under the name of accuracy.",
        ("Label", "Volumes", *(MEASURES[measure] for measure in measures)),
        tuple(rows),
    )


def counts_table(evaluation: Evaluation) -> Table:
    """Volumes per label and split, as the paper prints them."""
    splits = evaluation.splits
    names = evaluation.main.names
    rows: list[tuple[Cell, ...]] = [
        (name, *(int(scores.matrix[index].sum()) for scores in splits.values()))
        for index, name in enumerate(names)
    ]
    rows.append(("all", *(scores.volumes for scores in splits.values())))
    rows.append(("patients", *(scores.patients for scores in splits.values())))
    return Table("counts", "Volumes per label and split", "", ("Label", *splits), tuple(rows))


def calibration_table(evaluation: Evaluation) -> Table:
    """Calibration on validation and on the headline split."""
    rows = [
        (name, found.error, found.brier, found.confident_errors)
        for name, found in evaluation.calibration.items()
    ]
    return Table(
        "calibration",
        "Are the probabilities honest?",
        "ECE: mean distance between confidence and accuracy in ten bins; drawing patients"
        " raises it a little, so its interval leans upward. Brier: mean squared distance"
        " between probabilities and truth, 0 to 2. Wrong when sure: errors among answers of"
        " probability 0.9 and more.",
        ("Split", "ECE", "Brier score", "Wrong when sure"),
        tuple(rows),
    )


def sets_table(evaluation: Evaluation) -> Table:
    """Measured coverage and size of prediction sets."""
    rows = [
        (_wanted(found), found.overall, found.mean_size, found.single) for found in evaluation.sets
    ]
    return Table(
        "sets",
        "Prediction sets: do they hold the right label?",
        f"Class-conditional conformal sets, thresholds from {evaluation.sets_from}, measured on"
        f" {split_words(evaluation.headline)}."
        if evaluation.sets_from
        else "Sets as the model gave them.",
        ("Promised", "Held the right label", "Labels per set", "Sets of one label"),
        tuple(rows),
    )


def sets_by_label_table(evaluation: Evaluation) -> Table:
    """Measured coverage per label, beside the threshold."""
    names = [name for name in evaluation.names if any(name in s.labels for s in evaluation.sets)]
    rows: list[tuple[Cell, ...]] = [
        (name, *(found.labels[name] for found in evaluation.sets))
        for name in names
        if all(name in found.labels for found in evaluation.sets)
    ]
    return Table(
        "sets-by-label",
        "Sets that hold the right label, per label",
        "",
        ("Label", *(_promised(found) for found in evaluation.sets)),
        tuple(rows) if evaluation.sets else (),
    )


def strangers_table(evaluation: Evaluation) -> Table:
    """AUROC and FPR95 of each score against each family."""
    found = evaluation.strangers.separations if evaluation.strangers else ()
    rows = [
        (item.score, item.family, item.known, item.strangers, item.auroc, item.fpr95)
        for item in found
    ]
    return Table(
        "strangers",
        "Are volumes of none of the known labels noticed?",
        "AUROC: chance that a known volume scores higher than a stranger. FPR95: strangers that"
        " pass where 95 % of the known volumes pass.",
        ("Score", "Strangers", "Known volumes", "Stranger volumes", "AUROC", "FPR95"),
        tuple(rows),
    )


def risk_table(evaluation: Evaluation) -> Table:
    """Errors left when only the surest answers are kept."""
    found = evaluation.selective
    rows: list[tuple[Cell, ...]] = [
        (f"{100 * share:.0f} %", risk) for share, risk in found.kept.items()
    ]
    rows.append(("area under the curve (AURC)", found.area))
    return Table(
        "risk",
        "Is doubt useful?",
        "Answers are kept from the surest down; the risk is the share of the kept that is wrong.",
        ("Kept", "Risk"),
        tuple(rows),
    )


def group_tables(evaluation: Evaluation) -> Iterable[Table]:
    """One table per column that tells groups apart."""
    for column, name in COLUMNS.items():
        rows = [
            (
                group.value,
                group.volumes,
                group.patients,
                *_cells(group.overall, OVERALL[:3]),
                ", ".join(group.missing) or "none",
            )
            for group in evaluation.groups
            if group.column == column
        ]
        heads = (name, "Volumes", "Patients", *(MEASURES[m] for m in OVERALL[:3]), "Labels missing")
        where = split_words(evaluation.headline)
        yield Table(
            f"by-{column}".replace("_t", "").replace("_", "-"),
            f"By {name.lower()}, {where}",
            "",
            heads,
            tuple(rows),
        )


def readers_table(evaluation: Evaluation) -> Table:
    """Cohen's and Fleiss' kappa."""
    rows = [
        (
            ", ".join(item.raters),
            "Cohen" if len(item.raters) == 2 else "Fleiss",
            item.kappa.total,
            item.kappa,
            item.same,
        )
        for item in evaluation.agreements
    ]
    return Table(
        "readers",
        "Do readers, reference and model agree?",
        "On the volumes that all of the named raters labelled.",
        ("Raters", "Kind", "Volumes", "Kappa", "Same label"),
        tuple(rows),
    )


def _cells(estimates: Mapping[str, Estimate], measures: Iterable[str]) -> list[Cell]:
    return [estimates.get(measure, "–") for measure in measures]


def _wanted(found: SetCoverage) -> str:
    return "as the model gave them" if found.wanted is None else f"{100 * found.wanted:.0f} %"


def _promised(found: SetCoverage) -> str:
    return "As the model gave them" if found.wanted is None else f"Promised {_wanted(found)}"
