"""What each epoch gave, over all networks of a run."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mrsift.export.output_file import write_text
from mrsift.train.curves import HISTORY


def write_histories(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """One line per network and epoch, with a heading.

    Args:
        path: Replaced if it exists.
        rows: With `repeat`, `fold` and the columns of `HISTORY`.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, ("repeat", "fold", *HISTORY), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def mean_history(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per epoch: the mean over the networks that reached it."""
    found = []
    for epoch in range(1, last_epoch(rows) + 1):
        own = [row for row in rows if row["epoch"] == epoch]
        means = {name: float(np.mean([row[name] for row in own])) for name in HISTORY}
        found.append(means | {"epoch": epoch})
    return found


def last_epoch(rows: Sequence[Mapping[str, Any]]) -> int:
    """That any network reached."""
    return max(int(row["epoch"]) for row in rows)
