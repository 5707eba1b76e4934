import json
import math
from dataclasses import replace

import pytest

from mrsift.export.json_report import identify_json, show_json, to_text
from mrsift.ingest import Study
from mrsift.labels import LABEL_NAMES
from mrsift.types import PhysicsEvidence, Report, RoleChoice, Skipped, StudyReport
from tests import schemas
from tests.report_values import BUNDLE, b, pelvis, prediction, report, scanned, skipped, volume


def test_a_whole_report_follows_the_published_schema() -> None:
    value = schemas.parse(to_text(identify_json(report())))
    volumes = value["studies"][0]["volumes"]
    assert [item["label"] for item in volumes] == [p.label for p in pelvis().predictions]
    assert [item["volume_id"] for item in volumes] == [
        item.volume.volume_id for item in pelvis().predictions
    ]
    assert value["skipped"][1] == {
        "path": "exam/broken.dcm",
        "reason": "cut off: 12000 of 73728 bytes of pixels; copy it again",
    }


def test_every_field_says_what_the_volume_says() -> None:
    info = volume(6, "dwi", b_value=b(800.0), frames=(3, 4), index=2, temporal_position=1)
    answer = prediction(info, "DWI_HIGH", 0.9, conflict=True, conflict_reason="because")
    value = identify_json(Report(BUNDLE, (StudyReport("1", "p", "all", "why", (answer,)),), ()))
    schemas.check(value)
    found = value["studies"][0]["volumes"][0]
    assert found["shape"] == [24, 384, 384]
    assert found["spacing_mm"] == pytest.approx([3.6, 0.5, 0.5])
    assert found["affine_lps_mm"] == info.affine_lps_mm.tolist()
    assert (found["b_value_s_per_mm2"], found["b_value_source"]) == (
        *(800.0, "(0019,100C) SIEMENS MR HEADER"),
    )
    assert (found["frames"], found["index"], found["temporal_position"]) == ([3, 4], 2, 1)
    assert (found["conflict"], found["conflict_reason"]) == (True, "because")
    assert found["evidence"]["pixels"] == {"label": "DWI_HIGH", "probability": 0.9}
    assert found["evidence"]["header"]["witnesses"] == [
        {"name": "sequence name", "found": "'dwi'", "favours": ["DWI_HIGH"]}
    ]
    assert list(found["probabilities"]) == list(LABEL_NAMES)
    assert value["bundle"] == {"name": "sim", "version": "0.1.0", "sha256": "ab" * 32}


def test_evidence_that_was_not_used_is_null() -> None:
    answer = prediction(volume(1, None), "T2W", 0.9, pixels=None, header=None)
    value = identify_json(Report(BUNDLE, (StudyReport(None, "p", "all", "r", (answer,)),), ()))
    schemas.check(value)
    evidence = value["studies"][0]["volumes"][0]["evidence"]
    assert evidence == {"pixels": None, "header": None, "physics": None}


def test_roles_and_physics_have_their_place() -> None:
    first, second = pelvis().predictions[:2]
    other = second.volume.volume_id
    physics = PhysicsEvidence("adc_from_dwi", (other,), 0.93, 1e-6)
    study = replace(
        pelvis(),
        predictions=(replace(first, physics=physics), second),
        roles={"t2w_axial": RoleChoice(other, "axial", ((first.volume.volume_id, "scout"),))},
        missing_roles=("adc",),
    )
    value = identify_json(Report(BUNDLE, (study,), ()))
    schemas.check(value)
    assert value["studies"][0]["volumes"][0]["evidence"]["physics"]["with"] == [other]
    assert value["studies"][0]["roles"]["t2w_axial"]["runners_up"][0]["reason"] == "scout"


def test_a_number_that_is_not_finite_is_refused() -> None:
    answer = prediction(volume(1, None), "T2W", 0.9, in_distribution=math.nan)
    study = StudyReport(None, "p", "all", "r", (answer,))
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_text(identify_json(Report(BUNDLE, (study,), ())))


def test_the_text_is_ascii_and_keeps_broken_file_names() -> None:
    text = to_text(identify_json(Report(BUNDLE, (), (Skipped("k\udcffä.dcm", "größer"),))))
    assert text.isascii()
    assert json.loads(text)["skipped"] == [{"path": "k\udcffä.dcm", "reason": "größer"}]


def test_show_puts_volumes_under_their_series() -> None:
    volumes = tuple(item.volume for item in pelvis().predictions)
    broken = replace(volumes[0], volume_id="0" * 16, series_instance_uid=None, remarks=("a gap",))
    value = show_json(scanned([Study("1.2.3", "exam", (*volumes, broken))], skipped()))
    schemas.parse(to_text(value))
    series = value["studies"][0]["series"]
    assert [item["series_number"] for item in series] == [1, 3, 4, 6, 6, 7, 9, 11, 12, 1]
    assert [len(item["volumes"]) for item in series] == [1, 1, 1, 3, 1, 1, 1, 40, 1, 1]
    dwi = series[3]["volumes"][2]
    assert (dwi["b_value_s_per_mm2"], dwi["b_value_raw"]) == (800.0, "800")
    assert series[2]["volumes"][0]["header"]["scan_options"] == ["FS"]
    assert series[-1]["volumes"][0]["remarks"] == ["a gap"]
