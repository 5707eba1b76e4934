import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mrsift.errors import ConfigError, OutputError
from mrsift.export.output_file import check_writable, write_text
from tests.ordinary_user import run_as_ordinary_user


def test_a_file_is_replaced_with_its_mode_kept(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    target.chmod(0o640)
    write_text(target, "nä")
    assert target.read_bytes() == "nä".encode()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "new", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_link_still_points_to_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_device_is_written_and_not_replaced() -> None:
    write_text(Path(os.devnull), "x")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_broken_file_names_are_spelt_out(tmp_path: Path) -> None:
    write_text(tmp_path / "out", "k\udcff")
    assert (tmp_path / "out").read_text("utf-8") == "k\\udcff"


def test_a_full_disk_is_told_in_one_line() -> None:
    with pytest.raises(OutputError, match=r"^/dev/full: No space left on device"):
        write_text(Path("/dev/full"), "x")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that fills up half way."""
    (tmp_path / "out").write_text("old")
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from mrsift.errors import OutputError\n"
        "from mrsift.export.output_file import write_text\n"
        "try:\n    write_text(Path(sys.argv[1]), 'x' * 5000)\n"
        "except OutputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "out"], capture_output=True, text=True, check=True
    )
    assert "File too large; nothing was written there" in done.stdout
    assert (tmp_path / "out").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_outputs_that_cannot_be_written_are_refused_beforehand(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(ConfigError, match="there is no folder"):
        check_writable(tmp_path / "no" / "out")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="there is no folder"):
        check_writable(tmp_path / "file" / "out")
    check_writable(tmp_path / "file")
    check_writable(Path(os.devnull))


def test_a_folder_without_permission_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    code = (
        "import sys; from pathlib import Path\n"
        "from mrsift.export.output_file import check_writable\ncheck_writable(Path(sys.argv[1]))"
    )
    done = run_as_ordinary_user([sys.executable, "-c", code, tmp_path / "locked" / "out"])
    assert "is not writable; choose another" in done.stderr
