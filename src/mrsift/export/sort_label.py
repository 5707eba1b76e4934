"""`--layout label`: the objects themselves, as they are, in folders by label.

Volumes that share an object, as the frames of an enhanced one do, stay together; where their
labels differ, they go to `MIXED` with a table of what is where.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from mrsift.errors import IngestError
from mrsift.export.csv_table import harmless
from mrsift.export.sort_case import Case
from mrsift.export.sort_item import Entry, File, Make, constant
from mrsift.ingest import Scan
from mrsift.ingest.source import Source
from mrsift.types import Prediction, Skipped

MIXED = "MIXED"
LOCALIZER = "LOCALIZER"
CONTENTS = "mrsift-contents.csv"
_DETACHED = (".mhd", ".nhdr")
_CHUNK = 1 << 20


def label_entries(cases: Iterable[Case], found: Scan) -> tuple[list[Entry], list[Skipped]]:
    """Plan the tree.

    Args:
        cases: Studies with their numbers.
        found: The scan that they come from.

    Returns:
        One entry per group of volumes that share objects, and what cannot be sorted like this.
    """
    entries, left_out = [], []
    for case in cases:
        for group in _groups(case.report.predictions, found):
            first = group[0].volume
            sources = {s.path: s for one in group for s in found.sources(one.volume)}
            if first.files[0].lower().endswith(_DETACHED):
                reason = (
                    "its header names another file for the voxels, so it cannot get another "
                    "name; use --layout bids, or write it as one file"
                )
                left_out.append(Skipped(first.files[0], reason, is_mr=True))
            else:
                is_dicom = bool(found.planes(first))
                entries.append(_entry(case, group, list(sources.values()), is_dicom=is_dicom))
    return entries, left_out


def _groups(predictions: Sequence[Prediction], found: Scan) -> list[list[Prediction]]:
    """Volumes that share an object, together, in the order of the first of each group."""
    groups: list[list[Prediction]] = []
    home: dict[str, list[Prediction]] = {}
    for one in predictions:
        paths = [source.path for source in found.sources(one.volume)]
        merged = [one]
        for other in {id(home[path]): home[path] for path in paths if path in home}.values():
            merged = [*other, *merged]
            groups.remove(other)
        groups.append(merged)
        for member in merged:
            for source in found.sources(member.volume):
                home[source.path] = merged
    order = {one.volume.volume_id: place for place, one in enumerate(predictions)}
    for group in groups:
        group.sort(key=lambda one: order[one.volume.volume_id])
    return sorted(groups, key=lambda group: order[group[0].volume.volume_id])


def _entry(
    case: Case, group: Sequence[Prediction], sources: Sequence[Source], *, is_dicom: bool
) -> Entry:
    first = group[0].volume
    places = {LOCALIZER if one.localizer else one.label for one in group}
    top = places.pop() if len(places) == 1 else MIXED
    number = "" if first.series_number is None else f"_series-{first.series_number:03d}"
    name = f"{case.name}{number}_{first.volume_id[:8]}"
    files = []
    for place, source in enumerate(sources, 1):
        leaf = f"{place:05d}.dcm" if is_dicom else name + _suffix(source.path)
        files.append(File(f"{top}/{name}/{leaf}", _copy(source), source.local))
    remark = ""
    if top == MIXED:
        named = {source.path: file for source, file in zip(sources, files, strict=True)}
        table = constant(_contents(group, named))
        files.append(File(f"{top}/{name}/{CONTENTS}", table))
        remark = "holds " + ", ".join(dict.fromkeys(one.label for one in group))
    return Entry(
        case=case.folder,
        volumes=tuple(one.volume for one in group),
        labels=tuple(one.label for one in group),
        by_hand=tuple(one.correction is not None for one in group),
        files=tuple(files),
        remark=remark,
    )


def _contents(group: Sequence[Prediction], named: Mapping[str, File]) -> bytes:
    """Which frames, or which volume of a 4D file, have which label."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ("file", "frames", "index", "volume_id", "label", "probability", "by_hand", "b_value")
    )
    for one in group:
        info = one.volume
        frames: dict[str, list[int]] = {file: [] for file in info.files}
        for place, frame in enumerate(info.frames or ()):
            frames[info.files[place if len(info.files) > 1 else 0]].append(frame)
        for file, numbers in frames.items():
            writer.writerow(
                (
                    named[file].target.rpartition("/")[2],
                    " ".join(map(str, numbers)),
                    "" if info.index is None else info.index,
                    harmless(info.volume_id),
                    one.label,
                    round(one.probability, 4),
                    str(one.correction is not None).lower(),
                    "" if info.b_value is None else f"{info.b_value.s_per_mm2:g}",
                )
            )
    return text.getvalue().encode()


def _suffix(path: str) -> str:
    name = path.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else name[name.rfind(".") :]


def _copy(source: Source) -> Make:
    def make(stream: BinaryIO) -> None:
        with source.open() as original:
            while chunk := _read(original):
                stream.write(chunk)

    return make


def _read(original: BinaryIO) -> bytes:
    try:
        return original.read(_CHUNK)
    except OSError as error:  # of the input, not of the tree
        raise IngestError(f"file cannot be read ({error.strerror}); check it") from error
