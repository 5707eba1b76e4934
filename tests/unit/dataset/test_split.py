"""Every patient on one side, each side with its share."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mrsift.dataset.leaks import patients_on_two_sides
from mrsift.dataset.split import SplitPlan, on_no_side, split_dataset, too_small
from mrsift.dataset.table import SPLITS, Dataset
from mrsift.errors import ConfigError
from tests.dataset_rows import cohort, row


def multi_site(patients: int, seed: int = 1) -> Dataset:
    """Patients of three sites of unequal size, with several volumes and a rare class."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(patients):
        site = str(rng.choice(["north", "south", "west"], p=[0.6, 0.3, 0.1]))
        for label, mean in (("T2W", 2.0), ("ADC", 1.0), ("DWI", 1.0), ("RARE", 0.1)):
            for _ in range(rng.poisson(mean)):
                rows.append(row(len(rows), f"p{number}", label, site=site))
    return Dataset(tuple(rows))


def share(dataset: Dataset, column: str, value: str, side: str) -> float:
    own = [one for one in dataset.rows if getattr(one, column) == value]
    return sum(one.split == side for one in own) / len(own)


@pytest.mark.parametrize("seed", [0, 7])
def test_each_class_and_site_has_its_share_on_each_side(seed: int) -> None:
    done = split_dataset(multi_site(300), SplitPlan(seed=seed))
    assert patients_on_two_sides(done.rows) == ()
    for side, wanted in zip(SPLITS, (0.8, 0.1, 0.1), strict=True):
        for label in ("T2W", "ADC", "DWI"):
            assert share(done, "label", label, side) == pytest.approx(wanted, abs=0.015)
        for site in ("north", "south", "west"):
            assert share(done, "site", site, side) == pytest.approx(wanted, abs=0.04)
        assert share(done, "label", "RARE", side) == pytest.approx(wanted, abs=0.05)


def test_patients_themselves_are_shared_out_as_well() -> None:
    done = split_dataset(multi_site(300), SplitPlan(seed=3))
    patients = {one.patient: one.split for one in done.rows}
    sizes = Counter(patients.values())
    assert sizes["train"] / len(patients) == pytest.approx(0.8, abs=0.03)
    assert sizes["test"] / len(patients) == pytest.approx(0.1, abs=0.03)


def test_another_seed_is_another_split() -> None:
    one, two = (split_dataset(multi_site(60), SplitPlan(seed=seed)) for seed in (1, 2))
    assert [row.split for row in one.rows] != [row.split for row in two.rows]


def test_three_patients_of_a_class_are_on_three_sides() -> None:
    counts = {f"p{i}": {"T2W": 3, **({"RARE": 1} if i < 3 else {})} for i in range(40)}
    done = split_dataset(cohort(counts), SplitPlan(seed=5))
    rare = {one.split for one in done.rows if one.label == "RARE"}
    assert rare == set(SPLITS)
    assert too_small(done) == []


def test_a_class_of_two_patients_is_said_to_be_too_small() -> None:
    counts = {f"p{i}": {"T2W": 3, **({"RARE": 1} if i < 2 else {})} for i in range(40)}
    (finding,) = too_small(split_dataset(cohort(counts), SplitPlan(seed=5)))
    assert finding.kind == "class_not_everywhere"
    assert finding.names[0].startswith("RARE (2 patients; none in ")


def test_no_test_side_where_its_ratio_is_nought() -> None:
    done = split_dataset(multi_site(20), SplitPlan(ratios=(3, 1, 0)))
    assert {one.split for one in done.rows} == {"train", "validation"}


@pytest.mark.parametrize("patients", [1, 2])
def test_too_few_patients_are_refused(patients: int) -> None:
    counts = {f"p{i}": {"T2W": 5} for i in range(patients)}
    with pytest.raises(ConfigError, match=r"cannot be shared out to 3 sides"):
        split_dataset(cohort(counts), SplitPlan())


def test_three_patients_are_one_on_each_side() -> None:
    done = split_dataset(cohort({f"p{i}": {"T2W": i + 1} for i in range(3)}), SplitPlan())
    assert len({one.split for one in done.rows}) == 3


def test_the_same_pixels_under_two_patients_are_refused_with_the_names() -> None:
    rows = [row(i, f"p{i}") for i in range(10)]
    rows[4] = replace(rows[4], pixel_sha256=rows[2].pixel_sha256)
    with pytest.raises(ConfigError, match=r"p2 \(p2/2\.nii\) = p4 \(p4/4\.nii\)"):
        split_dataset(Dataset(tuple(rows)), SplitPlan())


def test_the_same_pixels_twice_in_one_patient_are_no_leak() -> None:
    rows = [row(i, f"p{i // 2}", pixel_sha256=f"{i // 2:064x}") for i in range(12)]
    done = split_dataset(Dataset(tuple(rows)), SplitPlan())
    assert patients_on_two_sides(done.rows) == ()


def test_folds_share_patients_out_and_one_is_the_test() -> None:
    dataset = multi_site(100)
    plans = [SplitPlan(seed=2, folds=5, test_fold=fold) for fold in range(5)]
    done = [split_dataset(dataset, plan) for plan in plans]
    folds = {tuple(one.fold for one in each.rows) for each in done}
    assert len(folds) == 1  # the same folds, whichever is the test
    for fold, each in enumerate(done):
        assert patients_on_two_sides(each.rows) == ()
        assert {one.fold for one in each.rows if one.split == "test"} == {fold}
        assert {"train", "validation"} <= {str(one.split) for one in each.rows}
    sizes = Counter(one.fold for one in done[0].rows)
    assert max(sizes.values()) - min(sizes.values()) < 0.1 * len(dataset.rows) / 5


def test_one_site_is_left_out() -> None:
    done = split_dataset(multi_site(60), SplitPlan(leave_out="site", test_fold=1))
    assert {one.site for one in done.rows if one.split == "test"} == {"south"}
    assert all((one.fold == 1) == (one.site == "south") for one in done.rows)
    assert "north, south, west" in done.facts["split"]


def test_a_patient_of_two_sites_is_on_no_side_and_named() -> None:
    rows = [row(i, f"p{i}", site="north" if i % 2 else "south") for i in range(8)]
    rows.append(row(9, "p1", site="south"))
    done = split_dataset(Dataset(tuple(rows)), SplitPlan(leave_out="site"))
    nowhere = {one.patient for one in done.rows if one.split is None and one.fold is None}
    assert nowhere == {"p1"}
    assert on_no_side(done)[0].names == ("p1",)
    assert {one.site for one in done.rows if one.split == "test"} == {"north"}


def test_a_site_whose_patients_all_went_elsewhere_cannot_be_left_out() -> None:
    rows = [row(1, "p1", site="north"), row(2, "p1", site="south"), row(3, "p2", site="south")]
    with pytest.raises(ConfigError, match="a site has no patient who is there alone"):
        split_dataset(Dataset(tuple(rows)), SplitPlan(leave_out="site"))


def test_the_only_site_cannot_be_left_out() -> None:
    with pytest.raises(ConfigError, match=r"only one vendor \(unknown\)"):
        split_dataset(multi_site(10), SplitPlan(leave_out="vendor"))


def test_a_fold_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="no fold 5; folds are 0 to 4"):
        split_dataset(multi_site(20), SplitPlan(folds=5, test_fold=5))


def test_splitting_again_forgets_the_old_folds() -> None:
    first = split_dataset(multi_site(20), SplitPlan(folds=5))
    assert {one.fold for one in split_dataset(first, SplitPlan()).rows} == {None}


def test_unlabelled_rows_stay_with_their_patient() -> None:
    rows = [row(i, f"p{i // 2}", None if i % 2 else "T2W") for i in range(40)]
    done = split_dataset(Dataset(tuple(rows)), SplitPlan())
    assert patients_on_two_sides(done.rows) == ()
    assert None not in {one.split for one in done.rows}
