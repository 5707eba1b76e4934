"""Identifying stays light: no torch, no telemetry, and no trap in the working directory."""

import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.ordinary_user import MRSIFT

IDENTIFY_AND_LIST_MODULES = """
import json, sys
import mrsift
studies = mrsift.identify(sys.argv[1], model=sys.argv[2])
assert len(studies[0].predictions) == 1
print(json.dumps(sorted(sys.modules)))
"""
NEVER_LOADED = {"torch", "openvino_telemetry", "openvino.tools.ovc"}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    voxels = np.random.default_rng(1).normal(100, 20, (16, 16, 8)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), folder / "volume.nii.gz")
    return folder


def test_identifying_loads_neither_torch_nor_telemetry(study: Path, tiny_bundle: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IDENTIFY_AND_LIST_MODULES, study, tiny_bundle],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert "openvino" in loaded
    assert not loaded & NEVER_LOADED


def test_import_alone_loads_no_numpy() -> None:
    code = "import sys, mrsift; print('numpy' in sys.modules, 'rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_command_runs_beside_a_folder_named_dl(study: Path, tiny_bundle: Path) -> None:
    (study.parent / "dl").mkdir()
    done = subprocess.run(
        [MRSIFT, "identify", "study", "--model", tiny_bundle, "--json", "-"],
        cwd=study.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["studies"][0]["volumes"]) == 1
