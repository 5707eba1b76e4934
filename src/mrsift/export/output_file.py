"""Text or bytes -> a file that is there whole or not at all."""

import contextlib
import os
import stat
from pathlib import Path

from mrsift.errors import ConfigError, OutputError


def check_writable(path: Path) -> None:
    """Refuse an output that cannot be written, before any work is done.

    Args:
        path: Where the output shall go.

    Raises:
        ConfigError: The path is a folder, or its folder is missing or not writable.
    """
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder; give the name of a file")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise ConfigError(f"{path}: there is no folder {folder}; make it first")
    if path.exists() and not path.is_file():
        return  # a device or a pipe
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"{path}: the folder {folder} is not writable; choose another")


def write_text(path: Path, text: str) -> None:
    r"""Write UTF-8 beside the target, then rename over it.

    A link is followed, so that it still points to the new file; a device or a pipe is
    written directly, because it must not be replaced. Half a surrogate pair, as a file name
    in a broken encoding holds, becomes `\udcff` in words.

    Args:
        path: Target, replaced if it exists.
        text: Whole content.

    Raises:
        OutputError: The folder is not writable or the disk is full; the target is as before.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside the target, then rename over it, as `write_text` does.

    Args:
        path: Target, replaced if it exists.
        content: Whole content.

    Raises:
        OutputError: The folder is not writable or the disk is full; the target is as before.
    """
    try:
        _write(path, content)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; nothing was written there") from error


def _write(path: Path, content: bytes) -> None:
    target = path.resolve()
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        target.write_bytes(content)
        return
    beside = target.with_name(f".mrsift-{os.urandom(6).hex()}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(content)
        if mode is not None:
            beside.chmod(stat.S_IMODE(mode))
        beside.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
