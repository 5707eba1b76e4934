"""How often the locked real volumes were scored: one line each time, under version control."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from mrsift.types import BundleId

LEDGER = Path(__file__).with_name("locked.csv")
COLUMNS = ("time", "command", "bundle", "sha256", "evidence", "volumes", "right", "wrong_and_sure")


def times() -> int:
    """How often they were scored; several kinds of evidence at once are one time."""
    if not LEDGER.is_file():
        return 0
    with LEDGER.open(encoding="utf-8", newline="") as file:
        return len({row["time"] for row in csv.DictReader(file)})


def record(
    command: str, bundle: BundleId, answered: Mapping[str, Sequence[tuple[bool, float]]]
) -> None:
    """Add what was just scored.

    Args:
        command: That did it.
        bundle: Which was asked.
        answered: Evidence -> of each locked volume whether the answer was right, and its
            probability.
    """
    fresh = not LEDGER.is_file()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with LEDGER.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if fresh:
            writer.writerow(COLUMNS)
        for evidence, answers in answered.items():
            right = sum(is_right for is_right, _ in answers)
            sure = sum(not is_right and probability >= 0.9 for is_right, probability in answers)
            name = f"{bundle.name} {bundle.version}"
            row = (now, command, name, bundle.sha256[:16], evidence, len(answers), right, sure)
            writer.writerow(row)
