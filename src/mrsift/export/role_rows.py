"""Roles and physics of a study -> rows for people, on the terminal and in the report."""

from collections.abc import Sequence
from dataclasses import dataclass

from mrsift.export import rows
from mrsift.types import Prediction, StudyReport, VolumeInfo


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role of a study.

    Attributes:
        volume_id: Of the volume that fills it, or "" where none does.
        volume: That volume in words.
        label: Its label.
        reason: Why it was chosen, or why no volume fills the role.
        doubts: What to know before relying on it.
        runners_up: (why not, the volumes of which that is true), best first.
        missing: A required role that no volume fills.
    """

    role: str
    volume_id: str
    volume: str
    label: str
    reason: str
    doubts: tuple[str, ...] = ()
    runners_up: tuple[tuple[str, str], ...] = ()
    missing: bool = False


def role_rows(study: StudyReport) -> list[RoleRow]:
    """Filled roles in the order of the profile, then missing ones, then optional ones."""
    by_id = {prediction.volume.volume_id: prediction for prediction in study.predictions}
    found = []
    for role, choice in study.roles.items():
        winner = by_id[choice.volume_id]
        grouped: dict[str, list[VolumeInfo]] = {}
        for volume_id, reason in choice.runners_up:
            grouped.setdefault(rows.one_line(reason), []).append(by_id[volume_id].volume)
        found.append(
            RoleRow(
                rows.one_line(role),
                choice.volume_id,
                volume_name(winner.volume),
                winner.label,
                rows.one_line(choice.reason),
                tuple(rows.one_line(doubt) for doubt in choice.doubts),
                tuple((reason, _names(infos)) for reason, infos in grouped.items()),
            )
        )
    for is_missing in (True, False):
        for role, reason in study.missing_reasons.items():
            if (role in study.missing_roles) is is_missing:
                words = rows.one_line(reason)
                found.append(RoleRow(rows.one_line(role), "", "", "", words, missing=is_missing))
    return found


def volume_name(info: VolumeInfo) -> str:
    """A volume in a line, e.g. `series 6, t2_tse_tra, b 800`."""
    words = [] if info.series_number is None else [f"series {info.series_number}"]
    if rows.description(info) != rows.DASH or not words:
        words.append(rows.description(info))
    if info.index is not None:
        words.append(f"index {info.index}")
    if info.b_value is not None:
        words.append(f"b {info.b_value.s_per_mm2:g}")
    return ", ".join(words)


def roles_of(study: StudyReport) -> dict[str, list[str]]:
    """volume_id -> the roles that it fills."""
    found: dict[str, list[str]] = {}
    for role, choice in study.roles.items():
        found.setdefault(choice.volume_id, []).append(rows.one_line(role))
    return found


def physics_lines(predictions: Sequence[Prediction]) -> list[tuple[str, str]]:
    """(volume, what physics found) where that is more than that all is as it should be.

    Images that merely fit their map are not told one by one: the map's line names them. Nor are
    those of a series that repeats itself: the first stands for all.
    """
    found: list[tuple[str, str]] = []
    told: set[str] = set()
    for prediction in predictions:
        physics = prediction.physics
        if physics is None or not physics.found:
            continue
        is_image = physics.kind == "adc_from_dwi" and "DWI_LOW" in physics.favours
        if physics.kind == "repetition" and told.intersection(physics.with_volumes):
            continue
        told.add(prediction.volume.volume_id)
        if not is_image or physics.conflict:
            found.append((volume_name(prediction.volume), rows.one_line(physics.found)))
    return found


def _names(infos: Sequence[VolumeInfo]) -> str:
    """Volumes in few words: series numbers, or files; with b-values where they differ."""
    if any(info.series_number is None for info in infos):
        return ", ".join(dict.fromkeys(volume_name(info) for info in infos))
    if any(info.b_value is not None for info in infos):
        return "series " + ", ".join(
            f"{info.series_number} b {info.b_value.s_per_mm2:g}"
            if info.b_value
            else str(info.series_number)
            for info in infos
        )
    return f"series {rows.ranges((info.series_number or 0 for info in infos), most=8)}"
