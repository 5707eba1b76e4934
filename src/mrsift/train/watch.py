"""What a run tells those who watch it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise


def _silent(*_anything: object) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Where a run speaks to.

    Attributes:
        say: Called with one line worth keeping.
        progress: Called with what is being done, how much is done, and how much there is.
    """

    say: Callable[[str], None] = _silent
    progress: Callable[[str, int, int | None], None] = _silent


def spoken_time(seconds: float) -> str:
    """A length of time in two units, e.g. `3 h 12 min`."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    whole = max(round(seconds), 0)
    for (name, size), (smaller, small) in pairwise(units):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {name} {rest} {smaller}" if rest else f"{whole // size} {name}"
    return f"{whole} s"
