"""Roles in the words of other programs."""

import re
from dataclasses import replace

import pytest

from mrsift.errors import ConfigError
from mrsift.export.downstream import monai_deploy_rules, picai_paths, picai_settings
from mrsift.infer.roles import choose_roles
from mrsift.labels import PROFILES
from mrsift.types import StudyReport
from tests.report_values import pelvis


@pytest.fixture
def study() -> StudyReport:
    found = pelvis()
    chosen = choose_roles(found.predictions, PROFILES["prostate"].roles)
    return replace(found, roles=chosen.roles, missing_roles=chosen.missing_roles)


def test_the_layout_of_picai_prep(study):
    paths = picai_paths(study, "10000", "1000000")
    assert list(paths.values()) == [
        "10000/10000_1000000_t2w.mha",
        "10000/10000_1000000_adc.mha",
        "10000/10000_1000000_hbv.mha",
    ]
    assert list(paths) == [study.roles[role].volume_id for role in ("t2w_axial", "adc", "dwi_high")]
    settings = picai_settings([("10000", "1000000", paths)], "Task1")
    assert settings["archive"][0]["scan_paths"] == list(paths.values())
    assert settings["dataset_json"]["modality"] == {"0": "T2W", "1": "ADC", "2": "HBV"}


def test_a_missing_role_or_a_bad_name_is_an_error(study):
    rest = {role: choice for role, choice in study.roles.items() if role != "adc"}
    with pytest.raises(ConfigError, match=r"missing: \['adc'\]"):
        picai_paths(replace(study, roles=rest), "1", "1")
    with pytest.raises(ConfigError, match="use letters"):
        picai_paths(study, "../1", "1")


def test_rules_match_one_series_each(study):
    rules, shared = monai_deploy_rules(study)
    by_id = {one.volume.volume_id: one.volume for one in study.predictions}
    for selection in rules["selections"]:
        wanted = by_id[study.roles[selection["name"]].volume_id].series_instance_uid
        pattern = selection["conditions"]["SeriesInstanceUID"]
        assert re.search(pattern, wanted)
        assert not re.search(pattern, wanted + "7")
        assert not re.search(pattern, wanted.replace(".", "x"))
    assert "dwi_high" in shared
    assert "adc" not in shared


def test_rules_need_roles_and_dicom(study):
    with pytest.raises(ConfigError, match="no role is filled"):
        monai_deploy_rules(replace(study, roles={}))
    predictions = tuple(
        replace(one, volume=replace(one.volume, series_instance_uid=None))
        for one in study.predictions
    )
    with pytest.raises(ConfigError, match="no DICOM series"):
        monai_deploy_rules(replace(study, predictions=predictions))
