"""Who trains and who is tested: each patient once, and never both."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from mrsift.classify.folds import cohort_warnings, make_parts
from mrsift.config import StudyTrainingSettings
from mrsift.dataset.table import DatasetRow
from mrsift.errors import ConfigError
from tests.dataset_rows import row

STUDY = StudyTrainingSettings(folds=4, repeats=2, inner_share=0.25)


def patients(count: int, **values: Any) -> tuple[list[DatasetRow], dict[str, str]]:
    """Four sequences a patient; every second one has label 1."""
    labels = {f"{n:05d}": str(n % 2) for n in range(count)}
    rows = [
        row(4 * n + place, name, label, **values)
        for n, (name, label) in enumerate(labels.items())
        for place in range(4)
    ]
    return rows, labels


def test_every_patient_is_tested_once_in_every_repeat() -> None:
    rows, labels = patients(24)
    parts = make_parts(rows, labels, STUDY, 7)
    each = [(repeat, fold) for repeat in (0, 1) for fold in range(4)]
    assert [(part.repeat, part.fold) for part in parts] == each
    tested = Counter(name for part in parts for name in part.patients("test"))
    assert tested == dict.fromkeys(labels, 2)
    for part in parts:
        assert set(part.sides) == set(labels)
        for side in ("train", "validation", "test"):
            assert {labels[name] for name in part.patients(side)} == {"0", "1"}


def test_repeats_differ_and_a_seed_is_kept() -> None:
    rows, labels = patients(24)
    one, again = (make_parts(rows, labels, STUDY, 7) for _ in range(2))
    assert [part.sides for part in one] == [part.sides for part in again]
    assert one[0].patients("test") != one[4].patients("test")
    assert one[0].sides != make_parts(rows, labels, STUDY, 8)[0].sides


def test_a_hold_out_is_about_as_large_as_it_is_said() -> None:
    rows, labels = patients(200)
    study = StudyTrainingSettings(folds=0, test_share=0.05, inner_share=0.05)
    (part,) = make_parts(rows, labels, study, 7)
    sizes = {side: len(part.patients(side)) for side in ("train", "validation", "test")}
    assert sum(sizes.values()) == 200
    assert 9 <= sizes["test"] <= 11
    assert 8 <= sizes["validation"] <= 11


def test_one_label_teaches_nothing() -> None:
    rows, labels = patients(12)
    with pytest.raises(ConfigError, match=r"1 \(12\); two labels are needed"):
        make_parts(rows, dict.fromkeys(labels, "1"), STUDY, 7)


def test_fewer_patients_of_a_label_than_folds() -> None:
    rows, labels = patients(7)
    with pytest.raises(ConfigError, match=r"1 has too few for 4 folds.*study\.folds"):
        make_parts(rows, labels, STUDY, 7)


def test_a_cohort_of_eight_is_possible_and_warned_of() -> None:
    rows, labels = patients(8)
    assert len(make_parts(rows, labels, STUDY, 7)) == 8
    (said,) = cohort_warnings(rows, labels, STUDY)
    assert "8 labelled patients: too few" in said


def test_a_small_hold_out_supports_no_claim() -> None:
    rows, labels = patients(200)
    study = StudyTrainingSettings(folds=0)
    (said,) = cohort_warnings(rows, labels, study)
    assert "about 10 patients for the test" in said


def test_the_split_of_the_data_is_taken_or_its_neglect_is_said() -> None:
    rows, labels = patients(12)
    names = list(labels)
    folded = [replace(one, fold=names.index(one.patient) // 2 % 3) for one in rows]
    study = replace(STUDY, sides="data", repeats=1)
    parts = make_parts(folded, labels, study, 7)
    assert [part.fold for part in parts] == [0, 1, 2]
    for part in parts:
        tested = {one.patient for one in folded if one.fold == part.fold}
        assert set(part.patients("test")) == tested
    assert "sides=data" in cohort_warnings(folded, labels, STUDY)[1]


def test_data_without_a_split_cannot_give_one() -> None:
    rows, labels = patients(12)
    with pytest.raises(ConfigError, match="the data are not split"):
        make_parts(rows, labels, replace(STUDY, sides="data", repeats=1), 7)


def test_a_side_of_the_data_that_is_empty() -> None:
    rows, labels = patients(12)
    rows = [replace(one, split="train") for one in rows]
    with pytest.raises(ConfigError, match="no patient on the side validation"):
        make_parts(rows, labels, replace(STUDY, sides="data", folds=0, repeats=1), 7)


def test_the_same_pixels_under_two_names_are_refused() -> None:
    rows, labels = patients(12)
    rows[5] = replace(rows[5], pixel_sha256=rows[0].pixel_sha256)
    with pytest.raises(ConfigError, match="the same pixels stand under two patients"):
        make_parts(rows, labels, STUDY, 7)
