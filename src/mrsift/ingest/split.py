"""The planes of one series -> groups with one set of parameters and one plane per position.

First the planes are parted by what makes a volume: geometry, image component, derived kind,
b-value, echo and inversion time. Where positions still repeat, the first attribute is taken
that tells the copies apart; InstanceNumber comes last and is marked. Nothing depends on file
names or on the order of files, and no plane is lost.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Final

from mrsift.config import IngestSettings
from mrsift.ingest.diffusion import SIBLING_SOURCE
from mrsift.ingest.geometry import cluster, cluster_vectors, place_numbers, stack_numbers
from mrsift.ingest.header import Plane
from mrsift.ingest.kind import WEIGHTED
from mrsift.types import BValue

_TIME_TOLERANCE_MS: Final = 0.02
_B_TOLERANCE: Final = 0.5
_DIRECTION_TOLERANCE: Final = 2e-3
_SPACING_TOLERANCE_MM: Final = 1e-3

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


def split_series(planes: Sequence[Plane], settings: IngestSettings) -> list[Group]:
    """Part the planes of one series into volumes.

    Args:
        planes: All planes with one SeriesInstanceUID, in any order.
        settings: Tolerances.

    Returns:
        Groups with one plane per position, each sorted along the slice normal.
    """
    planes = settle_b_values(sorted(planes, key=_order_free))
    groups = [Group(tuple(planes))]
    groups = _each(groups, lambda group: _by_geometry(group, settings))
    for name, value in _ALWAYS:
        groups = _each(groups, partial(_by_value, name=name, value=value))
    groups = _each(groups, _by_b_value)
    for name, number in _TIMES:
        groups = _each(groups, partial(_by_time_constant, name=name, number=number))
    groups = _each(groups, lambda group: _by_stack(group, settings))
    groups = _each(groups, lambda group: _part_copies(group, settings))
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


def _order_free(plane: Plane) -> tuple[Hashable, ...]:
    """Sorts planes without names: the same planes come out in the same order."""
    return (
        plane.instance.sop_instance_uid or "",
        plane.frame or 0,
        plane.position_mm,
        plane.instance_number,
        plane.instance.digest or "",
    )


def _each(groups: list[Group], part: Callable[[Group], list[Group]]) -> list[Group]:
    return [smaller for group in groups for smaller in part(group)]


def _parted(group: Group, name: str, numbers: Sequence[int], values: Sequence[str]) -> list[Group]:
    """Part a group by cluster numbers; the key names the value of each part."""
    members: dict[int, list[Plane]] = defaultdict(list)
    shown: dict[int, list[str]] = defaultdict(list)
    for plane, number, value in zip(group.planes, numbers, values, strict=True):
        members[number].append(plane)
        shown[number].append(value)
    return [
        replace(
            group,
            planes=tuple(members[number]),
            key=(*group.key, (name, min(shown[number]))),
            order=(*group.order, number),
        )
        for number in sorted(members)
    ]


def _by_geometry(group: Group, settings: IngestSettings) -> list[Group]:
    planes = group.planes
    turned = cluster_vectors(
        [plane.orientation for plane in planes], settings.orientation_tolerance
    )
    sizes = [(plane.rows, plane.columns) for plane in planes]
    spacings = cluster_vectors([plane.spacing_mm for plane in planes], _SPACING_TOLERANCE_MM)
    frames = [plane.instance.frame_of_reference_uid or "" for plane in planes]
    kinds = list(zip(turned, sizes, spacings, frames, strict=True))
    numbers = [sorted(set(kinds)).index(kind) for kind in kinds]
    values = [
        f"{_decimals(plane.orientation, 3)} {plane.rows}x{plane.columns} "
        f"{_decimals(plane.spacing_mm, 3)} {frame}"
        for plane, frame in zip(planes, frames, strict=True)
    ]
    return _parted(group, "geometry", numbers, values)


def _decimals(values: Sequence[float], digits: int) -> str:
    return ",".join(f"{round(value, digits) + 0.0:.{digits}f}" for value in values)


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
    known = sorted(set(values))
    return _parted(group, name, [known.index(one) for one in values], values)


def _by_b_value(group: Group) -> list[Group]:
    found = [None if plane.b_value is None else plane.b_value.s_per_mm2 for plane in group.planes]
    return _parted(group, "b-value", _numbered(found, _B_TOLERANCE), _shown(found))


def _by_time_constant(
    group: Group, name: str, number: Callable[[Plane], float | None]
) -> list[Group]:
    found = [number(plane) for plane in group.planes]
    numbers = _numbered(found, _TIME_TOLERANCE_MS)
    if len(set(numbers)) == len(numbers) > 2 and not _repeats(group.planes):
        # Another value in each plane of a stack without copies is no property of a volume.
        return [replace(group, key=(*group.key, (name, "")), order=(*group.order, 0))]
    return _parted(group, name, numbers, _shown(found))


def _numbered(values: Sequence[float | None], tolerance: float) -> list[int]:
    """Cluster numbers; None comes first, far from every number."""
    return cluster([-1e9 if value is None else value for value in values], tolerance)


def _shown(values: Sequence[float | None]) -> list[str]:
    return ["" if value is None else f"{value:.3f}" for value in values]


def _by_stack(group: Group, settings: IngestSettings) -> list[Group]:
    numbers = stack_numbers(group.planes, settings.spacing_tolerance_mm)
    if max(numbers) == 0:
        return [group]
    remark = "its series holds parallel stacks that are shifted against each other"
    parts = _parted(group, "stack", numbers, [str(number) for number in numbers])
    return [replace(part, remarks=(*part.remarks, remark)) for part in parts]


def _most_copies(group: Group, settings: IngestSettings) -> int:
    places = place_numbers(group.planes, settings.position_tolerance_mm)
    return max(Counter(places).values())


def _repeats(planes: Sequence[Plane]) -> bool:
    return len({plane.position_mm for plane in planes}) < len(planes)


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


def _part_copies(group: Group, settings: IngestSettings) -> list[Group]:
    """Part a group until no position repeats."""
    copies = _most_copies(group, settings)
    if copies == 1:
        return [group]
    for witness in _WITNESSES:
        parts = _by_witness(group, witness)
        # More parts than copies means that it changes from slice to slice: no volume.
        if 1 < len(parts) <= copies and all(
            _most_copies(part, settings) < copies for part in parts
        ):
            return _each(parts, lambda part: _part_copies(part, settings))
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
        numbers = _numbered(
            [value if isinstance(value, float | int) else None for value in values],
            witness.tolerance,
        )
    parts = _parted(group, witness.name, numbers, shown)
    return _timed(parts) if witness.temporal else parts


def _text(value: float | str | tuple[float, ...] | None) -> str:
    if isinstance(value, tuple):
        return _decimals(value, 3)
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
    return _timed(_parted(group, "time", numbers, [str(number) for number in numbers]))


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
    parts = _timed(_parted(group, "instance number", numbers, [str(k) for k in numbers]))
    remark = "copies of its positions were told apart by InstanceNumber alone"
    return [replace(part, order_assumed=True, remarks=(*part.remarks, remark)) for part in parts]


def _by_number_then_identity(plane: Plane) -> tuple[Hashable, ...]:
    return (plane.instance_number, *_order_free(plane))


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


def _sorted(group: Group, settings: IngestSettings) -> Group:
    places = place_numbers(group.planes, settings.position_tolerance_mm)
    order = sorted(range(len(places)), key=lambda i: places[i])
    return replace(group, planes=tuple(group.planes[i] for i in order))
