"""Rows of a data set -> the class of each, and which side of the split it is on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mrsift.config import LabelSettings
from mrsift.dataset.leaks import row_words, same_pixels
from mrsift.dataset.table import Dataset, DatasetRow
from mrsift.errors import ConfigError
from mrsift.labels import UNKNOWN

NO_CLASS = -1
"""Class of a volume without a label, or with one that is no class: predicted, never trained on."""


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """The volumes of an experiment.

    Attributes:
        names: Classes, in the order of the network's outputs.
        rows: Of the data set, each with its split; those that do not count are left out.
        labels: Index of the class of each row, or `NO_CLASS`, shape (n,).
        called: Label of each row, None where there is none; a stranger's is none of `names`,
            also where it is trained as `UNKNOWN`, so that the evaluation tells kinds of them apart.
        remarks: What a user should know, one line each.
    """

    names: tuple[str, ...]
    rows: tuple[DatasetRow, ...]
    labels: NDArray[np.intp]
    called: tuple[str | None, ...]
    remarks: tuple[str, ...]

    def side(self, split: str) -> NDArray[np.intp]:
        """Places of the labelled rows of a split, shape (k,)."""
        wanted = [row.split == split for row in self.rows]
        return np.flatnonzero(np.array(wanted, dtype=bool) & (self.labels != NO_CLASS))

    def only(self, kept: Sequence[int], remarks: Sequence[str] = ()) -> "Classified":
        """Some of the rows, in the given order."""
        return Classified(
            self.names,
            tuple(self.rows[index] for index in kept),
            self.labels[list(kept)],
            tuple(self.called[index] for index in kept),
            (*self.remarks, *remarks),
        )


def classify(dataset: Dataset, settings: LabelSettings, fold: int | None = None) -> Classified:
    """The class and the split of every row.

    Args:
        dataset: Split already.
        settings: Of the recipe.
        fold: Validates, and the other folds train; None takes the split as it stands.

    Raises:
        ConfigError: The data are not split, have no such fold, or lack a column.
    """
    index = {name: place for place, name in enumerate(settings.names)}
    rows = tuple(_sides(dataset, fold))
    called = class_names(rows, settings)
    strangers = Counter(name for name in called if name is not None and name not in index)
    remarks = []
    if settings.unknown is not None:
        index |= dict.fromkeys((settings.unknown, *strangers), len(index))
        if settings.unknown != UNKNOWN:  # to the evaluation a class like the others
            called = [settings.unknown if name in strangers else name for name in called]
    elif strangers:
        named = ", ".join(f"{name} ({count})" for name, count in strangers.most_common(5))
        remarks.append(
            f"{strangers.total()} volumes are no class of the recipe: predicted, but not trained "
            f"on: {named}"
        )
    labels = [NO_CLASS if name is None else index.get(name, NO_CLASS) for name in called]
    if unlabelled := called.count(None):
        remarks.append(f"{unlabelled} volumes without a label are predicted, but not trained on")
    names = settings.names
    if settings.unknown is not None and strangers:
        names = (*names, settings.unknown)
    elif settings.unknown is not None:
        remarks.append(
            f"no volume of another class, so {settings.unknown} is not trained; answers abstain "
            "by probability alone"
        )
    return Classified(names, rows, np.array(labels, dtype=np.intp), tuple(called), tuple(remarks))


def check_trainable(data: Classified, *, complete: bool = True) -> None:
    """Refuses data that nothing can be learnt from, or that would fool the reader.

    Args:
        data: Of `classify`.
        complete: Every class must have a training volume.

    Raises:
        ConfigError: An empty class or split, too few patients, or a patient or the pixels of a
            volume on two sides.
    """
    counts = np.bincount(data.labels[data.side("train")], minlength=len(data.names))
    empty = [name for name, count in zip(data.names, counts, strict=True) if count == 0]
    if (empty and complete) or np.count_nonzero(counts) < 2:
        there = ", ".join(f"{n} ({c})" for n, c in zip(data.names, counts, strict=True) if c)
        raise ConfigError(
            f"no training volume of class {', '.join(empty)}; there are {there or 'none'}. Label "
            "some, or name the classes of the data in labels.names and labels.same_as."
        )
    patients = {
        split: {data.rows[place].patient for place in data.side(split)}
        for split in ("train", "validation", "test")
    }
    if len(patients["train"]) < 2 or not patients["validation"]:
        raise ConfigError(
            f"patients for training: {len(patients['train'])}, for validation: "
            f"{len(patients['validation'])}; at least 2 and 1 are needed. Add patients, or split "
            "again with other ratios: mrsift dataset split"
        )
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        if shared := patients[one] & patients[other]:
            raise ConfigError(
                f"{len(shared)} patients are in {one} and in {other}, e.g. {min(shared)}; split "
                "again: mrsift dataset split"
            )
    _check_pixels(data)


def _check_pixels(data: Classified) -> None:
    """Refuses volumes that are learnt from under one name and tested on under another."""
    labelled = [row for row, label in zip(data.rows, data.labels, strict=True) if label != NO_CLASS]
    apart = [own for own in same_pixels(labelled) if len({row.split for row in own}) > 1]
    if apart:
        named = " = ".join(f"{row.patient} ({row_words(row)}, {row.split})" for row in apart[0])
        raise ConfigError(
            f"{len(apart)} volumes have the same pixels on two sides of the split, e.g. {named}; "
            "give both one patient, or leave one out: mrsift dataset check names all"
        )


def _sides(dataset: Dataset, fold: int | None) -> list[DatasetRow]:
    """The rows that are on a side of the split."""
    if fold is None:
        rows = [row for row in dataset.rows if row.split is not None]
        if not rows:
            raise ConfigError("the data are not split; run: mrsift dataset split DATA")
        return rows
    folds = sorted({row.fold for row in dataset.rows if row.fold is not None})
    if fold not in folds:
        raise ConfigError(
            f"training.fold is {fold}, and the data have folds {folds}; run: mrsift dataset split "
            "DATA --folds K"
        )
    return [
        row
        if row.fold is None or row.split == "test"
        else replace(row, split="validation" if row.fold == fold else "train")
        for row in dataset.rows
        if row.fold is not None or row.split == "test"
    ]


def class_names(rows: Sequence[DatasetRow], settings: LabelSettings) -> list[str | None]:
    """What each row is called in the recipe's words; None where a column of it is empty."""
    same_as = dict(settings.same_as)
    return [_class_name(row, settings.columns, same_as) for row in rows]


def _class_name(row: DatasetRow, columns: tuple[str, ...], same_as: dict[str, str]) -> str | None:
    """The columns of a row, joined; None where one is empty."""
    words = []
    for column in columns:
        value = row.extra.get(column, getattr(row, column, None))
        if value is None or value == "":
            return None
        words.append(same_as.get(str(value), str(value)))
    return "_".join(words)
