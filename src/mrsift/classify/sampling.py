"""Prepared studies -> what a network sees at once: a slice, a bag of slices, or the volume."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mrsift.config import AugmentationSettings, StudyTrainingSettings
from mrsift.train.augmentation import draw, vary
from mrsift.train.batches import NO_REGION, Labelled, Volumes
from mrsift.train.fit import Task
from mrsift.train.recipe import Recipe
from mrsift.types import Float32Array


class Studies(Volumes, Protocol):
    """Prepared studies, each (channels, slices, rows, columns), read when asked for."""

    def slices_of(self, index: int, slices: NDArray[np.intp], /) -> Float32Array:
        """Some slices of one study, shape (n, channels, rows, columns)."""


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """All that the networks of a run share; everything is in one order.

    Attributes:
        names: Of the patients.
        studies: Prepared.
        labels: Index of the label of each, or `NO_CLASS`, shape (n,).
        slices: Of each study, their places on its whole grid.
    """

    names: tuple[str, ...]
    studies: Studies
    labels: NDArray[np.intp]
    slices: tuple[NDArray[np.intp], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """Every sampled slice of every study, as a volume of one slice.

    Attributes:
        studies: Of the run.
        places: Study and slice of each sample, shape (n, 2).
    """

    studies: Studies
    places: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int, /) -> Float32Array:
        """Shape (channels, 1, rows, columns)."""
        study, place = (int(value) for value in self.places[index])
        return self.studies.slices_of(study, np.array([place])).swapaxes(0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Bags:
    """Every study as so many slices, evenly spread: what validation sees.

    Attributes:
        studies: Of the run.
        counts: Slices of each study, shape (n,).
        slices: Of a bag.
    """

    studies: Studies
    counts: NDArray[np.intp]
    slices: int

    def __len__(self) -> int:
        return len(self.studies)

    def __getitem__(self, index: int, /) -> Float32Array:
        """Shape (channels, slices of a bag, rows, columns)."""
        places = evenly(int(self.counts[index]), self.slices)
        return self.studies.slices_of(index, places).swapaxes(0, 1)


@dataclass(frozen=True, slots=True)
class StudyAugmentation:
    """Augments all channels alike, so that they stay on one grid.

    Attributes:
        settings: How often and how much.
        bag: Slices that are drawn of the study, in their order; None takes what comes.
    """

    settings: AugmentationSettings
    bag: int | None = None

    def __call__(self, source: Float32Array, rng: np.random.Generator) -> Float32Array:
        """Shape (channels, slices, rows, columns) to the same, or to a bag."""
        if self.bag is not None:
            slices = source.shape[1]
            drawn = rng.choice(slices, self.bag, replace=slices < self.bag)
            source = source[:, np.sort(drawn)]
        shape = (source.shape[1], source.shape[2], source.shape[3])
        one = draw(rng, self.settings, shape[0])
        made = np.zeros(source.shape, dtype=np.float32)
        for channel, image in zip(made, source, strict=True):
            if image.min() < image.max():  # a sequence that is missing stays empty
                bright, lowest = vary(image, one, shape, rng)
                channel[:] = bright + lowest
        return made


def evenly(slices: int, wanted: int) -> NDArray[np.intp]:
    """Places of so many slices, evenly spread, none at the very ends; some twice if too few.

    Args:
        slices: There are.
        wanted: Of them.
    """
    return ((np.arange(wanted) + 0.5) * slices / wanted).astype(np.intp)


def make_task(
    recipe: Recipe, patients: Patients, train: NDArray[np.intp], inner: NDArray[np.intp]
) -> Task:
    """What one network learns from what.

    Args:
        recipe: With a section `[study]`.
        patients: Of the run.
        train: Places of the patients to learn from.
        inner: Places of those to watch.
    """
    study = recipe.study
    assert study is not None
    bag = study.slices_seen if study.unit == "bag" else None
    return Task(
        recipe.labels.names,
        (),
        _labelled(study, patients, train, augmented=True),
        _labelled(study, patients, inner, augmented=False),
        StudyAugmentation(recipe.augmentation, bag),
        study.epochs_reported,
    )


def _labelled(
    study: StudyTrainingSettings, patients: Patients, chosen: NDArray[np.intp], *, augmented: bool
) -> Labelled:
    """Samples of some patients; a bag is drawn when it is augmented."""
    counts = np.array([len(own) for own in patients.slices], dtype=np.intp)
    if study.unit == "slice":
        places = slice_places(counts, chosen, study.slices_seen)
        return _all_of(Slices(patients.studies, places), patients.labels[places[:, 0]])
    volumes: Volumes = patients.studies
    if study.unit == "bag" and not augmented:
        volumes = Bags(patients.studies, counts, study.slices_seen)
    labelled = _all_of(volumes, patients.labels[chosen])
    return replace(labelled, places=chosen)


def _all_of(volumes: Volumes, labels: NDArray[np.intp]) -> Labelled:
    return Labelled(volumes, np.arange(len(labels)), labels, np.full(len(labels), NO_REGION))


def slice_places(
    counts: NDArray[np.intp], chosen: Sequence[int] | NDArray[np.intp], most: int
) -> NDArray[np.intp]:
    """Study and slice of every sample, shape (n, 2).

    Args:
        counts: Slices of each study, shape (studies,).
        chosen: Places of those that are asked for.
        most: Slices of a study, evenly spread; 0 takes all.
    """
    found = []
    for study in chosen:
        slices = int(counts[study])
        own = np.arange(slices) if not 0 < most < slices else evenly(slices, most)
        found.append(np.stack([np.full(len(own), study), own], axis=1))
    return np.concatenate(found).astype(np.intp)
