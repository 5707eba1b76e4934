"""Paths -> every volume in them, headers only; the one place where bad data become `Skipped`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, NotDicom
from mrsift.ingest import tags
from mrsift.ingest.assemble import read_voxels
from mrsift.ingest.header import Instance, Plane, read_instance
from mrsift.ingest.object_header import read_header
from mrsift.ingest.research import VoxelReader, is_research, research_studies
from mrsift.ingest.source import Source, walk
from mrsift.ingest.studies import ShownPaths, Study, dicom_studies, without_duplicates
from mrsift.types import Skipped, Volume, VolumeInfo

StrPath = str | os.PathLike[str]
Progress = Callable[[int, int], None]
"""Called with the number of files done and of all files."""

_DICOM_NAMES = (".dcm", ".ima")
"""Who is called like this should have been readable."""


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
    instances, doubles = without_duplicates(instances)
    planes: dict[str, tuple[Plane, ...]] = {}
    shown = ShownPaths(inputs)
    studies, remarks = dicom_studies(instances, settings, shown, planes)
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
        header = read_header(source)
    except NotDicom as error:
        claims = source.path.lower().endswith(_DICOM_NAMES)
        return Skipped(source.path, str(error), is_mr=claims)
    except IngestError as error:
        return Skipped(source.path, str(error), is_mr=True)
    study = header.elements.text(tags.STUDY_INSTANCE_UID)
    try:
        return read_instance(source, header, settings)
    except NotDicom as error:
        return Skipped(source.path, str(error), is_mr=False, study_instance_uid=study)
    except IngestError as error:
        return Skipped(source.path, str(error), is_mr=True, study_instance_uid=study)
