import subprocess
import sys
from pathlib import Path

import pytest

from mrsift import __version__
from mrsift.cli.main import main
from tests.ordinary_user import MRSIFT


def status_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of("--version") == 0
    assert capsys.readouterr().out == f"mrsift {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["identify", "--help"], ["show", "--help"]])
def test_help_says_that_it_is_for_research(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(*arguments) == 0
    assert "usage: mrsift" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sort"],
        ["identify"],
        ["identify", ".", "--unknown"],
        ["identify", ".", "--prof", "all"],
        ["identify", ".", "--evidence", "all"],
        ["identify", ".", "--jobs", "0"],
        ["identify", ".", "--model", "no-such-bundle"],
        ["identify", "no-such-folder"],
        ["show"],
        ["show", ".", "."],
        ["show", "no-such-folder"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_one_line_says_why(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(*arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1].startswith("mrsift")
    assert "error: " in told.err.splitlines()[-1]


def test_outputs_are_checked_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in ("--json", "--csv", "--html"):
        assert main(["identify", str(tmp_path), option, str(tmp_path / "no" / "out")]) == 2
        assert "there is no folder" in capsys.readouterr().err
    assert main(["show", str(tmp_path), "--json", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"mrsift: {tmp_path}: is a folder; give the name of a file\n"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from mrsift.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = {"numpy", "rich", "jinja2", "PIL", "pydicom", "openvino", "pydantic", "nibabel"}
    assert "mrsift" in loaded
    assert not loaded & heavy


def test_help_into_a_pipe_that_nobody_reads_is_quiet() -> None:
    reading, writing = subprocess.PIPE, subprocess.PIPE
    with subprocess.Popen([MRSIFT, "--help"], stdout=reading, stderr=writing) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
