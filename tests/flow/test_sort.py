"""`mrsift sort` as a user runs it: simulated studies, real exams, and everything in the way."""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.ingest import load_volumes
from tests.flow.test_cli import Done, run
from tests.mr_series import T2_SPIN_ECHO, write_series
from tests.ordinary_user import MRSIFT, run_as_ordinary_user
from tests.shared_data import require_shared_data
from tests.sorted_trees import names, tree

DEMO = Path(__file__).resolve().parents[2] / "src" / "mrsift" / "assets" / "demo" / "pelvis"
MANIFEST = "mrsift-manifest.csv"


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    folder = tmp_path / "exam"
    for number in (1, 2, 3):
        write_series(folder, number, **T2_SPIN_ECHO, PatientName="Doe^Jane", PatientID="J1")
    return folder


def sort(path: Path, out: Path, layout: str, *options: str | Path) -> Done:
    done = attempt(path, out, layout, *options)
    assert done.returncode == 0, done.stderr
    return done


def attempt(path: Path, out: Path, layout: str, *options: str | Path) -> Done:
    return run("sort", path, out, "--layout", layout, "--evidence", "header", *options)


def short(files: list[str]) -> list[str]:
    return [name.rpartition("ses-1_")[2] for name in files]


@pytest.mark.parametrize("layout", ["bids", "label"])
def test_the_demonstration_sorted_twice_is_the_same(tmp_path: Path, layout: str) -> None:
    before = tree(DEMO)
    sort(DEMO, tmp_path / "a", layout)
    once = tree(tmp_path / "a")
    again = sort(DEMO, tmp_path / "a", layout)
    assert "written" not in again.stdout
    assert "was there" in again.stdout
    sort(DEMO, tmp_path / "b", layout)
    assert tree(tmp_path / "a") == once == tree(tmp_path / "b")
    assert tree(DEMO) == before


def test_a_dry_run_writes_nothing(exam: Path, tmp_path: Path) -> None:
    done = sort(exam, tmp_path / "out", "bids", "--dry-run")
    assert "acq-axial_run-1_T2w.nii.gz" in done.stdout
    assert "Nothing was written" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["exam"]


def test_no_name_and_no_table_in_the_tree_says_who_the_patient_is(tmp_path: Path) -> None:
    write_series(tmp_path / "Doe_Jane", 1, **T2_SPIN_ECHO, PatientName="Doe^Jane", PatientID="J1")
    for layout in ("bids", "label"):
        out = tmp_path / layout
        sort(tmp_path / "Doe_Jane", out, layout)
        texts = [
            p.read_text("utf-8")
            for p in out.rglob("*")
            if p.suffix not in {".gz", ".dcm"} and p.is_file()
        ]
        assert not [text for text in [*texts, *names(out, "")] if "Doe" in text or "J1" in text]
    assert "Doe_Jane" in (tmp_path / "bids-key.csv").read_text("utf-8-sig")


def test_links_instead_of_copies(exam: Path, tmp_path: Path) -> None:
    done = sort(exam, tmp_path / "out", "label", "--link")
    assert "hard link" in done.stdout
    linked = {path.stat().st_ino for path in (tmp_path / "out").rglob("*.dcm")}
    assert linked == {path.stat().st_ino for path in exam.rglob("*.dcm")}


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("exam", "lies inside"),
        ("exam/sorted", "lies inside"),
        (".", "lies inside"),
        ("full", "not empty"),
        ("file", "is a file"),
        ("link/sorted", "lies inside"),
    ],
)
def test_a_tree_that_would_be_mixed_with_something_is_refused(
    exam: Path, tmp_path: Path, out: str, said: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(exam)
    before = tree(tmp_path)
    done = attempt(exam, tmp_path / out, "bids")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(tmp_path) == before


def test_linking_images_that_are_converted_makes_no_sense(exam: Path, tmp_path: Path) -> None:
    done = attempt(exam, tmp_path / "out", "bids", "--link")
    assert done.returncode == 2
    assert "--link" in done.stderr


def test_another_layout_or_answer_does_not_mix_with_the_first(exam: Path, tmp_path: Path) -> None:
    sort(exam, tmp_path / "out", "bids")
    before = tree(tmp_path)
    done = attempt(exam, tmp_path / "out", "label")
    assert done.returncode == 2
    assert "another layout" in done.stderr
    assert tree(tmp_path) == before


def test_a_missing_key_is_said(exam: Path, tmp_path: Path) -> None:
    sort(exam, tmp_path / "out", "bids")
    (tmp_path / "out-key.csv").unlink()
    done = attempt(exam, tmp_path / "out", "bids")
    assert done.returncode == 2
    assert "out-key.csv" in done.stderr


def test_a_changed_file_is_refused_and_the_rest_is_done(exam: Path, tmp_path: Path) -> None:
    sort(exam, tmp_path / "out", "bids")
    first, second, _ = sorted((tmp_path / "out").rglob("*.nii.gz"))
    first.write_bytes(b"mine")
    second.unlink()
    done = attempt(exam, tmp_path / "out", "bids")
    assert done.returncode == 1
    assert "not overwritten" in done.stdout
    assert first.read_bytes() == b"mine"
    assert second.exists()


def test_a_folder_that_cannot_be_written_is_one_line(exam: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    done = run_as_ordinary_user(
        [MRSIFT, "sort", exam, locked / "out", "--layout", "bids", "--evidence", "header"]
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert not list(locked.iterdir())


def test_a_full_disk_gives_1_and_the_next_run_completes(exam: Path, tmp_path: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    out = tmp_path / "out"
    command = [MRSIFT, "sort", exam, out, "--layout", "bids", "--evidence", "header"]
    done = subprocess.run(
        command, preexec_fn=small_files, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not names(out)
    sort(exam, out, "bids")
    sort(exam, tmp_path / "whole", "bids")
    assert tree(out) == tree(tmp_path / "whole")


def test_ctrl_c_leaves_whole_files_and_the_next_run_completes(tmp_path: Path) -> None:
    folder = tmp_path / "exam"
    for number in range(1, 41):
        write_series(folder, number, slices=3, **T2_SPIN_ECHO)
    out = tmp_path / "out"
    process = subprocess.Popen(
        [MRSIFT, "sort", folder, out, "--layout", "bids", "--evidence", "header"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not names(out) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (0, 130)  # 0 where it was done already
    assert "Traceback" not in told
    assert not (out / ".mrsift-unfinished").exists()
    for name in names(out):
        assert np.isfinite(np.asarray(nibabel.load(out / name).dataobj)).all()
    sort(folder, out, "bids")
    sort(folder, tmp_path / "whole", "bids")
    assert tree(out) == tree(tmp_path / "whole")


def test_nothing_to_sort_is_3(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/notes.txt").write_text("no image")
    done = attempt(tmp_path / "in", tmp_path / "out", "label")
    assert done.returncode == 3


@pytest.mark.parametrize("number", ["0000", "0001"])
def test_a_real_exam_as_bids(tmp_path: Path, number: str) -> None:
    archive = require_shared_data() / f"prostate/dicom/ProstateX-{number}.zip"
    out = tmp_path / "out"
    sort(archive, out, "bids")
    anat = [name for name in short(names(out)) if "T2w" in name and "series" not in name]
    axial = ["acq-axial_T2w.nii.gz"]
    if number == "0001":
        axial = ["acq-axial_run-1_T2w.nii.gz", "acq-axial_run-2_T2w.nii.gz"]
    assert anat == [*axial, "acq-coronal_T2w.nii.gz", "acq-sagittal_T2w.nii.gz"]
    (raw,) = [n for n in names(out, "_dwi.bval") if not n.startswith("derivatives")]
    assert (out / raw).read_text() == "50 400 800\n"
    (calculated,) = names(out / "derivatives", "_dwi.bval")
    assert (out / "derivatives" / calculated).read_text() in ("1000\n", "1400\n")
    assert len(names(out / "derivatives", "_ADC.nii.gz")) == 1
    by_place = {
        (v.info.shape, v.affine_lps_mm.round(2).tobytes(), float(v.voxels.sum()))
        for v in load_volumes(archive)
    }
    for name in names(out):
        for volume in load_volumes(out / name):
            place = volume.affine_lps_mm.round(2).tobytes()
            assert (volume.info.shape, place, float(volume.voxels.sum())) in by_place


def test_a_real_exam_for_nnunet(tmp_path: Path) -> None:
    archive = require_shared_data() / "prostate/dicom/ProstateX-0001.zip"
    done = sort(archive, tmp_path / "out", "nnunet", "--profile", "prostate")
    files = names(tmp_path / "out")
    assert short(files) == ["0000.nii.gz", "0001.nii.gz", "0002.nii.gz"]
    assert "resampled onto t2w_axial: dwi_high, adc" in done.stdout
    images = [nibabel.load(tmp_path / "out" / name) for name in files]
    assert len({image.shape for image in images}) == 1
    assert all((image.affine == images[0].affine).all() for image in images)
    assert all(np.asarray(image.dataobj).std() > 0 for image in images)


def test_a_real_nifti_study(tmp_path: Path) -> None:
    study = require_shared_data() / "brain/open_ms/patient01"
    sort(study, tmp_path / "out", "bids")
    found = names(tmp_path / "out")
    assert len(found) == len(list(study.glob("*.nii.gz")))
    voxels = {volume.voxels.tobytes() for volume in load_volumes(study)}
    assert {volume.voxels.tobytes() for volume in load_volumes(tmp_path / "out")} == voxels


def test_a_real_enhanced_object_goes_where_its_frames_belong(tmp_path: Path) -> None:
    archive = require_shared_data() / "dicom/dcm_qa_enh.zip"
    sort(archive, tmp_path / "out", "label")
    copies = names(tmp_path / "out", ".dcm")
    volumes = load_volumes(archive)
    assert len(copies) == len({file for volume in volumes for file in volume.info.files})
    again = load_volumes(tmp_path / "out")
    ids = {volume.volume_id for volume in volumes}
    assert {volume.volume_id for volume in again} == ids


def test_open_files_do_not_add_up(tmp_path: Path) -> None:
    for number in range(1, 30):
        write_series(tmp_path / "exam", number, slices=2, **T2_SPIN_ECHO)

    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    done = subprocess.run(
        [
            MRSIFT,
            "sort",
            tmp_path / "exam",
            tmp_path / "out",
            "--layout",
            "label",
            "--evidence",
            "header",
        ],
        preexec_fn=few_files,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
