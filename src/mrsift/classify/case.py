"""One patient and what the networks of a run say of it: the values, and what they mean in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mrsift.classify.ensemble import Merged
from mrsift.config import StudyTrainingSettings
from mrsift.evaluate.intervals import Estimate
from mrsift.models.local_votes import LocalVotes
from mrsift.models.saliency import Saliency, SanityCheck
from mrsift.types import Float32Array, Float64Array

ENOUGH_FOR_PERCENTILES = 40
"""Draws from which the middle 95 % can be named; of fewer, smallest and largest are."""

WHAT_IT_IS = {
    "vote_share": (
        "the share of the slices voted {label}. A share of votes is neither a probability nor a "
        "confidence nor an accuracy: slices of one patient are nearly copies of each other, so "
        "{slices} of them are not {slices} witnesses"
    ),
    "mean": "the mean of what the network says of {slices}, before calibration",
    "median": "the median of what the network says of {slices}, before calibration",
    "top_k": "the mean over the {top_k} slices that show {label} most, before calibration",
    "noisy_or": (
        "the probability that one slice or more shows {label} if slices were independent; they are "
        "not, so it nears 1 in any long stack"
    ),
    "attention": (
        "the mean over the slices, weighted by the attention that the network learnt, before "
        "calibration"
    ),
}
"""Aggregate -> what the patient's value is."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Which networks were asked, and why these.

    Attributes:
        networks: How many.
        of: Networks of the run.
        learned: How many of those asked learned from this patient.
        known: The run has this patient.
    """

    networks: int
    of: int
    learned: int
    known: bool


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A patient, explained.

    Attributes:
        patient: As in the cohort.
        question: What the label is called in the cohort, e.g. `MGMT_value`.
        labels: Of the recipe.
        truth: Label in the cohort; None where there is none.
        study: Of the recipe.
        asked: Networks behind every number and map.
        merged: Their answer.
        calibrated: There were enough inner patients to make its probabilities honest.
        draws: Value of the last label, of every network, dropout pass and view, shape (draws,).
        roles: Sequences that are shown.
        seen: Those that the networks see.
        voxels: What is shown, shape (roles, slices, rows, columns).
        spacing_mm: Of `voxels`: slices, rows, columns.
        places: Number of each slice on the whole grid, from 0.
        slices: Probability of the last label, of each network and slice, shape (networks, slices);
            None where the network sees the volume.
        saliency: Grad-CAM for the answered label, mean over the networks.
        check: Of one network's maps against those of random weights.
        votes: Of places, for the last label.
        without: Sequence -> how the value changes when it is taken away; empty with one sequence.
        ranking: ROC AUC over the patients of the run; None where it cannot be counted.
        remarks: Sequences that are missing or were not registered.
    """

    patient: str
    question: str
    labels: tuple[str, ...]
    truth: str | None
    study: StudyTrainingSettings
    asked: Asked
    merged: Merged
    calibrated: bool
    draws: Float64Array
    roles: tuple[str, ...]
    seen: tuple[str, ...]
    voxels: Float32Array
    spacing_mm: tuple[float, float, float]
    places: tuple[int, ...]
    slices: Float64Array | None
    saliency: Saliency
    check: SanityCheck
    votes: LocalVotes
    without: tuple[tuple[str, float], ...]
    ranking: Estimate | None
    remarks: tuple[str, ...]

    @property
    def answer(self) -> str:
        """The most probable label."""
        return self.labels[int(self.merged.probabilities.argmax())]

    @property
    def value(self) -> float:
        """Of the last label, as the recipe aggregates."""
        return float(self.merged.value[-1])

    @property
    def members(self) -> tuple[str, ...]:
        """Labels that cannot be ruled out."""
        return tuple(
            label for label, there in zip(self.labels, self.merged.members, strict=True) if there
        )


def value_words(case: Case) -> str:
    """What the patient's value is."""
    if case.study.unit == "volume":
        what = "what the network says of the volume, before calibration"
    else:
        count = 1 if case.slices is None else case.slices.shape[1]
        slices = f"{count} slices" if count != 1 else "one slice"
        what = WHAT_IT_IS[case.study.aggregate].format(
            label=case.labels[-1],
            slices=slices if case.study.aggregate != "vote_share" else count,
            top_k=min(case.study.top_k, count),
        )
    mean = "" if case.asked.networks == 1 else f", averaged over {case.asked.networks} networks"
    return f"The value {case.value:.3f} is {what}{mean}."


def spread_words(case: Case) -> str:
    """How far the answers lie apart, and what that does not say."""
    count = len(case.draws)
    if count < 2:
        return (
            "There is one answer only, so how far answers would differ is not known: train with "
            "folds, or with dropout and study.mc_dropout, to see it."
        )
    enough = count >= ENOUGH_FOR_PERCENTILES
    low, high = np.percentile(case.draws, (2.5, 97.5) if enough else (0, 100))
    what = "The middle 95 % of" if enough else "All"
    return (
        f"{what} {count} answers ({_kinds(case)}) lie between {low:.3f} and {high:.3f}; their "
        f"standard deviation is {case.draws.std(ddof=1):.3f}. That is how much the networks and "
        "their dropout waver, not how likely the label is: networks that learnt the same chance "
        "pattern agree."
    )


def _kinds(case: Case) -> str:
    kinds = [f"{case.asked.networks} networks" if case.asked.networks != 1 else "one network"]
    if case.study.mc_dropout:
        kinds.append(f"{case.study.mc_dropout} passes with dropout")
    if case.study.tta:
        kinds.append("as it is and mirrored")
    return ", ".join(kinds)


def lead_words(case: Case) -> str:
    """The answer in one sentence: the set of labels comes before the most probable one."""
    if len(case.members) == len(case.labels):
        neither = "neither label" if len(case.labels) == 2 else "no label"
        return f"{case.question}: the networks cannot tell; {neither} can be ruled out."
    others = ", ".join(label for label in case.labels if label not in case.members)
    return f"{case.question}: {' or '.join(case.members)}; {others} can be ruled out."


def probability_words(case: Case) -> str:
    """The most probable label, and whether that number was calibrated."""
    probability = float(case.merged.probabilities.max())
    found = (
        f"{case.answer} is the more probable label"
        if len(case.labels) == 2
        else (f"{case.answer} is the most probable label")
    )
    return (
        f"{found}, {probability:.2f} as calibrated on patients that were held back."
        if case.calibrated
        else f"{found} with {probability:.2f}, a number that nothing calibrated: too few patients "
        "were held back."
    )


def asked_words(case: Case) -> str:
    """Which networks answered."""
    asked = case.asked
    which = (
        "The run's one network"
        if asked.of == 1
        else f"{asked.networks} of the run's {asked.of} networks"
    )
    if not asked.known and asked.of == 1:
        return "The run's one network answered; it has not seen this patient."
    if not asked.known:
        return f"All {asked.of} networks of the run answered: none has seen this patient."
    if asked.learned:
        return (
            f"{which} answered, and {'it' if asked.of == 1 else f'{asked.learned} of them'} "
            "learned from this patient or was watched on it: what follows shows what was learned "
            "by heart, and is no prediction."
        )
    if asked.of == 1:
        return f"{which} answered; it did not learn from this patient."
    return f"{which} answered: those that did not learn from this patient."


def ranking_words(case: Case) -> str:
    """How good such values are over the run's patients."""
    found = case.ranking
    if found is None:
        return (
            "How good such values are was not measured: the run has no labelled patients that its "
            "networks did not learn from."
        )
    bounds = (
        "no interval can be given"
        if found.method == "none"
        else f"95 % interval {found.low:.2f} to {found.high:.2f}"
    )
    covers = found.method == "none" or found.low <= 0.5 <= found.high
    meaning = (
        "That includes 0.50, which is chance: nothing shows that this page says anything about a "
        "patient"
        if covers
        else "0.50 is chance"
    )
    return (
        f"Over {found.total} patients that the networks did not learn from, such values have a ROC "
        f"AUC of {found.value:.2f} ({bounds}). {meaning}."
    )


def check_words(case: Case) -> str:
    """Whether the saliency shows anything that was learnt."""
    last = case.check.similarity[-1]
    if last is None:
        return "The map is empty: nothing in the image speaks for the answer."
    verdict = (
        "so the map does depend on what was learnt"
        if case.check.passed
        else "so the map shows the image rather than what was learnt: do not read it"
    )
    return (
        f"Check with random weights: rank correlation {last:.2f} with the map of a network that "
        f"learnt nothing, {verdict}."
    )


def resolution_words(resolution: Sequence[int], shape: Sequence[int]) -> str:
    """What a map cannot show."""
    numbers, voxels = ("×".join(map(str, sizes)) for sizes in (resolution, shape))
    return (
        f"The network has {numbers} numbers for {voxels} voxels (slices × rows × columns); "
        "everything finer is interpolated."
    )
