"""Entries -> files of a tree: made beside their place, renamed, and written down with a checksum.

Nothing is ever overwritten. A file that an earlier run has finished is checked against its
checksum and left alone, so an interrupted run is completed by running it again.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from mrsift.errors import IngestError, OutputError
from mrsift.export.sort_item import Entry, File
from mrsift.export.sort_manifest import MANIFEST, Line, ManifestFile, read_manifest

WORKSHOP = ".mrsift-unfinished"
"""Folder in the tree for files that are being made; gone when the run ends."""

KEPT, LEFT_OUT, REFUSED = "was there", "left out", "refused"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an entry.

    Attributes:
        how: `written`, `copied`, `hard link`, `symlink`, `was there`, `left out` (cannot be
            read), `refused` (something else is there), or `planned`.
        reason: Why it was left out or refused.
    """

    how: str
    reason: str = ""


class Tree:
    """A folder that is being filled, with its manifest open; use `open_tree`."""

    def __init__(self, out: Path, manifest: ManifestFile, lines: dict[str, Line]) -> None:
        self._out = out
        self._manifest = manifest
        self._lines = lines

    def add(self, entry: Entry, *, link: bool = False) -> Done:
        """Make all files of an entry that are not there yet, or none of them.

        Raises:
            OutputError: The disk is full or not writable. What was finished stays.
        """
        lines: list[Line] = []
        try:
            for file in entry.files:
                if not self._is_there(file):
                    line = self._file(file, entry, link=link)
                    lines.append(line)
            with _output(self._out / MANIFEST):
                for line in lines:
                    if line != self._lines.get(line.path):  # else said by a run cut off just here
                        self._manifest.add(line)
        except (IngestError, _NotOurs) as error:
            self._take_back(lines)
            return Done(REFUSED if isinstance(error, _NotOurs) else LEFT_OUT, str(error))
        except BaseException:
            self._take_back(lines)
            raise
        self._lines |= {line.path: line for line in lines}
        return Done(lines[0].how if lines else KEPT)

    def _is_there(self, file: File) -> bool:
        """Whether an earlier run has finished this file."""
        target = self._out / file.target
        known = self._lines.get(file.target)
        if known is None or not os.path.lexists(target):
            return False
        with _output(target):
            digest = sha256_of(target)
        if digest != known.sha256:
            raise _NotOurs(
                f"{file.target} was changed since it was written, and is not overwritten; move "
                "it away to have it made again"
            )
        return True

    def _file(self, file: File, entry: Entry, *, link: bool) -> Line:
        """Make one file."""
        target = self._out / file.target
        with _output(target):
            made, how, digest = self._make(file, link=link)
            try:
                if os.path.lexists(target) and sha256_of(target) != digest:
                    raise _NotOurs(
                        f"{file.target} is there already with other content, and is not "
                        "overwritten; move it away, or choose another OUT"
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                made.replace(target)
            finally:
                made.unlink(missing_ok=True)
            members = entry.members(file)
            return Line(
                path=file.target,
                how=how,
                bytes=target.stat().st_size,
                sha256=digest,
                label="|".join(entry.labels[members]),
                volume_id=_volume_ids(entry, file),
                by_hand="|".join(str(one).lower() for one in entry.by_hand[members]),
            )

    def _take_back(self, lines: Sequence[Line]) -> None:
        """Remove the files of an entry that could not be finished, and folders left empty."""
        for line in lines:
            target = self._out / line.path
            with contextlib.suppress(OSError):
                target.unlink()
                for folder in target.relative_to(self._out).parents[:-1]:
                    (self._out / folder).rmdir()

    def _make(self, file: File, *, link: bool) -> tuple[Path, str, str]:
        """The finished file in the workshop, how it was made, and its checksum."""
        workshop = self._out / WORKSHOP
        workshop.mkdir(parents=True, exist_ok=True)
        made = workshop / os.urandom(6).hex()
        if link and file.original is not None:
            original = file.original.resolve()
            try:
                os.link(original, made)
                how = "hard link"
            except OSError:  # another disk, or one without hard links
                made.symlink_to(original)
                how = "symlink"
            return made, how, sha256_of(made)
        try:
            with made.open("xb") as stream:
                writer = _Hashing(stream)
                file.make(cast("BinaryIO", writer))
            return made, "copied" if file.original else "written", writer.sha256.hexdigest()
        except BaseException:
            made.unlink(missing_ok=True)
            raise


class _NotOurs(Exception):
    """Something else stands where a file should go."""


class _Hashing:
    """A file that is written once, with its SHA-256."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self._stream.write(data)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def open_tree(out: Path) -> Iterator[Tree]:
    """A folder to fill; made where it is missing.

    Args:
        out: New, empty, or made by an earlier run.

    Raises:
        ConfigError: Another run is filling it, or its manifest is none.
        OutputError: It cannot be written.
    """
    lines = read_manifest(out / MANIFEST)
    with _output(out):
        out.mkdir(parents=True, exist_ok=True)
        manifest = ManifestFile(out / MANIFEST)
    try:
        shutil.rmtree(out / WORKSHOP, ignore_errors=True)  # of a run that was killed
        yield Tree(out, manifest, lines)
    finally:
        manifest.close()
        shutil.rmtree(out / WORKSHOP, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def clashes(entries: Sequence[Entry], lines: dict[str, Line]) -> list[str]:
    """Where an earlier run gave another place to a volume, or its place to another volume.

    Args:
        entries: The plan.
        lines: The manifest of the tree as it is.
    """
    placed: dict[str, set[str]] = {}
    for line in lines.values():
        for volume_id in filter(None, line.volume_id.split("|")):
            placed.setdefault(volume_id, set()).add(line.path)
    found = []
    for entry in entries:
        targets = {file.target: _volume_ids(entry, file) for file in entry.files}
        for info in entry.volumes:
            elsewhere = placed.get(info.volume_id, set()) - targets.keys()
            if elsewhere:
                found.append(f"{min(elsewhere)} belongs at {entry.files[0].target} now")
        found += [
            f"{name} holds other volumes"
            for name in sorted(targets.keys() & lines.keys())
            if lines[name].volume_id != targets[name]
        ]
    return list(dict.fromkeys(found))


def _volume_ids(entry: Entry, file: File) -> str:
    return "|".join(info.volume_id for info in entry.volumes[entry.members(file)])


@contextmanager
def _output(path: Path) -> Iterator[None]:
    """Inside, what the disk refuses is an error of the output."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path}: {error.strerror}; what was finished stays, run the same command again to "
            "complete it"
        ) from error
