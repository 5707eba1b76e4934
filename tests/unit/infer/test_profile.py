"""Profiles by name, from a file, and found out."""

import numpy as np
import pytest

from mrsift.errors import ConfigError
from mrsift.infer.profile import RegionVote, choose_profile, named_profile, read_profile
from mrsift.labels import LABEL_NAMES
from mrsift.types import Opinion

PELVIS, HEAD, EITHER = np.array([0.97, 0.03]), np.array([0.03, 0.97]), np.array([0.6, 0.4])


def vote(info, region, label="T2W", probability=0.95):
    rest = (1.0 - probability) / (len(LABEL_NAMES) - 1)
    probabilities = {name: probability if name == label else rest for name in LABEL_NAMES}
    return RegionVote(info, region, Opinion(probabilities))


def choose(*votes, use_header=True):
    profile, reason = choose_profile(votes, use_header=use_header)
    return profile.name, reason


def test_pixels_alone(volume_info):
    assert choose(vote(volume_info(), PELVIS))[0] == "prostate"
    name, reason = choose(vote(volume_info(), HEAD))
    assert (name, reason) == ("brain", "pixels look like the head (0.97)")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"body_part_examined": "PROSTATE"}, "prostate"),
        ({"body_part_examined": "HEAD"}, "brain"),
        ({"series_description": "Becken t2 tra"}, "prostate"),
        ({"protocol_name": "brain_routine"}, "brain"),
        ({"body_part_examined": "KNEE"}, "all"),
    ],
)
def test_header_alone(volume_info, fields, name):
    assert choose(vote(volume_info(**fields), None))[0] == name


def test_both_agree(volume_info):
    name, reason = choose(vote(volume_info(body_part_examined="PROSTATE"), PELVIS))
    assert name == "prostate"
    assert reason == "pixels look like the pelvis (0.97) and the header says 'prostate'"


def test_contradiction_is_all_with_both_sides(volume_info):
    name, reason = choose(vote(volume_info(body_part_examined="KNEE"), HEAD))
    assert name == "all"
    assert "head" in reason
    assert "'knee'" in reason


def test_nothing_known_is_all(volume_info):
    assert choose(vote(volume_info(), None))[0] == "all"
    assert choose(vote(volume_info(), EITHER))[0] == "all"
    assert choose()[0] == "all"


def test_the_majority_of_headers_counts(volume_info):
    head = vote(volume_info(body_part_examined="HEAD"), None)
    neck = vote(volume_info(body_part_examined="NECK"), None)
    assert choose(head, head, neck)[0] == "brain"
    assert choose(head, neck)[0] == "all"


def test_pixels_only_does_not_read_words(volume_info):
    told = vote(volume_info(body_part_examined="PROSTATE"), HEAD)
    assert choose(told, use_header=False)[0] == "brain"


def test_flair_means_brain_where_nothing_else_is_known(volume_info):
    assert choose(vote(volume_info(), None, "FLAIR"))[0] == "brain"
    assert choose(vote(volume_info(), None, "FLAIR", 0.7))[0] == "all"
    assert choose(vote(volume_info(body_part_examined="SPINE"), None, "FLAIR"))[0] == "all"


def test_named_profiles():
    assert named_profile("auto") is None
    assert named_profile("prostate").name == "prostate"
    with pytest.raises(ConfigError, match="did you mean 'prostate'"):
        named_profile("prostat")
    with pytest.raises(ConfigError, match="choose one of auto, prostate, brain, all"):
        named_profile("xyz")


def write(tmp_path, text):
    path = tmp_path / "knee.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_profile_of_the_users_own(tmp_path):
    path = write(tmp_path, 'known = ["T2W_FS", "T1W"]\n[same_as]\nT1W_CE = "T1W"\n')
    profile = named_profile(str(path))
    assert profile.name == "knee"
    assert profile.known == ("T2W_FS", "T1W")
    assert profile.same_as == (("T1W_CE", "T1W"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('knwon = ["T2W"]\nknown = ["T2W"]', "did you mean 'known'"),
        ('known = ["T2WFS"]', "did you mean 'T2W_FS'"),
        ('known = ["UNKNOWN"]', "'UNKNOWN' is no label"),
        ("known = []", "known: list should have at least 1 item"),
        ('name = "x"', "known: field required"),
        ('known = "T2W"', "known: input should be a valid list"),
        ('known = ["T2W"]\n[same_as]\nFLAIR = "T1W"', "`known` must hold it"),
        ("known = [", "is not TOML"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_profile(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(ConfigError, match="check the path"):
        named_profile(str(tmp_path / "none.toml"))
