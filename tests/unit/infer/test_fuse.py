"""Fusion, the b-value's right to decide, profiles and conflicts."""

import pytest

from mrsift.config import IdentifySettings
from mrsift.infer.conflict import find_lie
from mrsift.infer.evidence import header_opinion
from mrsift.infer.fuse import (
    answer,
    apply_profile,
    believed_header,
    decide_low_or_high,
    fuse,
    trusted_b_value,
)
from mrsift.labels import LABEL_NAMES, PROFILES, Profile
from mrsift.types import BValue, Opinion, Witness

SETTINGS = IdentifySettings()
ALL = PROFILES["all"]


def sure(label: str, probability: float = 0.99) -> Opinion:
    rest = (1.0 - probability) / (len(LABEL_NAMES) - 1)
    return Opinion({name: probability if name == label else rest for name in LABEL_NAMES})


def test_agreement_makes_surer():
    fused = fuse(sure("ADC", 0.8), sure("ADC", 0.8), SETTINGS)
    assert fused["ADC"] > 0.95


def test_one_opinion_stays_as_it_is():
    assert fuse(sure("ADC", 0.7), None, SETTINGS)["ADC"] == 0.7
    assert fuse(None, sure("FLAIR", 0.7), SETTINGS)["FLAIR"] == 0.7
    assert fuse(None, None, SETTINGS) == dict.fromkeys(LABEL_NAMES, 1 / 9)


@pytest.mark.parametrize(
    ("probability", "stranger", "believed"),
    [(0.79, True, False), (0.81, True, True), (0.4, False, True)],
)
def test_against_pixels_like_nothing_seen_only_a_sure_header_counts(
    probability: float, stranger: bool, believed: bool
) -> None:
    header = sure("T1W", probability)
    found = believed_header(header, SETTINGS, stranger=stranger)
    assert found is (header if believed else None)
    assert believed_header(None, SETTINGS, stranger=stranger) is None


def test_clear_tags_win_against_sure_pixels_and_the_answer_is_less_sure(volume_info):
    info = volume_info(b=0, scanning_sequence=("EP",))
    header = header_opinion(info)
    pixels = sure("T2W")
    found = answer(info, pixels, header, ALL, SETTINGS)
    assert found.label == "DWI_LOW"
    assert found.probability < min(pixels.probability, header.probability)
    assert "pixels say T2W (0.99)" in found.conflict_reason
    assert "header says DWI_LOW" in found.conflict_reason


def test_sure_pixels_win_against_a_description(volume_info):
    info = volume_info(series_description="t1_tse_tra")
    found = answer(info, sure("T2W", 0.97), header_opinion(info), ALL, SETTINGS)
    assert found.label == "T2W"


def test_two_equal_opinions_end_undecided():
    settings = IdentifySettings(pixel_reliability=0.95, header_reliability=0.95)
    fused = fuse(sure("T2W"), sure("T1W"), settings)
    assert fused["T2W"] == pytest.approx(fused["T1W"])
    assert fused["T2W"] < 0.5


@pytest.mark.parametrize(("b", "label"), [(50, "DWI_LOW"), (1000, "DWI_HIGH")])
def test_b_value_decides_low_against_high(volume_info, b, label):
    info = volume_info(b=b)
    wrong = sure("DWI_LOW" if label == "DWI_HIGH" else "DWI_HIGH")
    found = answer(info, wrong, header_opinion(info), ALL, SETTINGS)
    assert found.label == label
    assert found.conflict_reason is None
    assert found.probability > 0.9


def test_b_value_is_not_used_where_the_header_is_not(volume_info):
    found = answer(volume_info(b=1000), sure("DWI_LOW"), None, ALL, SETTINGS)
    assert found.label == "DWI_LOW"


def test_which_b_values_are_trusted(volume_info):
    assert trusted_b_value(volume_info(b=800)) == 800
    assert trusted_b_value(volume_info(b=800, derived_kind="ADC")) is None
    assert trusted_b_value(volume_info()) is None
    text = BValue(800.0, "SeriesDescription", "b800")
    assert trusted_b_value(volume_info(b_value=text)) is None


def test_deciding_keeps_the_sum():
    moved = decide_low_or_high(sure("DWI_LOW", 0.5).probabilities, 800)
    assert moved["DWI_LOW"] == 0.0
    assert sum(moved.values()) == pytest.approx(1.0)


def test_profile_turns_what_it_does_not_know_into_unknown():
    mapped = apply_profile(sure("T1W", 0.92).probabilities, PROFILES["prostate"])
    assert mapped["UNKNOWN"] == pytest.approx(0.92 + 3 * 0.01)
    assert mapped["T1W"] == mapped["FLAIR"] == 0.0


def test_brain_answers_fat_suppressed_t2_as_t2(volume_info):
    found = answer(volume_info(), sure("T2W_FS"), None, PROFILES["brain"], SETTINGS)
    assert found.label == "T2W"
    assert found.probability > 0.98


def test_nothing_probable_is_unknown_with_its_own_probability(volume_info):
    found = answer(volume_info(), sure("T2W", 0.4), None, ALL, SETTINGS)
    assert found.label == "UNKNOWN"
    assert found.probability == found.probabilities["UNKNOWN"]


def test_silence_is_unknown(volume_info):
    found = answer(volume_info(), None, None, ALL, SETTINGS)
    assert (found.label, found.conflict_reason) == ("UNKNOWN", None)


def test_unsure_opinions_are_no_conflict(volume_info):
    found = answer(volume_info(), sure("T2W", 0.7), sure("T1W", 0.99), ALL, SETTINGS)
    assert found.conflict_reason is None


def test_a_difference_that_the_profile_does_not_know_is_no_conflict(volume_info):
    info = volume_info()
    brain = answer(info, sure("T2W_FS"), sure("T2W"), PROFILES["brain"], SETTINGS)
    prostate = answer(info, sure("T1W"), sure("UNKNOWN"), PROFILES["prostate"], SETTINGS)
    assert brain.conflict_reason is prostate.conflict_reason is None
    assert prostate.label == "UNKNOWN"


def claim(*labels: str) -> Witness:
    return Witness("description", "description “x”", labels)


def test_a_description_of_another_family_is_a_lie():
    reason = find_lie(claim("T1W", "T1W_CE"), sure("T2W"), 0.8)
    assert reason == ("description “x” says T1W or T1W_CE, the other evidence says T2W (0.99)")


@pytest.mark.parametrize(
    ("labels", "truth"),
    [
        (("T2W", "T2W_FS"), "T2W_FS"),
        (("T2W_FS",), "T2W"),
        (("T2W",), "FLAIR"),
        (("DWI_LOW", "DWI_HIGH"), "ADC"),
        (("T1W",), "UNKNOWN"),
    ],
)
def test_loose_descriptions_are_no_lies(labels, truth):
    assert find_lie(claim(*labels), sure(truth), 0.8) is None


def test_no_claim_or_no_certainty_is_no_lie():
    assert find_lie(None, sure("T2W"), 0.8) is None
    assert find_lie(claim("T1W"), sure("T2W", 0.6), 0.8) is None


PHASES = ("PLAIN", "ARTERIAL", "UNKNOWN")


def test_other_labels_are_fused_and_answered(volume_info):
    pixels = Opinion({"PLAIN": 0.2, "ARTERIAL": 0.8, "UNKNOWN": 0.0})
    profile = Profile("phases", PHASES[:2])
    assert fuse(None, None, SETTINGS, PHASES) == dict.fromkeys(PHASES, 1 / 3)
    found = answer(volume_info(b=800), pixels, None, profile, SETTINGS, PHASES)
    assert (found.label, found.probability) == ("ARTERIAL", 0.8)
    unsure = Opinion({"PLAIN": 0.5 - 1e-6, "ARTERIAL": 0.5 - 1e-6, "UNKNOWN": 2e-6})
    assert answer(volume_info(), unsure, None, profile, SETTINGS, PHASES).label == "UNKNOWN"


def test_a_b_value_on_a_side_without_label_means_unknown() -> None:
    probabilities = {"DWI_HIGH": 0.7, "T2W": 0.3, "UNKNOWN": 0.0}
    assert decide_low_or_high(probabilities, 800) == probabilities
    low = decide_low_or_high(probabilities, 50)
    assert low == {"DWI_HIGH": 0.0, "T2W": 0.3, "UNKNOWN": 0.7}
    phases = {"PLAIN": 0.7, "ARTERIAL": 0.3, "UNKNOWN": 0.0}
    assert decide_low_or_high(phases, 50) == phases


def test_no_description_contradicts_a_label_it_cannot_name() -> None:
    claim = Witness("description", "'t2_tse'", ("T2W",))
    assert find_lie(claim, Opinion({"ARTERIAL": 0.99, "UNKNOWN": 0.01}), 0.8) is None
