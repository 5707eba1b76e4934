"""`mrsift view` as a command: what it prints, how it ends, and what it says of bad input."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.mr_series import T2_SPIN_ECHO, write_series
from tests.ordinary_user import MRSIFT, run_as_ordinary_user

HEADER = ("--evidence", "header")


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    write_series(tmp_path / "exam", 1, SeriesDescription="t2_tse_tra", **T2_SPIN_ECHO)
    return tmp_path / "exam"


def test_it_answers_whoever_has_the_address_until_ctrl_c(exam: Path) -> None:
    before = {path: path.read_bytes() for path in exam.iterdir()}
    command = [MRSIFT, "view", exam, *HEADER]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        plain = address.partition("?")[0]
        assert httpx.get(plain).status_code == 403
        with httpx.Client(follow_redirects=True) as browser:
            page = browser.get(address)
            assert page.status_code == 200
            assert "t2_tse_tra" in page.text
            assert str(page.url) == plain
            assert "server" not in page.headers
        server.send_signal(signal.SIGINT)
        out, told = server.communicate(timeout=20)
    assert server.returncode == 0
    assert out == ""
    assert told.count("\n") == 1  # no request was logged
    assert {path: path.read_bytes() for path in exam.iterdir()} == before


def test_a_port_in_use_is_told_before_any_work(exam: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_as_ordinary_user([MRSIFT, "view", exam, "--port", str(port)])
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"mrsift: port {port} is in use; choose another, or leave --port out for a free one\n"
    )


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_told(exam: Path, port: str) -> None:
    done = run_as_ordinary_user([MRSIFT, "view", exam, "--port", port])
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_nothing_to_show_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image", "utf-8")
    done = run_as_ordinary_user([MRSIFT, "view", tmp_path, *HEADER])
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == "mrsift: no MR volume could be read; files skipped: 1\n"


def test_a_table_that_cannot_be_written_is_told_before_any_work(exam: Path) -> None:
    done = run_as_ordinary_user([MRSIFT, "view", exam, "--corrections", "/nowhere/labels.csv"])
    assert done.returncode == 2
    assert done.stderr.startswith("mrsift: /nowhere/labels.csv: there is no folder")


def test_without_the_extra_one_line_says_what_to_install(exam: Path) -> None:
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from mrsift.cli.main import main\n"
        f"sys.exit(main(['view', {str(exam)!r}]))"
    )
    done = run_as_ordinary_user([sys.executable, "-c", code])
    assert done.returncode == 2
    assert done.stderr == "mrsift: uvicorn is missing; pip install 'mrsift[view]'\n"


def test_serving_loads_no_torch(exam: Path) -> None:
    code = (
        "import sys\n"
        "from mrsift.cli.main import main\n"
        f"assert main(['view', {str(exam)!r}, '--evidence', 'header']) == 0\n"
        "print(sorted(sys.modules.keys() & {'torch', 'lightning', 'openvino_telemetry'}))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        assert httpx.get(address, follow_redirects=True).status_code == 200
        server.send_signal(signal.SIGINT)
        out, told = server.communicate(timeout=20)
    assert out == "[]\n", told
