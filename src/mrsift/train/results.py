"""A run that has ended -> calibration and the predictions table."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrsift.dataset.answers import Reading, predictions_table
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.outliers import in_distribution
from mrsift.evaluate.predictions import write_predictions
from mrsift.train.calibrate import Calibration, calibrate, write_outliers
from mrsift.train.classes import Classified
from mrsift.train.fit import load_network
from mrsift.train.prepared import Prepared
from mrsift.train.recipe import Recipe
from mrsift.train.run_folder import RunFolder
from mrsift.train.score import Scores, score
from mrsift.train.watch import Watch
from mrsift.types import Float32Array


def finish(folder: RunFolder, recipe: Recipe, prepared: Prepared, watch: Watch) -> dict[str, Any]:
    """Calibrates the best weights and writes predictions; says no number of the test split.

    Args:
        folder: Of a run that has ended.
        recipe: Of the run.
        prepared: Volumes of every split.
        watch: Told how far it is.

    Returns:
        For `run.json`.

    Raises:
        OutputError: The disk is full; predictions are there whole or not at all.
    """
    data = prepared.data
    network = load_network(folder.best, recipe, len(data.names), 0)
    count = len(data.rows)

    def volumes() -> Iterator[Float32Array]:
        for place in range(count):
            watch.progress("predicting", place, count)
            yield prepared.exact[place]

    scores = score(network, volumes())
    calibration = _calibration(scores, data, recipe)
    reading = Reading(
        data.names,
        softmax(scores.logits, calibration.temperature),
        in_distribution(scores.features, calibration.outliers),
        calibration.thresholds,
    )
    table = predictions_table(data.rows, data.called, reading)
    write_outliers(folder.outliers, calibration.outliers)
    write_predictions(table, folder.predictions)
    return {
        "temperature": calibration.temperature,
        "conformal": dict(zip(data.names, calibration.thresholds.tolist(), strict=True)),
        "conformal_coverage": calibration.coverage,
    }


def _calibration(scores: Scores, data: Classified, recipe: Recipe) -> Calibration:
    train, validation = data.side("train"), data.side("validation")
    rng = np.random.default_rng(recipe.training.seed)
    chosen = rng.permutation(train)[: recipe.calibration.reference_volumes]
    # Every class must be there to be measured.
    first_of_each = np.unique(data.labels[train], return_index=True)[1]
    chosen = np.union1d(chosen, train[first_of_each])
    return calibrate(
        (_some(scores, validation), data.labels[validation]),
        (_some(scores, chosen), data.labels[chosen]),
        recipe.calibration,
        data.names.index(recipe.labels.unknown) if recipe.labels.unknown in data.names else None,
    )


def _some(scores: Scores, places: NDArray[np.intp]) -> Scores:
    return Scores(scores.logits[places], None, scores.features[places])
