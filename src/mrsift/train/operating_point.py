"""From trials to an operating point: two reliabilities and a threshold.

`docs/explanation/knowing.md` explains each step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mrsift.config import IdentifySettings
from mrsift.infer.fuse import believed_header, decide_low_or_high, fuse
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.types import Float64Array, Opinion

RELIABILITIES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)

MOST_PIXEL_RELIABILITY = 0.95
"""Simulated studies cannot show how strange the next scanner is: published networks lose 2 to 18
of a hundred answers from one site to another."""

LEAST_HEADER_RELIABILITY = 0.9
"""About one series in ten is named wrongly in published cohorts."""

THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(13))

SWAPPED = 0.02
"""Weight of headers that belong to another series, beside those that the simulator writes."""

WRONG_COST = 2.0
"""A wrong answer costs as much as so many known volumes that are answered `UNKNOWN`."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One volume with one header.

    Attributes:
        pixels: None where they are like nothing seen in training.
        header: None where it is silent.
        b_s_per_mm2: A trusted b-value, or None.
        label: The right one.
        study: Number of the study that it is of.
    """

    pixels: Opinion | None
    header: Opinion | None
    b_s_per_mm2: float | None
    label: str
    study: int = 0

    def believed(self, settings: IdentifySettings) -> Opinion | None:
        """The header's opinion, where it counts."""
        return believed_header(self.header, settings, stranger=self.pixels is None)

    def probabilities(self, settings: IdentifySettings) -> Float64Array:
        """Of the labels, in the order of `LABEL_NAMES`, as `infer` would make them."""
        fused = fuse(self.pixels, self.believed(settings), settings)
        if self.b_s_per_mm2 is not None:
            fused = decide_low_or_high(fused, self.b_s_per_mm2)
        return np.array([fused[name] for name in LABEL_NAMES])


def losses_of(
    written: Sequence[Trial], swapped: Sequence[Trial], settings: IdentifySettings
) -> Float64Array:
    """Surprise at the right labels where both opinions speak, summed in each study.

    Args:
        written: With headers as the simulator writes them, lies and silence among them.
        swapped: With headers of other series, which count `SWAPPED` as much.
        settings: Reliabilities.

    Returns:
        Shape (studies,).
    """
    place = {name: index for index, name in enumerate(LABEL_NAMES)}
    studies = 1 + max(trial.study for trial in written)
    total = np.zeros(studies)
    for tried, weight in ((written, 1 - SWAPPED), (swapped, SWAPPED)):
        for trial in tried:
            if trial.pixels and trial.header:
                right = trial.probabilities(settings)[place[trial.label]]
                total[trial.study] -= weight * np.log(max(right, 1e-12))
    return total


def nearest_to_prior(losses: Float64Array, far: Float64Array) -> int:
    """The candidate nearest to what was held before, of those as good as the best.

    As good is within one standard error of the difference, by study: a fit on some dozens of
    studies must not claim more than they show.

    Args:
        losses: Shape (candidates, studies).
        far: Distance of each candidate from what was held before, shape (candidates,).

    Source:
        The one-standard-error rule of Breiman et al. 1984, Classification and Regression Trees.
    """
    worse = losses - losses[losses.sum(axis=1).argmin()]
    studies = losses.shape[1]
    error = worse.std(axis=1, ddof=1) / np.sqrt(studies) if studies > 1 else np.zeros(len(far))
    as_good = worse.mean(axis=1) <= error
    return int(np.where(as_good, far, np.inf).argmin())


def fit_reliabilities(
    written: Sequence[Trial], swapped: Sequence[Trial], settings: IdentifySettings
) -> IdentifySettings:
    """The pair under which the right labels are least surprising, or as good and nearer.

    Args:
        written: As in `losses_of`.
        swapped: As there.
        settings: What was held before, and everything else.
    """
    pairs = [
        replace(settings, pixel_reliability=pixels, header_reliability=header)
        for pixels in RELIABILITIES
        for header in RELIABILITIES
        if pixels <= MOST_PIXEL_RELIABILITY and header >= LEAST_HEADER_RELIABILITY
    ]
    losses = np.stack([losses_of(written, swapped, pair) for pair in pairs])
    before = _log_odds(settings)
    far = np.array([np.abs(_log_odds(pair) - before).sum() for pair in pairs])
    return pairs[nearest_to_prior(losses, far)]


def _log_odds(settings: IdentifySettings) -> Float64Array:
    shares = np.array([settings.pixel_reliability, settings.header_reliability])
    odds: Float64Array = np.log(shares / (1 - shares))
    return odds


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a threshold does.

    Attributes:
        threshold: Below it the answer is `UNKNOWN`.
        coverage: Share of known volumes that get a label.
        risk: Share of labels given that are wrong.
        costs: Of each study, see `WRONG_COST`.
        volumes: Of all studies.
    """

    threshold: float
    coverage: float
    risk: float
    costs: Float64Array
    volumes: int

    @property
    def cost(self) -> float:
        """Per volume."""
        return float(self.costs.sum() / self.volumes)


def sweep(tried: Sequence[Trial], settings: IdentifySettings) -> tuple[Kept, ...]:
    """Risk and coverage of every threshold.

    Args:
        tried: Volumes, known and not.
        settings: Reliabilities.
    """
    probabilities = np.stack([trial.probabilities(settings) for trial in tried])
    names = np.array(LABEL_NAMES)[probabilities.argmax(axis=1)]
    labels = np.array([trial.label for trial in tried])
    studies = np.array([trial.study for trial in tried])
    sure = probabilities.max(axis=1)
    return tuple(
        _kept(threshold, np.where(sure >= threshold, names, UNKNOWN), labels, studies)
        for threshold in THRESHOLDS
    )


def _kept(
    threshold: float,
    answers: NDArray[np.str_],
    labels: NDArray[np.str_],
    studies: NDArray[np.intp],
) -> Kept:
    answered, known = answers != UNKNOWN, labels != UNKNOWN
    wrong = answered & (answers != labels)
    abstained = known & ~answered
    return Kept(
        threshold,
        float((answered & known).sum() / max(int(known.sum()), 1)),
        float(wrong.sum() / max(int(answered.sum()), 1)),
        np.bincount(studies, WRONG_COST * wrong + abstained).astype(np.float64),
        len(labels),
    )


def choose_threshold(swept: Sequence[Kept], before: float) -> float:
    """The threshold of least cost, or as good and nearer to what was held before.

    Args:
        swept: Of `sweep`.
        before: E.g. one half, which is best where probabilities are honest.

    Source:
        Chow 1970, On optimum recognition error and reject tradeoff.
    """
    thresholds = np.array([kept.threshold for kept in swept])
    losses = np.stack([kept.costs for kept in swept])
    return swept[nearest_to_prior(losses, np.abs(thresholds - before))].threshold
