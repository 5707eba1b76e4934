"""Sequences of a patient as NIfTI files: one head of analytic shape, seen in any plane."""

from pathlib import Path

import nibabel
import numpy as np

from mrsift.classify.cohort import Study
from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import source_stamp
from mrsift.types import Float32Array, Float64Array

PLANES = {
    "axial": np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]]),
    "sagittal": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "coronal": np.array([[0.0, 0, -1], [-1, 0, 0], [0, 1, 0]]),
}
"""Directions in LPS of slices, rows and columns, as columns; some run backwards."""


def head(points_mm: Float64Array) -> Float32Array:
    """Brightness at places in the patient: a soft ellipsoid with a bright ball on the left.

    Args:
        points_mm: Shape (..., 3), LPS.
    """
    skull = ((points_mm / (60.0, 80.0, 70.0)) ** 2).sum(axis=-1)
    ball = ((points_mm - (25.0, 10.0, 20.0)) ** 2).sum(axis=-1) / 15.0**2
    soft = 50 * (1 + np.tanh(4 * (1 - skull))) + 40 * (1 + np.tanh(2 * (1 - ball)))
    return soft.astype(np.float32)


def affine_of(
    plane: str, shape: tuple[int, int, int], step_mm: tuple[float, float, float]
) -> Float64Array:
    """A grid around the origin of the patient."""
    affine = np.eye(4)
    affine[:3, :3] = PLANES[plane] * step_mm
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def points_of(shape: tuple[int, ...], affine_lps_mm: Float64Array) -> Float64Array:
    """Where the voxels of a grid lie, shape (*shape, 3), LPS, mm."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    points: Float64Array = index @ affine_lps_mm[:3, :3].T + affine_lps_mm[:3, 3]
    return points


def write_sequence(
    folder: Path,
    role: str,
    plane: str = "axial",
    shape: tuple[int, int, int] = (24, 48, 44),
    step_mm: tuple[float, float, float] = (7.0, 4.0, 4.0),
) -> DatasetRow:
    """One sequence and its row."""
    folder.mkdir(parents=True, exist_ok=True)
    affine = affine_of(plane, shape, step_mm)
    voxels = head(points_of(shape, affine))
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine[:, [2, 1, 0, 3]]
    path = folder / f"{role}.nii"
    nibabel.save(nibabel.Nifti1Image(voxels.transpose(2, 1, 0), ras), path)
    files = (f"{folder.name}/{role}.nii",)
    return DatasetRow(
        volume_id=f"{folder.name}-{role}",
        root=str(folder.parent),
        files=files,
        frames=None,
        index=None,
        shape=shape,
        affine_lps_mm=affine,
        patient=folder.name,
        label="1",
        source_stamp=source_stamp(folder.parent, files),
        extra={"role": role},
    )


def write_study(folder: Path, planes: dict[str, str] | None = None) -> Study:
    """A patient with one sequence per role, each in the plane that is given for it."""
    planes = planes or {"flair": "sagittal", "t1w": "coronal", "t1w_ce": "axial", "t2w": "axial"}
    steps = {"sagittal": ((20, 44, 48), (7.0, 4.0, 4.0)), "coronal": ((26, 40, 40), (7.0, 4, 4))}
    rows = {
        role: write_sequence(folder, role, plane, *steps.get(plane, ()))
        for role, plane in planes.items()
    }
    return Study(folder.name, "1", "unknown", rows, None, None)
