"""Do readers agree with each other, with the reference, and with the model?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.bootstrap import draw_patients
from mrsift.evaluate.confusion import confusion_per_patient, kappa, share
from mrsift.evaluate.intervals import Estimate, estimate_drawn, estimate_rate
from mrsift.evaluate.predictions import Predictions, Texts
from mrsift.evaluate.scores import kappa_floor
from mrsift.labels import UNKNOWN
from mrsift.types import Float64Array

REFERENCE, MODEL = "reference", "model"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far some raters agree, on the volumes that all of them named.

    Attributes:
        raters: `reference`, `model`, or a reader's column.
        kappa: Cohen's for two raters, Fleiss' for more.
        same: Share of volumes that all of them call the same.
    """

    raters: tuple[str, ...]
    kappa: Estimate
    same: Estimate


def agreements(predictions: Predictions, *, draws: int, seed: int) -> tuple[Agreement, ...]:
    """Every pair of raters, then the readers together, then readers and model together.

    Args:
        predictions: Rows of one split.
        draws: Draws of patients.
        seed: Of the draws.

    Returns:
        Empty where there are no readers.
    """
    readers = [name for name, labels in predictions.readers.items() if _said(labels).any()]
    if not readers:
        return ()
    raters = {REFERENCE: predictions.label} | {name: predictions.readers[name] for name in readers}
    if UNKNOWN in predictions.names:  # then every label that the model does not have is that one
        raters = {name: _as_answers(labels, predictions.names) for name, labels in raters.items()}
    raters[MODEL] = predictions.predicted
    wanted: list[tuple[str, ...]] = list(combinations(raters, 2))
    if len(readers) > 2:
        wanted.append(tuple(readers))
    if len(readers) > 1:
        wanted.append((*readers, MODEL))
    found = []
    for chosen in wanted:
        ratings = [raters[name] for name in chosen]
        complete = np.all([_said(labels) for labels in ratings], axis=0)
        if complete.any():
            codes = encode([labels[complete] for labels in ratings])
            patient = predictions.patient[complete]
            found.append(_agreement(chosen, codes, patient, (draws, seed)))
    return tuple(found)


def _as_answers(labels: Texts, names: tuple[str, ...]) -> Texts:
    return np.array([x if x is None or x in names else UNKNOWN for x in labels], dtype=object)


def fleiss_kappa(pairs: Float64Array, labels: Float64Array, rows: Float64Array) -> Float64Array:
    """Agreement of several raters beyond chance.

    Args:
        pairs: Shape (...), sum over volumes of the share of rater pairs that agree.
        labels: Shape (..., labels), sum over volumes of the share of raters of each label.
        rows: Shape (...), volumes.

    Source:
        Fleiss 1971, Psychol Bull 76:378-382.
    """
    observed = share(pairs, rows)
    chance = (share(labels, np.asarray(rows)[..., None]) ** 2).sum(axis=-1)
    return share(observed - chance, 1 - chance)


def encode(ratings: Sequence[Texts]) -> NDArray[np.intp]:
    """Labels of several raters as indices into the labels that any of them used.

    Args:
        ratings: One column per rater, shape (n,), no None.

    Returns:
        Shape (n, raters).
    """
    _, codes = np.unique(np.stack(ratings, axis=1).astype(str), return_inverse=True)
    return codes.reshape(-1, len(ratings)).astype(np.intp)


def _said(labels: Texts) -> NDArray[np.bool_]:
    return np.array([label is not None for label in labels], dtype=bool)


def _agreement(
    raters: tuple[str, ...], codes: NDArray[np.intp], patient: Texts, drawing: tuple[int, int]
) -> Agreement:
    drawn = draw_patients(patient, draws=drawing[0], seed=drawing[1])
    labels, count = int(codes.max()) + 1, len(raters)
    alike = (codes == codes[:, :1]).all(axis=1)
    rows = drawn.per_patient(np.ones(len(codes)))
    votes = np.eye(labels)[codes].sum(axis=1)  # (n, labels)
    if count == 2:
        matrices = confusion_per_patient(
            codes[:, 0], codes[:, 1], drawn.patient, (drawn.patients, labels)
        )
        value, on_draws = kappa(matrices.sum(axis=0)), kappa(drawn.resample(matrices))
    else:
        pairs = drawn.per_patient((votes * (votes - 1)).sum(axis=1) / (count * (count - 1)))
        shares = drawn.per_patient(votes / count)
        value = fleiss_kappa(pairs.sum(0), shares.sum(0), rows.sum(0))
        on_draws = fleiss_kappa(*(drawn.resample(sums) for sums in (pairs, shares, rows)))
    # Had all agreed, both kappas would have the chance agreement of the shares of labels.
    floor = kappa_floor(np.diag(votes.sum(axis=0)), drawn.patients)
    return Agreement(
        raters,
        estimate_drawn(float(value), on_draws, (len(codes), drawn.patients), floor),
        estimate_rate(drawn.per_patient(alike), rows, drawn),
    )
