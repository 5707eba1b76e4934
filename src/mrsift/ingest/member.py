"""One entry of an archive's index; shared by zip and tar."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

DAMAGED = "archive is damaged; download or export it again"
CHUNK_BYTES = 1 << 20
SMALL_BYTES = 1 << 20
"""Below this no compression ratio is a threat."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry, before it is judged.

    Attributes:
        name: As stored.
        size: Bytes that it claims, uncompressed.
        compressed: Bytes that it takes in the archive.
        unreadable: Why it cannot be read whatever it holds; None where it can.
        opener: Opens a fresh stream.
    """

    name: str
    size: int
    compressed: int
    unreadable: str | None
    opener: Callable[[], BinaryIO]


def words(error: Exception) -> str:
    """What an error says, in one line."""
    return str(error).strip().replace("\n", " ") or type(error).__name__
