"""Which volume fills a role: every criterion, ties, doubts and what is missing."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.infer.role_rank import CRITERIA
from mrsift.infer.roles import choose_roles
from mrsift.infer.sharpness import sharpness
from mrsift.labels import PROFILES, Role
from mrsift.types import PhysicsEvidence, Prediction
from tests.report_values import b, prediction, volume

T2 = Role("t2w_axial", ("T2W",), "axial", extent_mm=30)
HIGH = Role("dwi_high", ("DWI_HIGH",), "axial", b_value="highest")
LOW = Role("dwi_low", ("DWI_LOW",), b_value="lowest", required=False)
ADC = Role("adc", ("ADC",))


def t2(number: int, probability: float = 0.97, **fields) -> Prediction:
    return prediction(volume(number, "t2", **fields), "T2W", probability)


def dwi(number: int, value: float, label: str = "DWI_HIGH", **fields) -> Prediction:
    return prediction(volume(number, "dwi", b_value=b(value), **fields), label, 0.97)


def affine(spacing=(3.6, 0.5, 0.5), origin=(-96.0, -96.0, -40.0)) -> np.ndarray:
    found = np.zeros((4, 4))
    found[2, 0], found[1, 1], found[0, 2] = spacing
    found[:3, 3], found[3, 3] = origin, 1
    return found


def winner(predictions: list[Prediction], *roles: Role, **options) -> tuple[int, str, tuple]:
    """Series number, why not the others, doubts, of the last role."""
    chosen = choose_roles(predictions, roles, **options).roles[roles[-1].name]
    number = {one.volume.volume_id: one.volume.series_number for one in predictions}
    return number[chosen.volume_id], chosen.reason, chosen.doubts


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ({}, {"complete": False}, "complete"),
        ({}, {"shape": (4, 384, 384)}, "86 mm long"),
        ({"affine_lps_mm": affine((3.6, 0.4, 0.4))}, {}, "the finest (3.6×0.4×0.4 mm)"),
        ({"calculated": False}, {"calculated": True}, "acquired"),
    ],
    ids=["complete", "long", "fine", "acquired"],
)
def test_the_better_volume_wins_wherever_it_stands(better, worse, reason, turned):
    volumes = [t2(1, **better), t2(2, **worse)]
    number, why, doubts = winner(volumes[::-1] if turned else volumes, T2)
    assert number == 1
    assert why.startswith(reason)
    assert "next best: series 2" in why
    assert doubts == ()


def test_a_sure_answer_comes_before_a_finer_volume():
    fine = t2(2, 0.6, affine_lps_mm=affine((3.6, 0.3, 0.3)))
    assert winner([t2(1), fine], T2)[:2] == (
        1,
        "answered without doubt; next best: series 2, answered with doubt",
    )


def test_acquired_comes_before_a_higher_b_value():
    assert winner([dwi(1, 800), dwi(2, 2000, calculated=True)], HIGH)[0] == 1


@pytest.mark.parametrize(
    ("wanted", "number"), [("highest", 3), ("lowest", 1), (900.0, 2), (1300, 3)]
)
def test_which_b_value_is_wanted(wanted, number):
    volumes = [dwi(1, 500), dwi(2, 800), dwi(3, 1400)]
    assert winner(volumes, Role("dwi", ("DWI_HIGH",), b_value=wanted))[0] == number


def test_the_mean_over_directions_comes_before_one_direction():
    one = dwi(1, 1000, diffusion_directionality="DIRECTIONAL")
    assert winner([one, dwi(2, 1000, diffusion_directionality="ISOTROPIC")], HIGH)[0] == 2


def test_a_map_that_the_images_explain_comes_first():
    explained = PhysicsEvidence("adc_from_dwi", ("f" * 16,), 0.99, 1e-6)
    maps = [prediction(volume(n, "map"), "ADC", 0.97) for n in (1, 2)]
    assert winner([replace(maps[0], physics=explained), maps[1]], ADC)[0] == 1


def test_labels_in_the_order_that_they_are_wanted():
    volumes = [prediction(volume(1, "fs"), "T2W_FS", 0.97), t2(2)]
    assert winner(volumes, Role("t2", ("T2W_FS", "T2W")))[0] == 1
    assert winner(volumes, Role("t2", ("T2W", "T2W_FS")))[0] == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"localizer": True}, "a localizer"),
        ({"plane": "sagittal"}, "sagittal, not axial"),
        ({"image_component": "phase"}, "phase image"),
    ],
)
def test_what_can_never_fill_the_role(fields, reason):
    alone = choose_roles([t2(1, **fields)], [T2])
    assert alone.missing_roles == ("t2w_axial",)
    assert alone.missing_reasons == {"t2w_axial": f"series 1 is T2W, but {reason}"}
    chosen = choose_roles([t2(1, **fields), t2(2)], [T2]).roles["t2w_axial"]
    assert chosen.runners_up == ((t2(1).volume.volume_id, reason),)
    assert chosen.reason == "the only T2W that can be used"


def test_an_optional_role_is_not_missed():
    found = choose_roles([dwi(1, 800)], [HIGH, LOW])
    assert (found.missing_roles, list(found.missing_reasons)) == ((), ["dwi_low"])


def test_the_nearest_miss_is_named():
    unsure = prediction(volume(7, "?"), "UNKNOWN", 0.4)
    unsure = replace(unsure, probabilities={"ADC": 0.45, "T2W": 0.15, "UNKNOWN": 0.4})
    reason = choose_roles([unsure], [ADC]).missing_reasons["adc"]
    assert reason == "no volume is ADC; series 7 comes nearest (0.45)"


def test_roles_are_chosen_together():
    """Two sets, far apart: nothing is taken from the smaller set, however fine."""
    up = affine(origin=(-96, -96, 400))
    finest = affine((3.6, 0.3, 0.3), origin=(-96, -96, 400))
    volumes = [
        t2(1, affine_lps_mm=finest),
        dwi(2, 2000, affine_lps_mm=up),
        t2(3),
        dwi(4, 800),
        prediction(volume(5, "map"), "ADC", 0.97),
    ]
    found = choose_roles(volumes, [T2, HIGH, ADC])
    number = {one.volume.volume_id: one.volume.series_number for one in volumes}
    assert [number[choice.volume_id] for choice in found.roles.values()] == [3, 4, 5]
    assert found.roles["t2w_axial"].runners_up[0][1] == "shares no space with the other roles"


def test_another_frame_of_reference_is_a_last_resort_with_a_doubt():
    elsewhere = dwi(2, 2000, frame_of_reference_uid="9.9")
    volumes = [t2(1), elsewhere, prediction(volume(3, "map"), "ADC", 0.97)]
    number, _, doubts = winner(volumes, T2, ADC, HIGH)
    assert number == 2
    assert "register it" in doubts[-1]
    assert winner([*volumes, dwi(4, 800)], T2, ADC, HIGH)[0] == 4


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        ({"complete": False}, "incomplete"),
        ({"order_assumed": True}, "told from copies by InstanceNumber alone"),
        ({"shape": (4, 384, 384)}, "14 mm along its shortest edge may not cover the organ"),
        ({"calculated": True}, "calculated; no acquired one was found"),
    ],
)
def test_what_speaks_against_the_winner_is_told(fields, doubt):
    assert winner([t2(1, **fields)], T2)[2] == (doubt,)


def test_an_unsure_answer_is_a_doubt():
    assert winner([t2(1, 0.6)], T2)[2] == ("T2W with probability 0.60 only",)
    conflict = replace(t2(1), conflict=True)
    assert winner([conflict], T2)[2] == ("its evidence is in conflict",)


def test_ties_go_to_the_sharper_scan():
    sharp = {1: 1.5, 2: 1.0, 3: 1.1}
    volumes = [t2(1), t2(2), t2(3)]
    number, why, doubts = winner(volumes, T2, sharpness=lambda info: sharp[info.series_number])
    assert (number, why, doubts) == (1, "the sharpest of equal scans", ())


@pytest.mark.parametrize("sharp", [None, lambda _: None, lambda _: 1.0])
def test_ties_that_nothing_breaks_go_to_the_last_series(sharp):
    number, why, doubts = winner([t2(2), t2(1)], T2, sharpness=sharp)
    assert (number, why) == (2, "the last of equal scans")
    assert "are equal in everything looked at" in doubts[0]


def test_time_points_of_one_series_go_to_the_first():
    phases = [t2(4, temporal_position=time) for time in range(9)]
    chosen = choose_roles(phases, [T2]).roles["t2w_axial"]
    assert chosen.volume_id == phases[0].volume.volume_id
    assert chosen.doubts == ("9 volumes of one series are equal in everything looked at",)


def test_files_without_a_frame_of_reference_are_doubted_where_there_is_a_choice():
    plain = {"frame_of_reference_uid": None}
    assert winner([t2(1, **plain)], T2)[2] == ()
    finer = t2(2, affine_lps_mm=affine((3.6, 0.4, 0.4)), **plain)
    assert "no frame of reference" in winner([t2(1, **plain), finer], T2)[2][0]


def test_pixels_alone_do_not_know_b_values_or_what_was_calculated():
    volumes = [dwi(1, 800), dwi(2, 2000, calculated=True)]
    chosen = choose_roles(volumes, [HIGH], use_header=False).roles["dwi_high"]
    assert chosen.volume_id == volumes[1].volume.volume_id  # the last of equal scans
    assert "its b-value is not known" in chosen.doubts


def test_a_wrong_b_value_of_the_header_is_not_followed():
    shown = PhysicsEvidence(
        "adc_from_dwi", (), 0.99, 1e-6, b_s_per_mm2=1500.0, conflict="the header says b 50"
    )
    mistaken = replace(dwi(1, 50), physics=shown)
    number, why, _ = winner([mistaken, dwi(2, 800)], HIGH)
    assert (number, why) == (1, "b 1500, the highest; next best: series 2 b 800")


def test_every_profile_asks_for_labels_that_it_can_answer():
    for profile in PROFILES.values():
        replaced = {label for label, _ in profile.same_as}
        for role in profile.roles:
            assert set(role.labels) <= set(profile.known) - replaced


def test_nothing_at_all():
    found = choose_roles([], [T2, LOW])
    assert (found.roles, found.missing_roles) == ({}, ("t2w_axial",))


def test_every_criterion_has_words():
    candidate = next(iter(_candidates()))
    for criterion in CRITERIA:
        assert criterion.praise(candidate)
        assert criterion.blame(candidate)


def _candidates():
    from mrsift.infer.role_rank import Candidate

    yield Candidate(HIGH, dwi(1, 800), 0.0, 800.0)


def test_ghosts_and_blur_lower_the_sharpness():
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.uniform(0, 400, (9, 8, 8)), np.ones((1, 12, 12)))
    sharp = (blocks + rng.normal(0, 2, blocks.shape)).astype(np.float32)
    ghost = 0.8 * sharp + 0.2 * np.roll(sharp, 31, axis=1)
    blurred = sum(np.roll(sharp, step, axis=2) for step in range(-2, 3)) / 5
    assert sharpness(sharp) > 1.03 * sharpness(ghost)
    assert sharpness(sharp) > 1.03 * sharpness(blurred)
    assert sharpness(3 * sharp) == pytest.approx(sharpness(sharp), rel=1e-4)


@pytest.mark.parametrize("shape", [(3, 2, 50), (3, 50, 2), (1, 8, 8)])
def test_what_has_no_edges_has_no_sharpness(shape):
    assert sharpness(np.ones(shape, np.float32)) is None
