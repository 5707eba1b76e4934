"""`--layout nnunet`: one NIfTI file per role, all of a study on one grid, as nnU-Net reads them.

    imagesTs/sub-001_ses-1_0000.nii.gz   the first role, voxels as they are
    imagesTs/sub-001_ses-1_0001.nii.gz   the next, resampled onto the grid of the first

Two volumes are in memory while one is resampled onto the other.

Source:
    nnU-Net v2, "Dataset format": all channels of a case have one geometry.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from mrsift.errors import ConfigError
from mrsift.export.nifti_file import Read, write_nifti
from mrsift.export.resample import resample_onto
from mrsift.export.sort_case import Case
from mrsift.export.sort_item import Entry, File
from mrsift.ingest import Scan
from mrsift.labels import Profile
from mrsift.types import Prediction, Skipped, Volume, VolumeInfo

FOLDER = "imagesTs"
DESCRIPTION = "dataset.json"


def nnunet_entries(
    cases: Iterable[Case], found: Scan, profiles: Mapping[str, Profile]
) -> tuple[list[Entry], list[Skipped], tuple[str, ...]]:
    """Plan the tree.

    Args:
        cases: Studies with their numbers and roles.
        found: The scan that they come from.
        profiles: By the name that stands in the report.

    Returns:
        One entry per study whose required roles are all filled, the other studies, and the
        roles that are the channels.

    Raises:
        ConfigError: No study has a profile with roles.
    """
    wanted = [(case, _channels(profiles.get(case.report.profile))) for case in cases]
    channels = next((roles for _, roles in wanted if roles), ())
    if not channels:
        raise ConfigError(
            "--layout nnunet needs roles, and none of the profiles chosen has any; give one with "
            "--profile"
        )
    entries, left_out = [], []
    for case, roles in wanted:
        missing = [role for role in channels if role not in case.report.roles]
        if roles != channels:
            profile = case.report.profile
            reason = f"has profile {profile}, with other roles than {', '.join(channels)}"
            left_out.append(Skipped(case.report.path, f"{reason}; sort it into another OUT"))
        elif missing:
            why = case.report.missing_reasons.get(missing[0], "no volume fills it")
            left_out.append(Skipped(case.report.path, f"no {missing[0]}: {why}"))
        else:
            entries.append(_entry(case, channels, found))
    return entries, left_out, channels


def dataset_json(channels: Sequence[str]) -> str:
    """What nnU-Net wants to know of the images; labels are yours to add."""
    found = {
        "channel_names": {str(number): role for number, role in enumerate(channels)},
        "labels": {"background": 0},
        "numTraining": 0,
        "file_ending": ".nii.gz",
    }
    return json.dumps(found, indent=1) + "\n"


def same_channels(stored: bytes, planned: str) -> bool:
    """Whether a `dataset.json` that is there names the channels of a plan."""
    try:
        there = json.loads(stored)["channel_names"]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(there == json.loads(planned)["channel_names"])


def _channels(profile: Profile | None) -> tuple[str, ...]:
    return tuple(role.name for role in profile.roles if role.required) if profile else ()


def _entry(case: Case, channels: Sequence[str], found: Scan) -> Entry:
    by_id = {one.volume.volume_id: one for one in case.report.predictions}
    chosen: list[Prediction] = [by_id[case.report.roles[role].volume_id] for role in channels]
    grid = chosen[0].volume
    files, moved = [], []
    for number, (role, one) in enumerate(zip(channels, chosen, strict=True)):
        name = f"{FOLDER}/{case.name}_{number:04d}.nii.gz"
        read: Read = found.read
        if not _on_grid(one.volume, grid):
            read = _resampled(found, grid)
            moved.append(role)
        files.append(_file(name, one.volume, read, number))
    remark = f"resampled onto {channels[0]}: {', '.join(moved)}" if moved else ""
    return Entry(
        case=case.folder,
        volumes=tuple(one.volume for one in chosen),
        labels=tuple(one.label for one in chosen),
        by_hand=tuple(one.correction is not None for one in chosen),
        files=tuple(files),
        remark=remark,
    )


def _file(name: str, info: VolumeInfo, read: Read, channel: int) -> File:
    return File(name, lambda stream: write_nifti(stream, [info], read), member=channel)


def _on_grid(info: VolumeInfo, grid: VolumeInfo) -> bool:
    same = np.allclose(info.affine_lps_mm, grid.affine_lps_mm, rtol=0, atol=1e-3)
    return info.shape == grid.shape and same


def _resampled(found: Scan, grid: VolumeInfo) -> Read:
    def read(info: VolumeInfo) -> Volume:
        return resample_onto(found.read(info), found.read(grid))

    return read
