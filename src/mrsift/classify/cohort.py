"""The rows of a cohort, one per sequence -> its patients, each with all of their sequences."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mrsift.dataset.table import Dataset, DatasetRow, Split
from mrsift.errors import ConfigError

ROLE = "role"
"""Free column of a cohort's rows: which sequence of the patient a volume is."""


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """One patient: what is known, and where the sequences lie.

    Attributes:
        patient: As in the cohort, leading zeros included.
        label: Of the patient; None where it is to be predicted.
        site: `unknown` where nothing says it.
        rows: Role -> the volume that fills it, at least one.
        fold: Of the split; None without folds.
        split: None until `mrsift dataset split` ran.
    """

    patient: str
    label: str | None
    site: str
    rows: Mapping[str, DatasetRow]
    fold: int | None
    split: Split | None


def studies_of(dataset: Dataset) -> tuple[Study, ...]:
    """The patients of a cohort, in order of their names.

    Args:
        dataset: Made with `--layout` or `--roles`.

    Raises:
        ConfigError: A row has no role, or rows of a patient contradict each other.
    """
    by_patient: dict[str, list[DatasetRow]] = {}
    for row in dataset.rows:
        by_patient.setdefault(row.patient, []).append(row)
    return tuple(_study(patient, by_patient[patient]) for patient in sorted(by_patient))


def study_words(study: Study) -> str:
    """A patient by the folder of the sequences, for messages."""
    files = [name for row in study.rows.values() for name in row.files]
    return os.path.commonpath([name.replace("!", "/") for name in files]) or "."


def _study(patient: str, rows: Sequence[DatasetRow]) -> Study:
    """One patient of a cohort."""
    filled: dict[str, DatasetRow] = {}
    for row in rows:
        role = row.extra.get(ROLE)
        if role is None:
            raise ConfigError(
                f"{row.files[0]}: the data set does not say which sequence this is; index it "
                "with: mrsift dataset index --roles brain, or --layout rsna-miccai"
            )
        if role in filled:
            raise ConfigError(
                f"{row.files[0]} and {filled[role].files[0]}: two volumes of one patient are "
                f"{role}; index the cohort again"
            )
        filled[role] = row
    first = rows[0]
    for row in rows[1:]:
        for name in ("label", "fold", "split"):
            if getattr(row, name) != getattr(first, name):
                raise ConfigError(
                    f"{row.files[0]}: its {name} is not that of the patient's other sequences "
                    f"({getattr(row, name)}, {getattr(first, name)}); a patient has one. Index "
                    "and split the cohort again"
                )
    return Study(patient, first.label, first.site, filled, first.fold, first.split)
