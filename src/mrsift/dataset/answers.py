"""A bundle and a data set -> the predictions table: how a model does on data it never saw."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mrsift.bundle import Bundle
from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import read_voxels
from mrsift.errors import ConfigError, IngestError
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.conformal import prediction_set
from mrsift.evaluate.outliers import in_distribution
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.infer.runtime import Network, Outputs
from mrsift.preprocess import prepare
from mrsift.types import Float32Array, Float64Array

AS_THEY_ARE = ("volume_id", "patient", "site", "vendor", "model", "field_strength_t", "plane")
AS_WELL = ("split", "fold")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How raw outputs become answers.

    Attributes:
        names: Labels, in the order of the outputs.
        probabilities: Shape (n, labels), calibrated.
        in_distribution: Shape (n,), 0 to 1.
        thresholds: Smallest probability at which a label stays in the set, shape (labels,).
    """

    names: tuple[str, ...]
    probabilities: Float64Array
    in_distribution: Float64Array
    thresholds: Float64Array


def answers(
    bundle: Bundle,
    rows: Sequence[DatasetRow],
    called: Sequence[str | None],
    on_progress: Callable[[int, int], None],
) -> tuple[Predictions, tuple[str, ...]]:
    """What the network of a bundle says of every volume, from pixels alone.

    Args:
        bundle: The model.
        rows: Of a data set.
        called: Right label of each; may be one that the model does not have.
        on_progress: Called with how many volumes are done, and how many there are.

    Returns:
        One row per volume that could be read, and a line for each of the others.

    Raises:
        BundleError: The network cannot be compiled.
        ConfigError: No volume could be read.
    """
    network, manifest = Network(bundle), bundle.manifest
    found: list[Outputs] = []
    places, unreadable = [], []

    def ready(row: DatasetRow) -> Float32Array | IngestError:
        try:
            volume = read_voxels(row)
        except IngestError as error:
            return error
        return prepare(volume.voxels, volume.affine_lps_mm, manifest.preprocess)

    with ThreadPoolExecutor(1) as reader:  # reads the next while the network runs
        for place, volume in enumerate(_ahead(reader, ready, rows)):
            on_progress(place, len(rows))
            if isinstance(volume, IngestError):
                unreadable.append(str(volume))
                continue
            found.append(network.predict(volume[np.newaxis, np.newaxis]))
            places.append(place)
    if not found:
        raise ConfigError(f"no volume of the data set could be read; the first: {unreadable[0]}")
    logits = np.concatenate([outputs.logits for outputs in found])
    features = np.concatenate([outputs.features for outputs in found])
    reading = Reading(
        manifest.labels,
        softmax(logits, manifest.temperature),
        in_distribution(features, manifest.outliers),
        np.array([manifest.conformal[label] for label in manifest.labels]),
    )
    right = [called[place] for place in places]
    return predictions_table([rows[place] for place in places], right, reading), tuple(unreadable)


def _ahead(
    reader: ThreadPoolExecutor,
    ready: Callable[[DatasetRow], Float32Array | IngestError],
    rows: Sequence[DatasetRow],
) -> Iterator[Float32Array | IngestError]:
    """Results in order, at most two volumes ahead."""
    waiting = []
    for row in rows:
        waiting.append(reader.submit(ready, row))
        if len(waiting) > 2:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def predictions_table(
    rows: Sequence[DatasetRow], called: Sequence[str | None], reading: Reading
) -> Predictions:
    """One row per volume.

    Args:
        rows: Of the data set.
        called: Right label of each; None where nobody labelled it.
        reading: Of the network's outputs, in the order of the rows.
    """
    names = reading.names
    sets = [
        "|".join(names[label] for label in prediction_set(row, reading.thresholds))
        for row in reading.probabilities
    ]
    readers = {name for row in rows for name in row.extra if name.startswith("reader_")}
    columns: dict[str, object] = {
        name: [getattr(row, name) for row in rows] for name in (*AS_THEY_ARE, *AS_WELL)
    }
    columns |= {name: [row.extra.get(name) for row in rows] for name in sorted(readers)}
    columns |= {
        "label": list(called),
        "probabilities": reading.probabilities,
        "predicted": [names[label] for label in reading.probabilities.argmax(axis=1)],
        "in_distribution": reading.in_distribution,
        "prediction_set": sets,
        "sourcepath_hash": [path_hash(row) for row in rows],
    }
    return make_predictions(names, columns)


def path_hash(row: DatasetRow) -> str:
    """Tells two sources apart without naming them."""
    return hashlib.sha256(f"{row.root}\n{row.files[0]}".encode()).hexdigest()[:16]
