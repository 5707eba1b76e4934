"""What a sorted tree is made of: entries of one or more files, planned before any is made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mrsift.types import VolumeInfo

Make = Callable[[BinaryIO], None]
"""Writes a file's whole content; the same content whenever it is called."""


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One file of the tree, before it is made.

    Attributes:
        target: Below the tree, parts divided by `/`.
        original: Where it is a plain copy of a file on disk: that file.
        member: Place of the one volume of the entry that is in it; None for all of them.
    """

    target: str
    make: Make
    original: Path | None = None
    member: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Files that belong together: an image and what stands beside it, or the objects of a volume.

    Attributes:
        case: Folder-like name of the study, e.g. `sub-001/ses-1`.
        volumes: What is in them, in their order there.
        labels: One per volume.
        by_hand: One per volume: whether a person set the label.
        files: The first one stands for the entry.
        remark: What a user should know, e.g. why it is not where its label would be.
    """

    case: str
    volumes: tuple[VolumeInfo, ...]
    labels: tuple[str, ...]
    by_hand: tuple[bool, ...]
    files: tuple[File, ...]
    remark: str = ""

    def members(self, file: File) -> slice:
        """Which of the volumes are in one of the files."""
        return slice(None) if file.member is None else slice(file.member, file.member + 1)


def constant(content: bytes) -> Make:
    """A file whose content is known already."""

    def make(stream: BinaryIO) -> None:
        stream.write(content)

    return make
