"""Roles in the user's own profile."""

import pytest

from mrsift.errors import ConfigError
from mrsift.infer.profile_file import read_profile
from mrsift.labels import Role

KNOWN = 'known = ["T2W", "T2W_FS", "DWI_HIGH", "ADC"]\n[same_as]\nT2W_FS = "T2W"\n'


def write(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return path


def test_roles_are_read_in_their_order(tmp_path):
    text = """
[roles.dwi]
labels = ["DWI_HIGH"]
b_value = 1400
required = false
[roles.t2]
labels = ["T2W", "ADC"]
plane = "axial"
extent_mm = 60
[roles.any]
labels = ["DWI_HIGH"]
b_value = "lowest"
"""
    assert read_profile(write(tmp_path, KNOWN + text)).roles == (
        Role("dwi", ("DWI_HIGH",), None, False, 1400.0),
        Role("t2", ("T2W", "ADC"), "axial", extent_mm=60.0),
        Role("any", ("DWI_HIGH",), b_value="lowest"),
    )


@pytest.mark.parametrize(
    ("role", "message"),
    [
        ('labels = ["T2W"]\nplan = "axial"', "roles.a.plan: .*did you mean 'plane'"),
        ('labels = ["T2W"]\nplane = "axal"', "roles.a.plane: input should be 'axial'"),
        ('labels = ["T2"]', "roles.a: 'T2' is never answered; did you mean 'T2W'"),
        ('labels = ["T2W_FS"]', "roles.a: 'T2W_FS' is never answered"),
        ('labels = ["FLAIR"]', "roles.a: 'FLAIR' is never answered"),
        ("labels = []", "roles.a.labels: list should have at least 1 item"),
        ('plane = "axial"', "roles.a.labels: field required"),
        ('labels = ["T2W"]\nb_value = "higest"', "roles.a.b_value: .*or a number in s/mm2"),
        ('labels = ["T2W"]\nb_value = -5', r"roles.a.b_value: "),
        ('labels = ["T2W"]\nextent_mm = nan', "roles.a.extent_mm: "),
        ('labels = ["T2W"]\nrequired = "maybe"', "roles.a.required: "),
    ],
)
def test_a_wrong_role_is_explained(tmp_path, role, message):
    path = write(tmp_path, f"{KNOWN}[roles.a]\n{role}\n")
    with pytest.raises(ConfigError, match=message) as caught:
        read_profile(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "..", "t2 axial", "", "é"])
def test_the_name_of_a_role_is_part_of_file_names(tmp_path, name):
    path = write(tmp_path, f'{KNOWN}[roles."{name}"]\nlabels = ["T2W"]\n')
    with pytest.raises(ConfigError, match="use letters, digits, - and _ only"):
        read_profile(path)
