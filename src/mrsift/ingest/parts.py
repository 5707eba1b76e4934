"""A folder of any size -> its volumes, some studies at a time, so that memory is bounded.

A scan keeps 2 to 5 kB of every slice. Where that would be too much, the files are first
sorted by study, which reads their headers once more, and then scanned study by study.
"""

from collections.abc import Iterator
from pathlib import Path

from mrsift.config import IngestSettings
from mrsift.ingest.research import is_research
from mrsift.ingest.scan import (
    Progress,
    Scan,
    folder_of_index,
    list_files,
    read_file,
    scan_files,
)
from mrsift.ingest.source import Source
from mrsift.types import Skipped

MOST_FILES = 60_000
"""At most about 300 MB of headers."""


def scan_in_parts(
    path: Path, most_files: int = MOST_FILES, on_progress: Progress | None = None
) -> Iterator[Scan]:
    """Find every volume below a path; volume ids are those of one whole scan.

    Args:
        path: Folder, file or archive.
        most_files: Files of a part; a study is never torn apart, however many it has.
        on_progress: Called as headers are read, with the number done of this part.

    Yields:
        One scan per part; one in all where there are few files.

    Raises:
        IngestError: The path does not exist.
    """
    settings = IngestSettings()
    inputs = [folder_of_index(path)]
    sources, skipped = list_files(inputs, settings)
    for part in _parts(sources, most_files, settings, on_progress):
        yield scan_files(part, skipped, inputs, settings, on_progress)
        skipped = []


def _parts(
    sources: list[Source],
    most_files: int,
    settings: IngestSettings,
    on_progress: Progress | None,
) -> list[list[Source]]:
    if len(sources) <= most_files:
        return [sources]
    by_study: dict[str | None, list[Source]] = {}
    for done, source in enumerate(sources):
        if on_progress is not None:
            on_progress(done, len(sources))
        by_study.setdefault(_study(source, settings), []).append(source)
    parts: list[list[Source]] = [[]]
    for members in by_study.values():
        if parts[-1] and len(parts[-1]) + len(members) > most_files:
            parts.append([])
        parts[-1] += members
    return parts


def _study(source: Source, settings: IngestSettings) -> str | None:
    """The study of a DICOM file; everything else stays together, and takes little memory."""
    if is_research(source):
        return None
    found = read_file(source, settings)
    return None if isinstance(found, Skipped) else found.study_instance_uid
