"""What is measured on validation volumes when training has ended: honest probabilities and sets."""

import io
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import OutlierReference
from mrsift.config import CalibrationSettings
from mrsift.errors import ConfigError
from mrsift.evaluate.calibration import fit_temperature, softmax
from mrsift.evaluate.conformal import label_thresholds
from mrsift.evaluate.outliers import fit_reference
from mrsift.export.output_file import write_bytes
from mrsift.train.score import Scores

SUREST = 1.0
"""Lowest temperature of a network of sequences: on other scanners it is less sure, never surer."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How outputs are read.

    Attributes:
        temperature: The logits are divided by it.
        thresholds: Smallest probability at which each label stays in the set, shape (labels,).
        coverage: That the thresholds were made for.
        outliers: Reference of `in_distribution`.
    """

    temperature: float
    thresholds: NDArray[np.float64]
    coverage: float
    outliers: OutlierReference


def calibrate(
    validation: tuple[Scores, NDArray[np.intp]],
    train: tuple[Scores, NDArray[np.intp]],
    settings: CalibrationSettings,
    unknown: int | None,
) -> Calibration:
    """Temperature and thresholds from validation, the outlier reference from training.

    Args:
        validation: Outputs and right labels of volumes that the network was not trained on.
        train: The same of volumes that it was trained on.
        settings: Of the recipe.
        unknown: Index of the class of strangers, which the reference leaves out: what lies
            beside a stranger is not like what is known. None where there is none.
    """
    scores, y_true = validation
    temperature = max(fit_temperature(scores.logits, y_true), SUREST)
    thresholds = label_thresholds(softmax(scores.logits, temperature), y_true, settings.coverage)
    features, checked = (
        _known(side.features, labels, unknown) for side, labels in (train, validation)
    )
    components = max(1, min(settings.components, features.shape[1], len(features) - 1))
    reference = fit_reference(features, checked, components)
    return Calibration(temperature, thresholds, settings.coverage, reference)


def _known(
    features: NDArray[np.float32], labels: NDArray[np.intp], unknown: int | None
) -> NDArray[np.float32]:
    """Features of the known classes; of all where there is nothing else."""
    known = labels != unknown
    return features[known] if known.any() else features


def write_outliers(path: Path, reference: OutlierReference) -> None:
    """The reference as `.npz`."""
    buffer = io.BytesIO()
    np.savez(buffer, **asdict(reference))
    write_bytes(path, buffer.getvalue())


def read_outliers(path: Path) -> OutlierReference:
    """What `write_outliers` wrote.

    Raises:
        ConfigError: The file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        exponent = float(arrays.pop("tail_exponent"))
        return OutlierReference(**arrays, tail_exponent=exponent)
    except (OSError, ValueError, TypeError, KeyError, EOFError) as error:
        raise ConfigError(
            f"{path}: is missing or damaged; run: mrsift train --resume {path.parent}"
        ) from error
