"""Rows -> classes and sides; data that nothing can be learnt from are refused."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.config import LabelSettings
from mrsift.dataset.table import Dataset, DatasetRow
from mrsift.errors import ConfigError
from mrsift.train.classes import NO_CLASS, check_trainable, classify
from tests.toy_data import toy_rows

SETTINGS = LabelSettings(names=("T2W", "ADC"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[DatasetRow, ...]:
    return toy_rows(tmp_path_factory.mktemp("data"), patients=10)


def test_every_row_has_its_class_and_side(rows: tuple[DatasetRow, ...]) -> None:
    data = classify(Dataset(rows), SETTINGS)
    check_trainable(data)
    assert data.names == ("T2W", "ADC")
    assert data.labels.tolist() == [0, 1] * 10
    assert [len(data.side(split)) for split in ("train", "validation", "test")] == [12, 4, 4]


def test_columns_make_a_class(rows: tuple[DatasetRow, ...]) -> None:
    settings = LabelSettings(
        names=("axial_MAP", "axial_T2W"), columns=("plane", "label"), same_as=(("ADC", "MAP"),)
    )
    assert classify(Dataset(rows), settings).labels.tolist() == [1, 0] * 10
    extra = tuple(replace(row, extra={"phase": "plain"}) for row in rows)
    settings = LabelSettings(names=("plain_T2W", "plain_ADC"), columns=("phase", "label"))
    assert classify(Dataset(extra), settings).labels.tolist() == [0, 1] * 10


def test_other_classes_are_unknown_or_strangers(rows: tuple[DatasetRow, ...]) -> None:
    changed = (replace(rows[0], label="PD"), replace(rows[1], label=None), *rows[2:])
    out = classify(Dataset(changed), SETTINGS)
    assert any("PD (1)" in remark for remark in out.remarks)
    assert out.called[:3] == ("PD", None, "T2W"), "a stranger keeps its name for the evaluation"
    assert np.flatnonzero(out.labels == NO_CLASS).tolist() == [0, 1]
    assert not {0, 1} & set(out.side("train").tolist()), "neither is trained on"
    known = classify(Dataset(changed), replace(SETTINGS, unknown="UNKNOWN"))
    assert known.names == ("T2W", "ADC", "UNKNOWN")
    assert known.labels[0] == 2
    assert known.called[0] == "PD", "counted as UNKNOWN, and told apart from other strangers"
    other = classify(Dataset(changed), replace(SETTINGS, unknown="OTHER"))
    assert other.labels[0] == 2
    assert other.called[0] == "OTHER", "to the evaluation, a class like the others"


def test_unknown_without_volumes_is_not_trained(rows: tuple[DatasetRow, ...]) -> None:
    data = classify(Dataset(rows), replace(SETTINGS, unknown="UNKNOWN"))
    assert data.names == ("T2W", "ADC")
    assert any("UNKNOWN is not trained" in remark for remark in data.remarks)


def test_a_fold_validates(rows: tuple[DatasetRow, ...]) -> None:
    folded = tuple(
        replace(row, fold=int(row.patient[1:]) % 3 if row.split != "test" else None) for row in rows
    )
    data = classify(Dataset(folded), SETTINGS, fold=1)
    also_tested = tuple(replace(row, fold=0) if row.split == "test" else row for row in folded)
    assert len(classify(Dataset(also_tested), SETTINGS, fold=1).side("test")) == 4
    check_trainable(data)
    assert {data.rows[place].fold for place in data.side("validation")} == {1}
    assert {data.rows[place].fold for place in data.side("train")} == {0, 2}
    assert len(data.side("test")) == 4
    with pytest.raises(ConfigError, match=r"folds \[0, 1, 2\]"):
        classify(Dataset(folded), SETTINGS, fold=7)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"label": "T2W"}, "no training volume of class ADC"),
        ({"patient": "p0"}, "patients for training: 1, for validation: 1"),
        ({"split": "train"}, "for validation: 0"),
        ({"split": None}, "not split"),
    ],
)
def test_data_that_teach_nothing_are_refused(
    rows: tuple[DatasetRow, ...], changes: dict[str, str], says: str
) -> None:
    changed = Dataset(tuple(replace(row, **changes) for row in rows))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=says):
        check_trainable(classify(changed, SETTINGS))


def test_a_patient_on_two_sides_is_refused(rows: tuple[DatasetRow, ...]) -> None:
    shared = replace(rows[-1], patient="p0")
    with pytest.raises(ConfigError, match=r"1 patients are in train and in test, e\.g\. p0"):
        check_trainable(classify(Dataset((*rows[:-1], shared)), SETTINGS))


def test_the_same_pixels_under_two_patients_on_two_sides_are_refused(
    rows: tuple[DatasetRow, ...],
) -> None:
    copied = replace(rows[-1], pixel_sha256=rows[1].pixel_sha256)
    says = r"1 volumes have the same pixels.*p0 \(0_ADC\.nii, train\) = p9 \(9_ADC\.nii, test\)"
    with pytest.raises(ConfigError, match=says):
        check_trainable(classify(Dataset((*rows[:-1], copied)), SETTINGS))
    beside = replace(rows[3], pixel_sha256=rows[1].pixel_sha256)
    check_trainable(classify(Dataset((*rows[:3], beside, *rows[4:])), SETTINGS))


def test_adapt_does_without_some_classes(rows: tuple[DatasetRow, ...]) -> None:
    data = classify(Dataset(rows), LabelSettings(names=("T2W", "ADC", "FLAIR")))
    check_trainable(data, complete=False)
    only = data.only(np.flatnonzero(data.labels == 0).tolist())
    with pytest.raises(ConfigError, match="no training volume"):
        check_trainable(only, complete=False)
