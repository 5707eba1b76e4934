"""A cohort and a recipe -> prepared patients with their labels; who is left out is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mrsift.classify.cohort import Study, studies_of
from mrsift.classify.member import label_places
from mrsift.classify.prepared import prepare_studies
from mrsift.classify.sampling import Patients
from mrsift.dataset.table import Dataset
from mrsift.errors import ConfigError
from mrsift.export.rows import count
from mrsift.train.classes import NO_CLASS, class_names
from mrsift.train.recipe import Recipe
from mrsift.train.watch import Watch


@dataclass(frozen=True, slots=True, eq=False)
class PreparedCohort:
    """Everything that a run on studies reads.

    Attributes:
        studies: Patients that could be prepared.
        called: Label of each in the recipe's words; None where there is none.
        patients: The same for networks.
        left_out: Why others could not be prepared, one line each.
        remarks: What a user should know, one line each.
    """

    studies: tuple[Study, ...]
    called: tuple[str | None, ...]
    patients: Patients
    left_out: tuple[str, ...]
    remarks: tuple[str, ...]

    def labels(self) -> Mapping[str, str]:
        """Patient -> label, of those that can be learned from or tested on."""
        return {
            name: label
            for name, label, place in zip(
                self.patients.names, self.called, self.patients.labels, strict=True
            )
            if label is not None and place != NO_CLASS
        }


def prepare_cohort(
    recipe: Recipe, dataset: Dataset, cache: Path, jobs: int | None, watch: Watch
) -> PreparedCohort:
    """Prepares all patients of a cohort, also those without a label, who are predicted.

    Args:
        recipe: With a section `[study]`.
        dataset: A cohort.
        cache: Folder of prepared patients.
        jobs: Patients prepared at the same time.
        watch: Told of everyone who is left out.

    Raises:
        ConfigError: It is no cohort, or no patient can be prepared.
        MissingSequence: A role is missing, and the recipe says that this is an error.
        OutputError: The cache cannot be written.
    """
    if recipe.study is None:
        raise ConfigError(f"recipe {recipe.name}: has no section [study]")
    prepared = prepare_studies(studies_of(dataset), recipe.study, cache, jobs, watch.progress)
    rows = [next(iter(study.rows.values())) for study in prepared.studies]
    called = tuple(class_names(rows, recipe.labels))
    labels = label_places(called, recipe.labels.names)
    left_out = tuple(one.reason for one in prepared.left_out)
    remarks = list(prepared.remarks)
    if left_out:
        remarks.append(
            f"{count(len(left_out), 'patient')} of {len(left_out) + len(prepared)} left out: a "
            "sequence is missing or unreadable; study.missing=zeros would take them"
        )
    strange = sorted({name for name in called if name and name not in recipe.labels.names})
    if strange:
        remarks.append(
            f"labels {', '.join(strange)} are none of the recipe's: their patients are predicted, "
            "but neither learned from nor tested on"
        )
    names = tuple(study.patient for study in prepared.studies)
    slices = tuple(place.slices for place in prepared.places)
    patients = Patients(names, prepared, labels, slices)
    return PreparedCohort(prepared.studies, called, patients, left_out, tuple(remarks))
