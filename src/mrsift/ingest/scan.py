"""Paths -> every volume in them, headers only; the one place where bad data become `Skipped`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, NotDicom
from mrsift.ingest import tags
from mrsift.ingest.assemble import read_voxels
from mrsift.ingest.gradient import gradient_lps
from mrsift.ingest.header import Instance, Plane, read_instance
from mrsift.ingest.object_header import read_header
from mrsift.ingest.research import VoxelReader, is_research, research_studies
from mrsift.ingest.source import Source, shared_root, walk
from mrsift.ingest.studies import ShownPaths, Study, dicom_studies, without_duplicates
from mrsift.types import Float64Array, Skipped, Volume, VolumeInfo

StrPath = str | os.PathLike[str]
Progress = Callable[[int, int], None]
"""Called with the number of files done and of all files."""

CORRECTIONS_NAME = "mrsift-corrections.csv"
"""A table of corrected labels, kept beside the study that it is about."""

_DICOM_NAMES = (".dcm", ".ima")
"""Who is called like this should have been readable."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Everything found below some paths; `read` gives the voxels.

    Attributes:
        studies: DICOM first, in order of their paths.
        skipped: What was left out, and why.
        root: Absolute folder that the paths of volumes are relative to.
        corrections: Tables of corrected labels that lie among or beside the input.
    """

    studies: tuple[Study, ...]
    skipped: tuple[Skipped, ...]
    root: Path
    corrections: tuple[Path, ...]
    _planes: dict[str, tuple[Plane, ...]] = field(repr=False)
    _research: VoxelReader = field(repr=False)

    def planes(self, info: VolumeInfo) -> tuple[Plane, ...]:
        """What the headers say of each slice, in slice order; empty for files without DICOM."""
        return self._planes.get(info.volume_id, ())

    def sources(self, info: VolumeInfo) -> tuple[Source, ...]:
        """The files that hold one volume, each once, with what stands beside a NIfTI file."""
        planes = self.planes(info)
        if not planes:
            return self._research.sources(info)
        found = (plane.instance.source for plane in planes)
        return tuple({source.path: source for source in found}.values())

    def gradient(self, info: VolumeInfo) -> Float64Array | None:
        """Direction of the diffusion gradient in LPS; None where it is not known for sure.

        Raises:
            IngestError: The header cannot be read any more.
        """
        planes = self.planes(info)
        return gradient_lps(planes[0]) if planes else self._research.gradient(info)

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

    def patient(self, info: VolumeInfo) -> tuple[str, ...]:
        """What tells its patient from others; to be grouped by or hashed, never shown.

        Args:
            info: One of this scan.

        Returns:
            PatientID, else name and birth date; empty where the header has neither, and
            without DICOM.
        """
        planes = self._planes.get(info.volume_id)
        return planes[0].instance.patient if planes else ()


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
    inputs = [folder_of_index(Path(path)) for path in given]
    sources, skipped = list_files(inputs, settings)
    return scan_files(sources, skipped, inputs, settings, on_progress)


def list_files(
    inputs: Sequence[Path], settings: IngestSettings
) -> tuple[list[Source], list[Skipped]]:
    """Every file below some paths, and what need not be read.

    Raises:
        IngestError: A path does not exist.
    """
    found = list(walk(inputs, settings))
    sources = [item for item in found if isinstance(item, Source)]
    return sources, [item for item in found if isinstance(item, Skipped)]


def scan_files(
    sources: Sequence[Source],
    skipped: Sequence[Skipped],
    inputs: Sequence[Path],
    settings: IngestSettings,
    on_progress: Progress | None = None,
) -> Scan:
    """Find every volume in some files; files of one study must come together.

    Args:
        sources: From `list_files`, all or a part.
        skipped: What was left out before.
        inputs: What was listed.
        settings: Tolerances and limits.
        on_progress: Called as headers are read.
    """
    corrections, sources = _set_corrections_aside(sources, inputs)
    skipped = list(skipped)
    research: list[Source] = []
    instances: list[Instance] = []
    for done, source in enumerate(sources):
        if on_progress is not None:
            on_progress(done, len(sources))
        if is_research(source):
            research.append(source)
            continue
        result = read_file(source, settings)
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
        shared_root(inputs),
        corrections,
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


def folder_of_index(path: Path) -> Path:
    """The folder of a DICOMDIR, whose images lie beside and below it."""
    return path.parent if path.name.upper() == "DICOMDIR" and path.is_file() else path


def _set_corrections_aside(
    sources: Sequence[Source], inputs: Sequence[Path]
) -> tuple[tuple[Path, ...], list[Source]]:
    """The tables of corrected labels among the sources or beside a file that was given."""
    beside = [path.parent / CORRECTIONS_NAME for path in inputs if not path.is_dir()]
    found = {path.resolve(): path for path in beside if path.is_file()}
    images = []
    for source in sources:
        if source.local is not None and source.local.name == CORRECTIONS_NAME:
            found[source.local.resolve()] = source.local
        else:
            images.append(source)
    return tuple(found.values()), images


def read_file(source: Source, settings: IngestSettings) -> Instance | Skipped:
    """The header of one DICOM file, or why it is left out."""
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
