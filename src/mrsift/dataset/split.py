"""A data set -> the same with every patient on one side: train, validation and test, or folds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mrsift.dataset.finding import Finding, few
from mrsift.dataset.leaks import same_pixels, under_two_patients
from mrsift.dataset.stratify import stratify
from mrsift.dataset.table import SPLITS, Dataset, DatasetRow
from mrsift.errors import ConfigError
from mrsift.export.rows import count
from mrsift.types import Float64Array

Column = Literal["site", "vendor", "model"]


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How a data set shall be split.

    Attributes:
        ratios: Of train, validation and test; with folds, of train and validation alone.
        seed: The same seed gives the same split, in whatever order the rows stand.
        folds: Number of folds of equal size; None for none.
        leave_out: Column of which each value becomes a fold; None for none. A patient with
            several values is on no side.
        test_fold: Which fold becomes `test`; train and validation share the others.
    """

    ratios: tuple[float, float, float] = (8.0, 1.0, 1.0)
    seed: int = 0
    folds: int | None = None
    leave_out: Column | None = None
    test_fold: int = 0


def split_dataset(dataset: Dataset, plan: SplitPlan) -> Dataset:
    """Put every patient on one side, stratified by class and site.

    Args:
        dataset: Its old split and folds are replaced.
        plan: What is wanted.

    Raises:
        ConfigError: There are fewer patients than parts, nothing to leave out, or the same
            pixels under two patients.
    """
    rows = dataset.rows
    if doubles := under_two_patients(same_pixels(rows)):
        raise ConfigError(
            f"the same pixels stand under two patients ({len(doubles)} times: {few(doubles)}), "
            "and would be trained and tested on; give them one patient in the label table, or "
            "leave one out, and index again"
        )
    by_fold: dict[str, int] | None = None
    words = "train : validation : test = " + " : ".join(f"{ratio:g}" for ratio in plan.ratios)
    if plan.leave_out is not None:
        by_fold, values = _folds_by_value(rows, plan.leave_out)
        words = f"leave one {plan.leave_out} out: {', '.join(values)}"
    elif plan.folds is not None:
        by_fold = _parts(rows, np.ones(plan.folds), plan.seed)
        words = f"{plan.folds} folds"
    if by_fold is None:
        sides = _parts(rows, np.array(plan.ratios), plan.seed)
    else:
        sides = _sides_of_fold(rows, by_fold, plan)
        words += f"; test is fold {plan.test_fold}"
    done = tuple(
        replace(
            row,
            split=SPLITS[sides[row.patient]] if row.patient in sides else None,
            fold=None if by_fold is None else by_fold.get(row.patient),
        )
        for row in rows
    )
    facts = {**dataset.facts, "split": f"by patient, seed {plan.seed}, {words}"}
    return Dataset(done, facts)


def on_no_side(dataset: Dataset) -> list[Finding]:
    """Patients that a split could put nowhere.

    Args:
        dataset: After a split.
    """
    names = tuple(sorted({row.patient for row in dataset.rows if row.split is None}))
    if not names or len(names) == len({row.patient for row in dataset.rows}):
        return []
    says = f"{count(len(names), 'patient')} on no side, so neither learned from nor tested on"
    return [Finding("warning", "on_no_side", says, names)]


def too_small(dataset: Dataset) -> list[Finding]:
    """Classes and sites that are not on every side, with how many patients they have.

    Args:
        dataset: After a split.
    """
    used = [side for side in SPLITS if any(row.split == side for row in dataset.rows)]
    found = []
    # Where each site is in one fold, sites were taken apart on purpose.
    folds = {(row.site, row.fold) for row in dataset.rows if row.fold is not None}
    by_site = bool(folds) and len(folds) == len({site for site, _ in folds})
    for column in ("label",) if by_site else ("label", "site"):
        groups: dict[str, dict[str, set[str]]] = {}
        for row in dataset.rows:
            name = getattr(row, column)
            if name is not None and row.split is not None:
                groups.setdefault(name, {}).setdefault(row.split, set()).add(row.patient)
        names = tuple(
            f"{name} ({count(sum(map(len, sides.values())), 'patient')}; none in "
            f"{' and '.join(side for side in used if side not in sides)})"
            for name, sides in sorted(groups.items())
            if any(side not in sides for side in used)
        )
        what = "class" if column == "label" else "site"
        if names:
            says = (
                f"{count(len(names), what)} not on every side; nothing can be said of them where "
                "they are missing"
            )
            found.append(Finding("warning", f"{what}_not_everywhere", says, names))
    return found


def _folds_by_value(
    rows: Sequence[DatasetRow], column: Column
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Each patient's fold where every value of a column is one, and the values.

    A patient with several values would be on two sides, and is in no fold.
    """
    values = tuple(sorted({str(getattr(row, column) or "unknown") for row in rows}))
    if len(values) < 2:
        raise ConfigError(
            f"only one {column} ({', '.join(values) or 'none'}), so none can be left out"
        )
    own: dict[str, set[str]] = {}
    for row in rows:
        own.setdefault(row.patient, set()).add(str(getattr(row, column) or "unknown"))
    folds = {name: values.index(next(iter(one))) for name, one in own.items() if len(one) == 1}
    if len(set(folds.values())) < len(values):
        raise ConfigError(
            f"a {column} has no patient who is there alone, so it cannot be left out; every fold "
            "needs one"
        )
    return folds, values


def _sides_of_fold(
    rows: Sequence[DatasetRow], by_fold: dict[str, int], plan: SplitPlan
) -> dict[str, int]:
    """Each patient's side where one fold is the test."""
    last = max(by_fold.values())
    if not 0 <= plan.test_fold <= last:
        raise ConfigError(f"there is no fold {plan.test_fold}; folds are 0 to {last}")
    others = [row for row in rows if by_fold.get(row.patient, plan.test_fold) != plan.test_fold]
    sides = _parts(others, np.array(plan.ratios[:2]), plan.seed)
    return {name: sides.get(name, SPLITS.index("test")) for name in by_fold}


def _parts(rows: Sequence[DatasetRow], ratios: Float64Array, seed: int) -> dict[str, int]:
    """Each patient's part; a part with ratio 0 stays empty."""
    patients, counts, is_class = _patient_counts(rows)
    wanted = np.flatnonzero(ratios > 0)
    if len(patients) < len(wanted):
        raise ConfigError(
            f"{count(len(patients), 'patient')} cannot be shared out to {len(wanted)} sides; if "
            "there are more, the column patient of the label table must tell them apart"
        )
    shares = ratios[wanted] / ratios.sum()
    placed = stratify(counts, shares, is_class, seed)
    return {name: int(wanted[part]) for name, part in zip(patients, placed, strict=True)}


def _patient_counts(
    rows: Sequence[DatasetRow],
) -> tuple[list[str], Float64Array, NDArray[np.bool_]]:
    """Volumes of each class, site, and class at a site that each patient has.

    Returns:
        Patients, sorted; counts, shape (patients, columns); which columns are classes.
    """
    patients = sorted({row.patient for row in rows})
    columns: set[tuple[str, str, str]] = set()
    for row in rows:
        columns |= set(_columns(row))
    order = {column: place for place, column in enumerate(sorted(columns))}
    place_of = {name: place for place, name in enumerate(patients)}
    counts = np.zeros((len(patients), len(order)))
    for row in rows:
        for column in _columns(row):
            counts[place_of[row.patient], order[column]] += 1
    is_class = np.array([kind == "class" for kind, _, _ in sorted(columns)], bool)
    return patients, counts, is_class


def _columns(row: DatasetRow) -> tuple[tuple[str, str, str], ...]:
    site = ("site", "", row.site)
    if row.label is None:
        return (site,)
    return (("class", row.label, ""), site, ("class at site", row.label, row.site))
