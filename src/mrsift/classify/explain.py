"""A run and one patient -> what its networks say, and what in the images that rests on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mrsift.classify.case import Asked, Case
from mrsift.classify.cohort import Study, studies_of
from mrsift.classify.ensemble import Voice, merge
from mrsift.classify.folds import Part
from mrsift.classify.look import head_of, make_looker
from mrsift.classify.member import recipe_of, weights_of
from mrsift.classify.predict import label_column
from mrsift.classify.prepared import Place, prepare_studies
from mrsift.classify.reading import PatientReading, read_patient
from mrsift.classify.sequences import TITLES
from mrsift.classify.study_run import StudyRun
from mrsift.dataset.table import Dataset
from mrsift.errors import ConfigError
from mrsift.evaluate.delong import area
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.predictions import read_predictions
from mrsift.models.local_votes import local_votes
from mrsift.models.resnet import ResNet
from mrsift.models.saliency import Saliency, grad_cam, randomised_weights_check
from mrsift.train.fit import load_network
from mrsift.train.recipe import Recipe
from mrsift.train.watch import Watch
from mrsift.types import Float32Array

NETWORKS_WITHOUT = 3
"""Networks that are asked again without each sequence; each costs a look per sequence."""


def explain_patient(
    run: StudyRun, dataset: Dataset, patient: str, cache: Path, watch: Watch
) -> Case:
    """Asks the networks that did not learn from a patient, and looks at what they look at.

    Args:
        run: That has ended.
        dataset: That has the patient: the run's own, or another cohort.
        patient: Name in it.
        cache: Folder of prepared patients.
        watch: Told how far it is.

    Raises:
        ConfigError: There is no such patient, it cannot be prepared, or the run is damaged.
        MissingSequence: A role is missing, and the recipe says that this is an error.
        OutputError: The cache cannot be written.
    """
    recipe = run.folder.recipe()
    settings = recipe.study
    assert settings is not None
    study = _find(dataset, patient)
    prepared = prepare_studies([study], settings, cache, 1, watch.progress)
    volume, place = prepared[0], prepared.places[0]
    chosen, asked = _networks_for(run, patient)
    everything = run.all_answers()
    networks, readings, voices = [], [], []
    for done, (number, part) in enumerate(chosen):
        watch.progress("asking networks", done, len(chosen))
        own = recipe_of(recipe, part)
        folder = run.network(part)
        network = load_network(weights_of(folder, settings), own, len(recipe.labels.names), 0)
        answers = everything[number]
        known = np.flatnonzero(answers.patients == patient)
        # the place in the run seeds the dropout, so that the numbers are those of its predictions
        seed = (own.training.seed, int(known[0]) if len(known) else 0)
        reading = _read(network, recipe, volume, seed)
        networks.append(network)
        readings.append(reading)
        voices.append(
            Voice(
                reading.value[None],
                reading.draws[None],
                float(answers.temperature),
                answers.thresholds,
            )
        )
    merged = merge(voices, 0)
    label, last = int(merged.probabilities.argmax()), len(recipe.labels.names) - 1
    watch.progress("looking where they look", 0, None)
    shown, roles, remarks = _shown(study, recipe, place, cache, watch)
    slices = np.stack([one.slices[:, -1] for one in readings])
    return Case(
        patient=patient,
        question=label_column(run),
        labels=recipe.labels.names,
        truth=study.label,
        study=settings,
        asked=asked,
        merged=merged,
        calibrated=any(voice.temperature != 1.0 for voice in voices),
        draws=np.concatenate([one.draws[:, -1] for one in readings]),
        roles=roles,
        seen=settings.roles,
        voxels=shown,
        spacing_mm=_spacing(place),
        places=tuple(int(number) for number in place.slices),
        slices=None if settings.unit == "volume" else slices,
        saliency=_saliency(networks, volume, label),
        check=randomised_weights_check(networks[0], [volume], [label]),
        votes=local_votes(
            networks,
            volume,
            last,
            settings.mc_dropout,
            recipe.training.seed,
        ),
        without=_without(networks, recipe, volume, place, watch),
        ranking=_ranking(run, recipe),
        remarks=remarks,
    )


def _find(dataset: Dataset, patient: str) -> Study:
    studies = {study.patient: study for study in studies_of(dataset)}
    if patient not in studies:
        raise ConfigError(
            f"no patient of that name among the {len(studies)} of the cohort; names are text, so "
            "leading zeros count. For patients who are not in the run: --data"
        )
    return studies[patient]


def _networks_for(run: StudyRun, patient: str) -> tuple[list[tuple[int, Part]], Asked]:
    """Those that did not learn from the patient; all of them where each did, or none has it."""
    parts = list(enumerate(run.parts()))
    if not parts:
        raise ConfigError(f"{run.folder.path}: has not ended; go on with mrsift train --resume")
    known = any(patient in part.sides for _, part in parts)
    fair = [(number, part) for number, part in parts if part.sides.get(patient) == "test"]
    chosen = fair or parts
    learned = sum(patient in part.sides for _, part in chosen) if not fair else 0
    return chosen, Asked(len(chosen), len(parts), learned, known)


def _read(
    network: ResNet, recipe: Recipe, volume: Float32Array, seed: Sequence[int]
) -> PatientReading:
    settings = recipe.study
    assert settings is not None
    look = make_looker(network, whole=settings.unit == "volume", mirrored=settings.tta)
    return read_patient(look(volume), head_of(network), settings, seed)


def _saliency(networks: Sequence[ResNet], volume: Float32Array, label: int) -> Saliency:
    """Mean of the networks' maps, 1 at its highest."""
    found = [grad_cam(network, volume, label) for network in networks]
    mean: Float32Array = np.mean([one.values for one in found], axis=0, dtype=np.float32)
    mean /= mean.max() or 1.0
    return Saliency(mean, found[0].resolution)


def _shown(
    study: Study, recipe: Recipe, place: Place, cache: Path, watch: Watch
) -> tuple[Float32Array, tuple[str, ...], tuple[str, ...]]:
    """Every sequence of the patient on the grid of the networks, also those they do not see."""
    settings = recipe.study
    assert settings is not None
    roles = tuple(role for role in TITLES if role in study.rows)
    roles += tuple(role for role in settings.roles if role not in roles)
    # blank slices depend on which sequences are read, so all are kept and the same ones taken
    blank = settings.blank_slice_threshold if settings.slices is not None else 0.0
    wanted = replace(settings, roles=roles, missing="zeros", blank_slice_threshold=blank)
    prepared = prepare_studies([study], wanted, cache, 1, watch.progress)
    own = prepared.places[0].slices
    return prepared[0][:, np.isin(own, place.slices)], roles, prepared.remarks


def _spacing(place: Place) -> tuple[float, float, float]:
    slices, rows, columns = np.linalg.norm(place.affine_lps_mm[:3, :3], axis=0)
    return float(slices), float(rows), float(columns)


def _without(
    networks: Sequence[ResNet], recipe: Recipe, volume: Float32Array, place: Place, watch: Watch
) -> tuple[tuple[str, float], ...]:
    """How the value changes when a sequence is zeros, as one that is missing would be."""
    settings = recipe.study
    assert settings is not None
    there = [number for number, present in enumerate(place.present) if present]
    if len(there) < 2:
        return ()
    plain = replace(recipe, study=replace(settings, mc_dropout=0))
    asked = networks[:NETWORKS_WITHOUT]
    before = np.mean([_read(network, plain, volume, (0,)).value[-1] for network in asked])
    found = []
    for done, channel in enumerate(there):
        watch.progress("without each sequence", done, len(there))
        masked = volume.copy()
        masked[channel] = 0.0
        after = np.mean([_read(network, plain, masked, (0,)).value[-1] for network in asked])
        found.append((settings.roles[channel], float(after - before)))
    return tuple(found)


def _ranking(run: StudyRun, recipe: Recipe) -> Estimate | None:
    """ROC AUC of the run's values over patients that were not learned from."""
    if len(recipe.labels.names) != 2 or not run.folder.predictions.is_file():
        return None
    table = read_predictions(run.folder.predictions)
    names = recipe.labels.names
    tested = (table.split == "test") & np.isin(table.label.astype(str), names)
    positive = table.label[tested].astype(str) == names[-1]
    if not positive.any() or positive.all():
        return None
    return area(table.probabilities[tested][:, table.names.index(names[-1])], positive).estimate()
