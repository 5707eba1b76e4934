"""The planes of one series -> groups with one set of parameters and one plane per position.

First the planes are parted by what makes a volume: geometry, image component, derived kind,
b-value, echo and inversion time. Where positions still repeat, the first attribute is taken
that tells the copies apart; InstanceNumber comes last and is marked. Nothing depends on file
names or on the order of files, and no plane is lost.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from mrsift.config import IngestSettings
from mrsift.ingest.copies import part_copies
from mrsift.ingest.diffusion import SIBLING_SOURCE
from mrsift.ingest.geometry import cluster_vectors, place_numbers, stack_numbers
from mrsift.ingest.group import (
    Group,
    Key,
    decimals,
    each,
    numbered,
    order_free,
    parted,
    ranks,
    repeats,
    shown,
)
from mrsift.ingest.header import Plane
from mrsift.ingest.kind import WEIGHTED
from mrsift.types import BValue

_TIME_TOLERANCE_MS: Final = 0.02
_B_TOLERANCE: Final = 0.5
_SPACING_TOLERANCE_MM: Final = 1e-3


def split_series(planes: Sequence[Plane], settings: IngestSettings) -> list[Group]:
    """Part the planes of one series into volumes.

    Args:
        planes: All planes with one SeriesInstanceUID, in any order.
        settings: Tolerances.

    Returns:
        Groups with one plane per position, each sorted along the slice normal.
    """
    planes = settle_b_values(sorted(planes, key=order_free))
    groups = [Group(tuple(planes))]
    groups = each(groups, lambda group: _by_geometry(group, settings))
    for name, value in _ALWAYS:
        groups = each(groups, partial(_by_value, name=name, value=value))
    groups = each(groups, _by_b_value)
    for name, number in _TIMES:
        groups = each(groups, partial(_by_time_constant, name=name, number=number))
    groups = each(groups, lambda group: _by_stack(group, settings))
    groups = each(groups, lambda group: part_copies(group, settings))
    return [_sorted(group, settings) for group in groups]


def volume_id(series_instance_uid: str, key: Key, copy: int = 0) -> str:
    """Identity of a volume: 16 hex digits of SHA-256 over the series and the split key.

    Args:
        series_instance_uid: UID of the series, or what stands in for it.
        key: What split the volume off within the series.
        copy: Counts volumes that would otherwise be called the same.
    """
    text = "\n".join((series_instance_uid, *(f"{name}={value}" for name, value in key)))
    if copy:
        text += f"\ncopy={copy}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def settle_b_values(planes: Sequence[Plane]) -> list[Plane]:
    """Judge the b-values of a series as a whole.

    Beside siblings with b > 0 an image without one has b = 0 (Canon, GE). A b of 0 alone,
    which Philips and GE write into images of every kind, counts only on a diffusion series.

    Args:
        planes: All planes of a series.
    """
    weighted = any(plane.b_value is not None and plane.b_value.s_per_mm2 > 0 for plane in planes)
    settled = []
    for plane in planes:
        b = plane.b_value
        is_map = plane.derived_kind is not None and plane.derived_kind not in WEIGHTED
        if weighted and b is None and not is_map and not plane.calculated:
            b = BValue(0.0, SIBLING_SOURCE, "")
        elif b is not None and b.s_per_mm2 == 0 and not weighted and not plane.says_diffusion:
            b = None
        settled.append(plane if b is plane.b_value else _with_b(plane, b))
    return settled


def _with_b(plane: Plane, b: BValue | None) -> Plane:
    return replace(plane, b_value=b)


def _by_geometry(group: Group, settings: IngestSettings) -> list[Group]:
    planes = group.planes
    turned = cluster_vectors(
        [plane.orientation for plane in planes], settings.orientation_tolerance
    )
    sizes = [(plane.rows, plane.columns) for plane in planes]
    spacings = cluster_vectors([plane.spacing_mm for plane in planes], _SPACING_TOLERANCE_MM)
    frames = [plane.instance.frame_of_reference_uid or "" for plane in planes]
    if len(set(frames)) == len(frames) > 2:
        frames = [""] * len(frames)  # de-identified into nonsense: another one for every plane
    numbers = ranks(list(zip(turned, sizes, spacings, frames, strict=True)))
    values = [
        f"{decimals(plane.orientation, 3)} {plane.rows}x{plane.columns} "
        f"{decimals(plane.spacing_mm, 3)} {frame}"
        for plane, frame in zip(planes, frames, strict=True)
    ]
    return parted(group, "geometry", numbers, values)


_ALWAYS: Final[tuple[tuple[str, Callable[[Plane], str]], ...]] = (
    ("series number", lambda plane: str(plane.instance.series_number)),
    ("image component", lambda plane: plane.component),
    ("derived kind", lambda plane: plane.derived_kind or ""),
    ("calculated", lambda plane: str(plane.calculated)),
)
_TIMES: Final[tuple[tuple[str, Callable[[Plane], float | None]], ...]] = (
    ("echo time", lambda plane: plane.echo_time_ms),
    ("inversion time", lambda plane: plane.inversion_time_ms),
)


def _by_value(group: Group, name: str, value: Callable[[Plane], str]) -> list[Group]:
    values = [value(plane) for plane in group.planes]
    return parted(group, name, ranks(values), values)


def _by_b_value(group: Group) -> list[Group]:
    found = [None if plane.b_value is None else plane.b_value.s_per_mm2 for plane in group.planes]
    return parted(group, "b-value", numbered(found, _B_TOLERANCE), shown(found))


def _by_time_constant(
    group: Group, name: str, number: Callable[[Plane], float | None]
) -> list[Group]:
    found = [number(plane) for plane in group.planes]
    numbers = numbered(found, _TIME_TOLERANCE_MS)
    if len(set(numbers)) == len(numbers) > 2 and not repeats(group.planes):
        # Another value in each plane of a stack without copies is no property of a volume.
        return [replace(group, key=(*group.key, (name, "")), order=(*group.order, 0))]
    return parted(group, name, numbers, shown(found))


def _by_stack(group: Group, settings: IngestSettings) -> list[Group]:
    numbers = stack_numbers(group.planes, settings.spacing_tolerance_mm)
    if max(numbers) == 0:
        return [group]
    remark = "its series holds parallel stacks that are shifted against each other"
    parts = parted(group, "stack", numbers, [str(number) for number in numbers])
    return [replace(part, remarks=(*part.remarks, remark)) for part in parts]


def _sorted(group: Group, settings: IngestSettings) -> Group:
    places = place_numbers(group.planes, settings.position_tolerance_mm)
    order = sorted(range(len(places)), key=lambda i: places[i])
    return replace(group, planes=tuple(group.planes[i] for i in order))
