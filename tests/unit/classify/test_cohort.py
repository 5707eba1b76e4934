"""Rows of a cohort become patients."""

import pytest

from mrsift.classify.cohort import studies_of, study_words
from mrsift.dataset.table import Dataset
from mrsift.errors import ConfigError
from tests.dataset_rows import row


def test_rows_of_a_patient_come_together_in_order_of_names() -> None:
    rows = (
        row(1, "00010", "1", extra={"role": "t2w"}, site="b", split="test", fold=2),
        row(2, "00002", None, extra={"role": "flair"}),
        row(3, "00010", "1", extra={"role": "flair"}, site="b", split="test", fold=2),
    )
    first, second = studies_of(Dataset(rows))
    assert (first.patient, first.label, list(first.rows)) == ("00002", None, ["flair"])
    assert (second.patient, second.label, second.site) == ("00010", "1", "b")
    assert (second.split, second.fold, set(second.rows)) == ("test", 2, {"flair", "t2w"})
    assert study_words(second) == "00010"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"extra": {}}, "does not say which sequence"),
        ({"extra": {"role": "flair"}}, "two volumes of one patient are flair"),
        ({"extra": {"role": "t2w"}, "label": "0"}, "its label is not that"),
        ({"extra": {"role": "t2w"}, "fold": 1}, "its fold is not that"),
        ({"extra": {"role": "t2w"}, "split": "test"}, "its split is not that"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(
    values: dict[str, object], message: str
) -> None:
    values = {"label": "1", "split": "train", "fold": 0, **values}
    first = row(1, "p", "1", extra={"role": "flair"}, split="train", fold=0)
    label = values.pop("label")
    second = row(2, "p", str(label), **values)
    with pytest.raises(ConfigError, match=message):
        studies_of(Dataset((first, second)))
