"""Sentences of `model_report.py` that follow from numbers."""

from bench.locked_ledger import times
from mrsift.evaluate.cases import is_outside
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.strangers import ALL
from mrsift.evaluate.summary import Evaluation
from mrsift.evaluate.uncertainty import CONFIDENT
from mrsift.labels import UNKNOWN

KEPT = "in_distribution * (1 - p_UNKNOWN)"
AUROC_FLOOR, FPR95_FLOOR, FAMILY_FLOOR = 0.90, 0.35, 0.80


def passed(table: Predictions) -> str:
    """What the rules for `UNKNOWN` let through."""
    strange = table.rows(is_outside(table))
    answered = strange.predicted != UNKNOWN
    sure = answered & (strange.probabilities.max(axis=1) >= CONFIDENT)
    return (
        f"Of {len(strange)} strangers {int(answered.sum())} were given a known label, pixels alone,"
        f" {int(sure.sum())} of them with a probability of {CONFIDENT} or more."
    )


def floors(found: Evaluation) -> str:
    """Whether what docs/decisions/strangers.md promised before the first run was reached."""
    rows = found.strangers.separations if found.strangers else ()
    mine = {row.family: row for row in rows if row.score == KEPT}
    if ALL not in mine:
        return "There are no strangers."
    whole = mine.pop(ALL)
    below = [name for name, row in mine.items() if row.auroc.value < FAMILY_FLOOR]
    met = whole.auroc.value >= AUROC_FLOOR and whole.fpr95.value <= FPR95_FLOOR
    return (
        f"Floors of docs/decisions/strangers.md for {KEPT}: AUROC {whole.auroc.value:.3f}"
        f" (at least {AUROC_FLOOR}) and FPR95 {whole.fpr95.value:.3f} (at most {FPR95_FLOOR})"
        f" {'are' if met else 'are not both'} reached;"
        f" families below {FAMILY_FLOOR}: {', '.join(below) or 'none'}."
    )


def scored() -> str:
    """How often the locked volumes were looked at."""
    return (
        f"The locked volumes were scored {times()} times that are in bench/locked.csv, and at least"
        " eight times before there was one."
    )
