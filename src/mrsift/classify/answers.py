"""What one network says of every patient, as a file: a run that is resumed need not ask again."""

import io
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.ensemble import Voice
from mrsift.errors import ConfigError
from mrsift.export.output_file import write_bytes
from mrsift.types import Float32Array, Float64Array

ANSWERS = "answers.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One network over all patients of a run, in the order of the cohort.

    Attributes:
        patients: Names, shape (n,).
        sides: As in `frozen`, shape (n,): 0 train, 1 validation, 2 test, -1 without a label.
        values: Of each label, aggregated, not calibrated, shape (n, labels).
        draws: The same in every dropout pass and view, shape (n, draws, labels).
        features: What the head saw, shape (n, k).
        temperature: Fitted on the inner patients, shape ().
        thresholds: Smallest calibrated probability at which a label stays, shape (labels,).
        epochs: That the recipe reports, shape (e,).
        epoch_values: As `values` after each of them, shape (e, n, labels); NaN where not asked.
        slice_patient: Place of the patient of each slice, shape (m,); none with volumes.
        slice_number: Of the slice in the prepared study, shape (m,).
        slice_probabilities: Shape (m, labels).
        slice_attention: Weight in the bag, NaN without, shape (m,).
    """

    patients: NDArray[np.str_]
    sides: NDArray[np.int8]
    values: Float64Array
    draws: Float64Array
    features: Float32Array
    temperature: Float64Array
    thresholds: Float64Array
    epochs: NDArray[np.int64]
    epoch_values: Float64Array
    slice_patient: NDArray[np.int64]
    slice_number: NDArray[np.int64]
    slice_probabilities: Float64Array
    slice_attention: Float64Array

    def voice(self) -> Voice:
        """What counts where several networks are asked."""
        return Voice(self.values, self.draws, float(self.temperature), self.thresholds)


def write_answers(path: Path, answers: Answers) -> None:
    """Write beside the place, then rename.

    Raises:
        OutputError: The disk is full or the folder cannot be written.
    """
    stream = io.BytesIO()
    arrays = {field.name: getattr(answers, field.name) for field in fields(Answers)}
    np.savez_compressed(stream, **arrays)
    write_bytes(path, stream.getvalue())


def read_answers(path: Path) -> Answers:
    """What `write_answers` wrote; nothing in it is unpickled.

    Raises:
        ConfigError: The file is missing or damaged.
    """
    try:
        # Read first: of a damaged file NumPy leaves the handle open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            return Answers(**{field.name: stored[field.name] for field in fields(Answers)})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        run = path.parents[2]
        raise ConfigError(
            f"{path}: is missing or damaged; finish the run: mrsift train --resume {run}"
        ) from error
