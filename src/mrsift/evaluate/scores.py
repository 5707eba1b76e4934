"""Cases -> table 1: every measure per label and over all, each with interval and count."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate import confusion
from mrsift.evaluate.bootstrap import PatientDraws, draw_patients
from mrsift.evaluate.cases import Cases
from mrsift.evaluate.confusion import FN, FP, RATES, TN, TP
from mrsift.evaluate.intervals import (
    Estimate,
    best_low,
    bounded,
    estimate_drawn,
    estimate_rate,
    largest_rate_unseen,
)
from mrsift.evaluate.predictions import Texts
from mrsift.labels import UNKNOWN
from mrsift.types import Float64Array

LABEL_MEASURES = (
    *("accuracy", "balanced_accuracy", "sensitivity", "specificity"),
    *("ppv", "npv", "f1", "kappa"),
)
"""Columns of table 1, in its order."""

Estimates = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How right the answers on one set of volumes are.

    Attributes:
        names: Labels, in the order of `matrix`.
        matrix: Shape (labels, labels), rows the right label, columns the answer.
        volumes: Cases counted.
        patients: Patients they are of.
        overall: `accuracy`, `balanced_accuracy`, `macro_f1`, `kappa`; `coverage`, the share
            of known volumes that were not called `UNKNOWN`, where that is an answer.
        labels: Label -> `LABEL_MEASURES`, this label against the rest.
    """

    names: tuple[str, ...]
    matrix: NDArray[np.intp]
    volumes: int
    patients: int
    overall: Estimates
    labels: Mapping[str, Estimates]


def score(cases: Cases, patient: Texts, *, draws: int, seed: int) -> Scores:
    """All measures of one set of volumes.

    Args:
        cases: Of the set.
        patient: Shape (n,), the patient of each case.
        draws: Draws of patients behind an interval.
        seed: Of the draws.
    """
    drawn = draw_patients(patient, draws=draws, seed=seed)
    labels = len(cases.names)
    counts = confusion.confusion_per_patient(
        cases.y_true, cases.y_pred, drawn.patient, (drawn.patients, labels)
    )
    matrices = drawn.resample(counts)  # (draws, labels, labels)
    return Scores(
        names=cases.names,
        matrix=counts.sum(axis=0),
        volumes=len(cases.rows),
        patients=drawn.patients,
        overall=_overall_estimates(counts, matrices, drawn, cases.names),
        labels=_label_estimates(counts, matrices, drawn, cases.names),
    )


def kappa_floor(matrix: NDArray[np.number], patients: int) -> float | None:
    """Bound of kappa had nothing gone wrong, with chance agreement as the margins have it.

    Args:
        matrix: Shape (labels, labels).
        patients: Patients behind it.

    Returns:
        None where chance explains everything.
    """
    chance = float((matrix.sum(0) * matrix.sum(1)).sum()) / float(matrix.sum()) ** 2
    if chance > 1 - 1e-12:
        return None
    return max(-1.0, (1 - largest_rate_unseen(patients) - chance) / (1 - chance))


def _label_estimates(
    counts: NDArray[np.intp],
    matrices: Float64Array,
    draws: PatientDraws,
    names: tuple[str, ...],
) -> dict[str, dict[str, Estimate]]:
    per_patient = confusion.one_against_rest(counts)  # (patients, labels, 4)
    drawn_cells = confusion.one_against_rest(matrices)  # (draws, labels, 4)
    found = {}
    for index, name in enumerate(names):
        mine = per_patient[:, index]
        rates = {
            measure: estimate_rate(
                mine[:, list(counted)].sum(-1), mine[:, list(among)].sum(-1), draws
            )
            for measure, (counted, among) in RATES.items()
        }
        floors = _floors(mine)
        estimates = {
            measure: estimate_drawn(
                float(of(mine.sum(axis=0))),
                of(drawn_cells[:, index]),
                (int(mine.sum()), draws.patients),
                floors[measure],
            )
            for measure, of in confusion.CLASS_MEASURES.items()
        }
        # A label that is never found: no draw differs, but the parts have bounds.
        parts = (rates["sensitivity"], rates["specificity"])
        estimates["balanced_accuracy"] = bounded(
            estimates["balanced_accuracy"],
            (parts[0].low + parts[1].low) / 2,
            (parts[0].high + parts[1].high) / 2,
        )
        if estimates["f1"].value == 0:
            unseen = 1 - best_low(mine[:, [TP, FN, FP]].sum(-1))
            estimates["f1"] = bounded(estimates["f1"], 0.0, _f1_of_jaccard(unseen))
        found[name] = {measure: (rates | estimates)[measure] for measure in LABEL_MEASURES}
    return found


def _floors(cells: NDArray[np.number]) -> dict[str, float | None]:
    """Bound of each measure of one label had nothing gone wrong.

    A mean has the mean of the bounds of its parts, which holds however errors fall together.
    F1 is 2 J / (1 + J), where J = TP / (TP + FN + FP) is a plain share; kappa has that J with
    its errors on both sides alike.

    Args:
        cells: Shape (patients, 4).
    """
    sides = [best_low(cells[:, side].sum(-1)) for side in ([TP, FN], [FP, TN])]
    concerned, rest = float(cells[:, [TP, FN, FP]].sum()), float(cells[:, TN].sum())
    jaccard = best_low(cells[:, [TP, FN, FP]].sum(-1))
    wrong = (1 - jaccard) * concerned / 2
    kappa = float(confusion.kappa(np.array([[jaccard * concerned, wrong], [wrong, rest]])))
    return {
        "balanced_accuracy": sum(sides) / 2,
        "f1": _f1_of_jaccard(jaccard),
        "kappa": None if np.isnan(kappa) else kappa,
    }


def _f1_of_jaccard(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


def _overall_estimates(
    counts: NDArray[np.intp],
    matrices: Float64Array,
    draws: PatientDraws,
    names: tuple[str, ...],
) -> dict[str, Estimate]:
    matrix = counts.sum(axis=0)
    occurs = np.flatnonzero(matrix.any(axis=1))
    per_patient = confusion.one_against_rest(counts)
    rests_on = (int(matrix.sum()), draws.patients)
    floors = {
        "balanced_accuracy": _mean([best_low(counts[:, label].sum(-1)) for label in occurs]),
        "macro_f1": _mean([_floors(per_patient[:, label])["f1"] for label in occurs]),
        "kappa": kappa_floor(matrix, draws.patients),
    }
    right = np.trace(counts, axis1=-2, axis2=-1)
    found = {"accuracy": estimate_rate(right, counts.sum(axis=(-2, -1)), draws)}
    for measure, of in confusion.OVERALL_MEASURES.items():
        found[measure] = estimate_drawn(float(of(matrix)), of(matrices), rests_on, floors[measure])
    if UNKNOWN in names:
        known = [index for index, name in enumerate(names) if name != UNKNOWN]
        rows = counts[:, known]
        found["coverage"] = estimate_rate(rows[..., known].sum((1, 2)), rows.sum((1, 2)), draws)
    return found


def _mean(values: list[float | None] | list[float]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
