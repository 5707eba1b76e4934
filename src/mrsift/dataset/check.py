"""A data set -> everything about it that would make a result wrong or doubtful."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mrsift.dataset.cohort import few_patients
from mrsift.dataset.finding import Finding
from mrsift.dataset.leaks import (
    near_duplicates,
    patients_on_two_sides,
    row_words,
    same_pixels,
    under_two_patients,
)
from mrsift.dataset.split import on_no_side, too_small
from mrsift.dataset.table import Dataset, DatasetRow
from mrsift.dataset.voxels import pixel_sha256, read_voxels, source_stamp
from mrsift.errors import IngestError
from mrsift.export.rows import count

_RARE = 0.1
"""A class with less than this share of the volumes of the largest is called rare."""

GROUPINGS: dict[str, Callable[[DatasetRow], str]] = {
    "site": lambda row: row.site,
    "vendor": lambda row: row.vendor or "unknown",
    "model": lambda row: row.model or "unknown",
    "field strength": lambda row: (
        "unknown" if row.field_strength_t is None else f"{round(row.field_strength_t, 1):g} T"
    ),
    "plane": lambda row: row.plane,
}
"""What classes should be balanced over -> the value of a row."""

Progress = Callable[[str, int, int | None], None]


def check_dataset(
    dataset: Dataset, *, read: bool = False, jobs: int = 1, on_progress: Progress | None = None
) -> list[Finding]:
    """Look for leaks, copies, imbalance and files that are not what they were.

    Args:
        dataset: Split or not.
        read: Read every volume again, and compare its voxels with those that were indexed.
        jobs: Volumes read at the same time.
        on_progress: Called from this thread.

    Returns:
        Errors first, then warnings, then notes.
    """
    rows = dataset.rows
    found = [
        *_leaks(rows),
        *_files(rows, read, jobs, on_progress),
        *_labels(rows),
        *few_patients(rows),
        *on_no_side(dataset),
        *too_small(dataset),
        *_confounded(rows),
    ]
    levels = ("error", "warning", "note")
    return sorted(found, key=lambda finding: levels.index(finding.level))


def _leaks(rows: Sequence[DatasetRow]) -> Iterator[Finding]:
    if torn := patients_on_two_sides(rows):
        says = f"{count(len(torn), 'patient')} on two sides; split again"
        yield Finding("error", "patient_on_two_sides", says, torn)
    groups = same_pixels(rows)
    if shared := under_two_patients(groups):
        says = (
            f"same pixels under two patients, {count(len(shared), 'time')}; give them one patient "
            "in the label table or leave one out, and index again"
        )
        yield Finding("error", "pixels_of_two_patients", says, shared)
    disputed = [own for own in groups if len({row.label for row in own}) > 1]
    if disputed:
        names = tuple(" = ".join(f"{row_words(row)} ({row.label})" for row in o) for o in disputed)
        says = f"same pixels under two labels, {count(len(names), 'time')}; correct one"
        yield Finding("error", "pixels_of_two_labels", says, names)
    copies = [own for own in groups if len({(row.patient, row.label) for row in own}) == 1]
    if copies:
        names = tuple(" = ".join(map(row_words, own)) for own in copies)
        says = f"{count(len(names), 'volume')} more than once in one patient; counted each time"
        yield Finding("warning", "pixels_twice", says, names)
    twice = [one for one, times in Counter(row.volume_id for row in rows).items() if times > 1]
    if twice:
        says = f"{count(len(twice), 'volume_id')} more than once; index again"
        yield Finding("error", "volume_id_twice", says, tuple(twice))
    if near := near_duplicates(rows):
        says = (
            f"{count(len(near), 'pair')} of patients with volumes that look alike; the same scan "
            "exported twice, or the same person under two names? look at them"
        )
        yield Finding("warning", "near_duplicates", says, near)
    blank = tuple(row_words(row) for row in rows if row.pixel_sha256 is None)
    if blank:
        says = f"{count(len(blank), 'volume')} with one value in all voxels"
        yield Finding("warning", "blank", says, blank)


def _files(
    rows: Sequence[DatasetRow], read: bool, jobs: int, on_progress: Progress | None
) -> Iterator[Finding]:
    troubles: dict[str, list[str]] = defaultdict(list)
    with ThreadPoolExecutor(jobs, thread_name_prefix="mrsift-volume") as workers:
        results = workers.map(lambda row: _trouble(row, read), rows)
        for done, (row, trouble) in enumerate(zip(rows, results, strict=True)):
            if on_progress is not None:
                on_progress("checking files", done, len(rows))
            if trouble is not None:
                troubles[trouble[0]].append(trouble[1] or row_words(row))
    for kind, verb in (("vanished", "gone"), ("unreadable", "unreadable"), ("changed", "changed")):
        if names := troubles.get(kind):
            says = (
                f"{count(len(names), 'volume')} with files that are {verb} since the index; "
                "restore them, or index again"
            )
            yield Finding("error", kind, says, tuple(names))


def _trouble(row: DatasetRow, read: bool) -> tuple[str, str] | None:
    """What is wrong with the files of a row: kind and words."""
    try:
        stamp = source_stamp(Path(row.root), row.files)
    except IngestError as error:
        return "vanished", str(error)
    if stamp != row.source_stamp:
        return "changed", ""
    if read:
        try:
            voxels = read_voxels(row).voxels
        except IngestError as error:
            return "unreadable", str(error)
        if pixel_sha256(voxels) != row.pixel_sha256:
            return "changed", ""
    return None


def _labels(rows: Sequence[DatasetRow]) -> Iterator[Finding]:
    without = tuple(row_words(row) for row in rows if row.label is None)
    if without:
        says = f"{count(len(without), 'volume')} without label"
        yield Finding("warning", "no_label", says, without)
    sizes = Counter(row.label for row in rows if row.label is not None)
    if len(sizes) == 1:
        says = "only one class; nothing can be learned from it"
        yield Finding("warning", "one_class", says, tuple(sizes))
    largest = max(sizes.values(), default=0)
    rare = tuple(
        f"{label} ({count(size, 'volume')})"
        for label, size in sorted(sizes.items())
        if size < _RARE * largest
    )
    if rare:
        says = (
            f"{count(len(rare), 'rare class')}, with less than a tenth of the "
            "volumes of the largest"
        )
        yield Finding("warning", "rare_class", says, rare)
    if marked := sum(row.corrected for row in rows):
        yield Finding("note", "by_hand", f"{count(marked, 'label')} set by hand")
    if len(patients := {row.patient for row in rows}) == 1:
        says = "only one patient; nothing can be said of others"
        yield Finding("warning", "one_patient", says, tuple(patients))
    if all(row.split is None for row in rows):
        yield Finding("note", "not_split", "not split yet: mrsift dataset split")


def _confounded(rows: Sequence[DatasetRow]) -> Iterator[Finding]:
    """Classes that only one site or vendor has, so that it may be learned in their place."""
    for name, value_of in GROUPINGS.items():
        if name in ("plane", "model"):  # belongs to the class as often as not; too many
            continue
        values: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            if row.label is not None:
                values[row.label].add(value_of(row))
        alone = tuple(
            f"{label} (only {next(iter(own))})"
            for label, own in sorted(values.items())
            if len(own) == 1
        )
        if alone and len(set().union(*values.values())) > 1:
            says = (
                f"{count(len(alone), 'class')} from one {name} only; a model may "
                f"learn the {name} in place of the class"
            )
            yield Finding("warning", f"one_{name.replace(' ', '_')}", says, alone)
