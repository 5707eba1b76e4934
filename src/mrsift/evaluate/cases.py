"""Predictions -> the cases that count, as indices into one list of labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.predictions import SPLITS, Predictions, Texts
from mrsift.labels import UNKNOWN

UNSPLIT = "all"
"""What the set of volumes without a split is called."""


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Volumes with a right label and an answer.

    Attributes:
        names: Labels, those of the network first; `UNKNOWN` last where it occurs.
        y_true: Shape (n,), index in `names`.
        y_pred: Shape (n,), index in `names`.
        rows: Shape (n,), which rows of the predictions these are.
        unlabelled: Rows left out because nobody said what they are.
        outside: Rows left out because the network has no label for them, nor `UNKNOWN`.
    """

    names: tuple[str, ...]
    y_true: NDArray[np.intp]
    y_pred: NDArray[np.intp]
    rows: NDArray[np.intp]
    unlabelled: int
    outside: int


def answer_names(predictions: Predictions) -> tuple[str, ...]:
    """The network's labels, and `UNKNOWN` where it was answered or is one of them."""
    known = tuple(name for name in predictions.names if name != UNKNOWN)
    answered = UNKNOWN in predictions.names or UNKNOWN in set(predictions.predicted)
    return (*known, UNKNOWN) if answered else known


def find_cases(predictions: Predictions, names: tuple[str, ...] | None = None) -> Cases:
    """What can be counted right or wrong.

    A label that the network does not have counts as `UNKNOWN` where `UNKNOWN` was trained;
    elsewhere no answer could be right, so these rows are left out here and looked at by
    `outside` alone.

    Args:
        predictions: Any rows.
        names: Of `answer_names` on the whole table; None: on these rows.
    """
    names = names or answer_names(predictions)
    trained = set(predictions.names)
    place = {name: index for index, name in enumerate(names)}
    unlabelled = np.array([label is None for label in predictions.label], bool)
    foreign = is_outside(predictions) & ~np.isin(predictions.label.astype(str), list(trained))
    kept = ~unlabelled & (~foreign | (UNKNOWN in trained))
    rows = np.flatnonzero(kept)
    unknown = place.get(UNKNOWN, -1)
    y_true = [place.get(label, unknown) for label in predictions.label[rows]]
    y_pred = [place.get(answer, unknown) for answer in predictions.predicted[rows]]
    return Cases(
        names=names,
        y_true=np.array(y_true, np.intp),
        y_pred=np.array(y_pred, np.intp),
        rows=rows,
        unlabelled=int(unlabelled.sum()),
        outside=int((~kept & ~unlabelled).sum()),
    )


def is_outside(predictions: Predictions) -> NDArray[np.bool_]:
    """Which rows are of none of the known labels: `UNKNOWN`, or a label never trained.

    Returns:
        Shape (n,); False for rows without a label.
    """
    known = set(predictions.names) - {UNKNOWN}
    outside = [label is not None and label not in known for label in predictions.label]
    return np.array(outside, dtype=bool)


def split_rows(split: Texts) -> dict[str, NDArray[np.bool_]]:
    """The splits that occur, in the order train, validation, test, then rows without one.

    Args:
        split: Shape (n,).

    Returns:
        Name -> mask of its rows.
    """
    found = {name: split == name for name in SPLITS}
    found[UNSPLIT] = np.array([name is None for name in split], dtype=bool)
    return {name: mask for name, mask in found.items() if mask.any()}
