"""Run a command under the file permissions of an ordinary user, also where the tests run as root.

Root may read and write everything, so a test of an unreadable folder would test nothing.
`setpriv` (util-linux, on every Debian) starts the command without the two capabilities that
let root pass by file modes. The user stays the same, so that an interpreter, a checkout or
a `tmp_path` below `/root` can still be reached: an owner is bound by the owner's mode bits.

    def test_unreadable_folder(tmp_path: Path) -> None:
        (tmp_path / "locked").mkdir(mode=0o000)
        done = run_as_ordinary_user([MRSIFT, "show", tmp_path])
        assert done.returncode == 3

A folder without permissions is given them back at the end of the test by nobody: pytest
running as root removes it all the same, as an ordinary user restore the mode yourself.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MRSIFT = Path(sys.executable).with_name("mrsift")
"""The console script of the environment that runs the tests."""

_BOUND_BY_MODES = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
    "--",
)


def run_as_ordinary_user(
    command: Sequence[str | Path], *, cwd: Path | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end and return its status and its output as text."""
    prefix = _BOUND_BY_MODES if os.geteuid() == 0 else ()
    return subprocess.run(
        [*prefix, *map(str, command)],
        cwd=cwd,
        timeout=timeout_s,
        capture_output=True,
        text=True,
        check=False,
    )
