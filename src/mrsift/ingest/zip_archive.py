"""Members of a `.zip`, decompressed when they are read."""

import io
import lzma
import os
import struct
import weakref
import zipfile
import zlib
from pathlib import Path
from typing import IO, BinaryIO

from mrsift.errors import IngestError
from mrsift.ingest.member import CHUNK_BYTES, DAMAGED, Member, words

_ZIP_ERRORS = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,  # a compression method that zipfile does not know
    RuntimeError,  # zipfile's word for a password
    ValueError,
    struct.error,
)


def index_zip(path: Path) -> tuple[list[Member], str | None]:
    """Members of a zip, and what is wrong with the whole."""
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        return [], f"{DAMAGED} ({words(error)})"
    guard = _Held(archive)
    found = []
    for info in archive.infolist():
        if info.is_dir():
            continue
        unreadable = "encrypted; unpack it with its password" if info.flag_bits & 0x1 else None
        found.append(
            Member(
                info.filename,
                info.file_size,
                info.compress_size,
                unreadable,
                lambda info=info: guard.open_member(info),  # type: ignore[misc]
            )
        )
    return found, None


class _Held:
    """A zip that stays open as long as one of its sources lives."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        weakref.finalize(self, archive.close)

    def open_member(self, info: zipfile.ZipInfo) -> BinaryIO:
        try:
            stream = self.archive.open(info)
        except _ZIP_ERRORS as error:
            raise IngestError(f"{DAMAGED} ({words(error)})") from error
        return io.BufferedReader(_Checked(stream, self), CHUNK_BYTES)


class _Checked(io.RawIOBase):
    """A zip member whose damage is reported as `IngestError`."""

    def __init__(self, stream: IO[bytes], held: _Held) -> None:
        self._stream = stream
        self._held = held  # the archive must not close while it is read

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except _ZIP_ERRORS as error:
            raise IngestError(f"{DAMAGED} ({words(error)})") from error
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        try:
            return self._stream.seek(offset, whence)
        except _ZIP_ERRORS as error:
            raise IngestError(f"{DAMAGED} ({words(error)})") from error

    def close(self) -> None:
        self._stream.close()
        super().close()
