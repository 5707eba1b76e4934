"""Volumes from a seed: the same again, balanced, finite, and what they claim to be."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage

from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.simulate import SimulatedVolume, draw, draw_subject, geometry
from mrsift.simulate.anatomy import Subject
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import UNKNOWN_FAMILIES
from mrsift.simulate.protocol_draw import draw_protocol
from mrsift.simulate.tissue import codes, table
from tests.shared_data import require_shared_data


@pytest.fixture(scope="module")
def pair() -> list[SimulatedVolume]:
    return [volume for index in (0, 1) for volume in draw_subject(21, index)]


def test_the_seed_decides_everything() -> None:
    first, second, other = draw(5, 2), draw(5, 2), draw(6, 2)
    assert (first.voxels == second.voxels).all()
    assert first.record == second.record
    assert first.voxels.shape != other.voxels.shape or not (first.voxels == other.voxels).all()


def test_nine_neighbours_hold_every_label_once() -> None:
    volumes = [draw(3, index) for index in range(9, 18)]
    assert [volume.label for volume in volumes] == list(LABEL_NAMES)
    assert {volume.region for volume in volumes} == {"pelvis", "head"}


def test_a_pelvis_and_a_head_hold_what_exams_hold(pair: list[SimulatedVolume]) -> None:
    more = {"DWI_LOW": 5, "DWI_HIGH": 5, "T2W_FS": 3, UNKNOWN: 11}
    assert Counter(volume.label for volume in pair) == dict.fromkeys(LABEL_NAMES, 4) | more
    assert [volume.region for volume in pair] == ["pelvis"] * 21 + ["head"] * 23


def test_volumes_are_fit_for_a_network(pair: list[SimulatedVolume]) -> None:
    for volume in pair:
        assert volume.voxels.dtype == np.float32
        assert np.isfinite(volume.voxels).all()
        assert volume.voxels.std() > 0
        assert abs(np.linalg.det(volume.affine_lps_mm)) > 0.1


def test_records_are_plain_values_that_name_the_protocol(pair: list[SimulatedVolume]) -> None:
    for volume in pair:
        again = json.loads(json.dumps(volume.record))
        assert again["protocol"]["label"] == volume.label
        assert again["family"]


def test_drawn_b_values_lie_on_their_side_of_500() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert draw_protocol(rng, "DWI_LOW", "pelvis", 3.0).b < 500
        assert draw_protocol(rng, "DWI_HIGH", "pelvis", 3.0).b >= 500


def test_every_unknown_family_is_drawn() -> None:
    rng = np.random.default_rng(1)
    families = {draw_protocol(rng, "UNKNOWN", "head", 1.5).family for _ in range(600)}
    assert families == set(UNKNOWN_FAMILIES)


def test_a_pelvis_is_made_of_its_parts() -> None:
    subject = next(
        s
        for i in range(20)
        if not (s := Subject((i,), "pelvis")).scene.female  # type: ignore[union-attr]
    )
    maps = subject.render(Grid("axial", (0, 0, 10), (14, 90, 110), (7, 3.5, 3.5), 5.0), 1)
    share = {name: float((maps.tissue == code).mean()) for name, code in codes().items()}
    assert share["muscle"] > 0.08
    assert share["fat"] + share["visceral_fat"] > 0.12
    for name in ("peripheral_zone", "transition_zone", "urine", "marrow", "cortical_bone"):
        assert share[name] > 0.0005, name


def test_fat_parts_the_muscles_of_a_pelvis() -> None:
    shares = []
    for number in range(12):
        maps = Subject((77, number), "pelvis").render(
            Grid("axial", (0, 0, 0), (1, 180, 220), (4, 2, 2), 4.0)
        )
        muscle = maps.average(maps.of(("muscle",)).astype(np.float32))[0] > 0.5
        pieces, _ = scipy.ndimage.label(scipy.ndimage.binary_opening(muscle))
        sizes = np.bincount(pieces.ravel())[1:]
        shares.append(sizes.max() / sizes.sum())
    assert np.median(shares) < 0.4  # of all muscle; one half of the body is not one muscle


def test_bone_follows_bone_down_the_back_of_a_pelvis() -> None:
    counts = []
    for index in range(0, 12, 2):
        subject = Subject((31, index, 1), "pelvis", None)
        middle = Grid("sagittal", (0.0, 60.0, 50.0), (1, 160, 100), (3.0, 1.0, 1.0), 3.0)
        maps = subject.render(middle)
        marrow = maps.average(maps.of(("marrow",)).astype(np.float32))[0] > 0.5
        bodies, count = scipy.ndimage.label(marrow)
        sizes = scipy.ndimage.sum_labels(marrow, bodies, range(1, count + 1))
        places = scipy.ndimage.center_of_mass(marrow, bodies, range(1, count + 1))
        tall = [place for place, size in zip(places, sizes, strict=True) if size > 60]
        counts.append(len(tall))
        rows = sorted(row for row, _ in tall)
        assert rows[-1] - rows[0] > 50
    fewest, *others = sorted(counts)  # bodies, one under the other, with dark lines between them
    assert fewest >= 3
    assert min(others) >= 4


def test_whole_heads_reach_from_the_neck_to_the_air_above() -> None:
    rng = np.random.default_rng(5)
    for index in range(1, 13, 2):
        grid = geometry.whole_head(rng)
        assert 160 < grid.spacing_mm[0] * grid.shape[0] < 265
        assert grid.thickness_mm < grid.spacing_mm[0]  # what a network picks lies apart
        maps = Subject((31, index, 1), "head", None).render(grid)
        filled = maps.average((maps.tissue > 0).astype(np.float32)).mean(axis=(1, 2))
        assert filled[0] > 0.1
        assert filled[-1] < 0.1


def test_a_procedural_head_has_a_brain_of_human_size() -> None:
    maps = Subject((4,), "head").render(Grid("axial", (0, 0, 0), (60, 90, 80), (3, 3, 3), 3.0), 1)
    litres = {
        n: float((maps.tissue == codes()[n]).sum()) * 27e-6
        for n in ("white_matter", "grey_matter", "csf")
    }
    assert 0.7 < litres["white_matter"] + litres["grey_matter"] < 1.9
    assert 0.08 < litres["csf"] < 0.8
    assert 0.5 < litres["grey_matter"] / litres["white_matter"] < 2.5


def test_label_maps_become_heads() -> None:
    folder = require_shared_data() / "labelmaps"
    subject = next(
        s for i in range(20) if (s := Subject((i,), "head", folder)).map_name is not None
    )
    maps = subject.render(Grid("axial", (0, 0, 0), (30, 60, 50), (5, 4, 4), 5.0), 1)
    brain = float(maps.brain().sum()) * 80e-6
    assert 0.9 < brain < 2.2


def test_the_documented_tissue_table_is_the_one_in_use() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "simulation.md"
    documented = {
        cells[0]: cells[1:]
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and len(cells := [c.strip() for c in line.split("|")[1:-1]]) == 7
    }
    for tissue in table():
        if tissue.pd[1] > 0.02:
            row = documented[tissue.name.replace("_", " ")]
            ranges = (tissue.pd, tissue.t1_ms, tissue.t2_ms, tissue.adc)
            assert row[:4] == [f"{low:g}-{high:g}" for low, high in ranges], tissue.name


@pytest.mark.parametrize("mapped", [False, True], ids=["procedural", "label map"])
def test_heads_have_deep_veins_behind_the_thalami(mapped: bool) -> None:
    maps = require_shared_data() / "labelmaps" if mapped else None
    seeds = (seed for seed in range(20))
    head = next(
        one
        for one in (Subject((seed, 4), "head", maps) for seed in seeds)
        if (one.map_name is not None) == mapped
    )
    grid = Grid("axial", (0.0, 55.0, 4.0), (5, 48, 32), (4.0, 1.5, 1.5), 3.0)
    assert head.render(grid).of(("venous_sinus",)).any(axis=(1, 2)).sum() >= 3
