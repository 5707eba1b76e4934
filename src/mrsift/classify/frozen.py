"""What each network of a run sees in each patient, kept so that heads can be fitted anew.

`features.npz` of a run folder: every network (one per repeat and fold) looks at every patient,
those it was trained on as well, because a head must be fitted to what its own network saw.

| array | shape | is |
|---|---|---|
| `patients` | (patients,) | names, as in the cohort |
| `features` | (networks, patients, features) | penultimate layer, float32 |
| `sides` | (networks, patients) | 0 train, 1 validation, 2 test, -1 not shown to this network |
| `repeats`, `folds` | (networks,) | which repeat and fold a network is of, from 0 |
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.errors import ConfigError
from mrsift.export.output_file import write_bytes
from mrsift.types import Float32Array

FEATURES = "features.npz"
TRAIN, VALIDATION, TEST, UNUSED = 0, 1, 2, -1
"""Sides that a patient can be on for one network."""


@dataclass(frozen=True, slots=True, eq=False)
class FrozenFeatures:
    """Features of all patients by all networks of a run.

    Attributes:
        patients: Shape (patients,), no name twice.
        features: Shape (networks, patients, features).
        sides: Shape (networks, patients), `TRAIN`, `VALIDATION`, `TEST` or `UNUSED`.
        repeats: Shape (networks,), from 0.
        folds: Shape (networks,), from 0.
    """

    patients: tuple[str, ...]
    features: Float32Array
    sides: NDArray[np.int8]
    repeats: NDArray[np.intp]
    folds: NDArray[np.intp]


def write_features(path: Path, frozen: FrozenFeatures) -> None:
    """Write the file beside its place, then rename.

    Raises:
        OutputError: The folder is not writable or the disk is full.
    """
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        patients=np.array(frozen.patients, dtype=np.str_),
        features=frozen.features.astype(np.float32),
        sides=frozen.sides.astype(np.int8),
        repeats=frozen.repeats.astype(np.int64),
        folds=frozen.folds.astype(np.int64),
    )
    write_bytes(path, stream.getvalue())


def read_features(path: Path) -> FrozenFeatures:
    """What `write_features` wrote; nothing in it is unpickled.

    Raises:
        ConfigError: The file is missing or damaged.
    """
    if not path.is_file():
        raise ConfigError(
            f"{path}: is missing; training writes it at its end, finish the run with"
            f" `mrsift train --resume {path.parent}`"
        )
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            frozen = FrozenFeatures(
                patients=tuple(str(name) for name in arrays["patients"]),
                features=arrays["features"],
                sides=arrays["sides"],
                repeats=arrays["repeats"].astype(np.intp),
                folds=arrays["folds"].astype(np.intp),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path}: is damaged; copy the run again") from error
    networks, patients = len(frozen.repeats), len(frozen.patients)
    shapes = (frozen.sides.shape, frozen.features.shape[:2], (len(frozen.folds), patients))
    if any(shape != (networks, patients) for shape in shapes):
        raise ConfigError(f"{path}: its arrays do not fit each other; copy the run again")
    return frozen
