"""Patients drawn with replacement: what would another sample of patients have said?

Volumes of one patient are alike, so whole patients are drawn. Every measure is computed from
sums over patients; a draw is then a matrix product and no loop over volumes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float64Array

DRAWS = 2000
"""Draws behind an interval; its ends then move by about 0.05 of its width from seed to seed."""

SEED = 0
_CHUNK = 250


@dataclass(frozen=True, slots=True, eq=False)
class PatientDraws:
    """How often each patient is in each draw.

    Attributes:
        patient: Shape (n,), index of each row's patient, patients in the order of their names.
        times: Shape (draws, patients), each row sums to the number of patients.
    """

    patient: NDArray[np.intp]
    times: NDArray[np.uint16]

    @property
    def patients(self) -> int:
        """Number of patients."""
        return int(self.times.shape[1])

    def per_patient(self, values: NDArray[np.number] | NDArray[np.bool_]) -> Float64Array:
        """Sums over each patient's rows.

        Args:
            values: Shape (n, ...).

        Returns:
            Shape (patients, ...).
        """
        sums = np.zeros((self.patients, *values.shape[1:]))
        np.add.at(sums, self.patient, values)
        return sums

    def resample(self, sums: NDArray[np.number]) -> Float64Array:
        """The same sums over all patients, once per draw.

        Args:
            sums: Shape (patients, ...), of `per_patient`.

        Returns:
            Shape (draws, ...).
        """
        flat = np.asarray(sums, np.float64).reshape(self.patients, -1)
        parts = [
            self.times[start : start + _CHUNK].astype(np.float64) @ flat
            for start in range(0, len(self.times), _CHUNK)
        ]
        return np.concatenate(parts).reshape(len(self.times), *sums.shape[1:])


def draw_patients(
    patient: NDArray[np.object_], *, draws: int = DRAWS, seed: int = SEED
) -> PatientDraws:
    """Draws for a set of rows; the order of the rows does not matter.

    Args:
        patient: Shape (n,), name of each row's patient.
        draws: How many.
        seed: Same seed, same draws.

    Source:
        Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 8 (clustered data).
    """
    names, index = np.unique(patient.astype(str), return_inverse=True)
    count = len(names)
    rng = np.random.default_rng(seed)
    times = np.zeros((draws, count), np.uint16)
    for draw in range(draws if count else 0):
        times[draw] = np.bincount(rng.integers(0, count, count), minlength=count)
    return PatientDraws(index.astype(np.intp), times)
