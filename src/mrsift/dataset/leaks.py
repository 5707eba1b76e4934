"""Rows that would let a test see what training saw."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from mrsift.dataset.table import DatasetRow
from mrsift.dataset.thumbprint import BITS

_NEAR_BITS = 10
"""Volumes of different patients differ in 28 of 256 bits at least, as far as measured."""

_BLOCK = 256


def patients_on_two_sides(rows: Sequence[DatasetRow]) -> tuple[str, ...]:
    """Patients with rows in several splits or folds, with these.

    Args:
        rows: Of one data set.
    """
    found = []
    for patient, own in _groups(rows, lambda row: row.patient).items():
        splits = {row.split for row in own if row.split is not None}
        folds = {row.fold for row in own if row.fold is not None}
        if len(splits) > 1:
            found.append(f"{patient} in {' and '.join(sorted(splits))}")
        elif len(folds) > 1:
            found.append(f"{patient} in folds {', '.join(map(str, sorted(folds)))}")
    return tuple(found)


def same_pixels(rows: Sequence[DatasetRow]) -> list[list[DatasetRow]]:
    """Rows whose voxels are equal, wherever and under whatever name they lie.

    Args:
        rows: Of one data set; blank volumes are equal to none.
    """
    with_pixels = [row for row in rows if row.pixel_sha256 is not None]
    groups = _groups(with_pixels, lambda row: row.pixel_sha256)
    return [own for own in groups.values() if len(own) > 1]


def under_two_patients(groups: Sequence[Sequence[DatasetRow]]) -> tuple[str, ...]:
    """Those of some equal rows that several patients are said to have, in words."""
    return tuple(
        " = ".join(f"{row.patient} ({row_words(row)})" for row in one_each)
        for own in groups
        if len(one_each := list({row.patient: row for row in own}.values())) > 1
    )


def near_duplicates(rows: Sequence[DatasetRow]) -> tuple[str, ...]:
    """Pairs of rows of different patients that look alike but are not equal, in words.

    Args:
        rows: Of one data set. Every pair is compared: 10,000 rows take about 10 s.
    """
    known = [row for row in rows if row.thumbprint is not None]
    if not known:
        return ()
    prints = np.frombuffer(bytes.fromhex("".join(row.thumbprint or "" for row in known)), np.uint8)
    prints = prints.reshape(len(known), BITS // 8)
    patients = np.unique([row.patient for row in known], return_inverse=True)[1]
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(known), _BLOCK):
        block = prints[start : start + _BLOCK]
        apart = np.bitwise_count(block[:, None].view("<u8") ^ prints[None].view("<u8")).sum(axis=2)
        near = (apart <= _NEAR_BITS) & (patients[start : start + _BLOCK, None] < patients[None])
        for i, j in np.argwhere(near):
            one, other = known[start + i], known[j]
            if one.pixel_sha256 != other.pixel_sha256:
                words = f"{one.patient} ({row_words(one)}) and {other.patient} ({row_words(other)})"
                found.setdefault((one.patient, other.patient), words)
    return tuple(found.values())


def row_words(row: DatasetRow) -> str:
    """A row by its first file, for messages."""
    index = "" if row.index is None else f" index {row.index}"
    return row.files[0] + index


def _groups(
    rows: Sequence[DatasetRow], key: Callable[[DatasetRow], Hashable]
) -> dict[Hashable, list[DatasetRow]]:
    groups: dict[Hashable, list[DatasetRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups
