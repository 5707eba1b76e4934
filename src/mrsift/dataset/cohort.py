"""Patients with their sequences and one label each -> a data set, one row per sequence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import mrsift
from mrsift.dataset.finding import Finding, Level
from mrsift.dataset.index import skipped_findings
from mrsift.dataset.quality import SeriesQuality, SliceLook, look_at_slices
from mrsift.dataset.rows import Progress, Read, Wanted, read_rows
from mrsift.dataset.series import Found, Series
from mrsift.dataset.study_labels import StudyLabel, StudyLabels
from mrsift.dataset.table import Dataset, DatasetRow
from mrsift.export.rows import count
from mrsift.ingest.label_table import LabelRow
from mrsift.types import Skipped

NO_TABLE: Final = StudyLabels("label", {})
FEW: Final = 30
"""With fewer labelled patients an AUC of 0.5 comes out between 0.29 and 0.71."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """A data set with the quality of its series, and what was left out.

    Attributes:
        dataset: One row per sequence that could be read; `extra` has its `role`, the name of
            the label's column as `label_of`, and `gaps` between slices.
        quality: One per patient and sequence, also where there is no volume.
        findings: What did not fit, each kind in one line.
    """

    dataset: Dataset
    quality: tuple[SeriesQuality, ...]
    findings: tuple[Finding, ...]


def make_cohort(
    found: Found,
    labels: StudyLabels = NO_TABLE,
    facts: Mapping[str, str] | None = None,
    jobs: int | None = None,
    tell: Progress | None = None,
) -> Cohort:
    """Read and fingerprint the sequences that were found; a bad one never stops the rest.

    Args:
        found: By layout or by roles.
        labels: Of patients; whom it does not name has none and is to be predicted.
        facts: What a reader of the data set should know.
        jobs: Volumes read at the same time; None for one per CPU, at most 8.
        tell: Called from this thread.
    """
    there = [(one, one.info) for one in found.series if one.info is not None]
    wanted = [Wanted(info, _said(one, labels), one.quality.patient) for one, info in there]
    rows: list[DatasetRow] = []
    skipped = list(found.skipped)
    quality = [one.quality for one in found.series if one.info is None]
    results = read_rows(found.root, wanted, look_at_slices, jobs, tell)
    for (one, _), read in zip(there, results, strict=True):
        if isinstance(read.row, Skipped):
            skipped.append(read.row)
            quality.append(replace(one.quality, used=False, remark=read.row.reason))
            continue
        seen = _looked_at(one.quality, read)
        quality.append(seen)
        if seen.used:
            rows.append(read.row)
    dataset = Dataset(
        tuple(sorted(rows, key=lambda row: (row.patient, row.extra["role"]))),
        {
            "mrsift_version": mrsift.__version__,
            "root": str(found.root),
            **(facts or {}),
            "cohort_excluded": " ".join(found.excluded),
        },
    )
    findings = [
        *_fit(found, labels, dataset.rows),
        *_sequences(quality),
        *_doubts(quality),
        *skipped_findings(skipped),
    ]
    return Cohort(dataset, tuple(quality), tuple(findings))


def _said(one: Series, labels: StudyLabels) -> LabelRow:
    """What is known of a patient, in the words of a volume's label."""
    said = labels.of.get(one.quality.patient, StudyLabel(0, None))
    extra = {"role": one.quality.role, "label_of": labels.column}
    if one.gaps:
        extra["gaps"] = " ".join(f"{place}:{missing}" for place, missing in one.gaps)
    return LabelRow(said.line, said.label, extra={**said.extra, **extra})


def _looked_at(quality: SeriesQuality, read: Read[SliceLook]) -> SeriesQuality:
    """The quality of a series whose voxels were read; one without any contrast is not used."""
    seen = read.seen
    if seen is None:
        return quality
    known = replace(quality, blank_slices=seen.blank, lowest=seen.lowest, highest=seen.highest)
    if seen.lowest == seen.highest:
        return replace(known, used=False, remark="all voxels have one value: an empty image")
    return known


def _fit(found: Found, labels: StudyLabels, rows: Sequence[DatasetRow]) -> list[Finding]:
    """Patients and labels that did not find each other, and who is too few."""
    findings = []
    if found.excluded:
        says = (
            f"{count(len(found.excluded), 'patient')} left out, as the organisers of the "
            "challenge advise (empty or unfit images); --keep-all keeps them"
        )
        findings.append(Finding("note", "excluded", says, found.excluded))
    here = {row.patient for row in rows}
    listed = {one.quality.patient for one in found.series} | set(found.excluded)
    if absent := tuple(sorted(set(labels.of) - listed)):
        says = f"{count(len(absent), 'label')} of patients who are not there"
        findings.append(Finding("warning", "label_without_patient", says, absent))
    if empty := tuple(sorted(listed - here - set(found.excluded))):
        says = f"{count(len(empty), 'patient')} without any usable sequence, left out"
        findings.append(Finding("warning", "empty_patient", says, empty))
    said = {row.patient: row.label for row in rows if row.label is not None}
    if labels.of and (unlabelled := tuple(sorted(here - set(said)))):
        says = f"{count(len(unlabelled), 'patient')} without label, kept to be predicted"
        findings.append(Finding("warning", "patient_without_label", says, unlabelled))
    if found.remarks:
        says = f"{count(len(found.remarks), 'patient')} with several studies; one is used"
        findings.append(Finding("warning", "several_studies", says, found.remarks))
    if here and not said:
        says = f"no patient has a label: {count(len(here), 'patient')} to be predicted"
        findings.append(Finding("note", "no_labels", says))
    return findings


def one_class(rows: Sequence[DatasetRow]) -> list[Finding]:
    """Whether all labelled patients have one label; `dataset check` says it of any data set.

    Args:
        rows: Of a cohort.
    """
    classes = {row.label for row in rows if row.label is not None}
    if len(classes) != 1:
        return []
    says = "all labelled patients have one label; nothing can be learnt from them"
    return [Finding("warning", "one_class", says, tuple(map(str, classes)))]


def few_patients(rows: Sequence[DatasetRow]) -> list[Finding]:
    """Whether there are patients enough to conclude anything.

    Args:
        rows: Of a cohort; others give nothing.
    """
    said = {row.patient: row.label for row in rows if row.label and "role" in row.extra}
    if not 0 < len(said) < FEW:
        return []
    sizes = sorted(Counter(said.values()).items())
    says = (
        f"{count(len(said), 'labelled patient')}: too few to conclude anything; without any "
        f"signal, {FEW} patients give an AUC anywhere from 0.29 to 0.71"
    )
    names = tuple(f"{label}: {count(n, 'patient')}" for label, n in sizes)
    return [Finding("warning", "few_patients", says, names)]


def _sequences(quality: Sequence[SeriesQuality]) -> list[Finding]:
    """Sequences that patients lack."""
    lost = tuple(
        f"{one.patient} {one.role}: {one.path}: {one.remark}" for one in quality if not one.used
    )
    if not lost:
        return []
    says = (
        f"{count(len(lost), 'sequence')} missing; study.missing of the recipe says what becomes "
        "of these patients"
    )
    return [Finding("warning", "missing_sequence", says, tuple(sorted(lost)))]


def _doubts(quality: Sequence[SeriesQuality]) -> list[Finding]:
    """Series that are used in spite of something."""
    kinds: tuple[tuple[Level, str, str], ...] = (
        (
            "warning",
            "missing_slices",
            "slices missing between others; they are filled from their neighbours",
        ),
        ("warning", "doubled_files", "files that were there twice; each is counted once"),
        ("note", "blank_slices", "slices that show nothing"),
        (
            "warning",
            "left_out_files",
            "files that are not in the volume; look at the table of qualities",
        ),
    )
    found = []
    for level, name, words in kinds:
        own = [one for one in quality if one.used and getattr(one, name)]
        if own:
            names = tuple(f"{one.path}: {getattr(one, name)}" for one in own)
            says = f"{len(own)} series with {words}"
            found.append(Finding(level, name, says, names))
    return found
