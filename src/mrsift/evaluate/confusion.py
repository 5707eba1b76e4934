"""Which label was answered for which, and every measure that follows from it."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float64Array

Measure = Callable[[NDArray[np.number]], Float64Array]
"""Confusion matrices, or cells of one label, in the last axes -> one number each."""

TP, FN, FP, TN = range(4)
"""Cells of one label against the rest, last axis of `one_against_rest`."""

RATES: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "accuracy": ((TP, TN), (TP, FN, FP, TN)),
    "sensitivity": ((TP,), (TP, FN)),
    "specificity": ((TN,), (FP, TN)),
    "ppv": ((TP,), (TP, FP)),
    "npv": ((TN,), (FN, TN)),
}
"""Measures of one label that are a share of volumes: cells counted, cells they are among."""


def confusion_matrix(
    y_true: NDArray[np.integer], y_pred: NDArray[np.integer], labels: int
) -> NDArray[np.intp]:
    """Counts, rows the right label, columns the answer.

    Args:
        y_true: Shape (n,), index of the right label.
        y_pred: Shape (n,), index of the answer.
        labels: Number of labels.

    Returns:
        Shape (labels, labels), sums to n.
    """
    flat = np.asarray(y_true) * labels + np.asarray(y_pred)
    return np.bincount(flat, minlength=labels * labels).reshape(labels, labels)


def confusion_per_patient(
    y_true: NDArray[np.integer],
    y_pred: NDArray[np.integer],
    patient: NDArray[np.integer],
    shape: tuple[int, int],
) -> NDArray[np.intp]:
    """One matrix per patient; their sum is `confusion_matrix`.

    Args:
        y_true: Shape (n,), index of the right label.
        y_pred: Shape (n,), index of the answer.
        patient: Shape (n,), index of the patient.
        shape: (patients, labels).

    Returns:
        Shape (patients, labels, labels).
    """
    patients, labels = shape
    flat = (np.asarray(patient) * labels + np.asarray(y_true)) * labels + np.asarray(y_pred)
    counts = np.bincount(flat, minlength=patients * labels * labels)
    return counts.reshape(patients, labels, labels)


def one_against_rest(matrix: NDArray[np.number]) -> NDArray[np.number]:
    """Each label's own table of four.

    Args:
        matrix: Shape (..., labels, labels).

    Returns:
        Shape (..., labels, 4): TP, FN, FP, TN.
    """
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    missed = matrix.sum(axis=-1) - right
    wrongly = matrix.sum(axis=-2) - right
    rest = matrix.sum(axis=(-2, -1))[..., None] - right - missed - wrongly
    return np.stack([right, missed, wrongly, rest], axis=-1)


def rate(cells: NDArray[np.number], name: str) -> Float64Array:
    """A measure of `RATES`.

    Args:
        cells: Shape (..., 4).
        name: Of the measure.

    Returns:
        Shape (...); NaN where nothing is counted among.
    """
    counted, among = RATES[name]
    return share(cells[..., list(counted)].sum(-1), cells[..., list(among)].sum(-1))


def balanced_rate(cells: NDArray[np.number]) -> Float64Array:
    """Mean of sensitivity and specificity, which the 2024 paper prints as accuracy."""
    mean: Float64Array = (rate(cells, "sensitivity") + rate(cells, "specificity")) / 2
    return mean


def f1(cells: NDArray[np.number]) -> Float64Array:
    """Harmonic mean of sensitivity and PPV; NaN for a label that neither is nor is answered."""
    twice = 2 * cells[..., TP]
    return share(twice, twice + cells[..., FN] + cells[..., FP])


def kappa_of_cells(cells: NDArray[np.number]) -> Float64Array:
    """Cohen's kappa of one label against the rest."""
    top = np.stack([cells[..., TP], cells[..., FN]], axis=-1)
    low = np.stack([cells[..., FP], cells[..., TN]], axis=-1)
    return kappa(np.stack([top, low], axis=-2))


def accuracy(matrix: NDArray[np.number]) -> Float64Array:
    """Share of volumes answered right; matrix of shape (..., labels, labels)."""
    return share(np.trace(matrix, axis1=-2, axis2=-1), matrix.sum(axis=(-2, -1)))


def balanced_accuracy(matrix: NDArray[np.number]) -> Float64Array:
    """Mean sensitivity over the labels that occur."""
    return mean_of_known(rate(one_against_rest(matrix), "sensitivity"))


def macro_f1(matrix: NDArray[np.number]) -> Float64Array:
    """Mean F1 over the labels that occur."""
    cells = one_against_rest(matrix)
    occurs = cells[..., TP] + cells[..., FN] > 0
    return mean_of_known(np.where(occurs, f1(cells), np.nan))


def kappa(matrix: NDArray[np.number]) -> Float64Array:
    """Agreement beyond chance: (p_o - p_e) / (1 - p_e); NaN where chance explains all.

    Source:
        Cohen 1960, Educ Psychol Meas 20:37-46.
    """
    total = matrix.sum(axis=(-2, -1))
    observed = share(np.trace(matrix, axis1=-2, axis2=-1), total)
    expected = share((matrix.sum(-1) * matrix.sum(-2)).sum(-1), np.asarray(total) ** 2)
    return share(observed - expected, 1 - expected)


CLASS_MEASURES: Mapping[str, Measure] = {
    "balanced_accuracy": balanced_rate,
    "f1": f1,
    "kappa": kappa_of_cells,
}
"""Measures of one label that are no plain share; of shape (..., 4)."""

OVERALL_MEASURES: Mapping[str, Measure] = {
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "kappa": kappa,
}
"""Measures of a whole matrix that are no plain share."""


def share(part: NDArray[np.number], whole: NDArray[np.number]) -> Float64Array:
    """`part` / `whole`, NaN where `whole` is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    nowhere = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    divided: Float64Array = np.divide(part, whole, out=nowhere, where=np.abs(whole) > 1e-12)
    return divided


def mean_of_known(values: Float64Array) -> Float64Array:
    """Mean along the last axis of what is not NaN; NaN where all is."""
    known = ~np.isnan(values)
    return share(np.where(known, values, 0.0).sum(-1), known.sum(-1))


def markdown_table(matrix: NDArray[np.integer], names: tuple[str, ...]) -> str:
    """The matrix for a card or a page; labels that never occur are left out as rows.

    Args:
        matrix: Of `confusion_matrix`.
        names: One per row and column.
    """
    lines = ["| is \\ called | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(str(count) if count else "." for count in row) + " |"
        for name, row in zip(names, matrix, strict=True)
        if row.any()
    ]
    return "\n".join(lines)
