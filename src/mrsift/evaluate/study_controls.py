"""What else could explain a good number: memory, slices, a leak, or facts beside the image."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.bootstrap import draw_patients
from mrsift.evaluate.chance import Band, chance_band
from mrsift.evaluate.delong import area, area_difference
from mrsift.evaluate.intervals import Estimate, estimate_drawn, estimate_rate, wilson_interval
from mrsift.evaluate.predictions import Predictions, Texts
from mrsift.evaluate.ranking import auroc, on_draws
from mrsift.evaluate.study_evidence import Curve, EpochValues, Leak, SliceAnswers, StudyEvidence
from mrsift.types import Float64Array

LEAK_DRAWS = 400
"""Draws of patients for measures of slices, which are many."""


@dataclass(frozen=True, slots=True, eq=False)
class Confounder:
    """How far the label follows from something beside the image.

    Attributes:
        name: What it is.
        area: AUC, out of fold.
        difference: AUC of the image model minus it, in pairs.
    """

    name: str
    area: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class LeakFound:
    """What a leak on purpose gives.

    Attributes:
        shuffled: With labels that were shuffled over patients, so that nothing can be learnt.
        accuracy: Of held-out slices, other slices of whose patients were learnt from.
        area: AUC of these slices.
        inflated: Accuracy above what always saying the more frequent label gives.
    """

    shuffled: bool
    accuracy: Estimate
    area: Estimate
    inflated: bool


@dataclass(frozen=True, slots=True, eq=False)
class EpochTable:
    """Patients x epochs, as the 2022 paper prints it.

    Attributes:
        patient: Shape (n,).
        label: Shape (n,), None where it is not known.
        epochs: Shape (columns,), rising.
        value: Shape (n, columns), NaN where there is none.
        areas: Epochs -> (AUC of the labelled patients, where chance lies).
    """

    patient: Texts
    label: Texts
    epochs: NDArray[np.intp]
    value: Float64Array
    areas: Mapping[int, tuple[Estimate, Band]]


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """All controls; what a run does not have is empty or None.

    Attributes:
        training_accuracy: After the last epoch, on what was learnt from.
        permuted_training_accuracy: The same with shuffled labels.
        slice_accuracy: Of single slices of the patients that are evaluated.
        leaks: On purpose.
        confounders: Facts beside the image.
        epochs: Patients x epochs.
        curves: Training by epoch.
        permuted_curves: The same with shuffled labels.
    """

    training_accuracy: Estimate | None
    permuted_training_accuracy: Estimate | None
    slice_accuracy: Estimate | None
    leaks: tuple[LeakFound, ...]
    confounders: tuple[Confounder, ...]
    epochs: EpochTable | None
    curves: tuple[Curve, ...]
    permuted_curves: tuple[Curve, ...]


def controls(
    main: Predictions, names: tuple[str, ...], evidence: StudyEvidence, drawing: tuple[int, int]
) -> Controls:
    """Everything that a good number must be held against.

    Args:
        main: Rows of the headline split, one per patient.
        names: Labels of the model.
        evidence: What the run left.
        drawing: (draws, seed).
    """
    label = dict(zip(main.patient, main.label, strict=True))
    split = next(iter(set(main.split)), None)
    return Controls(
        training_accuracy=_trained(evidence.curves, evidence.trained_patients),
        permuted_training_accuracy=_trained(evidence.permuted_curves, evidence.trained_patients),
        slice_accuracy=_slices(evidence.slices, label, (names, split), drawing),
        leaks=tuple(find_leak(found, drawing[1]) for found in evidence.leaks),
        confounders=tuple(_confounders(main, evidence.confounders)),
        epochs=_epochs(evidence.epochs, label, names[-1], split),
        curves=evidence.curves,
        permuted_curves=evidence.permuted_curves,
    )


def _trained(curves: tuple[Curve, ...], patients: int) -> Estimate | None:
    """Mean over networks after the last epoch, with as much certainty as there are patients."""
    last = [
        float(values[~np.isnan(values)][-1])
        for curve in curves
        if (values := curve.columns.get("train_accuracy")) is not None
        and not np.isnan(values).all()
    ]
    if not last:
        return None
    value = float(np.mean(last))
    if not patients:
        return Estimate(value, np.nan, np.nan, None, 0, 0, "none")
    low, high = wilson_interval(value * patients, patients)
    return Estimate(value, low, high, None, patients, patients, "wilson")


def _slices(
    slices: SliceAnswers | None,
    label: Mapping[str, str | None],
    of: tuple[tuple[str, ...], str | None],
    drawing: tuple[int, int],
) -> Estimate | None:
    names, split = of
    if slices is None or len(names) != 2:
        return None
    known = np.array([label.get(name) in names for name in slices.patient], bool)
    mine = known & (slices.split == split)
    if not mine.any():
        return None
    patient = slices.patient[mine]
    positive = np.array([label[name] == names[1] for name in patient], bool)
    right = (slices.probability[mine] > 0.5) == positive
    draws = draw_patients(patient, draws=min(drawing[0], LEAK_DRAWS), seed=drawing[1])
    return estimate_rate(draws.per_patient(right), draws.per_patient(np.ones(len(right))), draws)


def find_leak(leak: Leak, seed: int) -> LeakFound:
    """What a control that leaks on purpose gives, in patients drawn.

    Args:
        leak: The control.
        seed: Of the draws.
    """
    draws = draw_patients(leak.patient, draws=LEAK_DRAWS, seed=seed)
    right = (leak.probability > 0.5) == leak.positive
    ones = draws.per_patient(np.ones(len(right)))
    accuracy = estimate_rate(draws.per_patient(right), ones, draws)
    value = float(auroc(leak.probability, leak.positive, np.ones((1, len(right))))[0])
    drawn = on_draws(lambda weights: auroc(leak.probability, leak.positive, weights), draws)
    found = estimate_drawn(value, drawn, (len(right), draws.patients))
    share = float(leak.positive.mean())
    return LeakFound(leak.shuffled, accuracy, found, accuracy.low > max(share, 1 - share))


def _confounders(
    main: Predictions, scores: Mapping[str, Mapping[str, float]]
) -> Iterable[Confounder]:
    """Each on the patients that it has a score for, beside the image model on the same."""
    last = main.names[-1]
    for name, by_patient in scores.items():
        rows = np.array(
            [
                label in main.names and patient in by_patient
                for patient, label in zip(main.patient, main.label, strict=True)
            ],
            bool,
        )
        part = main.rows(rows)
        positive = np.array([label == last for label in part.label], bool)
        score = np.array([by_patient[patient] for patient in part.patient], np.float64)
        alone, image = area(score, positive), area(part.probabilities[:, -1], positive)
        yield Confounder(name, alone.estimate(), area_difference(alone, image))


def _epochs(
    values: EpochValues | None, label: Mapping[str, str | None], last: str, split: str | None
) -> EpochTable | None:
    if values is None:
        return None
    # Patients without a label have no split; the paper's table is of such patients.
    mine = (values.split == split) | np.array([name is None for name in values.split], bool)
    if not mine.any():
        return None
    patient, row = np.unique(values.patient[mine].astype(str), return_inverse=True)
    epochs, column = np.unique(values.epochs[mine], return_inverse=True)
    table = np.full((len(patient), len(epochs)), np.nan)
    table[row, column] = values.value[mine]
    labels = np.array([label.get(name) for name in patient], dtype=object)
    known = np.array([text is not None for text in labels], bool)
    positive = labels == last
    areas = {}
    for place, epoch in enumerate(epochs):
        there = known & ~np.isnan(table[:, place])
        m, n = int((there & positive).sum()), int((there & ~positive).sum())
        if m and n:
            found = area(table[there, place], positive[there])
            areas[int(epoch)] = (found.estimate(), chance_band(m, n))
    return EpochTable(patient.astype(object), labels, epochs.astype(np.intp), table, areas)
