"""What is to be said of a data set: one sentence, and the rows it is about."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed.

    Attributes:
        level: `error` where results would be wrong, `warning` where they may be, `note` else.
        kind: One word for programs, e.g. `patient_on_two_sides`.
        says: One line, with the count and what to do.
        names: The files, rows, patients or classes meant, all of them.
    """

    level: Level
    kind: str
    says: str
    names: tuple[str, ...] = ()


def few(names: tuple[str, ...], shown: int = 3) -> str:
    """The first names, and how many more there are, on one line."""
    rest = len(names) - shown
    return "; ".join(names[:shown]) + (f"; and {rest} more" if rest > 0 else "")
