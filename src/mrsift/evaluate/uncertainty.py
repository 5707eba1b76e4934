"""Are the probabilities honest, do the prediction sets hold what they promise, is doubt useful?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.bootstrap import PatientDraws, draw_patients
from mrsift.evaluate.calibration import (
    BINS,
    Reliability,
    bin_of,
    brier_scores,
    calibration_error,
    reliability,
)
from mrsift.evaluate.cases import find_cases
from mrsift.evaluate.conformal import label_thresholds, set_members
from mrsift.evaluate.intervals import Estimate, estimate_drawn, estimate_rate
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.ranking import area_under_risk, on_draws, risk_coverage
from mrsift.labels import UNKNOWN
from mrsift.types import Float64Array

LEVELS = (0.90, 0.95)
"""Coverages that prediction sets are made for."""

KEPT = (1.0, 0.95, 0.90, 0.80)
"""Shares of volumes kept, surest first, at which the risk is printed."""

CONFIDENT = 0.9
"""An answer with at least this probability claims to be sure."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Rows whose label the network has, for measures of its probabilities.

    Attributes:
        names: Labels of the network.
        probabilities: Shape (n, labels).
        y_true: Shape (n,), index in `names`.
        draws: Of the patients of these rows.
    """

    names: tuple[str, ...]
    probabilities: Float64Array
    y_true: NDArray[np.intp]
    draws: PatientDraws

    @property
    def confidence(self) -> Float64Array:
        """Probability of the most probable label, shape (n,)."""
        top: Float64Array = self.probabilities.max(axis=1)
        return top

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the most probable label is the right one, shape (n,)."""
        right: NDArray[np.bool_] = self.probabilities.argmax(axis=1) == self.y_true
        return right


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Whether probabilities are as often right as they say.

    Attributes:
        curve: In bins.
        error: Expected calibration error.
        brier: Mean squared distance of probabilities and truth, 0 to 2.
        confident_errors: Answers of probability >= 0.9 that are wrong, among all answers of
            such probability.
    """

    curve: Reliability
    error: Estimate
    brier: Estimate
    confident_errors: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class SetCoverage:
    """How often prediction sets hold the right label.

    Attributes:
        wanted: Share promised for each label; None for the sets as the model gave them.
        overall: Share of all volumes whose set holds the right label.
        labels: Label -> the same for its volumes; labels that occur.
        thresholds: Label -> smallest probability at which it stays; empty for given sets.
        mean_size: Labels per set.
        single: Share of sets with one label.
    """

    wanted: float | None
    overall: Estimate
    labels: Mapping[str, Estimate]
    thresholds: Mapping[str, float]
    mean_size: Estimate
    single: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Selective:
    """What share is wrong when only the surest answers are kept.

    Attributes:
        coverage: Shape (steps,), rising to 1.
        risk: Shape (steps,).
        area: AURC.
        kept: Share kept -> share of these that is wrong.
    """

    coverage: Float64Array
    risk: Float64Array
    area: Estimate
    kept: Mapping[float, Estimate]


def find_known(predictions: Predictions, *, draws: int, seed: int) -> Known:
    """The rows that count, with the place of their label among those of the network.

    Args:
        predictions: Any rows.
        draws: Draws of patients.
        seed: Of the draws.
    """
    chosen = predictions.rows(find_cases(predictions).rows)
    place = {name: index for index, name in enumerate(predictions.names)}
    unknown = place.get(UNKNOWN, -1)
    return Known(
        names=predictions.names,
        probabilities=chosen.probabilities,
        y_true=np.array([place.get(label, unknown) for label in chosen.label], np.intp),
        draws=draw_patients(chosen.patient, draws=draws, seed=seed),
    )


def calibration(known: Known) -> Calibration:
    """Reliability of the probabilities of one set of volumes (at least one)."""
    confidence, right, draws = known.confidence, known.right, known.draws
    in_bin = np.eye(BINS)[bin_of(confidence)]  # (n, bins)
    sums = np.stack(
        [draws.per_patient(in_bin * weight[:, None]) for weight in _weights(confidence, right)], 1
    )
    squares = draws.per_patient(brier_scores(known.probabilities, known.y_true))
    rows = draws.per_patient(np.ones(len(right)))
    totals, drawn = sums.sum(axis=0), draws.resample(sums)
    sure = confidence >= CONFIDENT
    return Calibration(
        curve=reliability(confidence, right),
        error=estimate_drawn(
            float(calibration_error(*totals)),
            calibration_error(*drawn.transpose(1, 0, 2)),
            (len(right), draws.patients),
        ),
        brier=estimate_drawn(
            float(squares.sum() / rows.sum()),
            draws.resample(squares) / draws.resample(rows),
            (len(right), draws.patients),
        ),
        confident_errors=estimate_rate(
            draws.per_patient(sure & ~right), draws.per_patient(sure), draws
        ),
    )


def sets_for(known: Known, validation: Known, wanted: float) -> SetCoverage:
    """Class-conditional sets made on one set of volumes, measured on another.

    Args:
        known: Where they are measured.
        validation: Where the thresholds come from; not used to fit the weights.
        wanted: Share of each label's volumes whose set shall hold it.
    """
    thresholds = label_thresholds(validation.probabilities, validation.y_true, wanted)
    members = set_members(known.probabilities, thresholds)
    by_name = dict(zip(known.names, thresholds.tolist(), strict=True))
    return _measure_sets(known, members, wanted, by_name)


def given_sets(known: Known, sets: NDArray[np.object_]) -> SetCoverage:
    """The sets as the model gave them.

    Args:
        known: Where they are measured.
        sets: Shape (n,), labels joined by `|`; None is an empty set.
    """
    members = np.array(
        [[name in (text or "").split("|") for name in known.names] for text in sets], bool
    ).reshape(len(sets), len(known.names))
    return _measure_sets(known, members, None, {})


def selective(known: Known) -> Selective:
    """Risk against coverage, by the probability of the answer."""
    confidence, wrong, draws = known.confidence, ~known.right, known.draws
    coverage, risk = risk_coverage(confidence, wrong)
    ones = np.ones((1, len(wrong)))
    area = estimate_drawn(
        float(area_under_risk(confidence, wrong, ones)[0]),
        on_draws(lambda weights: area_under_risk(confidence, wrong, weights), draws),
        (len(wrong), draws.patients),
    )
    kept = {}
    for share in KEPT:
        # The surest so many; rows that tie with the last of them are kept as well.
        last = np.sort(confidence)[::-1][max(int(np.ceil(share * len(wrong) - 1e-9)), 1) - 1]
        stays = confidence >= last
        kept[share] = estimate_rate(
            draws.per_patient(stays & wrong), draws.per_patient(stays), draws
        )
    return Selective(coverage, risk, area, kept)


def _weights(
    confidence: Float64Array, right: NDArray[np.bool_]
) -> tuple[Float64Array, Float64Array, Float64Array]:
    return np.ones(len(right)), confidence, right.astype(np.float64)


def _measure_sets(
    known: Known,
    members: NDArray[np.bool_],
    wanted: float | None,
    thresholds: Mapping[str, float],
) -> SetCoverage:
    draws, rows = known.draws, np.arange(len(members))
    holds, size = members[rows, known.y_true], members.sum(axis=1)

    def share(counted: NDArray[np.bool_], among: NDArray[np.bool_]) -> Estimate:
        return estimate_rate(draws.per_patient(counted & among), draws.per_patient(among), draws)

    everything = np.ones(len(members), bool)
    sizes, ones = draws.per_patient(size), draws.per_patient(everything)
    return SetCoverage(
        wanted=wanted,
        overall=share(holds, everything),
        labels={
            name: share(holds, known.y_true == index)
            for index, name in enumerate(known.names)
            if (known.y_true == index).any()
        },
        thresholds=thresholds,
        mean_size=estimate_drawn(
            float(size.mean()),
            draws.resample(sizes) / draws.resample(ones),
            (len(size), draws.patients),
        ),
        single=share(size == 1, everything),
    )
