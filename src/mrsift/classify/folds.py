"""Who trains, who watches and who is tested, for every network of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mrsift.config import StudyTrainingSettings
from mrsift.dataset.finding import few
from mrsift.dataset.leaks import same_pixels, under_two_patients
from mrsift.dataset.split import SplitPlan, split_dataset
from mrsift.dataset.table import Dataset, DatasetRow, Split
from mrsift.errors import ConfigError
from mrsift.export.rows import count

SMALL_COHORT = 100
"""With fewer labelled patients, a test on a fifth of them can tell next to nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one network may see.

    Attributes:
        repeat: From 0.
        fold: From 0; the only one of a hold-out is 0.
        sides: Labelled patient -> `train`, `validation` (inside) or `test`.
    """

    repeat: int
    fold: int
    sides: Mapping[str, Split]

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"repeat-{self.repeat}-fold-{self.fold}"

    def patients(self, side: Split) -> tuple[str, ...]:
        """Those on a side, sorted."""
        return tuple(sorted(name for name, own in self.sides.items() if own == side))


def make_parts(
    rows: Sequence[DatasetRow], labels: Mapping[str, str], study: StudyTrainingSettings, seed: int
) -> tuple[Part, ...]:
    """One part for each network, stratified by label and site.

    Args:
        rows: Of the cohort.
        labels: Labelled patient -> label.
        study: Of the recipe.
        seed: Of the first repeat; each other repeat has the next.

    Raises:
        ConfigError: One label only, a label with fewer patients than parts, a split of the
            data that tears a patient apart or leaves a side empty, or the same pixels under two
            patients.
    """
    # One row a patient: each counts once, whatever sequences it has.
    firsts = {row.patient: row for row in reversed(rows) if row.patient in labels}
    known = [replace(firsts[name], label=label) for name, label in sorted(labels.items())]
    _check_classes(labels, study)
    labelled = [row for row in rows if row.patient in labels]
    if doubles := under_two_patients(same_pixels(labelled)):
        raise ConfigError(
            f"the same pixels stand under two patients ({len(doubles)} times: {few(doubles)}), and "
            "would be trained and tested on; leave one out of the cohort"
        )
    if study.sides == "data":
        parts = _of_data(rows, known, study, seed)
    elif study.folds:
        parts = tuple(
            Part(repeat, fold, _drawn(known, study, seed + repeat, fold))
            for repeat in range(study.repeats)
            for fold in range(study.folds)
        )
    else:
        parts = (Part(0, 0, _drawn(known, study, seed, None)),)
    for part in parts:
        _check(part, labels)
    return parts


def cohort_warnings(
    rows: Sequence[DatasetRow], labels: Mapping[str, str], study: StudyTrainingSettings
) -> list[str]:
    """What a reader must know before any number, one line each.

    Args:
        rows: Of the cohort.
        labels: Labelled patient -> label.
        study: Of the recipe.
    """
    said = []
    if len(labels) < SMALL_COHORT:
        said.append(
            f"{count(len(labels), 'labelled patient')}: too few to tell a weak signal from none; "
            "read every number with its interval"
        )
    tested = round(len(labels) * study.test_share)
    if study.sides == "recipe" and not study.folds and tested < SMALL_COHORT:
        said.append(
            f"about {count(max(tested, 1), 'patient')} for the test: their result supports no "
            "claim; mgmt-honest tests every patient"
        )
    if study.sides == "recipe" and any(row.split or row.fold is not None for row in rows):
        said.append(
            "the data are split already, and the recipe draws its own sides; "
            "--set study.sides=data takes those of the data"
        )
    return said


def _check_classes(labels: Mapping[str, str], study: StudyTrainingSettings) -> None:
    sizes = Counter(labels.values())
    there = ", ".join(f"{name} ({size})" for name, size in sorted(sizes.items())) or "none"
    if len(sizes) < 2:
        raise ConfigError(
            f"labelled patients: {there}; two labels are needed to learn to tell them apart. Label "
            "others, or name the labels of the data in labels.names and labels.same_as"
        )
    parts = 3 if study.sides == "data" or not study.folds else study.folds
    rare = min(sizes, key=lambda name: sizes[name])
    if sizes[rare] < parts:
        asked = "a training, an inner and a test side"
        if parts == study.folds and study.sides == "recipe":
            asked = f"{parts} folds"
        raise ConfigError(
            f"labelled patients: {there}; {rare} has too few for {asked}. Add patients, or fewer "
            "folds: --set study.folds=N, from 2"
        )


def _drawn(
    known: Sequence[DatasetRow], study: StudyTrainingSettings, seed: int, fold: int | None
) -> dict[str, Split]:
    """Sides as `mrsift dataset split` draws them."""
    inner, test = study.inner_share, 0.0 if fold is not None else study.test_share
    rest = 1.0 - test
    plan = SplitPlan(
        (rest * (1.0 - inner), rest * inner, test),
        seed,
        study.folds or None,
        test_fold=fold or 0,
    )
    done = split_dataset(Dataset(tuple(known)), plan)
    return {row.patient: row.split for row in done.rows if row.split is not None}


def _of_data(
    rows: Sequence[DatasetRow],
    known: Sequence[DatasetRow],
    study: StudyTrainingSettings,
    seed: int,
) -> tuple[Part, ...]:
    """Folds of the data, each the test once; without folds, its split."""
    torn = {row.patient for row in rows if row.split or row.fold is not None}
    if not torn:
        raise ConfigError("the data are not split; run: mrsift dataset split DATA --folds K")
    numbers = sorted({row.fold for row in known if row.fold is not None})
    if not numbers:
        return (Part(0, 0, {row.patient: row.split for row in known if row.split is not None}),)
    parts = []
    for number in numbers:
        others = [row for row in known if row.fold not in (None, number)]
        ratios = (1.0 - study.inner_share, study.inner_share, 0.0)
        inside = split_dataset(Dataset(tuple(others)), SplitPlan(ratios, seed))
        sides: dict[str, Split] = {row.patient: "test" for row in known if row.fold == number}
        sides |= {row.patient: row.split for row in inside.rows if row.split is not None}
        parts.append(Part(0, number, sides))
    return tuple(parts)


def _check(part: Part, labels: Mapping[str, str]) -> None:
    """Every side has somebody, and training has two labels."""
    for side in ("train", "validation", "test"):
        if not part.patients(side):
            raise ConfigError(
                f"{part.name}: no patient on the side {side}; add patients, or split again with "
                "other shares"
            )
    there = {labels[name] for name in part.patients("train")}
    if len(there) < 2:
        raise ConfigError(
            f"{part.name}: only label {', '.join(there)} for training; add patients, or split again"
        )
