"""What a bundle answers on every set that `model_report.py` tells of, as predictions tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.held_out import family_of, held_out
from bench.real_data import LOOK_AT, Outcome, look_at_all, outcomes, read_cases
from mrsift.bundle import Manifest
from mrsift.config import IdentifySettings
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.conformal import prediction_set
from mrsift.evaluate.outliers import in_distribution
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.infer.decide import Judge, Seen
from mrsift.infer.profile import named_profile
from mrsift.infer.runtime import Network, Outputs, start
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.train.header_trials import (
    HEADERS,
    SeenStudy,
    look_at_studies,
    simulated_studies,
    with_header,
)
from mrsift.train.pool import PlainPool, Pool
from mrsift.train.recipe import load_recipe
from mrsift.train.score import augmented
from mrsift.types import Float32Array, Prediction

STUDIES_SEED = 2032
"""Of the studies with headers; those that the operating point is fitted to have another."""

VALIDATION_SHARE = 0.5
"""Share of the subjects of `test` that sets are made on; 95 % needs 19 volumes of each label."""

RIGHT = ("descriptions.right=1", "descriptions.missing=0", "descriptions.lying=0")

SOURCES = ("ProstateX", "Prostate3T", "Prostate158", "open_ms", "TCGA")
FIXTURES = "vendor fixtures"


@dataclass(frozen=True)
class Asked:
    """A bundle, ready to be asked."""

    network: Network

    @property
    def manifest(self) -> Manifest:
        return self.network.bundle.manifest

    @property
    def settings(self) -> IdentifySettings:
        return self.manifest.identify_settings


def pool_predictions(
    asked: Asked, pool: Pool, name: str, split: str | None, *, varied: bool = False
) -> Predictions:
    """From pixels alone, with the `UNKNOWN` rule; strangers are labelled with their family.

    Args:
        asked: The bundle.
        pool: Prepared volumes.
        name: Of the set, for the names of its volumes.
        split: That its rows shall have.
        varied: Augmented once, as for calibration.
    """
    settings, recipe = asked.manifest.preprocess, load_recipe("default")
    places = range(len(pool))
    plain = PlainPool(pool, settings)
    volumes: Iterator[Float32Array] = (
        augmented(pool, places, settings, recipe.augmentation, recipe.training.seed)
        if varied
        else (plain[index] for index in places)
    )
    found = [asked.network.predict(volume[None, None]) for volume in volumes]
    columns = _columns(asked, found) | {
        "volume_id": [f"{name}-{index:05d}" for index in places],
        "patient": [f"subject {row.subject}" for row in pool.rows],
        "label": [
            family_of(row.note) if name == "strangers" else LABEL_NAMES[row.label]
            for row in pool.rows
        ],
        "site": [("pelvis", "head")[row.subject % 2] for row in pool.rows],
        "plane": [row.note.split()[1] for row in pool.rows],
        "split": [split] * len(pool),
    }
    return make_predictions(asked.manifest.labels, columns)


def _columns(asked: Asked, found: Sequence[Outputs]) -> dict[str, object]:
    """What the network says of each volume, and the answer that follows."""
    manifest, settings = asked.manifest, asked.settings
    p = softmax(np.concatenate([one.logits for one in found]), manifest.temperature)
    near = in_distribution(np.concatenate([one.features for one in found]), manifest.outliers)
    thresholds = np.array([manifest.conformal[label] for label in manifest.labels])
    heard = (p.max(axis=1) >= settings.min_probability) & (near >= settings.min_in_distribution)
    best = np.array(manifest.labels, dtype=object)[p.argmax(axis=1)]
    sets = ["|".join(manifest.labels[i] for i in prediction_set(row, thresholds)) for row in p]
    return {
        "probabilities": p,
        "predicted": np.where(heard, best, UNKNOWN),
        "in_distribution": near,
        "prediction_set": sets,
    }


def simulated(asked: Asked, folder: Path, subjects: int) -> Mapping[str, Predictions]:
    """`test`, `shifted`, and known volumes among `strangers`; from pixels alone.

    The first two have a split `validation` that sets are made on: other subjects of `test`,
    augmented as in training.
    """
    edge = round(VALIDATION_SHARE * subjects)
    parts = {name: held_out(name, folder, subjects, edge) for name in ("test", "shifted")}
    validation = pool_predictions(
        asked, held_out("test", folder, edge), "validation", "validation", varied=True
    )
    tested = {name: pool_predictions(asked, part, name, "test") for name, part in parts.items()}
    known = tested["test"].rows(tested["test"].label != UNKNOWN)
    strange = pool_predictions(asked, held_out("strangers", folder, subjects), "strangers", "test")
    return {
        "test": joined([validation, tested["test"]]),
        "shifted": joined([validation, tested["shifted"]]),
        "strangers": joined([known, strange]),
    }


def joined(tables: Sequence[Predictions]) -> Predictions:
    """Rows of several tables of one bundle."""
    names = tables[0].names
    fields = ("volume_id", "patient", "label", "predicted", "site", "plane", "split")
    columns: dict[str, object] = {
        name: np.concatenate([getattr(table, name) for table in tables])
        for name in (*fields, "probabilities", "in_distribution", "prediction_set")
    }
    return make_predictions(names, columns)


def studies(asked: Asked, folder: Path, count: int) -> Iterator[tuple[str, str, Predictions, int]]:
    """Simulated studies through the whole chain: header, evidence, answers, conflicts.

    Yields:
        What became of the headers, what was used, the answers, and how many conflicts.
    """
    found, truth = simulated_studies(folder, count, STUDIES_SEED, RIGHT)
    seen = look_at_studies(found, truth, asked.network)
    for evidence in ("pixels", "header", "both"):
        for header in HEADERS if evidence != "pixels" else ("as written",):
            if (evidence, header) == ("header", "stripped"):
                continue
            judge = Judge(
                named_profile("all"), evidence != "pixels", asked.settings, asked.manifest
            )
            answers = [
                (one, predicted)
                for one in seen
                for predicted in _answers(judge, one, with_header(one, header, 0), evidence)
            ]
            conflicts = sum(prediction.conflict for _, (prediction, _) in answers)
            yield header, evidence, _table(asked, [a for _, a in answers]), conflicts


def _answers(
    judge: Judge, one: SeenStudy, volumes: Sequence[Seen], evidence: str
) -> list[tuple[Prediction, tuple[str, str]]]:
    """Each volume's answer with its patient and right label."""
    if evidence == "header":
        volumes = [Seen(volume.info) for volume in volumes]
    report = judge.report(one.study, volumes)
    patient = str(one.study.path)
    return [
        (prediction, (patient, label))
        for prediction, label in zip(report.predictions, one.labels, strict=True)
    ]


def _table(asked: Asked, answers: Sequence[tuple[Prediction, tuple[str, str]]]) -> Predictions:
    names = asked.manifest.labels
    columns = {
        "volume_id": [f"{index:05d}" for index in range(len(answers))],
        "patient": [patient for _, (patient, _) in answers],
        "label": [label for _, (_, label) in answers],
        "predicted": [prediction.label for prediction, _ in answers],
        "probabilities": [[p.probabilities[n] for n in names] for p, _ in answers],
        "in_distribution": [prediction.in_distribution for prediction, _ in answers],
        "prediction_set": ["|".join(p.prediction_set) for p, _ in answers],
    }
    return make_predictions(names, columns)


def source_of(patient: str) -> str:
    """The public data set of a patient."""
    return next((name for name in SOURCES if patient.startswith(name)), FIXTURES)


def real(asked: Asked, data: Path, bundle: Path, *, locked: bool) -> Mapping[str, list[Outcome]]:
    """Answers on real volumes: evidence -> outcomes, of those to look at or of those locked."""
    cases = [case for case in read_cases(data) if (case.patient in LOOK_AT) != locked]
    places = look_at_all(cases, start(bundle, 1))
    profile, answered = named_profile("all"), {}
    for evidence in ("pixels", "header", "both"):
        judge = Judge(profile, evidence != "pixels", asked.settings, asked.manifest)
        answered[evidence] = [
            outcome
            for place in places
            for outcome in outcomes(place, judge, evidence != "header", False)
        ]
    return answered


def real_predictions(asked: Asked, answered: Sequence[Outcome]) -> Predictions:
    """Outcomes as a table; an answer that is accepted counts as the label."""
    rows = [
        (
            replace(one.prediction, label=one.case.label) if one.right else one.prediction,
            (one.case.patient, one.case.label),
        )
        for one in answered
    ]
    return _table(asked, rows)
