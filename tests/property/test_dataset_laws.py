"""Laws of data sets: a split depends on who is there, not on the order in which they stand."""

import tempfile
from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mrsift.dataset.leaks import patients_on_two_sides
from mrsift.dataset.split import SplitPlan, split_dataset
from mrsift.dataset.stratify import stratify
from mrsift.dataset.table import Dataset, DatasetRow, read_dataset, write_dataset
from mrsift.dataset.thumbprint import thumbprint
from mrsift.dataset.voxels import pixel_sha256
from tests.dataset_rows import row

plans = st.builds(
    SplitPlan,
    ratios=st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(0, 3)),
    seed=st.integers(0, 99),
    folds=st.none() | st.integers(3, 4),
)


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[DatasetRow, ...]:
    """Four to twenty patients of up to three sites, each with a few volumes."""
    rows = []
    for patient in range(draw(st.integers(4, 20))):
        site = draw(st.sampled_from(["north", "south", "west"]))
        for label in draw(st.lists(st.sampled_from(["A", "B", "C", None]), min_size=1, max_size=5)):
            rows.append(row(len(rows), f"p{patient}", label, site=site))
    return tuple(rows)


def sides(dataset: Dataset) -> dict[str, tuple[str | None, int | None]]:
    return {one.volume_id: (one.split, one.fold) for one in dataset.rows}


@given(rows=cohorts(), plan=plans, order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_split_does_not_depend_on_the_order_of_rows(
    rows: tuple[DatasetRow, ...], plan: SplitPlan, order: "np.random.Generator"
) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)
    one = split_dataset(Dataset(rows), plan)
    other = split_dataset(Dataset(tuple(shuffled)), plan)
    assert sides(one) == sides(other)


@given(rows=cohorts(), plan=plans)
@settings(max_examples=60, deadline=None)
def test_every_patient_is_on_one_side_and_every_side_has_one(
    rows: tuple[DatasetRow, ...], plan: SplitPlan
) -> None:
    done = split_dataset(Dataset(rows), plan).rows
    assert patients_on_two_sides(done) == ()
    assert [one.volume_id for one in done] == [one.volume_id for one in rows]
    wanted = {
        side
        for side, ratio in zip(("train", "validation", "test"), plan.ratios, strict=True)
        if ratio > 0
    }
    if plan.folds is not None:
        assert {one.fold for one in done} == set(range(plan.folds))
        wanted.add("test")
    assert {one.split for one in done} == wanted


@given(
    counts=st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=6, max_size=40),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_what_three_groups_have_is_in_all_three_parts(counts: list[list[int]], seed: int) -> None:
    table = np.array(counts, float)
    assume((table.sum(axis=0) > 0).all())
    parts = stratify(table, np.array([0.8, 0.1, 0.1]), np.ones(3, bool), seed)
    having = table > 0
    for column in range(3):
        holders = set(parts[having[:, column]])
        # One part may lack a column only where too few groups have it to reach all parts.
        assert len(holders) == 3 or having[:, column].sum() < 9, Counter(parts)


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(
    named=st.tuples(words, st.none() | words),
    files=st.lists(words, min_size=1, max_size=3),
    frames=st.none() | st.lists(st.integers(0, 9), min_size=1, max_size=3),
    field=st.none() | st.floats(0.1, 12),
    affine=st.lists(st.floats(-1e6, 1e6), min_size=16, max_size=16),
    extra=st.dictionaries(words, words, max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_a_row_comes_back_as_it_was(
    named: tuple[str, str | None],
    files: list[str],
    frames: list[int] | None,
    field: float | None,
    affine: list[float],
    extra: dict[str, str],
) -> None:
    made = row(
        1,
        *named,
        files=tuple(files),
        frames=None if frames is None else tuple(frames),
        field_strength_t=field,
        affine_lps_mm=np.array(affine).reshape(4, 4),
        extra=extra,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.parquet"
        write_dataset(Dataset((made, row(2, "other")), {"a": "b"}), path)
        read = read_dataset(path)
    assert read.facts == {"a": "b"}
    for one in fields(DatasetRow):
        before, after = getattr(made, one.name), getattr(read.rows[0], one.name)
        np.testing.assert_equal(after, before)


@given(seed=st.integers(0, 999), scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
@settings(max_examples=30, deadline=None)
def test_a_picture_keeps_its_thumbprint_when_it_is_stored_in_another_way(
    seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    voxels = rng.normal(100, 30, (6, 16, 20)).astype(np.float32)
    affine = np.diag([4.0, 1.0, 1.0, 1.0])
    turned = affine.copy()
    turned[:3, 2] *= -1  # columns stored from the other end
    other = (voxels * np.float32(scale) + np.float32(shift)).astype(np.float32)[:, :, ::-1]
    one, two = thumbprint(voxels, affine), thumbprint(other, turned)
    assert one is not None
    assert two is not None
    differing = bin(int(one, 16) ^ int(two, 16)).count("1")
    assert differing <= 10
    assert pixel_sha256(voxels) != pixel_sha256(other)
