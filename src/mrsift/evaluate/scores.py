"""Cases -> table 1: every measure per label and over all, each with interval and count."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate import confusion
from mrsift.evaluate.bootstrap import PatientDraws, draw_patients
from mrsift.evaluate.cases import Cases
from mrsift.evaluate.confusion import FN, FP, RATES, TP
from mrsift.evaluate.intervals import Estimate, bounded, estimate_drawn, estimate_rate
from mrsift.evaluate.predictions import Texts
from mrsift.labels import UNKNOWN
from mrsift.types import Float64Array

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
        labels: Label -> `accuracy`, `balanced_accuracy`, `sensitivity`, `specificity`, `ppv`,
            `npv`, `f1`, `kappa`, this label against the rest.
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
    per_label = _label_estimates(counts, matrices, drawn, cases.names)
    return Scores(
        names=cases.names,
        matrix=counts.sum(axis=0),
        volumes=len(cases.rows),
        patients=drawn.patients,
        overall=_overall_estimates(counts, matrices, drawn, (cases.names, per_label)),
        labels=per_label,
    )


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
        total, patients = int(mine.sum()), draws.patients
        estimates = {
            measure: estimate_drawn(
                float(of(mine.sum(axis=0))), of(drawn_cells[:, index]), total, patients
            )
            for measure, of in confusion.CLASS_MEASURES.items()
        }
        sides = (rates["sensitivity"], rates["specificity"])
        estimates["balanced_accuracy"] = bounded(estimates["balanced_accuracy"], *_mean_ends(sides))
        estimates["f1"] = bounded(estimates["f1"], *_f1_ends(mine, draws))
        estimates["kappa"] = bounded(
            estimates["kappa"], *_kappa_ends(mine.sum(axis=0).reshape(2, 2), rates["accuracy"])
        )
        order = ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "ppv", "npv")
        found[name] = {measure: (rates | estimates)[measure] for measure in (*order, "f1", "kappa")}
    return found


def _overall_estimates(
    counts: NDArray[np.intp],
    matrices: Float64Array,
    draws: PatientDraws,
    labels: tuple[tuple[str, ...], Mapping[str, Estimates]],
) -> dict[str, Estimate]:
    names, per_label = labels
    matrix = counts.sum(axis=0)
    right = np.trace(counts, axis1=-2, axis2=-1)
    found = {"accuracy": estimate_rate(right, counts.sum(axis=(-2, -1)), draws)}
    for measure, of in confusion.OVERALL_MEASURES.items():
        found[measure] = estimate_drawn(
            float(of(matrix)), of(matrices), int(matrix.sum()), draws.patients
        )
    occur = [per_label[name] for name, row in zip(names, matrix, strict=True) if row.any()]
    for measure, part in (("balanced_accuracy", "sensitivity"), ("macro_f1", "f1")):
        found[measure] = bounded(found[measure], *_mean_ends([each[part] for each in occur]))
    found["kappa"] = bounded(found["kappa"], *_kappa_ends(matrix, found["accuracy"]))
    if UNKNOWN in names:
        known = [index for index, name in enumerate(names) if name != UNKNOWN]
        rows = counts[:, known]
        found["coverage"] = estimate_rate(rows[..., known].sum((1, 2)), rows.sum((1, 2)), draws)
    return found


def _mean_ends(parts: list[Estimate] | tuple[Estimate, ...]) -> tuple[float, float]:
    """Ends of a mean from the ends of its parts; they hold however errors fall together."""
    if not parts:
        return float("nan"), float("nan")
    low = sum(part.low for part in parts) / len(parts)
    return low, sum(part.high for part in parts) / len(parts)


def _f1_ends(cells: NDArray[np.number], draws: PatientDraws) -> tuple[float, float]:
    """F1 = 2 J / (1 + J), where J = TP / (TP + FN + FP) is a plain share with a bound."""
    jaccard = estimate_rate(cells[:, TP], cells[:, [TP, FN, FP]].sum(-1), draws)
    return 2 * jaccard.low / (1 + jaccard.low), 2 * jaccard.high / (1 + jaccard.high)


def _kappa_ends(matrix: NDArray[np.number], accuracy: Estimate) -> tuple[float, float]:
    """Kappa for the ends of the observed agreement, chance agreement as it is.

    Only where all is right: kappa that is 0 because one label was never answered is no
    measurement.
    """
    if accuracy.successes != accuracy.total or accuracy.total == 0:
        return float("nan"), float("nan")
    chance = float((matrix.sum(0) * matrix.sum(1)).sum()) / float(matrix.sum()) ** 2
    if chance > 1 - 1e-12:
        return float("nan"), float("nan")
    return (accuracy.low - chance) / (1 - chance), 1.0
