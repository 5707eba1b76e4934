"""A run -> pictures of where its network looked, with the check that this was learnt."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import read_voxels
from mrsift.errors import IngestError
from mrsift.evaluate.predictions import Predictions
from mrsift.export.evaluation import Sources
from mrsift.export.evaluation_gallery import Seen, wrong_rows
from mrsift.models.saliency import Saliency, SanityCheck, grad_cam, randomised_weights_check
from mrsift.preprocess import prepare
from mrsift.train.fit import load_network
from mrsift.train.run_folder import RunFolder
from mrsift.types import Float32Array

CHECKED = 4
"""Volumes that the randomised-weights check looks at; each costs seven maps."""

HOT = np.array([255.0, 140.0, 0.0])
STRENGTH = 0.55
"""Share of the overlay where the map is highest."""


def with_saliency(sources: Sources, folder: RunFolder, predictions: Predictions) -> Sources:
    """Sources of pictures that also show what an answer rests on.

    Args:
        sources: As they are without.
        folder: Of the run.
        predictions: Rows of the split whose errors are shown.

    Raises:
        ConfigError: The run has no weights, or they are damaged.
    """
    names = predictions.names
    recipe, rows = folder.recipe(), {row.volume_id: row for row in folder.dataset().rows}
    network = load_network(folder.best, recipe, len(names), 0)
    answers = dict(zip(predictions.volume_id, predictions.predicted, strict=True))

    def volume(row: DatasetRow) -> Float32Array | None:
        try:
            read = read_voxels(row)
        except IngestError:
            return None
        return prepare(read.voxels, read.affine_lps_mm, recipe.preprocess)

    def explain(volume_id: str) -> Seen | None:
        row, answer = rows.get(volume_id), answers[volume_id]
        prepared = None if row is None or answer not in names else volume(row)
        if prepared is None:
            return None
        return Seen(overlay(prepared, grad_cam(network, prepared, names.index(answer))))

    wrong = [str(predictions.volume_id[row]) for row in wrong_rows(predictions)]
    checked = [
        (prepared, names.index(answers[volume_id]))
        for volume_id in wrong[:CHECKED]
        if volume_id in rows
        and answers[volume_id] in names
        and (prepared := volume(rows[volume_id])) is not None
    ]
    if not checked:
        return sources
    volumes, labels = zip(*checked, strict=True)
    check = randomised_weights_check(network, volumes, labels)
    resolution = grad_cam(network, volumes[0], labels[0]).resolution
    words = saliency_words(resolution, volumes[0].shape, check, len(checked))
    return replace(sources, explain=explain, saliency_words=words)


def overlay(prepared: Float32Array, saliency: Saliency) -> NDArray[np.uint8]:
    """The slice with the most saliency, in grey, with the map in orange on it.

    Args:
        prepared: The network's input, shape (slices, rows, columns).
        saliency: Of the same shape.

    Returns:
        Shape (rows, columns, 3).
    """
    place = int(saliency.values.sum(axis=(1, 2)).argmax())
    low, high = np.percentile(prepared, (1.0, 99.5))
    grey = np.clip((prepared[place] - low) / max(float(high - low), 1e-6), 0, 1) * 255
    share = STRENGTH * saliency.values[place][..., None]
    mixed: NDArray[np.uint8] = (grey[..., None] * (1 - share) + HOT * share).astype(np.uint8)
    return mixed


def saliency_words(
    resolution: tuple[int, ...], shape: tuple[int, ...], check: SanityCheck, volumes: int
) -> str:
    """How to read the maps: what they can show, and whether they show anything learnt."""
    grid = "×".join(map(str, resolution))
    last = check.similarity[-1]
    alike = "every map was empty" if last is None else f"rank correlation {last:.2f}"
    verdict = (
        "so the maps do depend on what was learnt"
        if check.passed
        else "so these maps show the image rather than what was learnt: do not read them"
    )
    return (
        "The second picture of an error is the network's input with Grad-CAM for the wrong answer"
        f" in orange, at the slice where it is strongest. The network has {grid} numbers there for"
        f" {'×'.join(map(str, shape))} voxels, so nothing finer is shown. Check with randomised"
        f" weights on {volumes} volumes: {alike} with the maps of a random network, {verdict}."
    )
