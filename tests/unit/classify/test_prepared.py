"""Patients on disk: made once, whole after a kill, made again where the source changed."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.classify.cohort import Study
from mrsift.classify.grid import study_array
from mrsift.classify.prepared import PreparedStudies, prepare_studies
from mrsift.config import StudySettings
from mrsift.errors import ConfigError, MissingSequence, OutputError
from tests.study_volumes import write_study

SETTINGS = StudySettings(roles=("t1w_ce", "t2w"), slices=None, plane_shape=(32, 32))


@pytest.fixture
def studies(tmp_path: Path) -> list[Study]:
    planes = {"t1w_ce": "axial", "t2w": "sagittal"}
    return [write_study(tmp_path / "data" / name, planes) for name in ("anna", "bert", "cleo")]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def prepare(studies: list[Study], cache: Path, **changes: object) -> PreparedStudies:
    return prepare_studies(studies, replace(SETTINGS, **changes), cache, jobs=2)


def test_what_is_read_is_what_was_made(studies: list[Study], cache: Path) -> None:
    prepared = prepare(studies, cache)
    assert (len(prepared), prepared.made) == (3, 3)
    assert [study.patient for study in prepared.studies] == ["anna", "bert", "cleo"]
    made = study_array(studies[1], SETTINGS)
    assert prepared[1].dtype == np.float32
    np.testing.assert_allclose(prepared[1], made.voxels, atol=2e-3)  # float16 on disk
    place = prepared.places[1]
    assert place.shape == made.voxels.shape
    np.testing.assert_array_equal(place.slices, made.slices)
    np.testing.assert_allclose(place.affine_lps_mm, made.affine_lps_mm)


def test_some_slices_are_those_of_the_whole(studies: list[Study], cache: Path) -> None:
    prepared = prepare(studies, cache)
    some = prepared.slices_of(2, [7, 0, 3])
    assert some.shape == (3, 2, 32, 32)
    np.testing.assert_array_equal(some, prepared[2][:, [7, 0, 3]].swapaxes(0, 1))


def test_nothing_is_made_twice_and_settings_do_not_mix(studies: list[Study], cache: Path) -> None:
    first = prepare(studies, cache)
    assert prepare(studies, cache).made == 0
    other = prepare(studies, cache, slices=8)
    assert other.made == 3
    assert other[0].shape == (2, 8, 32, 32)
    assert first[0].shape[1] != 8
    # what is done with patients later is no matter here
    assert prepare([replace(one, label=None, fold=1) for one in studies], cache).made == 0


def test_no_name_of_a_patient_is_in_the_cache(studies: list[Study], cache: Path) -> None:
    prepare(studies, cache)
    files = list(cache.iterdir())
    assert len(files) == 6
    assert not [file for file in files if {"anna", "bert", "cleo"} & set(file.name.split("-"))]
    assert not [file for file in files if b"anna" in file.read_bytes()]


def test_half_written_and_lost_files_are_made_anew(studies: list[Study], cache: Path) -> None:
    prepared = prepare(studies, cache)
    before = [prepared[place] for place in range(3)]
    prepared.files[0].write_bytes(prepared.files[0].read_bytes()[:5000])
    prepared.files[1].with_suffix(".json").write_text('{"shape": [2')
    with pytest.raises(ConfigError, match="gone or damaged"):
        prepared[0]
    again = prepare(studies, cache)
    assert again.made == 2
    for place in range(3):
        np.testing.assert_array_equal(again[place], before[place])


def test_a_changed_source_is_prepared_anew(studies: list[Study], cache: Path) -> None:
    prepare(studies, cache)
    file = Path(studies[0].rows["t2w"].root) / studies[0].rows["t2w"].files[0]
    os.utime(file, (1, 1))
    assert prepare(studies, cache).made == 1
    assert len(list(cache.iterdir())) == 6  # what was made from the old file is gone


def test_a_bad_patient_is_left_out_and_named_by_file(studies: list[Study], cache: Path) -> None:
    file = Path(studies[1].rows["t2w"].root) / studies[1].rows["t2w"].files[0]
    file.write_bytes(b"broken")
    prepared = prepare(studies, cache)
    assert [study.patient for study in prepared.studies] == ["anna", "cleo"]
    (left_out,) = prepared.left_out
    assert left_out.patient == "bert"
    assert "bert/t2w.nii" in left_out.reason
    with pytest.raises(MissingSequence, match=r"bert/t2w\.nii"):
        prepare(studies, cache, missing="error")
    filled = prepare(studies, cache, missing="zeros")
    assert len(filled) == 3
    assert filled.places[1].present.tolist() == [True, False]
    assert any("t2w" in remark for remark in filled.remarks)


def test_where_nobody_is_left_it_says_why(studies: list[Study], cache: Path) -> None:
    with pytest.raises(ConfigError, match=r"none can be prepared; the first: .*flair"):
        prepare(studies, cache, roles=("flair", "t2w"))


def test_a_folder_that_cannot_be_made_is_named(studies: list[Study], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        prepare(studies, tmp_path / "file")


def test_a_run_that_was_killed_goes_on(cache: Path, tmp_path: Path) -> None:
    many = [write_study(tmp_path / "data" / f"q{n}", {"t1w_ce": "axial"}) for n in range(16)]
    script = (
        "import pickle, sys\n"
        "from pathlib import Path\n"
        "from mrsift.classify.prepared import prepare_studies\n"
        "studies, settings, cache = pickle.load(open(sys.argv[1], 'rb'))\n"
        "prepare_studies(studies, settings, cache, jobs=1)\n"
    )
    settings = replace(SETTINGS, roles=("t1w_ce",), slices=64, plane_shape=(128, 128))
    (tmp_path / "work").write_bytes(pickle.dumps((many, settings, cache)))
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "work")])
    deadline = time.monotonic() + 60
    while len(list(cache.glob("*.npy"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(list(cache.glob("*.npy")))
    assert 2 <= done < 16
    prepared = prepare_studies(many, settings, cache, jobs=2)
    assert prepared.made == 16 - done
    np.testing.assert_allclose(prepared[0], study_array(many[0], settings).voxels, atol=2e-2)
