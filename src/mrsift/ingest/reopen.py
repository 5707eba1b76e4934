"""A volume that was found before -> its voxels again, without a scan of everything around it.

A data set remembers files, frames and index of each volume. Only these are opened here: the
planes come back in the order in which they were listed, and nothing is split or sorted anew.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, UnreadablePixels
from mrsift.ingest.archive import members
from mrsift.ingest.assemble import read_voxels
from mrsift.ingest.header import Instance, Plane, read_instance
from mrsift.ingest.object_header import read_header
from mrsift.ingest.research import VoxelReader, is_research
from mrsift.ingest.source import Source
from mrsift.types import Volume, VolumeInfo

_OPEN_ARCHIVES = 16
_OPEN_SERIES = 2
"""4D files that stay unpacked in a temporary file while their volumes are read in turn."""


def read_again(root: Path, info: VolumeInfo) -> Volume:
    """Read the voxels of a volume whose files are known; may be called from several threads.

    Args:
        root: Folder that `info.files` are relative to.
        info: `files`, `frames`, `index` and `shape` are used.

    Returns:
        The volume; where it is DICOM, its `info` carries what the header says of the contrast.

    Raises:
        IngestError: A file is gone, or is no image any more.
        UnreadablePixels: Its pixels cannot be decoded, or have another shape than before.
    """
    settings = IngestSettings()
    try:
        sources = [_source(root, name) for name in info.files]
        if is_research(sources[0]):
            volume = _reader(root, info.files[0], _stamp(root, info.files[0])).read(info)
        else:
            volume = _from_planes(sources, info, settings)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise IngestError(f"file cannot be read ({reason}); check it") from error
    if volume.voxels.shape != info.shape:
        raise UnreadablePixels(
            f"has shape {volume.voxels.shape}, had {info.shape} when it was indexed; the file "
            "was replaced, index again"
        )
    return volume


def local_file(root: Path, name: str) -> Path:
    """The file on disk that holds a listed file: itself, or the archive around it."""
    return root / (_archive(root, name) or name)


def _archive(root: Path, name: str) -> str | None:
    """The name of the archive that a listed file lies in; folders may have a `!` as well."""
    ends = [place for place, letter in enumerate(name) if letter == "!"]
    return next((name[:end] for end in ends if (root / name[:end]).is_file()), None)


def _from_planes(sources: list[Source], info: VolumeInfo, settings: IngestSettings) -> Volume:
    planes = list(_planes(sources, info.frames, settings))
    first, instance = planes[0].facts, planes[0].instance
    known = replace(info, header=first, series_description=instance.series_description)
    return Volume(known, read_voxels(planes))


def _planes(
    sources: list[Source], frames: tuple[int, ...] | None, settings: IngestSettings
) -> Iterator[Plane]:
    """The planes in their old order; a file of several planes is read once."""
    read: dict[str, Instance] = {}
    for position in range(len(frames or sources)):
        source = sources[position if len(sources) > 1 else 0]
        if source.path not in read:
            read[source.path] = read_instance(source, read_header(source), settings)
        found = read[source.path].planes
        number = 0 if frames is None else frames[position]
        if number >= len(found):
            raise UnreadablePixels(f"has no frame {number + 1} any more; index again")
        yield found[number]


def _source(root: Path, name: str) -> Source:
    archive = _archive(root, name)
    if archive is None:
        path = root / name
        return Source(name, path.stat().st_size, path, lambda: path.open("rb"))
    source = _members(root / archive, archive, _stamp(root, name)).get(name)
    if source is None:
        raise IngestError("is not in the archive any more, or cannot be read there; index again")
    return source


def _stamp(root: Path, name: str) -> tuple[int, ...]:
    """What tells a changed file, and another process, from what was opened before.

    A process that was forked shares the position in a file with its parent, so each opens its own.
    """
    status = local_file(root, name).stat()
    return (status.st_size, status.st_mtime_ns, os.getpid())


@lru_cache(maxsize=_OPEN_ARCHIVES)
def _members(archive: Path, shown: str, stamp: tuple[int, ...]) -> Mapping[str, Source]:  # noqa: ARG001
    found = members(archive, shown, IngestSettings())
    return {item.path: item for item in found if isinstance(item, Source)}


@lru_cache(maxsize=_OPEN_SERIES)
def _reader(root: Path, name: str, stamp: tuple[int, ...]) -> VoxelReader:
    """A reader that knows the file and what stands beside it, as detached voxels do."""
    settings = IngestSettings()
    archive = _archive(root, name)
    if archive is not None:
        return VoxelReader(_members(root / archive, archive, stamp).values(), settings)
    names = [name]
    if not name.lower().endswith((".nii", ".nii.gz")):  # voxels may lie in a file beside it
        folder = Path(name).parent
        files = [path for path in (root / folder).iterdir() if path.is_file()]
        names = [(folder / path.name).as_posix() for path in files]
    return VoxelReader([_source(root, one) for one in names], settings)
