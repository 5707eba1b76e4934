"""`mrsift dataset` as a user runs it: index, split, check, and an exit status for scripts."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.dataset.check import check_dataset
from mrsift.dataset.index import index_findings, index_folder
from mrsift.dataset.labelling import relative_to_root
from mrsift.dataset.table import read_dataset
from mrsift.dataset.voxels import pixel_sha256, read_voxels
from mrsift.ingest.label_table import read_label_table
from tests.ordinary_user import MRSIFT, run_as_ordinary_user

Done = subprocess.CompletedProcess[str]


def run(*arguments: str | Path) -> Done:
    return subprocess.run(
        [MRSIFT, "dataset", *arguments],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten patients of two sites with two volumes each, and their table."""
    folder = tmp_path_factory.mktemp("data")
    lines = ["path,label,patient,site,reader_1"]
    for number in range(20):
        voxels = np.random.default_rng(number).normal(100, 20, (8, 8, 5)).astype(np.float32)
        label, patient = ("T2W", "ADC")[number % 2], f"p{number // 2}"
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), folder / f"{number:02d}.nii.gz")
        site = "north" if number < 12 else "south"
        lines.append(f"{number:02d}.nii.gz,{label},{patient},{site},{label}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def indexed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "data.parquet"
    done = run("index", data, "--labels", data / "labels.csv", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    return out


@pytest.fixture
def parquet(indexed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(indexed, tmp_path))


def test_the_whole_way(parquet: Path) -> None:
    done = run("split", parquet, "--by", "patient", "--ratios", "6:2:2", "--seed", "7")
    assert (done.returncode, done.stderr) == (0, "")
    adc = " ".join(done.stdout.splitlines()[1].split())
    assert adc == "ADC 6 (6) 2 (2) 2 (2) 10 (10)"
    rows = read_dataset(parquet).rows
    assert len({(one.patient, one.split) for one in rows}) == 10
    done = run("check", parquet, "--read")
    assert (done.returncode, done.stderr) == (0, "")
    assert "✗" not in done.stdout


def test_folds_and_a_site_left_out(parquet: Path) -> None:
    assert run("split", parquet, "--folds", "5", "--test-fold", "3").returncode == 0
    assert {one.fold for one in read_dataset(parquet).rows if one.split == "test"} == {3}
    done = run("split", parquet, "--leave-out", "site", "--test-fold", "1")
    assert done.returncode == 0
    assert "1 south" in done.stdout
    assert "not on every side" not in done.stdout  # a site left out is not too small
    assert {one.site for one in read_dataset(parquet).rows if one.split == "test"} == {"south"}


def test_check_fails_where_a_file_left_and_says_all_as_json(
    data: Path, parquet: Path, tmp_path: Path
) -> None:
    gone = data / "00.nii.gz"
    kept = gone.rename(tmp_path / "kept")
    try:
        done = run("check", parquet, "--json", "-")
    finally:
        kept.rename(gone)
    assert done.returncode == 5
    findings = json.loads(done.stdout)["findings"]
    assert [one["kind"] for one in findings if one["level"] == "error"] == ["vanished"]
    assert "00.nii.gz" in findings[0]["names"][0]


def test_a_leak_stops_the_split_and_leaves_the_file(data: Path, tmp_path: Path) -> None:
    exam = tmp_path / "exam"
    exam.mkdir()
    for name in ("00", "02", "04", "06"):
        (exam / f"{name}.nii.gz").write_bytes((data / f"{name}.nii.gz").read_bytes())
    (exam / "copy.nii.gz").write_bytes((data / "02.nii.gz").read_bytes())
    labels = (data / "labels.csv").read_text() + "copy.nii.gz,T2W,nobody,north,\n"
    (tmp_path / "labels.csv").write_text(labels)
    out = tmp_path / "leak.parquet"
    done = run("index", exam, "--labels", tmp_path / "labels.csv", "--out", out, "--strict")
    assert done.returncode == 5  # 16 labels without volume
    assert "16 labels that no volume has" in done.stdout
    before = out.read_bytes()
    done = run("split", out)
    assert done.returncode == 2
    assert "p1 (02.nii.gz) = nobody (copy.nii.gz)" in done.stderr
    assert out.read_bytes() == before


def test_labels_that_meet_nothing_write_nothing(data: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,label\nelsewhere/x.nii,T2W\n")
    out = tmp_path / "data.parquet"
    done = run("index", data, "--labels", tmp_path / "labels.csv", "--out", out)
    assert done.returncode == 2
    assert "no label met a volume" in done.stderr
    assert "The first volume is 00.nii.gz" in done.stderr
    assert not out.exists()


def test_a_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "notes.txt").write_text("no image")
    (tmp_path / "labels.csv").write_text("path,label\nx,T2W\n")
    done = run(
        "index", tmp_path / "exam", "--labels", tmp_path / "labels.csv", "--out", tmp_path / "d"
    )
    assert done.returncode == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("split", "{data}", "--ratios", "8:1"), "'8:1' is not like 8:1:1"),
        (("split", "{data}", "--folds", "3", "--leave-out", "site"), "not allowed with"),
        (("split", "{data}", "--folds", "11"), "10 patients cannot be shared out to 11 sides"),
        (("split", "{data}", "--by", "volume"), "invalid choice"),
        (("check", "none.parquet"), "no such file"),
        (("check", "{labels}"), "is no Parquet file or is damaged"),
        (("index", "{labels}", "--labels", "{labels}", "--out", "{labels}"), "is an input"),
        (("index", "{labels}", "--labels", "none.csv", "--out", "d"), "cannot be read"),
    ],
)
def test_wrong_usage_is_one_line(
    parquet: Path, data: Path, arguments: tuple[str, ...], says: str
) -> None:
    filled = [word.format(data=parquet, labels=data / "labels.csv") for word in arguments]
    done = run(*filled)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written(parquet: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    inside = locked / "data.parquet"
    inside.write_bytes(parquet.read_bytes())
    locked.chmod(0o500)
    done = run_as_ordinary_user([MRSIFT, "dataset", "split", inside])
    locked.chmod(0o700)
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert inside.read_bytes() == parquet.read_bytes()


@pytest.mark.parametrize(("name", "volumes"), [("prostate", 38), ("brain", 19), ("dicom", 56)])
def test_public_exams(shared_data: Path, name: str, volumes: int) -> None:
    folder = shared_data / name
    table = folder / "labels.csv"
    found = index_folder(folder, relative_to_root(read_label_table(table), folder, table), jobs=2)
    kinds = {finding.kind for finding in index_findings(found)}
    assert not kinds & {"label_without_volume", "two_labels", "row_without_label"}
    rows = found.dataset.rows
    assert len(rows) == volumes
    for one in rows[:: volumes // 6]:
        assert pixel_sha256(read_voxels(one).voxels) == one.pixel_sha256
    # Volumes of different patients are far from looking like copies.
    kinds = {finding.kind for finding in check_dataset(found.dataset)}
    assert not kinds & {"near_duplicates", "vanished", "changed", "pixels_of_two_patients"}
