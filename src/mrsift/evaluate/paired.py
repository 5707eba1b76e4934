"""Two models on the same volumes: is one better, or is it these patients?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.errors import ConfigError
from mrsift.evaluate import confusion
from mrsift.evaluate.bootstrap import PatientDraws, draw_patients
from mrsift.evaluate.cases import answer_names, find_cases
from mrsift.evaluate.intervals import Estimate, estimate_drawn
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.scores import Scores, score
from mrsift.labels import UNKNOWN
from mrsift.types import Float64Array


@dataclass(frozen=True, slots=True)
class Discordance:
    """Who was right where.

    Attributes:
        both: Volumes that both answer right.
        only_first: Right by the first alone.
        only_second: Right by the second alone.
        neither: Wrong by both.
        p_value: McNemar's exact two-sided test; 1 where the two never differ.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two models, volume by volume.

    Attributes:
        split: The split compared.
        first: Scores of the first model.
        second: Scores of the second.
        differences: Measure -> second minus first, drawn by patient.
        all_volumes: Discordance over all volumes.
        labels: Label -> discordance on the volumes that are of it.
        same_answers: Volumes with the same answer, right or wrong.
    """

    split: str
    first: Scores
    second: Scores
    differences: Mapping[str, Estimate]
    all_volumes: Discordance
    labels: Mapping[str, Discordance]
    same_answers: int


def compare(
    first: Predictions, second: Predictions, split: str, *, draws: int, seed: int
) -> Comparison:
    """Compare two models on one split.

    Args:
        first: Rows of the split.
        second: Rows of the same split by the other model.
        split: Its name.
        draws: Draws of patients.
        seed: Of the draws.

    Raises:
        ConfigError: The two did not answer the same volumes, or these have other labels.
    """
    first, second = _aligned(first, second)
    names = _joint_names(first, second)
    cases = [find_cases(table, names) for table in (first, second)]
    rows = np.intersect1d(cases[0].rows, cases[1].rows)
    if not len(rows):
        raise ConfigError(f"the {split} split has no volume with a label that both models know")
    first, second = first.rows(rows), second.rows(rows)
    a, b = find_cases(first, names), find_cases(second, names)
    drawn = draw_patients(first.patient, draws=draws, seed=seed)
    return Comparison(
        split=split,
        first=score(a, first.patient, draws=draws, seed=seed),
        second=score(b, second.patient, draws=draws, seed=seed),
        differences=_differences((a.y_true, a.y_pred, b.y_pred), drawn, len(names)),
        all_volumes=_discordance(a.y_pred == a.y_true, b.y_pred == b.y_true),
        labels={
            name: _discordance(
                a.y_pred[a.y_true == index] == index, b.y_pred[a.y_true == index] == index
            )
            for index, name in enumerate(names)
            if (a.y_true == index).any()
        },
        same_answers=int((a.y_pred == b.y_pred).sum()),
    )


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Exact two-sided probability of so uneven a split of the volumes where the two differ.

    Args:
        only_first: Volumes that the first alone answers right.
        only_second: Volumes that the second alone answers right.

    Source:
        McNemar 1947, Psychometrika 12:153-157; binomial form: Edwards 1948.
    """
    differ, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(differ, count) for count in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**differ))


def _aligned(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Both with the rows in the order of `volume_id` and fold."""
    ids = [set(table.volume_id) for table in (first, second)]
    if ids[0] != ids[1]:
        raise ConfigError(
            f"the two did not answer the same volumes: {len(ids[0] - ids[1])} only in the first,"
            f" {len(ids[1] - ids[0])} only in the second, {len(ids[0] & ids[1])} in both;"
            " evaluate both on one data set with one split"
        )
    tables = [table.rows(np.argsort(table.volume_id.astype(str))) for table in (first, second)]
    if len(tables[0]) != len(ids[0]) or len(tables[1]) != len(ids[1]):
        raise ConfigError("a volume occurs in several folds; compare one fold at a time")
    for column in ("label", "patient"):
        a, b = (getattr(table, column) for table in tables)
        differ = int((a != b).sum())
        if differ:
            raise ConfigError(
                f"the two do not have the same {column} for {differ} of {len(a)} volumes;"
                " compare models trained on one data set"
            )
    return tables[0], tables[1]


def _joint_names(first: Predictions, second: Predictions) -> tuple[str, ...]:
    """Labels of both, in the order of the first, `UNKNOWN` last."""
    joint = dict.fromkeys((*answer_names(first), *answer_names(second)))
    known = tuple(name for name in joint if name != UNKNOWN)
    return (*known, UNKNOWN) if UNKNOWN in joint else known


def _differences(
    answers: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]],
    draws: PatientDraws,
    labels: int,
) -> dict[str, Estimate]:
    """Second minus first on the same draws of patients."""
    y_true, *both = answers
    counts = [
        confusion.confusion_per_patient(y_true, y_pred, draws.patient, (draws.patients, labels))
        for y_pred in both
    ]
    totals = [count.sum(axis=0) for count in counts]
    drawn = [draws.resample(count) for count in counts]
    measures = {"accuracy": confusion.accuracy, **confusion.OVERALL_MEASURES}

    def minus(of: confusion.Measure, pair: list[NDArray[np.number]]) -> Float64Array:
        difference: Float64Array = of(pair[1]) - of(pair[0])
        return difference

    return {
        name: estimate_drawn(
            float(minus(of, list(totals))), minus(of, list(drawn)), (len(y_true), draws.patients)
        )
        for name, of in measures.items()
    }


def _discordance(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Discordance:
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    return Discordance(
        both=int((first & second).sum()),
        only_first=only_first,
        only_second=only_second,
        neither=int((~first & ~second).sum()),
        p_value=mcnemar_p_value(only_first, only_second),
    )
