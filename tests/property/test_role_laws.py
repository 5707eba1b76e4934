"""Laws of choosing volumes and of weighing physics."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.config import IdentifySettings
from mrsift.infer.consistency import Weighted, explanations
from mrsift.infer.fuse import add_physics, fuse
from mrsift.infer.roles import choose_roles
from mrsift.labels import LABEL_NAMES, PROFILES, UNKNOWN
from mrsift.types import Opinion, PhysicsEvidence, Prediction
from tests.report_values import b, prediction, volume

labels = st.sampled_from(["T2W", "T2W_FS", "DWI_HIGH", "DWI_LOW", "ADC", "UNKNOWN"])


@st.composite
def predictions(draw: st.DrawFn) -> list[Prediction]:
    found = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        label = draw(labels)
        affine = np.diag([draw(st.sampled_from([3.0, 4.0])), 0.5, 0.5, 1.0])
        affine[:3, 3] = draw(st.sampled_from([0.0, 30.0, 900.0]))
        weight = draw(st.sampled_from([50.0, 800.0, 1400.0]))
        info = volume(
            number,
            "series",
            affine_lps_mm=affine,
            shape=(draw(st.sampled_from([4, 24])), 96, 96),
            b_value=b(weight) if label.startswith("DWI") else None,
            plane=draw(st.sampled_from(["axial", "axial", "sagittal"])),
            calculated=draw(st.booleans()),
            complete=draw(st.booleans()),
            localizer=draw(st.booleans()),
            frame_of_reference_uid=draw(st.sampled_from(["1.2.9", "1.2.9", "1.2.8"])),
        )
        found.append(prediction(info, label, draw(st.sampled_from([0.6, 0.97]))))
    return found


@settings(deadline=None, max_examples=60)
@given(predictions(), st.randoms(use_true_random=False))
def test_the_order_of_volumes_changes_no_choice(found, random):
    roles = PROFILES["prostate"].roles
    first = choose_roles(found, roles)
    shuffled = list(found)
    random.shuffle(shuffled)
    second = choose_roles(shuffled, roles)
    chosen = [{role: one.volume_id for role, one in each.roles.items()} for each in (first, second)]
    assert chosen[0] == chosen[1]
    assert first.missing_roles == second.missing_roles


def test_of_equal_maps_in_two_frames_of_reference_the_last_is_taken():
    first, last = (
        prediction(volume(number, "series", frame_of_reference_uid=frame), "ADC", 0.6)
        for number, frame in ((1, "1.2.9"), (2, "1.2.8"))
    )
    for order in ((first, last), (last, first)):
        chosen = choose_roles(order, PROFILES["prostate"].roles)
        assert chosen.roles["adc"].volume_id == last.volume.volume_id


@settings(deadline=None, max_examples=60)
@given(predictions())
def test_every_role_is_filled_or_explained_and_every_volume_told(found):
    roles = PROFILES["prostate"].roles
    chosen = choose_roles(found, roles)
    by_id = {one.volume.volume_id: one for one in found}
    for role in roles:
        assert (role.name in chosen.roles) != (role.name in chosen.missing_reasons)
        choice = chosen.roles.get(role.name)
        if choice is None:
            continue
        winner = by_id[choice.volume_id]
        assert winner.label in role.labels
        assert role.plane in (None, winner.volume.plane)
        assert not winner.localizer
        told = {choice.volume_id, *(volume_id for volume_id, _ in choice.runners_up)}
        assert told == {one.volume.volume_id for one in found if one.label in role.labels}
        assert all(reason for _, reason in choice.runners_up)


@settings(deadline=None, max_examples=60)
@given(predictions())
def test_a_localizer_more_changes_no_choice(found):
    roles = PROFILES["prostate"].roles
    scout = prediction(volume(99, "scout", localizer=True), "T2W", 0.99)
    first, second = choose_roles(found, roles), choose_roles([*found, scout], roles)
    assert {role: one.volume_id for role, one in first.roles.items()} == {
        role: one.volume_id for role, one in second.roles.items()
    }


shares = st.lists(st.floats(0.001, 1.0), min_size=9, max_size=9)
log_odds = st.dictionaries(st.sampled_from(LABEL_NAMES), st.floats(-10, 10), max_size=4)


@given(shares, log_odds, st.booleans())
def test_physics_keeps_the_sum_and_moves_towards_what_it_favours(values, odds, within):
    total = sum(values)
    before = {label: value / total for label, value in zip(LABEL_NAMES, values, strict=True)}
    physics = PhysicsEvidence(
        "enhancement", (), 0.9, 1.0, log_odds=odds, within=tuple(odds) if within else ()
    )
    after = add_physics(before, physics)
    assert sum(after.values()) == pytest.approx(1.0)
    assert list(after) == list(before)
    if within:
        for label in set(LABEL_NAMES) - set(odds):
            assert after[label] == before[label]
    if odds and max(odds.values()) > 0:
        best = max(odds, key=lambda label: odds[label])
        assert after[best] >= before[best] - 1e-12


@given(shares, st.sampled_from(LABEL_NAMES), st.booleans())
def test_no_single_opinion_however_sure_outvotes_what_physics_measured(values, label, of_header):
    values[LABEL_NAMES.index(label)] = 1e5
    total = sum(values)
    sure = Opinion({name: value / total for name, value in zip(LABEL_NAMES, values, strict=True)})
    physics = PhysicsEvidence("adc_from_dwi", (), 0.99, 0.0, log_odds={UNKNOWN: 8.0})
    opinions = (None, sure) if of_header else (sure, None)
    held = IdentifySettings(pixel_reliability=0.95, header_reliability=0.9)
    assert fuse(*opinions, held) == sure.probabilities
    fused = fuse(*opinions, held, physics=physics)
    assert max(fused, key=fused.__getitem__) == UNKNOWN
    assert sum(fused.values()) == pytest.approx(1.0)


def test_no_physics_changes_nothing():
    before = dict.fromkeys(LABEL_NAMES, 1 / 9)
    silent = PhysicsEvidence("enhancement", (), 0.9, 0.0)
    assert add_physics(before, None) == before
    assert add_physics(before, silent) == before


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000),
    st.floats(0, 300),
    st.floats(300, 2000),
    st.sampled_from([1.0, 1e-3, 1e-6]),
    st.floats(0.1, 10),
)
def test_any_two_images_explain_their_map_in_any_unit_and_gain(seed, low, gap, unit, gain):
    rng = np.random.default_rng(seed)
    d = rng.uniform(0.3e-3, 2.8e-3, 1000)
    s0 = rng.uniform(200, 900, d.size)
    images = [
        Weighted((s0 * np.exp(-low * d)).astype(np.float32), low),
        Weighted((gain * s0 * np.exp(-(low + gap) * d)).astype(np.float32), low + gap),
    ]
    best = explanations((d / unit).astype(np.float32), images)[0]
    assert best.r > 0.9999
    assert best.slope == pytest.approx(unit, rel=1e-2)
    turned = explanations((d / unit).astype(np.float32), [replace(one) for one in images[::-1]])
    assert abs(turned[0].r) > 0.9999
