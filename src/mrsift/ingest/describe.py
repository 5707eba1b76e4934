"""A group of planes -> `VolumeInfo`."""

from collections.abc import Container, Sequence
from itertools import combinations
from typing import Final

from mrsift.config import IngestSettings
from mrsift.ingest.geometry import grid, slice_normal
from mrsift.ingest.group import Group
from mrsift.ingest.header import Plane
from mrsift.ingest.kind import WEIGHTED
from mrsift.ingest.research_header import plane_and_obliquity
from mrsift.ingest.split import volume_id
from mrsift.types import VolumeInfo

_LOCALIZER_SLICES: Final = 7
_LARGEST_COSINE: Final = 0.5  # planes of a localizer are at least 60 degrees apart


def volume_info(
    group: Group,
    siblings: Sequence[Group],
    series: str,
    settings: IngestSettings,
    taken: Container[str],
) -> VolumeInfo:
    """Describe one volume.

    Args:
        group: Its planes.
        siblings: All groups of its series, itself included.
        series: Identity of the series.
        settings: Tolerances.
        taken: Volume ids that are in use already.
    """
    first = group.planes[0]
    instance = first.instance
    placed = grid(group.planes, settings.spacing_tolerance_mm)
    plane, obliquity_deg = plane_and_obliquity(placed.affine_lps_mm)
    identity, copy = volume_id(series, group.key), 0
    while identity in taken:
        copy += 1
        identity = volume_id(series, group.key, copy)
    files = tuple(one.instance.source.path for one in group.planes)
    frames = None if first.frame is None else tuple(one.frame or 0 for one in group.planes)
    if frames is not None and len(set(files)) == 1:
        files = files[:1]
    said = dict.fromkeys(remark for one in group.planes for remark in one.instance.remarks)
    return VolumeInfo(
        volume_id=identity,
        study_instance_uid=instance.study_instance_uid,
        series_instance_uid=instance.series_instance_uid,
        series_number=instance.series_number,
        series_description=instance.series_description,
        modality=instance.modality,
        files=files,
        frames=frames,
        index=None,
        shape=(len(group.planes), first.rows, first.columns),
        affine_lps_mm=placed.affine_lps_mm,
        frame_of_reference_uid=instance.frame_of_reference_uid,
        plane=plane,
        obliquity_deg=obliquity_deg,
        image_component=first.component,
        complete=placed.complete,
        order_assumed=group.order_assumed,
        b_value=first.b_value,
        derived_kind=first.derived_kind,
        calculated=_is_calculated(first),
        localizer=instance.called_localizer or _looks_like_localizer(siblings),
        temporal_position=group.temporal_position,
        remarks=(*placed.remarks, *group.remarks, *said),
        header=first.facts,
    )


def _is_calculated(plane: Plane) -> bool:
    """A name that says so counts on diffusion-weighted images only."""
    weighted = plane.derived_kind is None or plane.derived_kind in WEIGHTED
    return plane.calculated and weighted and (plane.b_value is not None or plane.says_diffusion)


def _looks_like_localizer(siblings: Sequence[Group]) -> bool:
    """A few slices in each of several planes, in one series."""
    turned: dict[tuple[float, ...], list[Plane]] = {}
    for group in siblings:
        key = tuple(round(x, 1) + 0.0 for x in group.planes[0].orientation)
        turned.setdefault(key, []).extend(group.planes)
    if len(turned) not in (2, 3) or any(
        len(planes) > _LOCALIZER_SLICES for planes in turned.values()
    ):
        return False
    normals = [slice_normal(orientation) for orientation in turned]
    return all(abs(float(a @ b)) < _LARGEST_COSINE for a, b in combinations(normals, 2))
