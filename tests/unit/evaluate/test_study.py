"""What a run on patients is said to show, and what it is not."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.errors import ConfigError
from mrsift.evaluate.delong import area
from mrsift.evaluate.predictions import Predictions, make_predictions
from mrsift.evaluate.study import evaluate_study
from mrsift.evaluate.study_caveats import study_caveats
from mrsift.evaluate.study_evidence import Leak, Permutation, StudyEvidence
from tests.study_values import EPOCHS, study_evidence, study_predictions, without_folds

DRAWS = 100


def judged(predictions: Predictions, evidence: StudyEvidence | None = None):
    return evaluate_study(predictions, evidence or StudyEvidence(), draws=DRAWS)


def null(observed: float, times: int = 199, width: float = 0.03) -> Permutation:
    areas = np.random.default_rng(1).normal(0.5, width, times)
    return Permutation(areas, observed, "frozen", 0)


@pytest.mark.parametrize(
    ("patients", "distance", "verdict"),
    [(400, 0.0, "none"), (120, 3.0, "signal"), (400, -1.0, "below"), (8, 3.0, "too few")],
)
def test_verdicts(patients: int, distance: float, verdict: str) -> None:
    assert judged(study_predictions(patients, distance=distance)).verdict == verdict


def test_signal_is_not_claimed_where_shuffled_labels_come_as_far() -> None:
    table = study_predictions(200, distance=0.6)
    assert judged(table).verdict == "signal"
    assert judged(table, StudyEvidence(permutation=null(0.9))).verdict == "signal"
    assert judged(table, StudyEvidence(permutation=null(0.51))).verdict == "none"
    assert judged(table, StudyEvidence(permutation=null(0.9, width=0.2))).verdict == "none"


def test_what_was_learnt_from_shows_nothing() -> None:
    table = study_predictions(100, distance=3.0)
    seen = replace(table, split=np.array(["train"] * 100, object))
    found = judged(seen)
    assert found.verdict == "seen"
    assert any("trained on" in said for said in study_caveats(found))


def test_one_label_has_no_area() -> None:
    table = study_predictions(40)
    found = judged(table.rows(table.label == "1"))
    assert (found.verdict, found.labels) == ("one label", ())
    assert np.isnan(found.area.value)
    assert any("nothing to tell apart" in said for said in study_caveats(found))


def test_a_patient_in_two_folds_is_an_error_that_names_nobody() -> None:
    table = study_predictions(40)
    twice = np.concatenate([np.arange(40), [3]])
    doubled = replace(table.rows(twice), fold=np.concatenate([table.fold, [(3 + 1) % 5]]))
    with pytest.raises(ConfigError, match="1 patients have two rows") as caught:
        judged(doubled)
    assert "00003" not in str(caught.value)


def test_the_pooled_area_and_the_mean_of_folds_are_both_there() -> None:
    table = study_predictions(100, distance=1.0)
    label = judged(table).labels[0]
    by_hand = [
        area(table.probabilities[mine, 1], table.label[mine] == "1")
        for mine in (table.fold == k for k in range(5))
    ]
    assert label.mean_of_folds is not None
    assert label.mean_of_folds.value == pytest.approx(np.mean([one.value for one in by_hand]))
    spread = np.sqrt(sum(one.variance for one in by_hand)) / 5
    assert label.mean_of_folds.high - label.mean_of_folds.value == pytest.approx(1.959964 * spread)
    assert judged(without_folds(table)).labels[0].mean_of_folds is None


def test_drawn_and_delong_intervals_agree() -> None:
    label = judged(study_predictions(300, distance=1.0)).labels[0]
    assert label.drawn.value == label.pooled.value
    assert (label.drawn.low, label.drawn.high) == pytest.approx(
        (label.pooled.low, label.pooled.high), abs=0.02
    )


def test_accuracy_stands_beside_the_majority() -> None:
    table = study_predictions(101)
    found = judged(table)
    assert found.majority == "1"
    assert found.majority_share.successes == 51
    right = int((table.label == table.predicted).sum())
    assert found.accuracy.successes == right
    assert found.gain.value == pytest.approx((right - 51) / 101)
    assert found.brier_of_shares.value == pytest.approx(2 * 51 * 50 / 101**2)


def test_several_labels_have_the_mean_of_their_areas() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 150)
    logits = rng.normal(size=(150, 3)) + 2.0 * np.eye(3)[truth]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = ("II", "III", "IV")
    patients = [f"{number:03d}" for number in range(150)]
    table = make_predictions(
        names,
        {
            "volume_id": patients,
            "patient": patients,
            "label": [names[k] for k in truth],
            "predicted": [names[k] for k in p.argmax(axis=1)],
            "probabilities": p,
            "split": ["test"] * 150,
        },
    )
    found = judged(table)
    assert [label.label for label in found.labels] == list(names)
    assert found.area.value == pytest.approx(np.mean([x.pooled.value for x in found.labels]))
    assert found.area.method == "bootstrap"
    assert found.chance is not None
    assert found.chance.low < 0.5 < found.chance.high
    assert found.verdict == "signal"


def test_mgmt_above_what_any_blind_test_gave_is_called_a_bug() -> None:
    evidence = StudyEvidence(target="MGMT_value")
    high, low = study_predictions(200, distance=3.0), study_predictions(200, distance=0.2)
    assert "treat as a bug" in study_caveats(judged(high, evidence))[0]
    assert not any("bug" in said for said in study_caveats(judged(low, evidence)))
    assert not any("bug" in said for said in study_caveats(judged(high)))


def test_a_cohort_of_eight_is_told_what_it_could_have_seen() -> None:
    said = " ".join(study_caveats(judged(study_predictions(8))))
    assert "Only 8 patients" in said
    assert "No external cohort" in said


def test_sites_that_no_network_learnt_from_are_no_caveat() -> None:
    table = study_predictions(90)
    names = np.array(["north", "south", "river"], object)
    left_out = replace(table, site=names[np.arange(90) % 3], fold=np.arange(90.0) % 3)
    assert judged(left_out).sites_are_new
    assert not any("external" in said for said in study_caveats(judged(left_out)))
    assert any("external" in said for said in study_caveats(judged(table)))


def test_controls_of_a_whole_run() -> None:
    table = study_predictions(60)
    controls = judged(table, study_evidence(table)).controls
    assert controls.training_accuracy is not None
    assert controls.training_accuracy.value > 0.85
    assert controls.slice_accuracy is not None
    assert controls.slice_accuracy.total == 60 * 12
    assert controls.slice_accuracy.patients == 60
    assert [leak.inflated for leak in controls.leaks] == [True, True]
    assert controls.epochs is not None
    assert controls.epochs.value.shape == (60, len(EPOCHS))
    assert list(controls.epochs.areas) == list(EPOCHS)


def test_a_leak_that_gives_nothing_is_not_called_inflated() -> None:
    rng = np.random.default_rng(5)
    patient = np.repeat(np.array([f"{k}" for k in range(40)], object), 10)
    positive = np.repeat(np.arange(40) % 2 == 0, 10)
    leak = Leak(patient, positive, rng.random(400), shuffled=False)
    found = judged(study_predictions(40), StudyEvidence(leaks=(leak,)))
    assert not found.controls.leaks[0].inflated
    assert not any("LEAK" in said for said in study_caveats(found))


def test_a_confounder_that_knows_the_label_is_named() -> None:
    table = study_predictions(100)
    knows = {
        name: float(label == "1") for name, label in zip(table.patient, table.label, strict=True)
    }
    found = judged(table, StudyEvidence(confounders={"matrix size": knows}))
    item = found.controls.confounders[0]
    assert item.area.value == 1.0
    assert item.difference.high < 0
    assert any("matrix size" in said for said in study_caveats(found))


def test_sets_of_labels_are_held_against_what_was_promised() -> None:
    table = study_predictions(100)
    (sets,) = judged(table, StudyEvidence(promised=0.9)).whole.sets
    held = sum(label in text for label, text in zip(table.label, table.prediction_set, strict=True))
    assert (sets.wanted, sets.overall.successes) == (0.9, held)
    assert judged(table).whole.sets[0].wanted is None
