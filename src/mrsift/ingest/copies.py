"""Copies of a position told apart: by what differs, by time, last by InstanceNumber."""

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from mrsift.config import IngestSettings
from mrsift.ingest.geometry import cluster_vectors, place_numbers
from mrsift.ingest.group import Group, decimals, each, most_copies, numbered, order_free, parted
from mrsift.ingest.header import Plane

_DIRECTION_TOLERANCE: Final = 2e-3


@dataclass(frozen=True, slots=True)
class _Witness:
    """An attribute that may tell copies of a position apart.

    Attributes:
        value: A number, a vector or a text; None where the plane is silent.
        tolerance: For numbers and vectors.
        temporal: Its order is an order in time.
    """

    name: str
    value: Callable[[Plane], float | str | tuple[float, ...] | None]
    tolerance: float = 0.0
    temporal: bool = False


_WITNESSES: Final = (
    _Witness("image type", lambda plane: "\\".join(plane.image_type)),
    _Witness("temporal position", lambda plane: plane.temporal_position, temporal=True),
    _Witness("directionality", lambda plane: plane.directionality or ""),
    _Witness("direction", lambda plane: plane.direction, _DIRECTION_TOLERANCE),
    _Witness("trigger time", lambda plane: plane.trigger_time_ms, 0.5, temporal=True),
    _Witness("collapse flag", lambda plane: plane.collapse_flag),
    _Witness("flip angle", lambda plane: plane.flip_angle_deg, 0.1),
    _Witness("repetition time", lambda plane: plane.repetition_time_ms, 0.1),
    _Witness("acquisition number", lambda plane: plane.acquisition_number, temporal=True),
    _Witness("acquisition time", lambda plane: plane.acquisition_time_s, 1e-3, temporal=True),
)
"""In the order to try where positions repeat."""


def part_copies(group: Group, settings: IngestSettings) -> list[Group]:
    """Part a group until no position repeats."""
    copies = most_copies(group, settings)
    if copies == 1:
        return [group]
    for witness in _WITNESSES:
        parts = _by_witness(group, witness)
        # More parts than copies means that it changes from slice to slice: no volume.
        if 1 < len(parts) <= copies and all(most_copies(part, settings) < copies for part in parts):
            return each(parts, lambda part: part_copies(part, settings))
    return _by_time(group, settings) or _by_instance_number(group, settings)


def _by_witness(group: Group, witness: _Witness) -> list[Group]:
    values = [witness.value(plane) for plane in group.planes]
    shown = [_text(value) for value in values]
    vectors = [value for value in values if isinstance(value, tuple)]
    if vectors:
        known = iter(cluster_vectors(vectors, witness.tolerance))
        numbers = [next(known) + 1 if isinstance(value, tuple) else 0 for value in values]
    elif any(isinstance(value, str) for value in values):
        texts = sorted(set(shown))
        numbers = [texts.index(text) for text in shown]
    else:
        numbers = numbered(
            [value if isinstance(value, float | int) else None for value in values],
            witness.tolerance,
        )
    parts = parted(group, witness.name, numbers, shown)
    return _timed(parts) if witness.temporal else parts


def _text(value: float | str | tuple[float, ...] | None) -> str:
    if isinstance(value, tuple):
        return decimals(value, 3)
    return "" if value is None else str(value)


def _timed(parts: list[Group]) -> list[Group]:
    """Number the parts in time, unless an earlier split did."""
    return [
        part if part.temporal_position is not None else replace(part, temporal_position=k)
        for k, part in enumerate(parts)
    ]


def _columns(group: Group, settings: IngestSettings) -> dict[int, list[Plane]]:
    """Place -> its copies."""
    columns: dict[int, list[Plane]] = defaultdict(list)
    places = place_numbers(group.planes, settings.position_tolerance_mm)
    for place, plane in zip(places, group.planes, strict=True):
        columns[place].append(plane)
    return columns


def _by_time(group: Group, settings: IngestSettings) -> list[Group]:
    """The k-th acquired copy of every position is volume k, if no volume overlaps the next."""
    columns = list(_columns(group, settings).values())
    counts = {len(column) for column in columns}
    times = [[plane.acquisition_time_s for plane in column] for column in columns]
    if len(counts) != 1 or any(time is None for row in times for time in row):
        return []
    ranked = [sorted(column, key=lambda plane: plane.acquisition_time_s or 0) for column in columns]
    sets = [[column[k] for column in ranked] for k in range(counts.pop())]
    spans = [[plane.acquisition_time_s or 0 for plane in planes] for planes in sets]
    if any(max(a) >= min(b) for a, b in pairwise(spans)):
        return []
    rank = {id(plane): k for k, planes in enumerate(sets) for plane in planes}
    numbers = [rank[id(plane)] for plane in group.planes]
    return _timed(parted(group, "time", numbers, [str(number) for number in numbers]))


def _by_instance_number(group: Group, settings: IngestSettings) -> list[Group]:
    """Last resort: InstanceNumber runs through volumes or through copies."""
    columns = _columns(group, settings)
    copies = max(len(column) for column in columns.values())
    ranks = _layout_ranks(group, columns, copies)
    if ranks is None:
        ranks = {}
        for column in columns.values():
            for k, plane in enumerate(sorted(column, key=_by_number_then_identity)):
                ranks[id(plane)] = k
    numbers = [ranks[id(plane)] for plane in group.planes]
    parts = _timed(parted(group, "instance number", numbers, [str(k) for k in numbers]))
    remark = "copies of its positions were told apart by InstanceNumber alone"
    return [replace(part, order_assumed=True, remarks=(*part.remarks, remark)) for part in parts]


def _by_number_then_identity(plane: Plane) -> tuple[Hashable, ...]:
    return (plane.instance_number, *order_free(plane))


def _layout_ranks(
    group: Group, columns: dict[int, list[Plane]], copies: int
) -> dict[int, int] | None:
    """Copy of each plane where InstanceNumber counts volume by volume or copy by copy.

    This is right also where a slice is missing; None where neither layout fits.
    """
    start = min(plane.instance_number for plane in group.planes)
    size = len(columns)
    layouts: tuple[Callable[[int], int], ...] = (
        lambda number: (number - start) // size,
        lambda number: (number - start) % copies,
    )
    for layout in layouts:
        taken = [[layout(plane.instance_number) for plane in column] for column in columns.values()]
        if all(len(set(row)) == len(row) and max(row) < copies for row in taken):
            return {
                id(plane): layout(plane.instance_number)
                for column in columns.values()
                for plane in column
            }
    return None
