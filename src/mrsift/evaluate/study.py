"""Predictions of a study run -> everything its report says of patients, as one value."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mrsift.errors import ConfigError
from mrsift.evaluate.bootstrap import DRAWS, SEED
from mrsift.evaluate.calibration import brier_scores
from mrsift.evaluate.cases import find_cases, split_rows
from mrsift.evaluate.chance import Band, band_of
from mrsift.evaluate.delong import area
from mrsift.evaluate.intervals import Estimate, estimate_drawn, wilson_interval
from mrsift.evaluate.predictions import Predictions, Texts
from mrsift.evaluate.ranking import auroc, on_draws
from mrsift.evaluate.study_areas import SHUFFLES, LabelArea, draw_within, label_area
from mrsift.evaluate.study_controls import Controls, controls
from mrsift.evaluate.study_evidence import Permutation, StudyEvidence
from mrsift.evaluate.summary import Evaluation, evaluate
from mrsift.types import Float64Array

Verdict = Literal["signal", "none", "below", "too few", "one label", "seen"]

FEWEST = 5
"""With fewer patients of the rarer label nothing is said about signal."""


LARGEST_P = 0.05
"""Of a permutation test, with which signal is said to be found."""


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """The patients that count, one row each.

    Attributes:
        names: Labels of the model.
        patient: Shape (n,).
        y_true: Shape (n,), index in `names`.
        probabilities: Shape (n, labels).
        fold: Shape (n,), NaN without folds.
        site: Shape (n,), None where it is not known.
    """

    names: tuple[str, ...]
    patient: Texts
    y_true: NDArray[np.intp]
    probabilities: Float64Array
    fold: Float64Array
    site: Texts

    def __len__(self) -> int:
        return len(self.patient)


@dataclass(frozen=True, slots=True, eq=False)
class StudyEvaluation:
    """Everything computed from one study run.

    Attributes:
        target: Name of the label column; may be empty.
        whole: What is said of any predictions: confusion, calibration, sets, groups.
        verdict: Whether signal above chance is shown; `seen` for patients that were trained on.
        labels: Each label against the rest; of two labels only the last.
        area: AUC; of more than two labels, the mean of theirs.
        chance: Where chance alone lies.
        permutation: Of the labels; None where it was not done.
        accuracy: Share of patients named right.
        majority: Label that most patients have.
        majority_share: Accuracy of always saying it.
        gain: First minus second.
        brier: Of the probabilities, 0 to 2.
        brier_of_shares: Of always saying how frequent each label is.
        sites: Site -> (patients, AUC); NaN where a site has one label.
        sites_are_new: Every site was answered by networks that learnt from none of its patients.
        external: The patients are of another cohort than the one that was learnt from.
        controls: What else could explain the area.
    """

    target: str
    whole: Evaluation
    verdict: Verdict
    labels: tuple[LabelArea, ...]
    area: Estimate
    chance: Band | None
    permutation: Permutation | None
    accuracy: Estimate
    majority: str
    majority_share: Estimate
    gain: Estimate
    brier: Estimate
    brier_of_shares: Estimate
    sites: Mapping[str, tuple[int, Estimate]]
    sites_are_new: bool
    external: bool
    controls: Controls

    @property
    def patients(self) -> int:
        """Labelled patients of the headline split."""
        return self.whole.main.volumes


def evaluate_study(
    predictions: Predictions, evidence: StudyEvidence, *, draws: int = DRAWS, seed: int = SEED
) -> StudyEvaluation:
    """Compute everything; only patients are counted, never slices.

    Args:
        predictions: One row per patient and split.
        evidence: What else the run left.
        draws: Draws of patients behind an interval.
        seed: Of the draws.

    Raises:
        ConfigError: No row has a label that the model knows, or a patient occurs twice.
    """
    whole = evaluate(predictions, draws=draws, seed=seed)
    if evidence.promised is not None:  # the first sets are those of the model
        given = tuple(replace(one, wanted=one.wanted or evidence.promised) for one in whole.sets)
        whole = replace(whole, sets=given)
    main = predictions.rows(split_rows(predictions.split)[whole.headline])
    people = _patients(main)
    drawing = (draws, seed)
    labels = _labels(people, drawing)
    found, chance = _area(people, labels, drawing)
    accuracy = _share(int((people.probabilities.argmax(1) == people.y_true).sum()), len(people))
    most, times = Counter(people.y_true.tolist()).most_common(1)[0]
    return StudyEvaluation(
        target=evidence.target,
        whole=whole,
        verdict=_verdict(whole.headline, people, found, (chance, evidence.permutation)),
        labels=labels,
        area=found,
        chance=chance,
        permutation=evidence.permutation,
        accuracy=accuracy,
        majority=people.names[most],
        majority_share=_share(times, len(people)),
        gain=_gain(people, most, drawing),
        brier=_brier(people, drawing),
        brier_of_shares=_brier_of_shares(people, drawing),
        sites=_sites(people),
        sites_are_new=_are_new(people),
        external=evidence.external,
        controls=controls(main, people.names, evidence, drawing),
    )


def _patients(main: Predictions) -> Patients:
    cases = find_cases(main)
    chosen = main.rows(cases.rows)
    twice = [name for name, times in Counter(chosen.patient).items() if times > 1]
    if twice:
        raise ConfigError(
            f"predictions: {len(twice)} patients have two rows in one split; a patient has one,"
            " and is in one fold. Split the cohort by patient and train again"
        )
    place = {name: index for index, name in enumerate(main.names)}
    y_true = np.array([place[label] for label in chosen.label], np.intp)
    return Patients(
        main.names, chosen.patient, y_true, chosen.probabilities, chosen.fold, chosen.site
    )


def _labels(people: Patients, drawing: tuple[int, int]) -> tuple[LabelArea, ...]:
    """Labels that occur beside others; of two labels the last alone."""
    count = len(people.names)
    found = []
    for index in range(count) if count > 2 else (1,):
        positive = people.y_true == index
        if positive.any() and not positive.all():
            score = people.probabilities[:, index]
            name = people.names[index]
            found.append(label_area(name, score, positive, people.fold, drawing))
    return tuple(found)


def _area(
    people: Patients, labels: tuple[LabelArea, ...], drawing: tuple[int, int]
) -> tuple[Estimate, Band | None]:
    """The area of two labels, or the mean of those of several, with what chance gives."""
    n = len(people)
    if not labels:
        return Estimate(np.nan, np.nan, np.nan, None, n, n, "none"), None
    if len(labels) == 1:
        return labels[0].pooled, labels[0].band
    places = [people.names.index(found.label) for found in labels]
    draws = draw_within(people.y_true, draws=drawing[0], seed=drawing[1])

    def mean(weights: NDArray[np.number]) -> Float64Array:
        areas = [auroc(people.probabilities[:, k], people.y_true == k, weights) for k in places]
        averaged: Float64Array = np.mean(areas, axis=0)
        return averaged

    value = float(np.mean([found.pooled.value for found in labels]))
    rng = np.random.default_rng(drawing[1])
    null = []
    for _ in range(SHUFFLES // 4):
        mixed = rng.permutation(people.y_true)
        null.append(np.mean([area(people.probabilities[:, k], mixed == k).value for k in places]))
    return estimate_drawn(value, on_draws(mean, draws), (n, n)), band_of(np.array(null))


def _verdict(
    split: str, people: Patients, found: Estimate, null: tuple[Band | None, Permutation | None]
) -> Verdict:
    chance, permutation = null
    if split == "train":
        return "seen"
    if chance is None:
        return "one label"
    fewest = min(Counter(people.y_true.tolist()).values())
    if fewest < FEWEST or np.isnan(found.low):
        return "too few"
    bands = [chance, *([permutation.band] if permutation else [])]
    above = found.low > 0.5 and all(found.value > band.high for band in bands)
    if above and (permutation is None or permutation.p <= LARGEST_P):
        return "signal"
    below = found.high < 0.5 and all(found.value < band.low for band in bands)
    return "below" if below else "none"


def _share(counted: int, total: int) -> Estimate:
    low, high = wilson_interval(counted, total)
    return Estimate(counted / total, low, high, counted, total, total, "wilson")


def _gain(people: Patients, most: int, drawing: tuple[int, int]) -> Estimate:
    right = people.probabilities.argmax(axis=1) == people.y_true
    difference = right.astype(np.float64) - (people.y_true == most)
    draws = draw_within(people.y_true, draws=drawing[0], seed=drawing[1])
    n = len(people)
    return estimate_drawn(float(difference.mean()), draws.resample(difference) / n, (n, n))


def _brier(people: Patients, drawing: tuple[int, int]) -> Estimate:
    squares = brier_scores(people.probabilities, people.y_true)
    draws = draw_within(np.zeros(len(people), np.intp), draws=drawing[0], seed=drawing[1])
    n = len(people)
    return estimate_drawn(float(squares.mean()), draws.resample(squares) / n, (n, n))


def _brier_of_shares(people: Patients, drawing: tuple[int, int]) -> Estimate:
    """Brier score of saying of everybody how frequent each label is."""
    draws = draw_within(np.zeros(len(people), np.intp), draws=drawing[0], seed=drawing[1])
    n = len(people)
    of_label = np.eye(len(people.names))[people.y_true]
    value = 1 - ((of_label.sum(axis=0) / n) ** 2).sum()
    drawn = 1 - ((draws.resample(of_label) / n) ** 2).sum(axis=1)
    return estimate_drawn(float(value), drawn, (n, n))


def _sites(people: Patients) -> dict[str, tuple[int, Estimate]]:
    """AUC of each site, of the last label; empty where no site is known."""
    names = _site_names(people)
    found = {}
    for name in names:
        mine = people.site == name
        positive = people.y_true[mine] == len(people.names) - 1
        score = people.probabilities[mine, -1]
        found[name] = (int(mine.sum()), area(score, positive).estimate())
    return found


def _site_names(people: Patients) -> list[str]:
    return sorted({site for site in people.site if site and site != "unknown"})


def _are_new(people: Patients) -> bool:
    """Whether folds are made of whole sites: then a site has one fold, and there are several."""
    folds = [set(people.fold[people.site == name]) for name in _site_names(people)]
    known = not np.isnan(people.fold).any() and len(people) > 0
    return known and len(folds) > 1 and all(len(one) == 1 for one in folds)
