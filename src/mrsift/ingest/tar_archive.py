"""Members of a `.tar`, read in place.

A compressed one is decompressed once, into an unnamed temporary file that vanishes with
its last source.
"""

import gzip
import io
import os
import tarfile
import tempfile
import threading
import weakref
import zlib
from pathlib import Path
from typing import IO, BinaryIO, cast

from mrsift.config import IngestSettings
from mrsift.ingest.member import CHUNK_BYTES, DAMAGED, SMALL_BYTES, Member, words

_TAR_ERRORS = (tarfile.TarError, OSError, EOFError, ValueError)


def index_tar(path: Path, settings: IngestSettings) -> tuple[list[Member], str | None]:
    """Members of a tar, compressed or not, and what is wrong with the whole."""
    damage = None
    try:
        if path.suffix.lower() == ".tar":
            file: IO[bytes] = path.open("rb")
        else:
            file, damage = _decompress(path, settings)
        plain = _Shared(file)
        window = cast("IO[bytes]", plain.window(0, plain.size))
        archive = tarfile.TarFile(fileobj=window)
    except _TAR_ERRORS as error:
        return [], damage or f"{DAMAGED} ({words(error)})"
    found = []
    try:
        for info in archive:
            if not info.isdir():
                found.append(_tar_member(info, plain))
            archive.members = []  # type: ignore[attr-defined]  # our own index is enough
    except _TAR_ERRORS as error:
        damage = damage or f"{DAMAGED} ({words(error)})"
    return found, damage


def _tar_member(info: tarfile.TarInfo, plain: "_Shared") -> Member:
    start, size = info.offset_data, info.size
    unreadable = None
    if info.issparse():
        unreadable = "stored as a sparse file, which is not read from an archive; unpack it"
    elif not info.isreg():
        unreadable = "link, device or other special entry of a tar, not read"
    elif start + size > plain.size:
        unreadable = f"cut short: {DAMAGED}"
    return Member(info.name, size, size, unreadable, lambda: plain.reader(start, size))


def _decompress(path: Path, settings: IngestSettings) -> tuple[IO[bytes], str | None]:
    """A `.tar.gz` decompressed into an unnamed temporary file, and what went wrong."""
    limit = max(int(path.stat().st_size * settings.max_ratio), SMALL_BYTES)
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by _Shared
    total, damage = 0, None
    try:
        with gzip.open(path, "rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                total += file.write(chunk)
                if total > limit:
                    damage = f"compressed more than {settings.max_ratio:,.0f} to 1; unpack it"
                    break
    except (OSError, EOFError, zlib.error) as error:
        damage = f"{DAMAGED} ({words(error)})"
    file.flush()
    return file, damage


class _Shared:
    """One open file, read by many; closed when its last reader and source are gone."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.size = file.seek(0, os.SEEK_END)
        weakref.finalize(self, file.close)

    def read_at(self, position: int, count: int) -> bytes:
        with self._lock:
            self._file.seek(position)
            return self._file.read(count)

    def window(self, start: int, size: int) -> "_Window":
        return _Window(self, start, size)

    def reader(self, start: int, size: int) -> BinaryIO:
        return io.BufferedReader(self.window(start, size), CHUNK_BYTES)


class _Window(io.RawIOBase):
    """A stretch of a shared file as a file of its own."""

    def __init__(self, shared: _Shared, start: int, size: int) -> None:
        self._shared, self._start, self._size, self._at = shared, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        count = max(0, min(len(buffer), self._size - self._at))
        data = self._shared.read_at(self._start + self._at, count)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        return self._at
