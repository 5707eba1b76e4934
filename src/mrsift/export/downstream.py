"""Roles in the words of other programs: picai_prep and MONAI Deploy. Names only, no files.

nnU-Net is `mrsift sort --layout nnunet`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mrsift.errors import ConfigError
from mrsift.export.rows import series_key
from mrsift.types import StudyReport

PICAI_SUFFIX: Mapping[str, str] = {"t2w_axial": "t2w", "adc": "adc", "dwi_high": "hbv"}
"""Role -> last part of the file name, in the order of the channels."""

_PICAI_ID = re.compile(r"[A-Za-z0-9-]+")


def picai_paths(study: StudyReport, patient_id: str, study_id: str) -> dict[str, str]:
    """Where picai_prep looks for the volumes of a study in an MHA archive.

    Args:
        study: With the roles of profile `prostate`.
        patient_id: A running number; letters, digits and hyphens.
        study_id: Same.

    Returns:
        volume_id -> path below the archive, in the order of the channels: t2w, adc, hbv.

    Raises:
        ConfigError: A role is missing, or an identifier would not make one file name.

    Source:
        picai_prep, "MHA Archive": `[patient_id]/[patient_id]_[study_id]_[modality].mha`.
    """
    for identifier in (patient_id, study_id):
        if not _PICAI_ID.fullmatch(identifier):
            raise ConfigError(f"{identifier!r} is no identifier: use letters, digits and hyphens")
    missing = [role for role in PICAI_SUFFIX if role not in study.roles]
    if missing:
        raise ConfigError(f"picai_prep needs {', '.join(PICAI_SUFFIX)}; missing: {missing}")
    return {
        study.roles[role].volume_id: f"{patient_id}/{patient_id}_{study_id}_{suffix}.mha"
        for role, suffix in PICAI_SUFFIX.items()
    }


def picai_settings(
    cases: Sequence[tuple[str, str, Mapping[str, str]]], task: str
) -> dict[str, Any]:
    """Settings of picai_prep's MHA2nnUNetConverter for an archive of images without labels.

    Args:
        cases: (patient_id, study_id, what `picai_paths` gave).
        task: Name of the nnU-Net task, e.g. `Task2203_picai_baseline`.

    Returns:
        Plain values, ready for JSON.
    """
    return {
        "dataset_json": {
            "task": task,
            "tensorImageSize": "4D",
            "modality": {str(n): name.upper() for n, name in enumerate(PICAI_SUFFIX.values())},
            "labels": {"0": "background", "1": "lesion"},
        },
        "preprocessing": {},
        "archive": [
            {"patient_id": patient, "study_id": study, "scan_paths": list(paths.values())}
            for patient, study, paths in cases
        ],
    }


def monai_deploy_rules(study: StudyReport) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Selection rules for MONAI Deploy's DICOMSeriesSelectorOperator.

    The operator chooses whole series. Where a role's volume is one of several in its series
    (b-values, time points), the operator gets the series and must part it itself.

    Args:
        study: DICOM, with roles.

    Returns:
        The rules, one selection for each role, and the roles whose series holds more.

    Raises:
        ConfigError: The study has no roles, or a volume has no SeriesInstanceUID.

    Source:
        monai-deploy-app-sdk 4.0, `DICOMSeriesSelectorOperator`: text is matched as a regular
        expression, so UIDs are anchored.
    """
    infos = [prediction.volume for prediction in study.predictions]
    by_id = {info.volume_id: info for info in infos}
    selections, shared = [], []
    for role, choice in study.roles.items():
        info = by_id[choice.volume_id]
        if info.series_instance_uid is None:
            raise ConfigError(f"role {role}: the volume is no DICOM series, which rules choose by")
        conditions = {"SeriesInstanceUID": _exactly(info.series_instance_uid)}
        if study.study_instance_uid is not None:
            conditions["StudyInstanceUID"] = _exactly(study.study_instance_uid)
        selections.append({"name": role, "conditions": conditions})
        if sum(series_key(other) == series_key(info) for other in infos) > 1:
            shared.append(role)
    if not selections:
        raise ConfigError("no role is filled, and rules without a selection are refused")
    return {"selections": selections}, tuple(shared)


def _exactly(uid: str) -> str:
    """A regular expression that matches this UID alone."""
    return f"^{re.escape(uid)}$"
