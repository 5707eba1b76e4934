"""What a study run leaves beside its predictions, as values; `classify` reads them from files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.chance import Band, band_of, permutation_p
from mrsift.evaluate.predictions import Texts
from mrsift.types import Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class SliceAnswers:
    """What a network said of single slices.

    Attributes:
        patient: Shape (n,).
        split: Shape (n,), `train`, `validation` or `test`.
        probability: Shape (n,), of the last label.
    """

    patient: Texts
    split: Texts
    probability: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class EpochValues:
    """A patient's value after so many epochs: table 2 of the 2022 paper.

    Attributes:
        patient: Shape (n,).
        epochs: Shape (n,).
        value: Shape (n,), 0 to 1.
        split: Shape (n,).
    """

    patient: Texts
    epochs: NDArray[np.intp]
    value: Float64Array
    split: Texts


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One training: a value per epoch and column.

    Attributes:
        name: Which fold and repeat, e.g. `fold 0`.
        epoch: Shape (epochs,), from 1.
        columns: Column of the history -> shape (epochs,), NaN where it was not measured.
    """

    name: str
    epoch: Float64Array
    columns: Mapping[str, Float64Array]


@dataclass(frozen=True, slots=True, eq=False)
class Permutation:
    """Areas under shuffled labels.

    Attributes:
        areas: Shape (times,), one per shuffle.
        observed: Of the same procedure with the labels as they are.
        how: `frozen` refits the head on the features of the run; `retrained` trains anew.
        seed: Of the shuffles.
    """

    areas: Float64Array
    observed: float
    how: str
    seed: int

    @property
    def p(self) -> float:
        """Never below `floor`."""
        return permutation_p(self.observed, self.areas)

    @property
    def floor(self) -> float:
        """The smallest p that so many shuffles can give."""
        return 1 / (len(self.areas) + 1)

    @property
    def band(self) -> Band:
        """The middle 95 %."""
        return band_of(self.areas)


@dataclass(frozen=True, slots=True, eq=False)
class Leak:
    """A control that leaks on purpose: slices of one patient are on both sides.

    Attributes:
        patient: Shape (n,), of each slice that was held out.
        positive: Shape (n,), its label.
        probability: Shape (n,), of the last label.
        shuffled: The labels were shuffled over patients first, so that there is nothing to learn.
    """

    patient: Texts
    positive: NDArray[np.bool_]
    probability: Float64Array
    shuffled: bool


@dataclass(frozen=True, slots=True, eq=False)
class StudyEvidence:
    """All of it; what a run does not have is empty or None.

    Attributes:
        target: Name of the label column, e.g. `MGMT_value`; empty where it is not known.
        trained_patients: Patients that one network learns from; 0 where it is not known.
        promised: Share of each label's patients whose set of labels shall hold it; None where it
            is not known.
        external: The patients are of another cohort than the one that was learnt from.
        slices: Of single slices.
        epochs: Patients x epochs.
        curves: Training by epoch, one per fold.
        permuted_curves: The same with shuffled labels.
        permutation: Of the labels.
        leaks: Controls.
        confounders: What is known without the image -> patient -> score, out of fold.
    """

    target: str = ""
    trained_patients: int = 0
    promised: float | None = None
    external: bool = False
    slices: SliceAnswers | None = None
    epochs: EpochValues | None = None
    curves: tuple[Curve, ...] = ()
    permuted_curves: tuple[Curve, ...] = ()
    permutation: Permutation | None = None
    leaks: tuple[Leak, ...] = ()
    confounders: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
