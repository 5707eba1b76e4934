"""Rows of a label table x volumes of a scan -> which row names which volumes."""

from collections.abc import Sequence
from typing import Final

from mrsift.ingest.label_table import LabelRow
from mrsift.types import VolumeInfo

_B_VALUE_TOLERANCE_S_PER_MM2: Final = 0.5


def fits(row: LabelRow, info: VolumeInfo) -> bool:
    """Whether a row names a volume.

    Args:
        row: Of a label table.
        info: Found by a scan of the folder, file or archive that `row.path` is relative to.
    """
    if row.volume_id is not None:
        return row.volume_id == info.volume_id
    b_value = row.b_value_s_per_mm2
    if b_value is not None:
        found = None if info.b_value is None else info.b_value.s_per_mm2
        if found is None or not abs(found - b_value) <= _B_VALUE_TOLERANCE_S_PER_MM2:
            return False
    if row.index is not None and row.index != (info.index or 0):
        return False
    if row.series_instance_uid is not None and row.series_instance_uid != info.series_instance_uid:
        return False
    return row.path is None or all(_is_in(file, row.path, row.inside) for file in info.files)


def _is_in(file: str, path: str, inside: str | None) -> bool:
    """Whether a file is, or lies below, what a row names."""
    if inside is None:
        return path in (".", file) or file.startswith((f"{path}/", f"{path}!"))
    place = f"{path}!{inside}"
    return file == place or file.startswith(f"{place}/")


def match_rows(
    rows: Sequence[LabelRow], infos: Sequence[VolumeInfo]
) -> dict[int, tuple[VolumeInfo, ...]]:
    """The volumes that each row names, by position of the row.

    Args:
        rows: Of one table.
        infos: Of one scan.
    """
    # Looking a row up by the folders of its volumes keeps this linear in both lengths.
    by_id = {info.volume_id: info for info in infos}
    by_place: dict[str, list[VolumeInfo]] = {}
    for info in infos:
        for place in _places(info.files[0]):
            by_place.setdefault(place, []).append(info)
    matched = {}
    for position, row in enumerate(rows):
        if row.volume_id is not None:
            found = [by_id[row.volume_id]] if row.volume_id in by_id else []
        elif row.path is None or row.path == ".":
            found = list(infos)
        else:
            place = row.path if row.inside is None else f"{row.path}!{row.inside}"
            found = by_place.get(place, [])
        matched[position] = tuple(info for info in found if fits(row, info))
    return matched


def _places(file: str) -> list[str]:
    """A file and everything around it: folders, and the archive."""
    ends = [end for end, letter in enumerate(file) if letter in "/!"]
    return [file, *(file[:end] for end in ends)]
