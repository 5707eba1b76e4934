"""The same measures per site, vendor, scanner model, field strength and plane."""

from dataclasses import dataclass

import numpy as np

from mrsift.evaluate.cases import answer_names, find_cases
from mrsift.evaluate.predictions import Predictions, Texts
from mrsift.evaluate.scores import Estimates, score

COLUMNS = ("site", "vendor", "model", "field_strength_t", "plane", "fold")
NOT_SAID = "not said"


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One value of one column.

    Attributes:
        column: One of `COLUMNS`.
        value: As text; `NOT_SAID` where the cell is empty.
        volumes: Cases counted.
        patients: Patients they are of.
        missing: Known labels that do not occur here.
        overall: As in `scores.Scores`.
    """

    column: str
    value: str
    volumes: int
    patients: int
    missing: tuple[str, ...]
    overall: Estimates


def groups(predictions: Predictions, *, draws: int, seed: int) -> tuple[Group, ...]:
    """Scores of every group; columns with no value at all are left out.

    Args:
        predictions: Rows of one split.
        draws: Draws of patients.
        seed: Of the draws.
    """
    names = answer_names(predictions)
    found = []
    for column in COLUMNS:
        texts = _as_text(predictions, column)
        values = sorted(set(texts))
        if values == [NOT_SAID]:
            continue
        for value in values:
            part = predictions.rows(texts == value)
            cases = find_cases(part, names)
            if len(cases.rows):
                scores = score(cases, part.patient[cases.rows], draws=draws, seed=seed)
                missing = tuple(
                    name
                    for name, row in zip(names, scores.matrix, strict=True)
                    if not row.any() and name in predictions.names
                )
                found.append(
                    Group(column, value, scores.volumes, scores.patients, missing, scores.overall)
                )
    return tuple(found)


def _as_text(predictions: Predictions, column: str) -> Texts:
    values = getattr(predictions, column)
    unit = {"field_strength_t": "{:.3g} T", "fold": "{:.0f}"}.get(column)
    if unit:
        texts = [NOT_SAID if np.isnan(value) else unit.format(value) for value in values]
    else:
        texts = [value or NOT_SAID for value in values]
    return np.array(texts, dtype=object)
