"""Simulated series, judged by dcm2niix and by highdicom."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import get_args

import dcm2niix
import highdicom
import nibabel
import numpy as np
import pydicom
import pytest
from scipy.spatial import cKDTree

from mrsift.simulate.dicom import Part, Study, write_series
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.vendor import Vendor

GRID = Grid("sagittal", (5.0, -3.0, 12.0), (6, 14, 10), (4.5, 1.25, 1.5), 4.0, (6.0, -3.0))
DWI = Protocol("DWI_LOW", "dwi", "epi", 3.0, 4000.0, 70.0, fat_suppression="fatsat")


def voxels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 2000, GRID.shape).astype(np.float32)


def places(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Position of every sample, shape (samples, 3)."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return index.reshape(-1, 3) @ affine[:3, :3].T + affine[:3, 3]


@pytest.mark.parametrize("vendor", get_args(Vendor))
def test_dcm2niix_finds_the_same_values_at_the_same_places(tmp_path: Path, vendor: Vendor) -> None:
    study = Study("judged", "Simulated^Test", "PELVIS", vendor)
    t2w = Protocol("T2W", "tse", "se", 3.0, 5000.0, 100.0)
    truth = voxels(1)
    write_series(tmp_path / "in", study, 2, "t2", [Part(truth, GRID.affine_lps_mm, t2w, 4.0)])
    out = tmp_path / "out"
    out.mkdir()
    command = [dcm2niix.bin, "-z", "n", "-f", "found", "-o", str(out), str(tmp_path / "in")]
    subprocess.run(command, check=True, capture_output=True)
    image = nibabel.Nifti1Image.from_filename(out / "found.nii")
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    found = np.asarray(image.dataobj)
    tree = cKDTree(places(found.shape, to_lps))
    distance, nearest = tree.query(places(truth.shape, GRID.affine_lps_mm))
    assert distance.max() < 1e-3
    assert (found.ravel()[nearest] == truth.ravel()).all()


@pytest.mark.parametrize("vendor", ["siemens", "philips", "uih"])
def test_dcm2niix_reads_the_b_values(tmp_path: Path, vendor: Vendor) -> None:
    study = Study("judged", "Simulated^Test", "PELVIS", vendor)
    parts = [
        Part(voxels(i), GRID.affine_lps_mm, replace(DWI, b=b), 4.0)
        for i, b in enumerate((50.0, 400.0, 800.0))
    ]
    write_series(tmp_path / "in", study, 1, "dwi", parts)
    out = tmp_path / "out"
    out.mkdir()
    command = [dcm2niix.bin, "-z", "n", "-f", "found", "-o", str(out), str(tmp_path / "in")]
    subprocess.run(command, check=True, capture_output=True)
    (table,) = out.glob("*.bval")
    assert [float(v) for v in table.read_text().split()] == [50, 400, 800]


def test_highdicom_accepts_the_geometry(tmp_path: Path) -> None:
    study = Study("judged", "Simulated^Test", "PELVIS", "siemens")
    truth = voxels(4)
    part = Part(truth, GRID.affine_lps_mm, DWI, 4.0)
    paths = write_series(tmp_path, study, 1, "dwi", [part])
    volume = highdicom.get_volume_from_series([pydicom.dcmread(path) for path in paths])
    order = (
        volume.array
        if np.allclose(volume.position, GRID.affine_lps_mm[:3, 3], atol=1e-3)
        else volume.array[::-1]
    )
    assert (order == truth).all()
    assert volume.spacing == pytest.approx(GRID.spacing_mm, abs=1e-4)
