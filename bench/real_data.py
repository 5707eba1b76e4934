"""How often the answer is right on real scans, from the label tables in ../shared/data.

    python -m bench.real_data [--data FOLDER] [--model BUNDLE] [--evidence both header pixels]
                              [--stripped] [--profile all] [--look-at]

A volume is right where the answer is in its `accept`; it is counted under `label`. An
`UNKNOWN` for a known volume is an error, and the coverage (share of known volumes that got
a label) stands beside. `--stripped` removes everything but geometry from the headers before
the answer, as strict de-identification does. A row whose series splits into several
volumes (planes of a localizer, directions, time points) counts once, by its worst volume.

The scans that development may look at and those that are locked are counted apart. Each time
the locked ones are scored is a line in `bench/locked.csv`; `--look-at` leaves them out.
"""

import argparse
import csv
import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.locked_ledger import record
from bench.package_scans import SCANS
from mrsift.bundle import shipped_bundle_path
from mrsift.cli.arguments import bundle_path
from mrsift.evaluate.confusion import confusion_matrix, markdown_table
from mrsift.evaluate.intervals import wilson_interval
from mrsift.infer import runtime
from mrsift.infer.decide import Judge, Seen
from mrsift.infer.look import look
from mrsift.infer.profile import named_profile
from mrsift.ingest import Study, scan
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.train.header_trials import without_header
from mrsift.types import Prediction, VolumeInfo

SHARED = Path(__file__).parents[2] / "shared" / "data"
TABLES = ("prostate", "brain", "dicom")
LOOK_AT = {"ProstateX-0000", "open_ms-01", *(one.name for one in SCANS)}


@dataclass(frozen=True)
class Case:
    """One row of a label table."""

    path: Path
    inside: str
    b_value: float | None
    patient: str
    label: str
    accept: frozenset[str]

    @property
    def place(self) -> Path:
        """What is scanned for it."""
        return self.path if self.path.suffix == ".zip" else self.path.parent

    def fits(self, info: VolumeInfo) -> bool:
        """Whether a volume found in `place` is this row's."""
        archive, _, inside = info.files[0].partition("!")
        if inside and not f"{inside}/".startswith(f"{self.inside}/" if self.inside else ""):
            return False
        if not inside and Path(archive).name != self.path.name:
            return False
        found = None if info.b_value is None else info.b_value.s_per_mm2
        return self.b_value is None or found == self.b_value


@dataclass(frozen=True)
class Place:
    """A scanned archive or folder, what the network sees in its volumes, and its rows."""

    studies: tuple[Study, ...]
    seen: dict[str, Seen]
    cases: list[Case]


@dataclass(frozen=True)
class Outcome:
    """A row with the answer for its volume, the worst where it has several."""

    case: Case
    prediction: Prediction

    @property
    def right(self) -> bool:
        """Whether the answer counts as right."""
        return self.prediction.label in self.case.accept

    @property
    def graded(self) -> tuple[bool, float]:
        """Whether it is right, and the probability that was given to it."""
        return self.right, self.prediction.probability


def read_cases(data: Path) -> list[Case]:
    """All rows of all tables."""
    cases = []
    for table in TABLES:
        with (data / table / "labels.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                b_value = float(row["b_value"]) if row["b_value"] else None
                cases.append(
                    Case(
                        data / table / row["path"],
                        row["inside"],
                        b_value,
                        row["patient"],
                        row["label"],
                        frozenset(row["accept"].split("|")),
                    )
                )
    return cases


def locked_patients() -> frozenset[str]:
    """Of the tables in ../shared/data, those that development may not look at."""
    cases = read_cases(SHARED) if SHARED.is_dir() else []
    return frozenset(case.patient for case in cases) - LOOK_AT


def look_at_all(cases: Sequence[Case], network: Future[runtime.Network]) -> list[Place]:
    """Every scan of the tables with what the network sees in it."""
    places = []
    # NIfTI and NRRD of a folder are one study, so that the folder is read, not the file.
    for path in sorted({case.place for case in cases}):
        scanned = scan([path])
        seen, unreadable = look(scanned, network)
        for skipped in unreadable:
            print(f"could not be read: {skipped.path}: {skipped.reason}")
        rows = [case for case in cases if case.place == path]
        places.append(Place(scanned.studies, seen, rows))
    return places


def outcomes(place: Place, judge: Judge, use_pixels: bool, stripped: bool) -> Iterator[Outcome]:
    """Each row of one place with its answer."""
    answers: list[Prediction] = []
    for study in place.studies:
        volumes = [place.seen[i.volume_id] for i in study.volumes if i.volume_id in place.seen]
        if not use_pixels:
            volumes = [Seen(one.info) for one in volumes]
        if stripped:
            volumes = [dataclasses.replace(one, info=without_header(one.info)) for one in volumes]
        answers += judge.report(study, volumes).predictions
    for case in place.cases:
        own = [one for one in answers if case.fits(place.seen[one.volume.volume_id].info)]
        if not own:
            print(f"no volume for {case.path.name} {case.inside} b {case.b_value}")
            continue
        yield Outcome(case, min(own, key=lambda one: one.label in case.accept))


def print_summary(name: str, results: Sequence[Outcome]) -> None:
    """Right of n with its interval, coverage and sure errors."""
    right = sum(one.right for one in results)
    known = [one for one in results if one.case.label != UNKNOWN]
    answered = sum(one.prediction.label != UNKNOWN for one in known)
    sure = sum(not one.right and one.prediction.probability >= 0.9 for one in results)
    conflicts = sum(one.prediction.conflict for one in results)
    low, high = wilson_interval(right, len(results))
    print(
        f"| {name} | {right} of {len(results)} | {low:.2f} to {high:.2f} "
        f"| {answered} of {len(known)} | {sure} | {conflicts} |"
    )


def print_confusion(results: Sequence[Outcome]) -> None:
    """Which label was answered for which; an accepted answer counts as the label."""
    index = {label: number for number, label in enumerate(LABEL_NAMES)}
    truth = [index[one.case.label] for one in results]
    answers = [index[one.case.label if one.right else one.prediction.label] for one in results]
    matrix = confusion_matrix(np.array(truth), np.array(answers), len(LABEL_NAMES))
    print(markdown_table(matrix, LABEL_NAMES))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--model", type=bundle_path, default=shipped_bundle_path("sim"))
    parser.add_argument("--evidence", nargs="+", default=["both", "header", "pixels"])
    parser.add_argument("--profile", default="all")
    parser.add_argument("--stripped", action="store_true")
    parser.add_argument("--look-at", action="store_true", help="leave the locked volumes out")
    arguments = parser.parse_args()

    network = runtime.start(arguments.model, 1)
    cases = read_cases(arguments.data)
    if arguments.look_at:
        cases = [case for case in cases if case.patient in LOOK_AT]
    places = look_at_all(cases, network)
    profile, manifest = named_profile(arguments.profile), network.result().bundle.manifest
    locked: dict[str, list[tuple[bool, float]]] = {}
    for evidence in arguments.evidence:
        judge = Judge(profile, evidence != "pixels", manifest.identify_settings, manifest)
        results = [
            outcome
            for place in places
            for outcome in outcomes(place, judge, evidence != "header", arguments.stripped)
        ]
        groups: dict[str, list[Outcome]] = defaultdict(list)
        for one in results:
            group = "looked at" if one.case.patient in LOOK_AT else "locked"
            groups[group].append(one)
        print(f"\n## {evidence}{', headers stripped' if arguments.stripped else ''}\n")
        print("| volumes | right | 95 % | known volumes answered | wrong at ≥ 0.9 | conflicts |")
        print("|---|---|---|---|---|---|")
        for name in sorted(groups):
            print_summary(name, groups[name])
        print_summary("all", results)
        print()
        print_confusion(results)
        locked[evidence] = [one.graded for one in groups["locked"]]
    if any(locked.values()):
        record("real_data.py", network.result().bundle.id, locked)


if __name__ == "__main__":
    main()
