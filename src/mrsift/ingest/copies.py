"""Copies of a position told apart: by what differs, by time, last by InstanceNumber."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from mrsift.config import IngestSettings
from mrsift.ingest.geometry import cluster_vectors, place_numbers, slice_normal
from mrsift.ingest.group import (
    Group,
    decimals,
    each,
    most_copies,
    numbered,
    order_free,
    parted,
    ranks,
)
from mrsift.ingest.header import Plane

_DIRECTION_TOLERANCE: Final = 2e-3
_TOO_SMALL: Final = 0.6
"""Steps below this share of the stated one lie between each other."""


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


_CLOCKS: Final[tuple[Callable[[Plane], float | None], ...]] = (
    lambda plane: plane.acquisition_time_s,
    lambda plane: plane.trigger_time_ms,
)


def part_copies(group: Group, settings: IngestSettings) -> list[Group]:
    """Part a group until no position repeats."""
    copies = most_copies(group, settings)
    if copies == 1:
        return _part_shifted(group, settings)
    for witness in _WITNESSES:
        parts = _by_witness(group, witness)
        # More parts than copies means that it changes from slice to slice: no volume.
        if 1 < len(parts) <= copies and all(most_copies(part, settings) < copies for part in parts):
            return each(parts, lambda part: part_copies(part, settings))
    return _by_time(group, settings) or _by_instance_number(group, settings)


def _part_shifted(group: Group, settings: IngestSettings) -> list[Group]:
    """Part volumes whose positions lie between each other, as after motion correction.

    They are told by steps that are smaller than the header states, and only where an
    attribute parts them into regular volumes with the stated step.
    """
    stated = group.planes[0].slice_step_mm
    usual = _usual_step(group.planes)
    if stated is None or usual is None or usual > _TOO_SMALL * stated:
        return [group]
    for witness in _WITNESSES:
        parts = _by_witness(group, witness)
        steps = [_usual_step(part.planes) for part in parts]
        if 1 < len(parts) <= len(group.planes) // 2 and all(
            step is not None and abs(step - stated) <= (1 - _TOO_SMALL) * stated for step in steps
        ):
            return each(parts, lambda part: part_copies(part, settings))
    return [group]


def _usual_step(planes: Sequence[Plane]) -> float | None:
    """Lower median of the steps, mm; None for a single plane."""
    normal = slice_normal(planes[0].orientation).tolist()
    heights = sorted(
        sum(a * b for a, b in zip(plane.position_mm, normal, strict=True)) for plane in planes
    )
    steps = sorted(b - a for a, b in pairwise(heights))
    return steps[(len(steps) - 1) // 2] if steps else None


def _by_witness(group: Group, witness: _Witness) -> list[Group]:
    values = [witness.value(plane) for plane in group.planes]
    shown = [_text(value) for value in values]
    vectors = [value for value in values if isinstance(value, tuple)]
    if vectors:
        known = iter(cluster_vectors(vectors, witness.tolerance))
        numbers = [next(known) + 1 if isinstance(value, tuple) else 0 for value in values]
    elif any(isinstance(value, str) for value in values):
        numbers = ranks(shown)
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
    """The k-th copy of every position in time is volume k, if no volume overlaps the next."""
    columns = list(_columns(group, settings).values())
    counts = {len(column) for column in columns}
    if len(counts) != 1:
        return []
    for clock in _CLOCKS:
        times = {id(plane): clock(plane) for plane in group.planes}
        known = {key: time for key, time in times.items() if time is not None}
        if len(known) < len(times):
            continue
        ranked = [sorted(known[id(plane)] for plane in column) for column in columns]
        volumes = list(zip(*ranked, strict=True))
        if any(max(one) >= min(following) for one, following in pairwise(volumes)):
            continue
        starts = [min(one) for one in volumes]
        numbers = [bisect_right(starts, known[id(plane)]) - 1 for plane in group.planes]
        return _timed(parted(group, "time", numbers, [str(number) for number in numbers]))
    return []


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
