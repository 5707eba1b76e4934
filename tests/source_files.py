"""Folders and archives: made, and walked."""

import io
import os
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mrsift.config import IngestSettings
from mrsift.ingest.source import Source, walk
from mrsift.types import Skipped


def sources(*paths: Path, settings: IngestSettings | None = None) -> dict[str, Source]:
    return {item.path: item for item in walk(paths, settings) if isinstance(item, Source)}


def skipped(*paths: Path, settings: IngestSettings | None = None) -> dict[str, Skipped]:
    return {item.path: item for item in walk(paths, settings) if isinstance(item, Skipped)}


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Without root's right to open everything (CI is root)."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def make_tar(path: Path, mode: str, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


FILES = {"b/2": b"two" * 1000, "a/1": b"one", "c": os.urandom(3 << 20)}
