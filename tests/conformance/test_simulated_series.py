"""Simulated series, judged by dcm2niix and by highdicom."""

import json
import shutil
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

from mrsift.ingest import scan
from mrsift.simulate.data_set import write_data_set
from mrsift.simulate.dicom import Part, Study, write_series
from mrsift.simulate.enhanced import write_enhanced
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.recipe import SeriesKind, load_recipe
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


RECIPE = ("size.pixels=[24,32]", "size.echo_planar_pixels=[24,28]", "size.slices=[4,5]")


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One study of every site, with every kind of series and both families of objects."""
    out = tmp_path_factory.mktemp("simulated") / "out"
    recipe = load_recipe("multi-site", RECIPE)
    kinds = [kind for kind in get_args(SeriesKind) if kind != "FLAIR"]
    contents = {"pelvis": dict.fromkeys(kinds, 1), "head": dict.fromkeys(get_args(SeriesKind), 1)}
    recipe = recipe.model_copy(update={"contents": contents})
    for site in recipe.sites:
        one = recipe.model_copy(update={"sites": (site,)})
        write_data_set(out / site.name, one, 1, 3)
    return out


def test_dcm2niix_reads_every_simulated_series(data_set: Path, tmp_path: Path) -> None:
    for site in sorted(data_set.iterdir()):
        records = [json.loads(line) for line in (site / "records.jsonl").read_text().splitlines()]
        out = tmp_path / site.name
        out.mkdir()
        command = [dcm2niix.bin, "-z", "n", "-f", "%j_%s", "-o", str(out), str(site)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert "Error" not in done.stdout + done.stderr
        made = [path.name for path in out.glob("*.nii")]
        for uid in {record["series_instance_uid"] for record in records}:
            assert any(name.startswith(uid) for name in made), site.name


def test_dciodvfy_finds_no_error(data_set: Path) -> None:
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not there; apt-get install dicom3tools")
    for folder in sorted(data_set.rglob("series-*")):
        path = folder / "I0001.dcm"
        done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert not [line for line in said.splitlines() if line.startswith("Error")], folder


@pytest.mark.parametrize("vendor", ["philips", "canon"])
def test_enhanced_objects_hold_the_same_values_at_the_same_places(
    tmp_path: Path, vendor: Vendor
) -> None:
    study = Study("judged", "Simulated^Test", "PELVIS", vendor)
    truth = {b: voxels(int(b)) for b in (0.0, 100.0, 1000.0)}
    parts = [Part(v, GRID.affine_lps_mm, replace(DWI, b=b), 4.0) for b, v in truth.items()]
    write_enhanced(tmp_path / "in", study, 1, "dwi", parts)
    (read,) = scan(tmp_path / "in").studies
    assert {v.b_value.s_per_mm2 for v in read.volumes if v.b_value} == set(truth)
    found = scan(tmp_path / "in")
    for info in found.studies[0].volumes:
        assert info.b_value is not None
        volume = found.read(info)
        order = truth[info.b_value.s_per_mm2]
        tree = cKDTree(places(order.shape, GRID.affine_lps_mm))
        distance, nearest = tree.query(places(volume.voxels.shape, volume.affine_lps_mm))
        assert distance.max() < 1e-3
        assert (order.ravel()[nearest] == volume.voxels.ravel()).all()
    out = tmp_path / "out"
    out.mkdir()
    command = [dcm2niix.bin, "-z", "n", "-f", "found", "-o", str(out), str(tmp_path / "in")]
    subprocess.run(command, check=True, capture_output=True)
    image = nibabel.Nifti1Image.from_filename(out / "found.nii")
    assert image.shape[3] == 3
    (table,) = out.glob("*.bval")
    # of Philips it takes every b above 0 that has no direction for a derived image
    if vendor == "canon":
        assert [float(v) for v in table.read_text().split()] == [0, 100, 1000]


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
