"""What k of n says about the rate behind it, and what draws of patients say about any measure."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.bootstrap import PatientDraws
from mrsift.types import Float64Array

Z_95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""

Method = Literal["wilson", "delong", "bootstrap", "shuffled", "bound", "none"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what it rests on.

    Attributes:
        value: NaN where there is nothing to compute it from.
        low: Lower end of the 95 % interval; NaN where there is none.
        high: Upper end.
        successes: Volumes counted; None for what is no plain share.
        total: Volumes they are among.
        patients: Patients these volumes are of.
        method: `wilson`; `delong`; `bootstrap` of patients; `shuffled`: the middle 95 % under
            shuffled labels; `bound`: nothing (or everything) went wrong,
            one-sided; `none`: no interval can be given.
    """

    value: float
    low: float
    high: float
    successes: int | None
    total: int
    patients: int
    method: Method


def wilson_interval(successes: float, total: float) -> tuple[float, float]:
    """95 % interval of a rate.

    Args:
        successes: k, 0 to `total`; of an effective number of volumes no whole number.
        total: n; 0 gives (0, 1): nothing is known.

    Returns:
        Lower and upper bound, 0 to 1.

    Source:
        Wilson 1927, J Am Stat Assoc 22:209-212.
    """
    if total == 0:
        return 0.0, 1.0
    rate, z2 = successes / total, Z_95**2
    middle = (rate + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * math.sqrt(rate * (1 - rate) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def largest_rate_unseen(total: int) -> float:
    """Largest rate that leaves a 5 % chance to see nothing in n; about 3 / n.

    Args:
        total: n; 0 gives 1: nothing is known.

    Source:
        Clopper & Pearson 1934, Biometrika 26:404-413, one-sided; Hanley & Lippman-Hand 1983,
        If nothing goes wrong, is everything all right?, JAMA 249:1743-1745 (rule of three).
    """
    return 1.0 if total == 0 else float(-np.expm1(math.log(0.05) / total))


def design_effect(counted: NDArray[np.number], among: NDArray[np.number]) -> float:
    """How many volumes say as much as one would if each were of another patient, at least 1.

    Args:
        counted: Shape (patients,), volumes counted of each patient.
        among: Shape (patients,), volumes they are among; at least two patients.

    Source:
        Kish 1965, Survey Sampling; with Wilson's interval: Dean & Pagano 2015, J Surv Stat
        Methodol 3:484-503.
    """
    total, patients = among.sum(), int((among > 0).sum())
    rate = counted.sum() / total
    spread = ((counted - rate * among) ** 2).sum() * patients / (patients - 1) / total**2
    alone = rate * (1 - rate) / total
    return max(1.0, float(spread / alone)) if alone > 0 else 1.0


def best_low(among: NDArray[np.number]) -> float:
    """Lower bound of a share in which nothing went wrong.

    Args:
        among: Shape (patients,), volumes of each patient that the share is among.
    """
    return 1 - largest_rate_unseen(int((among > 0).sum()))


def estimate_rate(
    counted: NDArray[np.number], among: NDArray[np.number], draws: PatientDraws
) -> Estimate:
    """A share of volumes with its interval.

    With one volume per patient the interval is Wilson's. With more, patients are drawn; as
    percentiles of draws are too sure where few patients have errors, the interval is not let
    shrink below Wilson's for the effective number of volumes. Where nothing (or everything)
    went wrong there is only a bound, which counts patients: whether errors would come one by
    one or patient by patient was not seen. No interval comes closer to 0 or 1 than that bound,
    or errors would seem to help.

    Args:
        counted: Shape (patients,), volumes counted of each patient.
        among: Shape (patients,), volumes they are among.
        draws: Of these patients.
    """
    successes, total = int(counted.sum()), int(among.sum())
    patients = int((among > 0).sum())
    value = successes / total if total else math.nan
    if total == 0:
        return Estimate(value, math.nan, math.nan, successes, total, patients, "none")
    unseen = largest_rate_unseen(patients)
    if successes in (0, total):
        low, high = (1 - unseen, 1.0) if successes else (0.0, unseen)
        return Estimate(value, low, high, successes, total, patients, "bound")
    if among.max() <= 1:
        low, high = wilson_interval(successes, total)
        return Estimate(value, low, high, successes, total, patients, "wilson")
    if patients < 2:
        return Estimate(value, math.nan, math.nan, successes, total, patients, "none")
    numerator, denominator = draws.resample(counted), draws.resample(among)
    drawn = numerator[denominator > 0] / denominator[denominator > 0]
    ends = np.quantile(drawn, [0.025, 0.975])
    effective = total / design_effect(counted, among)
    low, high = wilson_interval(value * effective, effective)
    low, high = min(low, float(ends[0]), 1 - unseen), max(high, float(ends[1]), unseen)
    return Estimate(value, low, high, successes, total, patients, "bootstrap")


def estimate_drawn(
    value: float, drawn: Float64Array, rests_on: tuple[int, int], floor: float | None = None
) -> Estimate:
    """A measure with the interval that draws of patients give.

    Args:
        value: On the patients as they are.
        drawn: Shape (draws,), the same measure on each draw; NaN where a draw has none.
        rests_on: (volumes, patients) behind it.
        floor: For measures whose best value is 1: the bound if nothing had gone wrong; the
            interval reaches at least down to it.

    Returns:
        Percentile interval; `bound` where all is right, `none` where draws hardly
        differ for another reason.
    """
    total, patients = rests_on
    nothing = Estimate(value, math.nan, math.nan, None, total, patients, "none")
    known = drawn[~np.isnan(drawn)]
    if floor is not None and value >= 1 - 1e-12:
        return replace(nothing, low=floor, high=1.0, method="bound")
    if math.isnan(value) or patients < 2 or len(known) == 0:
        return nothing
    low, high = np.quantile(known, [0.025, 0.975])
    if high - low < 1e-12:
        return nothing
    low = min(float(low), value, value if floor is None else floor)
    return replace(nothing, low=low, high=max(float(high), value), method="bootstrap")


def bounded(estimate: Estimate, low: float, high: float) -> Estimate:
    """The estimate with a bound from elsewhere, where draws could not give an interval.

    Args:
        estimate: Returned as it is unless its method is `none`.
        low: Lower end; NaN where there is none either.
        high: Upper end.
    """
    if estimate.method != "none" or math.isnan(estimate.value) or math.isnan(low):
        return estimate
    low, high = min(low, estimate.value), max(high, estimate.value)
    return replace(estimate, low=low, high=high, method="bound")
