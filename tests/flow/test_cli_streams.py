"""The command and its streams: full, closed, unread, of another encoding; and Ctrl-C."""

import os
import signal
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests import schemas
from tests.mr_series import T2_SPIN_ECHO, write_series
from tests.ordinary_user import MRSIFT


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams") / "exam"
    write_series(folder, 1, **T2_SPIN_ECHO, SeriesDescription="t2_tse_tra Größe")
    return folder


def test_a_full_disk_is_1_and_leaves_nothing(exam: Path) -> None:
    done = subprocess.run(
        [MRSIFT, "identify", exam, "--evidence", "header", "--json", "/dev/full"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("mrsift: /dev/full: No space left on device")
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [MRSIFT, "show", exam], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "mrsift: standard output: No space left on device\n"


def test_a_reader_that_leaves_early_is_no_error(exam: Path) -> None:
    for command in (["show", exam], ["identify", exam, "--evidence", "header", "--json", "-"]):
        with subprocess.Popen(
            [MRSIFT, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 0


def test_a_closed_standard_output_is_no_error(exam: Path, tmp_path: Path) -> None:
    command = f"'{MRSIFT}' show '{exam}' --json '{tmp_path}/out.json' >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    schemas.parse((tmp_path / "out.json").read_text())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_of_another_encoding_is_no_error(exam: Path, encoding: str) -> None:
    done = subprocess.run(
        [MRSIFT, "show", exam],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert ("t2_tse_tra").encode(encoding) in done.stdout


def test_ctrl_c_ends_in_one_line_without_half_a_file(tmp_path: Path, tiny_bundle: Path) -> None:
    folder = tmp_path / "exam"
    folder.mkdir()
    for number in range(300):  # zeros take no room on disk, but many seconds to look at
        header = nibabel.Nifti1Header()
        header.set_data_shape((256, 256, 128))
        header.set_data_dtype(np.float32)
        header["vox_offset"], header["magic"] = 352, b"n+1"
        with (folder / f"{number}.nii").open("wb") as file:
            file.write(header.binaryblock + bytes(4))
            file.truncate(352 + 4 * 256 * 256 * 128)
    terminal, for_mrsift = open_terminal()
    command = [MRSIFT, "identify", folder, "--model", tiny_bundle, "--json", tmp_path / "out.json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=for_mrsift, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(for_mrsift)
        shown = read_terminal(terminal, until=b"identifying")
        process.send_signal(signal.SIGINT)
        shown += read_terminal(terminal)
        assert process.wait(timeout=60) == 130
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert b"mrsift: interrupted; an output that was not finished was not written\r\n" in shown
    assert b"Traceback" not in shown
    assert [path.name for path in tmp_path.iterdir()] == ["exam"]


def open_terminal() -> tuple[int, int]:
    """Both sides of a terminal, where this machine has any (a bare chroot has none)."""
    try:
        return os.openpty()
    except OSError:
        pytest.skip("no pseudo-terminals: devpts is not mounted")


def read_terminal(terminal: int, until: bytes | None = None) -> bytes:
    """What was shown until some words, or until the other side is closed."""
    shown = b""
    while until is None or until not in shown:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux says so at the end of a terminal
            break
        if not part:
            break
        shown += part
    return shown


def test_progress_is_shown_on_a_terminal_only(exam: Path) -> None:
    terminal, for_mrsift = open_terminal()
    with subprocess.Popen(
        [MRSIFT, "show", exam],
        stdout=subprocess.PIPE,
        stderr=for_mrsift,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(for_mrsift)
        shown = read_terminal(terminal)
        assert process.stdout is not None
        table = process.stdout.read()
    os.close(terminal)
    assert b"reading headers" in shown
    assert b"\x1b" not in table
