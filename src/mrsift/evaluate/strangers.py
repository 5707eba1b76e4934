"""Does the out-of-distribution score tell what the model was made for from everything else?"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.bootstrap import PatientDraws, draw_patients
from mrsift.evaluate.cases import is_outside
from mrsift.evaluate.intervals import (
    Estimate,
    bounded,
    estimate_drawn,
    largest_rate_unseen,
)
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.ranking import auroc, false_positive_rate, on_draws
from mrsift.labels import UNKNOWN
from mrsift.types import Float64Array

ALL = "all of them"
"""Family of everything outside together."""


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """How well one score tells one family of strangers from the known.

    Attributes:
        score: `in_distribution`, `probability` (of the answer), `1 - p_UNKNOWN`, or the product of
            the first and the last.
        family: Label of the strangers, or `ALL`.
        known: Known volumes.
        strangers: Volumes of the family.
        auroc: Chance that a known volume scores higher than a stranger.
        fpr95: Share of strangers that pass where 95 % of the known pass.
    """

    score: str
    family: str
    known: int
    strangers: int
    auroc: Estimate
    fpr95: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """What the scores say of volumes that are of no known label.

    Attributes:
        separations: One per score and family.
        values: Score -> (values of the known, values of the strangers).
    """

    separations: tuple[Separation, ...]
    values: Mapping[str, tuple[Float64Array, Float64Array]]


def strangers(predictions: Predictions, *, draws: int, seed: int) -> Strangers | None:
    """Every score against every family.

    Args:
        predictions: Rows of one split.
        draws: Draws of patients.
        seed: Of the draws.

    Returns:
        None where all volumes, or none, are of a known label.
    """
    labelled = predictions.rows(np.array([label is not None for label in predictions.label], bool))
    outside = is_outside(labelled)
    if outside.all() or not outside.any():
        return None
    families = sorted(set(labelled.label[outside]))
    families = [ALL, *families] if len(families) > 1 else families
    separations, values = [], {}
    for score, value in _scores(labelled).items():
        here = ~np.isnan(value)
        if not (here & outside).any() or not (here & ~outside).any():
            continue
        values[score] = (value[here & ~outside], value[here & outside])
        for family in families:
            mine = outside & ((labelled.label == family) | (family == ALL))
            rows = here & (~outside | mine)
            if (rows & mine).any():
                drawn = draw_patients(labelled.patient[rows], draws=draws, seed=seed)
                separations.append(_separate(score, family, (value[rows], ~outside[rows]), drawn))
    return Strangers(tuple(separations), values) if separations else None


def _scores(predictions: Predictions) -> dict[str, Float64Array]:
    """Scores that are higher for what is known."""
    names = predictions.names
    known = [index for index, name in enumerate(names) if name != UNKNOWN]
    found = {
        "in_distribution": predictions.in_distribution,
        "probability": predictions.probabilities[:, known].max(axis=1),
    }
    if UNKNOWN in names:
        found["1 - p_UNKNOWN"] = 1 - predictions.probabilities[:, names.index(UNKNOWN)]
        product = found["in_distribution"] * found["1 - p_UNKNOWN"]
        found["in_distribution * (1 - p_UNKNOWN)"] = product
    return found


def _separate(
    score: str,
    family: str,
    rows: tuple[Float64Array, NDArray[np.bool_]],
    draws: PatientDraws,
) -> Separation:
    value, known = rows
    ones = np.ones((1, len(value)))
    of_known, of_strangers = (int((draws.per_patient(kind) > 0).sum()) for kind in (known, ~known))
    # Where every stranger scores lower (or higher), so does that of each pair of patients.
    pairs = min(of_known, of_strangers, draws.patients // 2)
    area, passed = (
        estimate_drawn(
            float(measure(value, known, ones)[0]),
            on_draws(partial(measure, value, known), draws),
            (len(value), draws.patients),
            floor,
        )
        for measure, floor in (
            (auroc, 1 - largest_rate_unseen(pairs)),
            (false_positive_rate, None),
        )
    )
    area = _at_end(area, pairs)
    passed = _at_end(passed, of_strangers)
    return Separation(score, family, int(known.sum()), int((~known).sum()), area, passed)


def _at_end(estimate: Estimate, seen: int) -> Estimate:
    """The bound of so many that say the same, where the value is 0 or 1 and has no interval."""
    if estimate.value not in (0, 1):
        return estimate
    unseen = largest_rate_unseen(seen)
    return bounded(estimate, *((0.0, unseen) if estimate.value == 0 else (1 - unseen, 1.0)))
