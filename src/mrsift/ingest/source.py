"""Where bytes come from: a file of a folder or a member of an archive, read the same way.

`walk` turns what the user pointed at into `Source` values in a fixed order, and into
`Skipped` values for everything that cannot or need not be read. No header is looked at here.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mrsift.config import IngestSettings
from mrsift.errors import IngestError
from mrsift.types import Skipped

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_OTHER_ARCHIVES = (".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar", ".iso")
_CLUTTER = {
    "__macosx": "folder of macOS metadata, holds no images",
    ".ds_store": "macOS folder settings, no image",
    "thumbs.db": "Windows thumbnails, no image",
    "desktop.ini": "Windows folder settings, no image",
    "dicomdir": "index of a DICOM medium; the images beside it are read directly",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One readable file, wherever it lies.

    Attributes:
        path: Relative to the input, `a.zip!member` inside an archive; unique within a walk.
        size: Bytes, uncompressed.
        local: The file itself where it is one on disk; None inside an archive.
        opener: Opens a fresh stream; use `open` or `read`.
    """

    path: str
    size: int
    local: Path | None
    opener: Callable[[], BinaryIO] = field(repr=False, compare=False)

    def open(self) -> BinaryIO:
        """A new seekable stream at the first byte; every caller gets its own, in any thread.

        Raises:
            IngestError: The file or the member cannot be opened. Reading on may raise it too
                where an archive turns out to be damaged.
        """
        try:
            return self.opener()
        except OSError as error:
            raise IngestError(_cannot_read(error)) from error

    def read(self) -> bytes:
        """All bytes.

        Raises:
            IngestError: The file cannot be read, or the archive is damaged there.
        """
        try:
            with self.opener() as stream:
                return stream.read()
        except OSError as error:
            raise IngestError(_cannot_read(error)) from error


def walk(
    paths: Sequence[Path], settings: IngestSettings | None = None
) -> Iterator[Source | Skipped]:
    """Every file under the inputs, folders and archives opened, in an order that repeats.

    Shown paths are relative to the input: to the folder that was given, to the folder of a
    file that was given, and with several inputs to the deepest folder they share.

    Args:
        paths: Folders, files and archives, as the user gave them.
        settings: Limits on what is read out of archives.

    Returns:
        Iterator over sources, with a `Skipped` for each thing left out.

    Raises:
        IngestError: A path does not exist; raised at the call, before anything is read.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise IngestError(f"{path}: no such file or folder (or not visible to you); check it")
    return _Walk(paths, settings or IngestSettings()).items()


def shared_root(paths: Sequence[Path]) -> Path:
    """The folder that shown paths are relative to; see `walk`.

    Args:
        paths: Folders, files and archives, as the user gave them.
    """
    # Not resolve(): a link keeps the name under which the user knows it.
    inputs = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100
    folders = [path if path.is_dir() else path.parent for path in inputs]
    return Path(os.path.commonpath(folders)) if folders else Path.cwd()


def is_archive(name: str) -> bool:
    """Whether a file name is that of an archive that `walk` opens."""
    return name.lower().endswith(ARCHIVE_SUFFIXES)


def clutter_reason(name: str) -> str | None:
    """Why a file or folder of this name never holds an image; None where it may."""
    if name.startswith("._"):
        return "macOS metadata of another file, no image"
    return _CLUTTER.get(name.lower())


def beside(path: str, name: str) -> str:
    """The shown path of another file in the same folder or archive folder."""
    folder_end = max(path.rfind("/"), path.rfind("!")) + 1
    return path[:folder_end] + name


def one_line(text: str) -> str:
    """A path as it can be shown: control characters and broken encodings are escaped."""
    if text.isprintable():
        return text
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Walk:
    """State of one walk: the shared root and what was seen already."""

    def __init__(self, paths: Sequence[Path], settings: IngestSettings) -> None:
        self.settings = settings
        self.inputs = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100
        self.root = shared_root(paths)
        self.seen: set[tuple[int, int]] = set()

    def items(self) -> Iterator[Source | Skipped]:
        # A stack of iterators, not recursion: folders may be nested deeper than Python calls.
        stack: list[Iterator[Path | Source | Skipped]] = [iter(self.inputs)]
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
            elif isinstance(item, Path):
                stack.append(self.entry(item))
            else:
                yield item

    def entry(self, path: Path) -> Iterator[Path | Source | Skipped]:
        """What stands at a path: the entries of a folder, a source, or why it is left out."""
        shown = self.shown(path)
        if (reason := clutter_reason(path.name)) is not None:
            return iter([Skipped(shown, reason)])
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                return self.folder(path, shown, status)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP):
                reason = f"link that leads nowhere ({_cause(error)}); restore or remove it"
                return iter([Skipped(shown, reason)])
            reason = f"cannot be opened ({_cause(error)}); check its permissions"
            return iter([Skipped(shown, reason, is_mr=True)])
        return self.file(path, shown, status)

    def shown(self, path: Path) -> str:
        if path == self.root:
            return one_line(path.name)
        return one_line(path.relative_to(self.root).as_posix())

    def once(self, status: os.stat_result) -> bool:
        """True the first time that a file or folder is met in this walk."""
        key = (status.st_dev, status.st_ino)
        known = key in self.seen
        self.seen.add(key)
        return not known

    def folder(self, path: Path, shown: str, status: os.stat_result) -> Iterator[Path | Skipped]:
        entries = sorted(path.iterdir())
        if not self.once(status):
            return iter([Skipped(shown, "folder that was read already under another name")])
        if not entries:
            return iter([Skipped(shown, "folder is empty; nothing to read")])
        return iter(entries)

    def file(
        self, path: Path, shown: str, status: os.stat_result
    ) -> Iterator[Path | Source | Skipped]:
        # An input may be given twice, or lie inside a folder that is given as well.
        if path in self.inputs and not self.once(status):
            return iter([])
        if stat.S_ISREG(status.st_mode):
            reason = _reason_to_skip(path, status)
        else:
            reason = "special file (device, pipe or socket), not read"
        if reason is not None:
            return iter([Skipped(shown, reason, is_mr=stat.S_ISREG(status.st_mode))])
        if is_archive(path.name):
            from mrsift.ingest.archive import members

            return members(path, shown, self.settings)
        return iter([Source(shown, status.st_size, path, lambda: path.open("rb"))])


def _reason_to_skip(path: Path, status: os.stat_result) -> str | None:
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return "file cannot be opened (permission denied); check its permissions"
    if status.st_size == 0:
        return "file is empty (0 bytes); copy it again"
    if path.name.lower().endswith(_OTHER_ARCHIVES):
        return "kind of archive that is not read (only .zip, .tar and .tar.gz); unpack it"
    return None


def _cause(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _cannot_read(error: OSError) -> str:
    return f"file cannot be read ({_cause(error)}); check it and its permissions"
