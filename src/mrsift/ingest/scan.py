"""Paths -> every volume in them, headers only; the one place where bad data become `Skipped`."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, NotDicom
from mrsift.ingest.assemble import read_voxels
from mrsift.ingest.describe import volume_info
from mrsift.ingest.header import Instance, Plane, read_instance
from mrsift.ingest.research import VoxelReader, is_research, research_studies
from mrsift.ingest.source import Source, walk
from mrsift.ingest.split import split_series
from mrsift.types import Skipped, Volume, VolumeInfo

StrPath = str | os.PathLike[str]
Progress = Callable[[int, int], None]
"""Called with the number of files done and of all files."""


@dataclass(frozen=True, slots=True)
class Study:
    """The volumes of one study of one patient.

    Attributes:
        study_instance_uid: None for files without DICOM, or where the header lacks it.
        path: Where it lies, as the user gave it.
        volumes: In order of series number, then of split.
    """

    study_instance_uid: str | None
    path: str
    volumes: tuple[VolumeInfo, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Everything found below some paths; `read` gives the voxels.

    Attributes:
        studies: DICOM first, in order of their paths.
        skipped: What was left out, and why.
    """

    studies: tuple[Study, ...]
    skipped: tuple[Skipped, ...]
    _planes: dict[str, tuple[Plane, ...]] = field(repr=False)
    _research: VoxelReader = field(repr=False)

    def read(self, info: VolumeInfo) -> Volume:
        """Read one volume; may be called from several threads.

        Args:
            info: One of this scan.

        Raises:
            UnreadablePixels: Its pixels cannot be decoded.
        """
        planes = self._planes.get(info.volume_id)
        if planes is None:
            return self._research.read(info)
        return Volume(info, read_voxels(planes))


def scan(
    paths: StrPath | Sequence[StrPath],
    settings: IngestSettings | None = None,
    on_progress: Progress | None = None,
) -> Scan:
    """Find every volume below the given paths, without reading voxels.

    Args:
        paths: Folders, files and archives.
        settings: Tolerances and limits.
        on_progress: Called as headers are read.

    Returns:
        Studies with their volumes, and everything left out.

    Raises:
        IngestError: A path does not exist.
    """
    settings = settings or IngestSettings()
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    inputs = [_folder_of_index(Path(path)) for path in given]
    found = list(walk(inputs, settings))
    sources = [item for item in found if isinstance(item, Source)]
    skipped = [item for item in found if isinstance(item, Skipped)]
    research: list[Source] = []
    instances: list[Instance] = []
    for done, source in enumerate(sources):
        if on_progress is not None:
            on_progress(done, len(sources))
        if is_research(source):
            research.append(source)
            continue
        result = _read(source, settings)
        if isinstance(result, Skipped):
            skipped.append(result)
        else:
            instances.append(result)
    if on_progress is not None:
        on_progress(len(sources), len(sources))
    instances, doubles = _without_duplicates(instances)
    planes: dict[str, tuple[Plane, ...]] = {}
    shown = _Shown(inputs)
    studies, remarks = _dicom_studies(instances, settings, shown, planes)
    others, refused = research_studies(research, settings)
    studies += [Study(None, shown.path(folder), volumes) for folder, volumes in others]
    return Scan(
        tuple(studies),
        (*skipped, *doubles, *remarks, *refused),
        planes,
        VoxelReader(research, settings),
    )


def load_volumes(path: StrPath | Sequence[StrPath]) -> list[Volume]:
    """Every volume below a path with its voxels, in the order of `scan`.

    Args:
        path: Folder, file or archive.

    Raises:
        IngestError: The path does not exist.
        UnreadablePixels: The pixels of a volume cannot be decoded.
    """
    found = scan(path)
    return [found.read(info) for study in found.studies for info in study.volumes]


def _folder_of_index(path: Path) -> Path:
    """The folder of a DICOMDIR, whose images lie beside and below it."""
    return path.parent if path.name.upper() == "DICOMDIR" and path.is_file() else path


def _read(source: Source, settings: IngestSettings) -> Instance | Skipped:
    try:
        return read_instance(source, settings)
    except NotDicom as error:
        claims = source.path.lower().endswith((".dcm", ".ima")) and "not an MR" not in str(error)
        return Skipped(source.path, str(error), is_mr=claims)
    except IngestError as error:
        study = (getattr(error, "__notes__", None) or [""])[0] or None
        return Skipped(source.path, str(error), is_mr=True, study_instance_uid=study)


def _without_duplicates(instances: list[Instance]) -> tuple[list[Instance], list[Skipped]]:
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


def _dicom_studies(
    instances: Sequence[Instance],
    settings: IngestSettings,
    shown: "_Shown",
    planes: dict[str, tuple[Plane, ...]],
) -> tuple[list[Study], list[Skipped]]:
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
            studies.append(Study(uid, shown.path(shown.common(patient)), volumes))
    return studies, remarks


def _by_patient(instances: Sequence[Instance]) -> list[list[Instance]]:
    """Part the objects of one study by patient; objects that name none join the only other."""
    named: dict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in instances:
        named[instance.patient].append(instance)
    if len(named) == 2 and () in named:
        return [list(instances)]
    return list(named.values())


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


class _Shown:
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
