"""A varied subject is the same subject, with one thing different."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from mrsift.simulate import draw_subject
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.protocol import UNKNOWN_FAMILIES
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.simulate.stranger import STRANGER_FAMILIES, draw_strangers
from mrsift.simulate.variation import BEYOND, PARTS, SHIFTED, WIDER
from mrsift.simulate.volume import SimulatedVolume

SEED, HEAD = 11, 1


@pytest.fixture(scope="module")
def plain() -> list[SimulatedVolume]:
    return draw_subject(SEED, HEAD)


def same(one: SimulatedVolume, other: SimulatedVolume) -> bool:
    return one.voxels.shape == other.voxels.shape and bool((one.voxels == other.voxels).all())


def test_beyond_the_usual_ranges_it_is_the_same_subject(plain: list[SimulatedVolume]) -> None:
    varied = draw_subject(SEED, HEAD, variation=SHIFTED)
    assert [v.label for v in varied] == [v.label for v in plain]
    assert [v.record["plane"] for v in varied] == [v.record["plane"] for v in plain]
    assert not any(
        same(*pair) for pair in zip(plain, varied, strict=True) if pair[0].label == "T2W"
    )


def test_wider_is_now_and_then_between_the_usual_and_beyond() -> None:
    protocol = draw_protocol(np.random.default_rng(3), "T2W", "pelvis", 3.0)
    changed = set[str]()
    as_usual = 0
    for seed in range(100):
        usual = Acquisition(seed, 20.0, endorectal=1.0, ghost=0.1, distortion_px=-2.0, motion=0.1)
        (_, wider), (_, beyond) = (v.change(protocol, usual) for v in (WIDER, SHIFTED))
        assert WIDER.change(protocol, usual)[1] == wider
        as_usual += wider == usual
        for name, value in asdict(wider).items():
            ends = np.sort([getattr(usual, name), getattr(beyond, name)], axis=0)
            assert (ends[0] <= value).all()
            assert (value <= ends[1]).all()
            changed |= {name} if value != getattr(usual, name) else set()
    assert 20 < as_usual < 60
    assert changed == {
        name for name, value in asdict(usual).items() if value != getattr(beyond, name)
    }


def test_artefacts_beyond_their_ranges_make_up_all_of_them_together() -> None:
    protocol = draw_protocol(np.random.default_rng(3), "T2W", "pelvis", 3.0)
    usual = Acquisition(1, 20.0, endorectal=1.0, distortion_px=2.0)
    together = usual
    for artefact in BEYOND.values():
        alone = artefact.change(protocol, usual)[1]
        assert alone != usual
        _, together = artefact.change(protocol, together)
    assert together == SHIFTED.change(protocol, usual)[1]


def test_without_texture_tissue_is_smoother(plain: list[SimulatedVolume]) -> None:
    def roughness(volume: SimulatedVolume) -> float:
        steps = np.abs(np.diff(volume.voxels, axis=2))
        return float(np.median(steps[steps > 0]) / volume.voxels.std())  # masked air is flat

    smooth = draw_subject(SEED, HEAD, variation=PARTS["texture"])
    pairs = [(a, b) for a, b in zip(plain, smooth, strict=True) if a.label in ("T1W", "T2W")]
    assert pairs
    assert np.mean([roughness(b) / roughness(a) for a, b in pairs]) < 1.0


def test_every_part_changes_something_of_its_own() -> None:
    rng = np.random.default_rng(3)
    protocol = replace(draw_protocol(rng, "T2W_FS", "pelvis", 3.0), fat_failure=0.5)
    acquisition = Acquisition(
        1,
        20.0,
        endorectal=1.0,
        ghost=0.1,
        distortion_px=2.0,
        wrap=0.1,
        motion=0.2,
        sharpen=0.5,
        parallel=0.5,
        mask_background=0.1,
    )
    changed = {name: part.change(protocol, acquisition) for name, part in PARTS.items()}
    by_itself = {name: part for name, part in changed.items() if name not in ("texture", "export")}
    assert all(part != (protocol, acquisition) for part in by_itself.values())
    assert len({repr(part) for part in by_itself.values()}) == len(by_itself)


def test_strangers_are_of_families_that_training_never_sees() -> None:
    assert not set(STRANGER_FAMILIES) & set(UNKNOWN_FAMILIES)
    drawn = draw_strangers(SEED, HEAD)
    assert tuple(v.record["family"] for v in drawn) == STRANGER_FAMILIES
    assert {v.label for v in drawn} == {"UNKNOWN"}
    for volume in drawn:
        assert np.isfinite(volume.voxels).all()
        assert volume.voxels.std() > 0
    assert all(same(*pair) for pair in zip(drawn, draw_strangers(SEED, HEAD), strict=True))
