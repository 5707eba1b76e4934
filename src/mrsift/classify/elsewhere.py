"""A run on studies and another labelled cohort -> predictions: external validation."""

from pathlib import Path

import numpy as np

from mrsift.classify.cohort import studies_of
from mrsift.classify.predict import Predicted, predict_studies
from mrsift.classify.results import patient_id
from mrsift.classify.study_run import StudyRun
from mrsift.dataset.answers import path_hash
from mrsift.dataset.finding import few
from mrsift.dataset.table import Dataset, DatasetRow, read_dataset
from mrsift.errors import ConfigError
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.evaluate.study_evidence import StudyEvidence
from mrsift.train.classes import class_names
from mrsift.train.watch import Watch


def predict_cohort(
    run: StudyRun, data: Path, cache: Path, watch: Watch
) -> tuple[Predictions, StudyEvidence]:
    """What all networks of a run say of the patients of another cohort, beside their labels.

    Args:
        run: That has ended.
        data: Parquet file of the other cohort.
        cache: Folder of prepared patients.
        watch: Told of everyone who is left out.

    Returns:
        One row per patient, without a split; and that this is another cohort.

    Raises:
        ConfigError: A patient of the run is among them, or no patient can be prepared.
    """
    dataset = read_dataset(data)
    _refuse_known(run, dataset)
    predicted = predict_studies(run, dataset, cache, None, watch)
    rows = {study.patient: next(iter(study.rows.values())) for study in studies_of(dataset)}
    first = [rows[name] for name in predicted.patients]
    called = class_names(first, run.folder.recipe().labels)
    target = next((row.extra["label_of"] for row in dataset.rows if "label_of" in row.extra), "")
    promised = run.folder.facts().get("conformal_coverage")
    evidence = StudyEvidence(target=target, promised=promised, external=True)
    return _table(predicted, first, called), evidence


def _table(predicted: Predicted, rows: list[DatasetRow], called: list[str | None]) -> Predictions:
    names = predicted.labels
    columns: dict[str, object] = {
        name: [getattr(row, name) for row in rows]
        for name in ("patient", "site", "vendor", "model", "field_strength_t", "plane")
    }
    probabilities = np.array([one.probabilities for one in predicted.merged])
    columns |= {
        "volume_id": [patient_id(row.patient) for row in rows],
        "label": [name if name in names else None for name in called],
        "probabilities": probabilities,
        "predicted": [names[int(place)] for place in probabilities.argmax(axis=1)],
        "prediction_set": [
            "|".join(name for name, stays in zip(names, one.members, strict=True) if stays)
            for one in predicted.merged
        ],
        "source_path_hash": [path_hash(row) for row in rows],
    }
    return make_predictions(names, columns)


def _refuse_known(run: StudyRun, other: Dataset) -> None:
    """Refuses patients of the run, by the pixels; names of two hospitals may be the same."""
    own = {row.pixel_sha256 for row in run.folder.dataset().rows} - {None}
    shared = tuple(sorted({row.files[0] for row in other.rows if row.pixel_sha256 in own}))
    if shared:
        raise ConfigError(
            f"{len(shared)} volumes of the other cohort are in the run as well ({few(shared)});"
            " what networks say of patients they learnt from is no validation. Leave them out"
        )
