"""A run and new patients -> one answer of all its networks for each, and a submission."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mrsift.classify.cohort import studies_of
from mrsift.classify.ensemble import Merged, Voice, merge
from mrsift.classify.member import read_all, recipe_of, weights_of
from mrsift.classify.prepared import prepare_studies
from mrsift.classify.sampling import Patients
from mrsift.classify.study_run import StudyRun
from mrsift.dataset.table import Dataset
from mrsift.errors import ConfigError
from mrsift.export.rows import count
from mrsift.train.classes import NO_CLASS
from mrsift.train.watch import Watch


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What a run says of new patients.

    Attributes:
        labels: Of the recipe.
        id_column: What a submission calls the patient.
        value_column: What it calls the value.
        patients: Names, sorted.
        merged: The answer for each.
        slices: That made each answer; 1 with volumes.
        networks: That were asked.
        left_out: Patient and reason, of those who could not be prepared.
    """

    labels: tuple[str, ...]
    id_column: str
    value_column: str
    patients: tuple[str, ...]
    merged: tuple[Merged, ...]
    slices: tuple[int, ...]
    networks: int
    left_out: tuple[tuple[str, str], ...]


def predict_studies(
    run: StudyRun, dataset: Dataset, cache: Path, jobs: int | None, watch: Watch
) -> Predicted:
    """Asks every network of a run about every patient of a cohort.

    Args:
        run: That has ended.
        dataset: Of the patients; labels are not looked at.
        cache: Folder of prepared patients.
        jobs: Patients prepared at the same time.
        watch: Told of everyone who is left out.

    Raises:
        ConfigError: The run has not ended or is damaged, or no patient can be prepared.
        MissingSequence: A role is missing, and the recipe says that this is an error.
        OutputError: The cache cannot be written.
    """
    recipe, parts = run.folder.recipe(), run.parts()
    assert recipe.study is not None
    answers = run.all_answers()
    studies = studies_of(dataset)
    _warn_of_known({study.patient for study in studies}, run, watch)
    prepared = prepare_studies(studies, recipe.study, cache, jobs, watch.progress)
    for one in prepared.left_out:
        watch.say(f"left out: {one.reason}")
    for remark in prepared.remarks:
        watch.say(f"warning: {remark}")
    patients = Patients(
        tuple(study.patient for study in prepared.studies),
        prepared,
        np.full(len(prepared), NO_CLASS, dtype=np.intp),
        tuple(place.slices for place in prepared.places),
    )
    everybody = np.arange(len(prepared))
    voices = []
    for part, answer in zip(parts, answers, strict=True):
        own, weights = recipe_of(recipe, part), weights_of(run.network(part), recipe.study)
        readings = list(read_all(weights, own, patients, everybody, watch))
        voices.append(
            Voice(
                np.stack([one.value for one in readings]),
                np.stack([one.draws for one in readings]),
                float(answer.temperature),
                answer.thresholds,
            )
        )
    whole = recipe.study.unit == "volume"
    challenge = run.folder.dataset().facts.get("cohort") == "rsna-miccai"
    return Predicted(
        recipe.labels.names,
        "BraTS21ID" if challenge else "patient",
        label_column(run),
        patients.names,
        tuple(merge(voices, int(place)) for place in everybody),
        tuple(1 if whole else len(places) for places in patients.slices),
        len(parts),
        tuple((one.patient, one.reason) for one in prepared.left_out),
    )


def submission_csv(predicted: Predicted) -> str:
    """Two columns: the patient, and the second label's value as the slices were aggregated.

    With more labels than two, the most probable one.
    """
    rows = [
        (name, f"{one.value[-1]:.6f}")
        if len(predicted.labels) == 2
        else (name, predicted.labels[int(one.probabilities.argmax())])
        for name, one in zip(predicted.patients, predicted.merged, strict=True)
    ]
    return _csv((predicted.id_column, predicted.value_column), rows)


def details_csv(predicted: Predicted) -> str:
    """What else can be said of each patient; those who were left out are there with the reason."""
    columns = (
        predicted.id_column,
        "value",
        *(f"p_{name}" for name in predicted.labels),
        "predicted",
        "prediction_set",
        "epistemic_sd",
        "slices",
        "networks",
        "left_out",
    )
    rows: list[tuple[str, ...]] = []
    for name, one, slices in zip(
        predicted.patients, predicted.merged, predicted.slices, strict=True
    ):
        stays = zip(predicted.labels, one.members, strict=True)
        rows.append(
            (
                name,
                f"{one.value[-1]:.6f}",
                *(f"{value:.6f}" for value in one.probabilities),
                predicted.labels[int(one.probabilities.argmax())],
                "|".join(label for label, there in stays if there),
                "" if np.isnan(one.deviation) else f"{one.deviation:.6f}",
                str(slices),
                str(predicted.networks),
                "",
            )
        )
    empty = ("",) * (len(columns) - 2)
    rows += [(name, *empty, reason) for name, reason in predicted.left_out]
    return _csv(columns, sorted(rows))


def label_column(run: StudyRun) -> str:
    """Name of the label in the cohort that was trained on."""
    rows = run.folder.dataset().rows
    return next((row.extra["label_of"] for row in rows if "label_of" in row.extra), "label")


def _warn_of_known(names: set[str], run: StudyRun, watch: Watch) -> None:
    """Says so where patients have names of some that the networks learned from."""
    trained = {name for part in run.parts() for name in part.sides}
    if not trained:
        raise ConfigError(
            f"{run.folder.path}: run.json does not say who was trained on; train anew"
        )
    if known := names & trained:
        watch.say(
            f"warning: {count(len(known), 'patient')} of {len(names)} have names of patients of "
            "the run; what networks say of those they learned from is no prediction. "
            f"{run.folder.predictions} has what the others say"
        )


def _csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
