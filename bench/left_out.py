"""What a few real volumes bring for patients, and for sites, that were left out.

    python -m bench.left_out --runs RUNS --data SCANS.parquet [...] --start-from BUNDLE \\
                             --out COMPARED.csv [--by site]

Leaves each patient, or each site, out in turn, trains on with the others as
`mrsift.train.with_real` does, and asks the network before and the one after: pixels alone, one
volume at a time, no physics, no abstaining. A volume is right where the answer is in its `accept`.
One line of the CSV per volume; where some of the volumes are locked, each network's score on those
is a line in `bench/locked.csv`.
"""

import argparse
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.locked_ledger import record
from bench.real_data import locked_patients
from mrsift.bundle import Bundle
from mrsift.dataset.table import DatasetRow
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.intervals import wilson_interval
from mrsift.evaluate.uncertainty import CONFIDENT
from mrsift.labels import LABEL_NAMES
from mrsift.models.resnet import ResNet
from mrsift.models.weights import network_of_bundle
from mrsift.preprocess import normalise, resize
from mrsift.train.recipe import Recipe
from mrsift.train.score import score
from mrsift.train.with_real import add_arguments, begin, trained_on
from mrsift.types import Float32Array

LEFT_OUT: dict[str, Callable[[DatasetRow], str]] = {
    "patient": lambda row: row.patient,
    "site": lambda row: row.site,
}
"""What `--by` may name, and how it is told of a volume."""

NETWORKS = ("simulated", "with_real")
"""The one before, and the one that went on; columns of the CSV."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What both networks say of one volume that the second never saw.

    Attributes:
        left_out: Patient or site.
        row: The volume.
        said: Label and probability, not calibrated, of each of `NETWORKS`.
    """

    left_out: str
    row: DatasetRow
    said: tuple[tuple[str, float], ...]

    def right(self, network: int) -> bool:
        """Whether that network's answer counts as right."""
        accept = self.row.extra.get("accept", "") or self.row.label or ""
        return self.said[network][0] in accept.split("|")


def main(arguments: list[str] | None = None) -> None:
    """Trains once for every group, and writes what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    add_arguments(parser)
    parser.add_argument("--by", choices=LEFT_OUT, default="patient", help="who is left out")
    parser.add_argument("--out", type=Path, required=True, help="CSV")
    given = parser.parse_args(arguments)
    given.out.parent.mkdir(parents=True, exist_ok=True)  # now, not after the trainings
    answers = compare(given)
    write(given.out, answers)
    for place, network in enumerate(NETWORKS):
        right = sum(one.right(place) for one in answers)
        low, high = wilson_interval(right, len(answers))
        sure = sum(not one.right(place) and one.said[place][1] >= CONFIDENT for one in answers)
        print(
            f"{network}: {right} of {len(answers)} ({low:.3f} to {high:.3f}), "
            f"{sure} wrong with {CONFIDENT} or more"
        )
    patients = locked_patients()
    locked = [one for one in answers if one.row.patient in patients]
    if locked:
        scores = {
            f"one volume, {network}, {given.by} left out": [
                (one.right(place), one.said[place][1]) for one in locked
            ]
            for place, network in enumerate(NETWORKS)
        }
        record(f"left_out.py --by {given.by}", Bundle.load(given.start_from).id, scores)


def compare(given: argparse.Namespace) -> list[Answer]:
    """Answers for every volume, those with several right labels too."""
    recipe, mixed = begin(given)
    before = network_of_bundle(given.start_from)[0]
    groups = [LEFT_OUT[given.by](row) for row in mixed.rows]
    answers = []
    for number, group in enumerate(sorted(set(groups))):
        own = [index for index, name in enumerate(groups) if name == group]
        run = f"without-{given.by}-{number}"
        after = trained_on(given, recipe, mixed.to_learn_from(own), run)
        inputs = [as_seen(mixed.real[index], recipe) for index in own]
        said = zip(*(said_of(network, inputs) for network in (before, after)), strict=True)
        for index, both in zip(own, said, strict=True):
            answers.append(Answer(group, mixed.rows[index], both))
    return answers


def as_seen(volume: Float32Array, recipe: Recipe) -> Float32Array:
    """A prepared volume at the size of the network's input."""
    return normalise(resize(volume, recipe.preprocess.input_shape), recipe.preprocess)


def said_of(network: ResNet, inputs: Sequence[Float32Array]) -> list[tuple[str, float]]:
    """Label and probability, not calibrated, of each volume."""
    shares = softmax(score(network, iter(inputs)).logits)
    return [(LABEL_NAMES[int(row.argmax())], float(row.max())) for row in shares]


def write(path: Path, answers: Sequence[Answer]) -> None:
    """One line per volume."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        own = [column for network in NETWORKS for column in (network, f"p_{network}")]
        writer.writerow(["left_out", "patient", "label", "accept", *own])
        for one in answers:
            said = [cell for label, p in one.said for cell in (label, f"{p:.3f}")]
            accept = one.row.extra.get("accept", "")
            writer.writerow([one.left_out, one.row.patient, one.row.label, accept, *said])


if __name__ == "__main__":
    main()
