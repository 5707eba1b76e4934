"""What `mrsift sort` prints: enough to see what went where, and why something did not."""

from pathlib import Path

import nibabel
import numpy as np

from tests.flow.test_cli import run
from tests.mr_series import T2_SPIN_ECHO, write_series


def sort(path: Path, out: Path, layout: str, *options: str) -> str:
    done = run("sort", path, out, "--layout", layout, "--evidence", "header", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_study_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    exam = tmp_path / "exam"
    write_series(exam, 1, **T2_SPIN_ECHO)
    text = sort(exam, tmp_path / "out", "nnunet", "--profile", "prostate")
    assert "nothing; why stands below" in text
    assert "no dwi_high: no volume is DWI_HIGH" in text


def test_files_without_a_series_number_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("first.nii.gz", "second.nii.gz"):
        image = nibabel.Nifti1Image(np.arange(480, dtype=np.int16).reshape(8, 10, 6), np.eye(4))
        (tmp_path / "in").mkdir(exist_ok=True)
        nibabel.save(image, tmp_path / "in" / name)
    (tmp_path / "in/mrsift-corrections.csv").write_text("path,label\n.,T2W\n")
    lines = sort(tmp_path / "in", tmp_path / "out", "bids").splitlines()
    (second,) = [line for line in lines if "run-2" in line]
    assert second.split()[0] == "second.nii.gz"
    assert "set by hand" in second
