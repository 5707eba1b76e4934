"""Planes on the way to a volume, and how they are parted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mrsift.config import IngestSettings
from mrsift.ingest.geometry import cluster, place_numbers
from mrsift.ingest.header import Plane

Key = tuple[tuple[str, str], ...]
"""(name, value) of everything that split a volume off, in the order of splitting."""


@dataclass(frozen=True, slots=True)
class Group:
    """Planes of one volume, or on the way to it.

    Attributes:
        planes: In slice order once finished.
        key: What split it off.
        order: Sorts the volumes of a series.
        temporal_position: Zero-based, where copies were told apart in time.
        order_assumed: Only InstanceNumber told copies apart.
        remarks: What a user should know.
    """

    planes: tuple[Plane, ...]
    key: Key = ()
    order: tuple[float, ...] = ()
    temporal_position: int | None = None
    order_assumed: bool = False
    remarks: tuple[str, ...] = field(default=())


def order_free(plane: Plane) -> tuple[Hashable, ...]:
    """Sorts planes without names: the same planes come out in the same order."""
    return (
        plane.instance.sop_instance_uid or "",
        plane.frame or 0,
        plane.position_mm,
        plane.instance_number,
        plane.instance.digest or "",
    )


def each(groups: list[Group], part: Callable[[Group], list[Group]]) -> list[Group]:
    """Part every group; the parts in the order of the groups."""
    return [smaller for group in groups for smaller in part(group)]


def parted(group: Group, name: str, numbers: Sequence[int], values: Sequence[str]) -> list[Group]:
    """Part a group by cluster numbers; the key names the value of each part."""
    members: dict[int, list[Plane]] = defaultdict(list)
    texts: dict[int, list[str]] = defaultdict(list)
    for plane, number, value in zip(group.planes, numbers, values, strict=True):
        members[number].append(plane)
        texts[number].append(value)
    return [
        replace(
            group,
            planes=tuple(members[number]),
            key=(*group.key, (name, min(texts[number]))),
            order=(*group.order, number),
        )
        for number in sorted(members)
    ]


def decimals(values: Sequence[float], digits: int) -> str:
    """Numbers as text that floating-point noise does not change."""
    return ",".join(f"{round(value, digits) + 0.0:.{digits}f}" for value in values)


def ranks(values: Sequence[Any]) -> list[int]:
    """Number the values in their order; equal ones get one number."""
    number = {value: k for k, value in enumerate(sorted(set(values)))}
    return [number[value] for value in values]


def numbered(values: Sequence[float | None], tolerance: float) -> list[int]:
    """Cluster numbers; None comes first, far from every number."""
    return cluster([-1e9 if value is None else value for value in values], tolerance)


def shown(values: Sequence[float | None]) -> list[str]:
    """Numbers as they stand in the key."""
    return ["" if value is None else f"{value:.3f}" for value in values]


def most_copies(group: Group, settings: IngestSettings) -> int:
    """The largest number of planes at one position."""
    places = place_numbers(group.planes, settings.position_tolerance_mm)
    return max(Counter(places).values())


def repeats(planes: Sequence[Plane]) -> bool:
    """Whether two planes stand at exactly one position."""
    return len({plane.position_mm for plane in planes}) < len(planes)
