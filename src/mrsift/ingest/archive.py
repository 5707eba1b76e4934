"""The members of `.zip`, `.tar` and `.tar.gz` archives as sources, nothing unpacked by name.

Zip members are decompressed when they are read. A tar is indexed once and its members are
read in place; a compressed one is decompressed once, into an unnamed temporary file that
vanishes with its last source.
"""

import gzip
import io
import lzma
import os
import struct
import tarfile
import tempfile
import threading
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from mrsift.config import IngestSettings
from mrsift.errors import IngestError
from mrsift.ingest.source import Source, clutter_reason, is_archive, one_line
from mrsift.types import Skipped

_DAMAGED = "archive is damaged; download or export it again"
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
_TAR_ERRORS = (tarfile.TarError, OSError, EOFError, ValueError)
_CHUNK_BYTES = 1 << 20
_SMALL_BYTES = 1 << 20  # below this no compression ratio is a threat


@dataclass(frozen=True, slots=True)
class _Member:
    """One entry of an archive's index, before it is judged."""

    name: str
    size: int
    compressed: int
    unreadable: str | None
    opener: Callable[[], BinaryIO]


def members(path: Path, shown: str, settings: IngestSettings) -> Iterator[Source | Skipped]:
    """The files inside an archive.

    Args:
        path: The archive.
        shown: Its path relative to the input; members are shown as `shown!name`.
        settings: Limits on size and compression ratio.

    Yields:
        A source per member that can be read; a `Skipped` for each other one, and for the
        archive itself where it is damaged or holds nothing.
    """
    index = _zip_index if path.suffix.lower() == ".zip" else _tar_index
    found, damage = index(path, settings)
    last = {member.name: member for member in found}  # as tar and zip do: the last one counts
    told: set[str] = set()
    for member in sorted(found, key=lambda member: member.name):
        path_shown = f"{shown}!{one_line(member.name)}"
        clutter = _clutter_above(member.name)
        if clutter is not None:
            top, reason = clutter
            if top not in told:
                told.add(top)
                yield Skipped(f"{shown}!{one_line(top)}", reason)
        elif last[member.name] is not member:
            reason = "name occurs twice in the archive; the last one is read, this one is not"
            yield Skipped(path_shown, reason, is_mr=True)
        elif (refusal := _reason_to_skip(member, settings)) is not None:
            yield Skipped(path_shown, refusal, is_mr=True)
        else:
            yield Source(path_shown, member.size, None, member.opener)
    if damage is not None:
        yield Skipped(shown, damage, is_mr=True)
    elif not found:
        yield Skipped(shown, "archive is empty; nothing to read")


def _clutter_above(name: str) -> tuple[str, str] | None:
    """The outermost part of a member name that never holds images, and why."""
    parts = PurePosixPath(name).parts
    for depth, part in enumerate(parts, start=1):
        if (reason := clutter_reason(part)) is not None:
            return "/".join(parts[:depth]), reason
    return None


def _reason_to_skip(member: _Member, settings: IngestSettings) -> str | None:
    """Why a member must not or cannot be read, in one line; None where it can."""
    plain = member.name.replace("\\", "/")
    reason = member.unreadable
    if plain.startswith("/") or plain[1:2] == ":" or ".." in plain.split("/"):
        reason = "name leads out of the archive (absolute or with ..); repack the archive"
    elif reason is not None:
        pass
    elif member.size == 0:
        reason = "file is empty (0 bytes); export it again"
    elif is_archive(member.name):
        reason = "archive inside an archive, not opened; unpack the outer one"
    elif member.size > settings.max_member_bytes:
        reason = (
            f"claims {member.size:,} bytes, more than the {settings.max_member_bytes:,} allowed"
            " for a member of an archive; unpack the archive if that is right"
        )
    elif member.size > max(_SMALL_BYTES, member.compressed * settings.max_ratio):
        ratio = member.size / max(member.compressed, 1)
        reason = (
            f"claims to be compressed {ratio:,.0f} to 1, more than the {settings.max_ratio:,.0f}"
            " allowed; unpack the archive if you trust it"
        )
    return reason


def _zip_index(path: Path, settings: IngestSettings) -> tuple[list[_Member], str | None]:
    """Members of a zip, and what is wrong with the whole."""
    del settings
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        return [], f"{_DAMAGED} ({_words(error)})"
    guard = _Held(archive)
    found = []
    for info in archive.infolist():
        if info.is_dir():
            continue
        unreadable = "encrypted; unpack it with its password" if info.flag_bits & 0x1 else None
        found.append(
            _Member(
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
            raise IngestError(f"{_DAMAGED} ({_words(error)})") from error
        return io.BufferedReader(_Checked(stream, self), _CHUNK_BYTES)


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
            raise IngestError(f"{_DAMAGED} ({_words(error)})") from error
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        try:
            return self._stream.seek(offset, whence)
        except _ZIP_ERRORS as error:
            raise IngestError(f"{_DAMAGED} ({_words(error)})") from error

    def close(self) -> None:
        self._stream.close()
        super().close()


def _tar_index(path: Path, settings: IngestSettings) -> tuple[list[_Member], str | None]:
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
        return [], damage or f"{_DAMAGED} ({_words(error)})"
    found = []
    try:
        for info in archive:
            if not info.isdir():
                found.append(_tar_member(info, plain))
            archive.members = []  # type: ignore[attr-defined]  # our own index is enough
    except _TAR_ERRORS as error:
        damage = damage or f"{_DAMAGED} ({_words(error)})"
    return found, damage


def _tar_member(info: tarfile.TarInfo, plain: "_Shared") -> _Member:
    start, size = info.offset_data, info.size
    unreadable = None
    if info.issparse():
        unreadable = "stored as a sparse file, which is not read from an archive; unpack it"
    elif not info.isreg():
        unreadable = "link, device or other special entry of a tar, not read"
    elif start + size > plain.size:
        unreadable = f"cut short: {_DAMAGED}"
    return _Member(info.name, size, size, unreadable, lambda: plain.reader(start, size))


def _decompress(path: Path, settings: IngestSettings) -> tuple[IO[bytes], str | None]:
    """A `.tar.gz` decompressed into an unnamed temporary file, and what went wrong."""
    limit = max(int(path.stat().st_size * settings.max_ratio), _SMALL_BYTES)
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by _Shared
    total, damage = 0, None
    try:
        with gzip.open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                total += file.write(chunk)
                if total > limit:
                    damage = f"compressed more than {settings.max_ratio:,.0f} to 1; unpack it"
                    break
    except (OSError, EOFError, zlib.error) as error:
        damage = f"{_DAMAGED} ({_words(error)})"
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
        return io.BufferedReader(self.window(start, size), _CHUNK_BYTES)


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


def _words(error: Exception) -> str:
    return str(error).strip().replace("\n", " ") or type(error).__name__
