"""Outputs of the network and rows of the data -> the predictions table."""

import hashlib

from mrsift.dataset.table import DatasetRow
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.conformal import prediction_set
from mrsift.evaluate.outliers import in_distribution
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.train.calibrate import Calibration
from mrsift.train.classes import Classified
from mrsift.train.score import Scores

AS_THEY_ARE = ("volume_id", "patient", "site", "vendor", "model", "field_strength_t", "plane")
AS_WELL = ("split", "fold")


def predictions(
    data: Classified,
    scores: Scores,
    calibration: Calibration,
) -> Predictions:
    """One row per volume.

    Args:
        data: The volumes, their classes in the order of the outputs.
        scores: Of the network, in the order of the rows.
        calibration: How they are read.
    """
    rows, names = data.rows, data.names
    probabilities = softmax(scores.logits, calibration.temperature)
    sets = [
        "|".join(names[label] for label in prediction_set(row, calibration.thresholds))
        for row in probabilities
    ]
    readers = {name for row in rows for name in row.extra if name.startswith("reader_")}
    columns: dict[str, object] = {
        name: [getattr(row, name) for row in rows] for name in (*AS_THEY_ARE, *AS_WELL)
    }
    columns |= {name: [row.extra.get(name) for row in rows] for name in sorted(readers)}
    columns |= {
        "label": list(data.called),
        "probabilities": probabilities,
        "predicted": [names[label] for label in probabilities.argmax(axis=1)],
        "in_distribution": in_distribution(scores.features, calibration.outliers),
        "prediction_set": sets,
        "source_path_hash": [_path_hash(row) for row in rows],
    }
    return make_predictions(names, columns)


def _path_hash(row: DatasetRow) -> str:
    """Tells two sources apart without naming them."""
    return hashlib.sha256(f"{row.root}\n{row.files[0]}".encode()).hexdigest()[:16]
