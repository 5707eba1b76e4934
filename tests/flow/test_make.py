"""What `make` says where something is missing."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(target: str, python: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--silent", target, f"PYTHON={python}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def pretend_python(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_missing_python_is_named() -> None:
    done = make("python", "python-that-is-not-there")
    assert done.returncode != 0
    assert "'python-that-is-not-there' was not found" in done.stderr


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    script = 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac'
    done = make("python", pretend_python(tmp_path / "python", script))
    assert done.returncode != 0
    assert "is Python 3.9.2" in done.stderr
    assert "PYTHON=python3.12" in done.stderr


def test_a_missing_venv_module_is_named(tmp_path: Path) -> None:
    script = 'case "$2" in *venv*) exit 1;; esac'
    done = make("python", pretend_python(tmp_path / "python", script))
    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stderr


@pytest.mark.parametrize(
    "target", ["demo", "test", "lint", "docs", "lock", "model-report", "picture"]
)
def test_help_lists_every_target(target: str) -> None:
    assert f"\n{target} " in "\n" + make("help", "python3").stdout
