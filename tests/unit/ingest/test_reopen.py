"""What was listed once is read again alone, voxel for voxel."""

import shutil
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK

from mrsift.errors import IngestError, UnreadablePixels
from mrsift.ingest import Scan, scan
from mrsift.ingest.parts import scan_in_parts
from mrsift.ingest.reopen import read_again
from tests import dicom_builder as build
from tests.mr_series import write_series


def assert_reads_alike(found: Scan) -> int:
    infos = [info for study in found.studies for info in study.volumes]
    for info in infos:
        again = read_again(found.root, info)
        np.testing.assert_array_equal(again.voxels, found.read(info).voxels)
    return len(infos)


def test_classic_dicom_in_folder_and_archives(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "odd!name"
    write_series(folder, 1)
    write_series(folder, 2, DiffusionBValue=800.0)
    shutil.make_archive(str(tmp_path / "in" / "a"), "zip", folder)
    write_series(tmp_path / "other", 3, study="b")
    shutil.make_archive(str(tmp_path / "in" / "b"), "gztar", tmp_path / "other")
    assert assert_reads_alike(scan(tmp_path / "in")) == 3  # the zip holds copies
    assert assert_reads_alike(scan(tmp_path / "in" / "a.zip")) == 2


def test_header_facts_come_back_with_the_voxels(tmp_path: Path) -> None:
    write_series(tmp_path, 1, SeriesDescription="t2_tse", EchoTime=101.0)
    found = scan(tmp_path)
    again = read_again(found.root, found.studies[0].volumes[0])
    assert again.info.series_description == "t2_tse"
    assert again.info.header.echo_time_ms == 101.0


def test_enhanced_multi_frame(tmp_path: Path) -> None:
    frames = [
        {"position": (0.0, 0.0, 3.0 * k), "value": 10 + b + k, "b": b}
        for k in (2, 0, 1)
        for b in (0, 800)
    ]
    dataset = build.enhanced(frames)
    build.write(tmp_path, [dataset])
    assert assert_reads_alike(scan(tmp_path)) == 2


@pytest.mark.parametrize("name", ["4d.nii", "4d.nii.gz"])
def test_volumes_of_a_4d_file(tmp_path: Path, name: str) -> None:
    voxels = np.random.default_rng(1).normal(size=(5, 6, 4, 3)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / name)
    assert assert_reads_alike(scan(tmp_path)) == 3


@pytest.mark.parametrize("name", ["v.nrrd", "v.mha", "v.mhd", "v.nhdr"])
def test_files_of_itk_with_their_voxels_inside_or_beside(tmp_path: Path, name: str) -> None:
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels), str(tmp_path / name))
    assert assert_reads_alike(scan(tmp_path)) == 1
    packed = tmp_path / "packed"
    packed.mkdir()
    with zipfile.ZipFile(packed / "a.zip", "w") as archive:
        for path in sorted(tmp_path.glob("v.*")):
            archive.write(path, f"deep/{path.name}")
    assert assert_reads_alike(scan(packed)) == 1


def test_a_file_that_is_gone_or_another_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "v.nii"
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5, 6), np.float32), np.eye(4)), path)
    found = scan(tmp_path)
    info = found.studies[0].volumes[0]
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5, 7), np.float32), np.eye(4)), path)
    with pytest.raises(UnreadablePixels, match=r"had \(6, 5, 4\) when it was indexed"):
        read_again(found.root, info)
    path.unlink()
    with pytest.raises(IngestError, match="no such file"):
        read_again(found.root, info)


def test_a_member_that_left_its_archive_is_an_error(tmp_path: Path) -> None:
    files = write_series(tmp_path / "s", 1)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in files:
            archive.write(path, path.name)
    found = scan(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(files[0], files[0].name)
    with pytest.raises(IngestError, match="not in the archive any more"):
        read_again(found.root, found.studies[0].volumes[0])


def test_parts_hold_the_volumes_of_the_whole(tmp_path: Path) -> None:
    for number, study in enumerate("abcd"):
        for half in ("left", "right"):  # the files of a study lie in two folders
            write_series(tmp_path / half / study, number + 10 * (half == "left"), study=study)
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5, 6), np.float32), np.eye(4)), tmp_path / "v.nii")
    (tmp_path / "notes.txt").write_text("no image")
    whole = scan(tmp_path)
    parts = list(scan_in_parts(tmp_path, most_files=15))
    assert len(parts) > 2
    assert sorted(info.volume_id for one in parts for s in one.studies for info in s.volumes) == (
        sorted(info.volume_id for study in whole.studies for info in study.volumes)
    )
    assert sum(len(one.studies) for one in parts) == len(whole.studies) == 5
    assert sorted(item.path for one in parts for item in one.skipped) == ["notes.txt"]
    assert len(list(scan_in_parts(tmp_path))) == 1
