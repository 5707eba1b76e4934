"""Before and after contrast agent, on volumes with a known truth."""

import numpy as np
import pytest

from mrsift.infer.enhancement import compare, enhancement_evidence
from mrsift.infer.sample import Sample, Sampled
from tests.report_values import volume

RNG = np.random.default_rng(3)
SHAPE = (4, 30, 30)
TISSUE = RNG.uniform(80, 240, SHAPE)
LESION = np.zeros(SHAPE, bool)
LESION[1:3, 10:15, 10:15] = True


def scanned(*, agent: float = 0.0, gain: float = 1.0, moved: int = 0) -> np.ndarray:
    image = np.where(LESION, TISSUE * (1 + agent), TISSUE) * gain
    noisy = image + RNG.normal(0, 3, SHAPE)
    return np.roll(noisy, moved, axis=2).astype(np.float32)


def sampled(number: int, voxels: np.ndarray, t1: float = 0.9) -> Sampled:
    places = (slice(None), slice(None), slice(None))
    prior = {"T1W": t1 / 2, "T1W_CE": t1 / 2, "T2W": 1 - t1}
    return Sampled(volume(number, "t1", shape=SHAPE), Sample(voxels, places), prior)


@pytest.mark.parametrize("gain", [0.3, 1.0, 4.0])
def test_agent_is_seen_from_both_sides(gain):
    before, after = scanned().ravel(), scanned(agent=1.0, gain=gain).ravel()
    change = compare(before, after)
    assert change.direction == 1
    assert change.brighter == pytest.approx(LESION.mean(), rel=0.1)
    assert change.gain == pytest.approx(1.0, abs=0.2)
    assert compare(after, before).direction == -1


def test_repeats_are_quiet():
    change = compare(scanned().ravel(), scanned(gain=2.0).ravel())
    assert (change.direction, change.is_quiet) == (0, True)


def test_volumes_of_another_contrast_are_not_compared():
    other = (400 - TISSUE).astype(np.float32)
    assert compare(scanned().ravel(), other.ravel()) is None


def test_a_moved_volume_does_not_enhance():
    change = compare(scanned().ravel(), scanned(moved=2).ravel())
    assert change is None or change.direction == 0


def test_empty_volumes_are_not_compared():
    nothing = np.zeros(SHAPE, np.float32).ravel()
    assert compare(nothing, nothing) is None


def test_order_of_the_series_does_not_matter():
    volumes = {"before": scanned(), "after": scanned(agent=1.0), "late": scanned(agent=0.6)}
    for order in (("before", "after", "late"), ("late", "after", "before")):
        group = [sampled(number, volumes[name]) for number, name in enumerate(order)]
        evidence = enhancement_evidence(group)
        favours = {
            name: evidence[one.info.volume_id].favours
            for name, one in zip(order, group, strict=True)
        }
        assert favours == {"before": ("T1W",), "after": ("T1W_CE",), "late": ("T1W_CE",)}


def test_two_volumes_without_enhancement_favour_nothing():
    group = [sampled(1, scanned()), sampled(2, scanned())]
    evidence = enhancement_evidence(group)
    assert [one.log_odds for one in evidence.values()] == [{}]
    assert "no enhancement against series 1" in next(iter(evidence.values())).found


def test_what_is_hardly_t1_weighted_is_left_alone():
    group = [sampled(1, scanned(), t1=0.1), sampled(2, scanned(agent=1.0), t1=0.9)]
    assert enhancement_evidence(group) == {}


def test_pictures_only_on_request():
    group = [sampled(1, scanned()), sampled(2, scanned(agent=1.0))]
    after = group[1].info.volume_id
    assert enhancement_evidence(group)[after].pictures == ()
    pictures = enhancement_evidence(group, pictures=True)[after].pictures
    assert [name for name, _ in pictures] == ["before", "after", "brighter, white for 3 times"]
    assert all(one.dtype == np.uint8 and one.shape == (30, 30) for _, one in pictures)
    assert (pictures[2][1] > 100).sum() == pytest.approx(25, abs=3)
