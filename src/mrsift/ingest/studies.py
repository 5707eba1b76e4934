"""Objects -> studies with their volumes: duplicates dropped, patients kept apart."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from mrsift.config import IngestSettings
from mrsift.errors import IngestError
from mrsift.ingest.describe import volume_info
from mrsift.ingest.header import Instance, Plane
from mrsift.ingest.split import split_series
from mrsift.types import Skipped, VolumeInfo


@dataclass(frozen=True, slots=True)
class Study:
    """The volumes of one study of one patient.

    Attributes:
        study_instance_uid: None for files without DICOM, or where the header lacks it.
        path: Where it lies, as the user gave it.
        volumes: In order of series number, then of split.
        patient: Pseudonym, equal for the studies of one patient: hex digits made from the
            PatientID, which is nowhere kept; None where there is none.
    """

    study_instance_uid: str | None
    path: str
    volumes: tuple[VolumeInfo, ...]
    patient: str | None = None


def without_duplicates(instances: list[Instance]) -> tuple[list[Instance], list[Skipped]]:
    """Drop objects that occur twice; keep different objects with one UID, and say so."""
    by_uid: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        if instance.sop_instance_uid is not None:
            by_uid[instance.sop_instance_uid].append(instance)
    skipped: list[Skipped] = []
    dropped: set[int] = set()
    for same in by_uid.values():
        if len(same) < 2:
            continue
        first: dict[str, Instance] = {}
        for instance in same:
            try:
                instance.digest = hashlib.sha256(instance.source.read()).hexdigest()
            except IngestError as error:
                skipped.append(Skipped(instance.source.path, str(error), is_mr=True))
                dropped.add(id(instance))
                continue
            other = first.setdefault(instance.digest, instance)
            if other is not instance:
                dropped.add(id(instance))
                reason = f"duplicate of {other.source.path} (same SOPInstanceUID, same bytes)"
                skipped.append(
                    Skipped(
                        instance.source.path, reason, study_instance_uid=other.study_instance_uid
                    )
                )
        if len(first) > 1:
            for instance in first.values():
                instance.remarks.append(
                    f"{len(first)} different objects share one SOPInstanceUID; all are kept"
                )
    return [instance for instance in instances if id(instance) not in dropped], skipped


def dicom_studies(
    instances: Sequence[Instance],
    settings: IngestSettings,
    shown: "ShownPaths",
    planes: dict[str, tuple[Plane, ...]],
) -> tuple[list[Study], list[Skipped]]:
    """Part objects into studies of one patient, and these into volumes.

    Args:
        instances: Without duplicates.
        settings: Tolerances.
        shown: How paths are shown.
        planes: Filled with the planes of each volume, by volume id.

    Returns:
        The studies, and a line for each StudyInstanceUID that several patients share.
    """
    by_study: dict[str | None, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_study[instance.study_instance_uid].append(instance)
    studies: list[Study] = []
    remarks: list[Skipped] = []
    for uid, members in by_study.items():
        patients = _by_patient(members)
        remark: tuple[str, ...] = ()
        if len(patients) > 1 and uid is not None:
            remark = (f"{len(patients)} patients share this StudyInstanceUID; kept apart",)
            remarks.append(
                Skipped(
                    shown.common(members),
                    f"nothing left out, but {len(patients)} patients (different PatientID) share "
                    "one StudyInstanceUID; they are kept apart as separate studies, check the "
                    "export",
                    study_instance_uid=uid,
                )
            )
        for patient in patients:
            volumes = tuple(_volumes(patient, settings, planes, remark))
            where = shown.path(shown.common(patient))
            studies.append(Study(uid, where, volumes, _pseudonym(patient)))
    return studies, remarks


def _by_patient(instances: Sequence[Instance]) -> list[list[Instance]]:
    """Part the objects of one study by patient; objects that name none join the only other."""
    named: dict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in instances:
        named[instance.patient].append(instance)
    if len(named) == 2 and () in named:
        return [list(instances)]
    return list(named.values())


def _pseudonym(instances: Iterable[Instance]) -> str | None:
    named = next((instance.patient for instance in instances if instance.patient), None)
    if named is None:
        return None
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:12]


def _volumes(
    instances: Iterable[Instance],
    settings: IngestSettings,
    planes: dict[str, tuple[Plane, ...]],
    remarks: tuple[str, ...],
) -> Iterator[VolumeInfo]:
    by_series: dict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in instances:
        by_series[_series_key(instance)].append(instance)
    order = sorted(
        by_series,
        key=lambda key: (
            *_number_first(by_series[key][0].series_number),
            key,
        ),
    )
    for key in order:
        members = by_series[key]
        groups = split_series(
            [plane for instance in members for plane in instance.planes], settings
        )
        for group in sorted(groups, key=lambda group: group.order):
            info = volume_info(group, groups, "\n".join(key), settings, taken=planes)
            if remarks:
                info = replace(info, remarks=(*info.remarks, *remarks))
            planes[info.volume_id] = group.planes
            yield info


def _number_first(number: int | None) -> tuple[bool, int]:
    return number is None, number or 0


def _series_key(instance: Instance) -> tuple[str, ...]:
    if instance.series_instance_uid is not None:
        return (instance.series_instance_uid,)
    return (
        instance.study_instance_uid or "",
        str(instance.series_number),
        instance.series_description or "",
    )


class ShownPaths:
    """Paths of studies as the user gave them."""

    def __init__(self, inputs: Sequence[Path]) -> None:
        self._base = inputs[0] if len(inputs) == 1 else None
        if self._base is not None and not self._base.is_dir():
            self._base = self._base.parent

    def common(self, instances: Iterable[Instance]) -> str:
        """The deepest folder, or folder in an archive, that holds all these objects."""
        folders = [_folder_parts(instance.source.path) for instance in instances]
        low, high = min(folders), max(folders)  # what these two share, all share
        same = takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))
        return "".join(part for part, _ in same).rstrip("/!")

    def path(self, folder: str) -> str:
        """A folder relative to the input, as the user would write it."""
        if self._base is None:
            return folder or "."
        return str(self._base / folder) if folder else str(self._base)


def _folder_parts(path: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for i, letter in enumerate(path):
        if letter in "/!":
            parts.append(path[start : i + 1])
            start = i + 1
    return parts
