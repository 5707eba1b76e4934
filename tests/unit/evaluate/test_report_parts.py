"""Uncertainty, strangers, groups, readers, caveats and the pairing of two models."""

import math
from dataclasses import replace

import numpy as np
import pytest

from mrsift.errors import ConfigError
from mrsift.evaluate.agreement import agreements
from mrsift.evaluate.caveats import caveats
from mrsift.evaluate.groups import groups
from mrsift.evaluate.paired import compare
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.evaluate.strangers import strangers
from mrsift.evaluate.summary import evaluate
from mrsift.export.evaluation_gallery import example_rows
from tests.simulated_predictions import NAMES, simulated_predictions

DRAWS = {"draws": 100, "seed": 0}


@pytest.fixture(scope="module")
def table() -> Predictions:
    return simulated_predictions(120, difficulty=1.5)


@pytest.fixture(scope="module")
def found(table: Predictions):
    return evaluate(table, draws=100)


def test_everything_is_about_the_test_split(table: Predictions, found) -> None:
    test = table.split == "test"
    assert found.headline == "test"
    assert found.main.volumes == test.sum()
    assert found.main.patients == len(set(table.patient[test]))
    assert list(found.splits) == ["train", "validation", "test"]
    right = (table.label == table.predicted)[test].sum()
    assert found.main.overall["accuracy"].successes == right


def test_without_splits_all_volumes_count(table: Predictions) -> None:
    whole = replace(table, split=np.full(len(table), None, dtype=object))
    found = evaluate(whole, draws=20)
    assert (found.headline, found.sets_from) == ("all", None)
    assert found.main.volumes == len(table)


def test_no_label_at_all_is_an_error(table: Predictions) -> None:
    with pytest.raises(ConfigError, match="no row has a label"):
        evaluate(replace(table, label=np.full(len(table), None, dtype=object)), draws=20)


def test_sets_hold_what_they_are_measured_to_hold(table: Predictions, found) -> None:
    test = table.rows(table.split == "test")
    holds = [
        label in chosen.split("|")
        for label, chosen in zip(test.label, test.prediction_set, strict=True)
    ]
    given, ninety, ninety_five = found.sets
    assert given.overall.successes == sum(holds)
    assert (ninety.wanted, ninety_five.wanted) == (0.90, 0.95)
    assert ninety.mean_size.value <= ninety_five.mean_size.value
    # Made in the same way from the same split.
    assert ninety_five.overall.successes == given.overall.successes
    assert sum(part.successes or 0 for part in ninety.labels.values()) == ninety.overall.successes


def test_keeping_everything_is_the_error_rate(found) -> None:
    accuracy = found.main.overall["accuracy"]
    assert found.selective.kept[1.0].value == pytest.approx(1 - accuracy.value)
    assert found.selective.coverage[-1] == 1.0
    assert found.selective.risk[-1] == pytest.approx(1 - accuracy.value)
    assert found.selective.area.value < 1 - accuracy.value  # doubt is where the errors are


def test_strangers_are_told_by_family() -> None:
    rows = 40
    known = np.arange(rows) < 20
    label = np.where(known, "X", np.where(np.arange(rows) % 2, "cardiac", "CT")).astype(object)
    table = make_predictions(
        ("X", "Y"),
        {
            "volume_id": [f"{row}" for row in range(rows)],
            "patient": [f"p{row // 2}" for row in range(rows)],
            "label": label,
            "predicted": ["X"] * rows,
            "probabilities": [[0.8, 0.2]] * rows,
            "in_distribution": np.where(known, 0.9, np.where(label == "CT", 0.1, 0.95)),
        },
    )
    found = strangers(table, **DRAWS)
    assert found is not None
    told = {(item.score, item.family): item for item in found.separations}
    assert told["in_distribution", "CT"].auroc.value == 1.0
    assert told["in_distribution", "CT"].fpr95.value == 0.0
    assert told["in_distribution", "CT"].fpr95.high == pytest.approx(1 - 0.05 ** (1 / 10))
    assert told["in_distribution", "cardiac"].auroc.value == 0.0
    assert told["in_distribution", "cardiac"].fpr95.value == 1.0
    # 10 patients of CT and 10 of X: 10 pairs of patients, none of them the wrong way round.
    assert told["in_distribution", "CT"].auroc.low == pytest.approx(0.05 ** (1 / 10))
    assert told["in_distribution", "cardiac"].auroc.high == pytest.approx(1 - 0.05 ** (1 / 10))
    assert told["in_distribution", "cardiac"].fpr95.low == pytest.approx(0.05 ** (1 / 10))
    assert told["in_distribution", "all of them"].auroc.value == pytest.approx(0.5)
    assert told["probability", "CT"].auroc.value == 0.5  # all tie


def test_kinds_of_unknown_are_told_apart_and_count_as_unknown(table: Predictions) -> None:
    kinds = np.array(["CT", "cardiac"] * len(table), dtype=object)[: len(table)]
    named = replace(table, label=np.where(table.label == "UNKNOWN", kinds, table.label))
    plain, told = evaluate(table, draws=20), evaluate(named, draws=20)
    assert told.strangers is not None
    assert {item.family for item in told.strangers.separations} == {"all of them", "CT", "cardiac"}
    np.testing.assert_array_equal(plain.main.matrix, told.main.matrix)
    assert plain.agreements == told.agreements
    np.testing.assert_array_equal(example_rows(table), example_rows(named))


def test_without_strangers_nothing_is_measured(table: Predictions) -> None:
    known = table.rows(table.label != "UNKNOWN")
    assert strangers(known, **DRAWS) is None
    assert any("not measured" in said for said in caveats(evaluate(known, draws=20)))


def test_groups_add_up(table: Predictions) -> None:
    found = groups(table, **DRAWS)
    for column in ("site", "vendor", "model", "field_strength_t", "plane"):
        parts = [group for group in found if group.column == column]
        assert sum(group.volumes for group in parts) == len(table)
    assert "fold" not in {group.column for group in found}
    assert {group.value for group in found if group.column == "field_strength_t"} == {
        "1.5 T",
        "3 T",
    }


def test_a_group_without_a_label_says_so(table: Predictions) -> None:
    part = table.rows((table.site != "north") | (table.label != "ADC"))
    north = next(group for group in groups(part, **DRAWS) if group.value == "north")
    assert north.missing == ("ADC",)


def test_readers_that_agree_with_nobody_and_with_all(table: Predictions) -> None:
    test = table.rows(table.split == "test")
    same = replace(test, readers={"reader_1": test.label, "reader_2": test.label})
    found = {item.raters: item for item in agreements(same, **DRAWS)}
    perfect = found["reader_1", "reader_2"]
    assert (perfect.kappa.value, perfect.kappa.method) == (1.0, "bound")
    assert 0.5 < perfect.kappa.low < 1
    shifted = np.array([NAMES[NAMES.index(label) - 1] for label in test.label], dtype=object)
    apart = replace(test, readers={"reader_1": test.label, "reader_2": shifted})
    found = {item.raters: item for item in agreements(apart, **DRAWS)}
    assert found["reader_1", "reader_2"].kappa.value < 0
    assert found["reader_1", "reader_2"].same.successes == 0


def test_only_what_a_reader_labelled_counts(table: Predictions) -> None:
    some = table.readers["reader_1"].copy()
    some[::2] = None
    partial = replace(table, readers={"reader_1": some})
    found = {item.raters: item for item in agreements(partial, **DRAWS)}
    assert found["reference", "reader_1"].kappa.total == len(table) // 2
    assert not agreements(replace(table, readers={}), **DRAWS)


def test_caveats_name_what_is_missing(table: Predictions) -> None:
    few = table.rows((table.site == "north") & (table.label != "ADC"))
    said = " ".join(caveats(evaluate(few, draws=20)))
    assert "Only " in said
    assert "Never shown here, so nothing is known about them: ADC" in said
    assert "one site" in said
    leaked = replace(table, patient=np.full(len(table), "same", dtype=object))
    assert "1 patients of the test split also occur" in caveats(evaluate(leaked, draws=20))[0]
    trained = table.rows(table.split == "train")
    assert "trained on" in caveats(evaluate(trained, draws=20))[0]
    valid = table.rows(table.split != "test")
    assert "no test split" in caveats(evaluate(valid, draws=20))[0]


def test_a_model_compared_with_itself_does_not_differ(table: Predictions) -> None:
    found = compare(table, table, "all", **DRAWS)
    assert found.all_volumes.p_value == 1.0
    assert found.same_answers == len(table)
    assert {item.value for item in found.differences.values()} == {0.0}
    assert all(math.isnan(item.low) for item in found.differences.values())


def test_discordance_counts_every_volume(table: Predictions) -> None:
    other = simulated_predictions(120, seed=11, difficulty=2.5)
    found = compare(table, other, "all", **DRAWS)
    parts = [found.all_volumes, *found.labels.values()]
    sizes = [p.both + p.only_first + p.only_second + p.neither for p in parts]
    assert sizes[0] == len(table) == sum(sizes[1:])
    first_right = int((table.label == table.predicted).sum())
    assert found.all_volumes.both + found.all_volumes.only_first == first_right
    difference = found.differences["accuracy"]
    expected = (other.label == other.predicted).mean() - (table.label == table.predicted).mean()
    assert difference.value == pytest.approx(expected)
    assert difference.low < difference.value < difference.high


def test_order_of_rows_does_not_pair_strangers(table: Predictions) -> None:
    shuffled = table.rows(np.random.default_rng(0).permutation(len(table)))
    assert compare(table, shuffled, "all", **DRAWS).same_answers == len(table)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.rows(np.arange(len(t)) > 1), "2 only in the first, 0 only in the second"),
        (lambda t: replace(t, label=np.roll(t.label, 1)), "same label for"),
        (lambda t: replace(t, patient=np.roll(t.patient, 1)), "same patient for"),
    ],
)
def test_different_test_sets_are_refused(table: Predictions, change, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        compare(table, change(table), "all", **DRAWS)
