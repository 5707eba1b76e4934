"""`mrsift.identify/1` and `mrsift.show/1`, as their schemas in `docs/reference/` say."""

import json
from collections.abc import Hashable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mrsift import __version__
from mrsift.export.rows import series_key
from mrsift.types import Opinion, Prediction, Report, Skipped, StudyReport, VolumeInfo

if TYPE_CHECKING:
    from mrsift.ingest import Scan, Study

IDENTIFY_SCHEMA = "mrsift.identify/1"
SHOW_SCHEMA = "mrsift.show/1"

Json = dict[str, Any]


def to_text(value: Json) -> str:
    """JSON text in ASCII, so that broken file names survive, with a line end.

    Raises:
        ValueError: A number is not finite; JSON has no word for it.
    """
    return json.dumps(value, allow_nan=False, indent=1) + "\n"


def identify_json(report: Report) -> Json:
    """One run of `identify` as plain JSON values."""
    return {
        "schema": IDENTIFY_SCHEMA,
        "mrsift_version": __version__,
        "bundle": asdict(report.bundle),
        "studies": [_study(study) for study in report.studies],
        "skipped": _skipped(report.skipped),
    }


def show_json(scan: "Scan") -> Json:
    """What ingest sees as plain JSON values, volumes under their series."""
    return {
        "schema": SHOW_SCHEMA,
        "mrsift_version": __version__,
        "studies": [_seen_study(study) for study in scan.studies],
        "skipped": _skipped(scan.skipped),
    }


def _study(study: StudyReport) -> Json:
    return {
        "study_instance_uid": study.study_instance_uid,
        "path": study.path,
        "profile": study.profile,
        "profile_reason": study.profile_reason,
        "volumes": [_prediction(prediction) for prediction in study.predictions],
        "roles": {
            name: {
                "volume_id": choice.volume_id,
                "reason": choice.reason,
                "runners_up": [
                    {"volume_id": volume_id, "reason": reason}
                    for volume_id, reason in choice.runners_up
                ],
                "doubts": list(choice.doubts),
            }
            for name, choice in study.roles.items()
        },
        "missing_roles": list(study.missing_roles),
        "missing_reasons": dict(study.missing_reasons),
    }


def _prediction(prediction: Prediction) -> Json:
    return {
        **_volume(prediction.volume),
        "localizer": prediction.localizer,
        "calculated": prediction.calculated,
        "label": prediction.label,
        "probability": prediction.probability,
        "probabilities": dict(prediction.probabilities),
        "prediction_set": list(prediction.prediction_set),
        "in_distribution": prediction.in_distribution,
        "evidence": {
            "pixels": _opinion(prediction.pixels),
            "header": _header_opinion(prediction.header),
            "physics": _physics(prediction),
        },
        "conflict": prediction.conflict,
        "conflict_reason": prediction.conflict_reason,
        "corrected": _correction(prediction),
    }


def _volume(info: VolumeInfo) -> Json:
    b_value = info.b_value
    return {
        "volume_id": info.volume_id,
        "series_instance_uid": info.series_instance_uid,
        "series_number": info.series_number,
        "series_description": info.series_description,
        "modality": info.modality,
        "files": list(info.files),
        "frames": None if info.frames is None else list(info.frames),
        "index": info.index,
        "shape": list(info.shape),
        "spacing_mm": list(info.spacing_mm),
        "affine_lps_mm": info.affine_lps_mm.tolist(),
        "frame_of_reference_uid": info.frame_of_reference_uid,
        "plane": info.plane,
        "obliquity_deg": info.obliquity_deg,
        "image_component": info.image_component,
        "complete": info.complete,
        "order_assumed": info.order_assumed,
        "b_value_s_per_mm2": None if b_value is None else b_value.s_per_mm2,
        "b_value_source": None if b_value is None else b_value.source,
        "calculated": info.calculated,
        "localizer": info.localizer,
        "temporal_position": info.temporal_position,
    }


def _opinion(opinion: Opinion | None) -> Json | None:
    if opinion is None:
        return None
    return {"label": opinion.label, "probability": opinion.probability}


def _header_opinion(opinion: Opinion | None) -> Json | None:
    if opinion is None:
        return None
    witnesses = [
        {"name": witness.name, "found": witness.found, "favours": list(witness.favours)}
        for witness in opinion.witnesses
    ]
    return {"label": opinion.label, "probability": opinion.probability, "witnesses": witnesses}


def _physics(prediction: Prediction) -> Json | None:
    physics = prediction.physics
    if physics is None:
        return None
    return {
        "kind": physics.kind,
        "with": list(physics.with_volumes),
        "r": physics.r,
        "scale": physics.scale,
        "found": physics.found,
        "favours": list(physics.favours),
        "b_values_s_per_mm2": list(physics.b_values),
        "b_value_s_per_mm2": physics.b_s_per_mm2,
    }


def _correction(prediction: Prediction) -> Json | None:
    before = prediction.correction
    return None if before is None else asdict(before)


def _skipped(skipped: tuple[Skipped, ...]) -> list[Json]:
    return [{"path": item.path, "reason": item.reason} for item in skipped]


def _seen_study(study: "Study") -> Json:
    series: dict[Hashable, list[VolumeInfo]] = {}
    for info in study.volumes:
        series.setdefault(series_key(info), []).append(info)
    return {
        "study_instance_uid": study.study_instance_uid,
        "path": study.path,
        "series": [_seen_series(volumes) for volumes in series.values()],
    }


def _seen_series(volumes: list[VolumeInfo]) -> Json:
    first = volumes[0]
    return {
        "series_instance_uid": first.series_instance_uid,
        "series_number": first.series_number,
        "series_description": first.series_description,
        "modality": first.modality,
        "volumes": [_seen_volume(info) for info in volumes],
    }


def _seen_volume(info: VolumeInfo) -> Json:
    return {
        **_volume(info),
        "b_value_raw": None if info.b_value is None else info.b_value.raw,
        "derived_kind": info.derived_kind,
        "remarks": list(info.remarks),
        "header": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(info.header).items()
        },
    }
