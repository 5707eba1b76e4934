"""Features of slices -> a patient's value; several networks -> one answer."""

from dataclasses import replace

import numpy as np
import pytest

from mrsift.classify.aggregate import aggregate
from mrsift.classify.ensemble import Voice, merge
from mrsift.classify.member import fit_inner, honest_temperature
from mrsift.classify.reading import Head, Seen, calibrated, read_patient
from mrsift.config import StudyTrainingSettings
from mrsift.types import Float64Array

STUDY = StudyTrainingSettings(aggregate="vote_share")
RNG = np.random.default_rng(0)
HEAD = Head(RNG.normal(size=(2, 8)), RNG.normal(size=2), 0.3)
SEEN = Seen(RNG.normal(size=(7, 8)).astype(np.float32), None)
BAG = Seen(SEEN.features, RNG.normal(size=7).astype(np.float32))


def test_a_patient_is_what_its_slices_are() -> None:
    reading = read_patient([SEEN], HEAD, STUDY, (1, 2))
    logits = SEEN.features @ HEAD.weight.T + HEAD.bias
    np.testing.assert_allclose(reading.value, aggregate(logits, "vote_share"))
    assert reading.value[1] * 7 == pytest.approx(int((logits[:, 1] > logits[:, 0]).sum()))
    np.testing.assert_allclose(reading.features, SEEN.features.mean(axis=0), atol=1e-6)
    assert reading.slices.shape == (7, 2)
    assert reading.attention is None
    assert reading.draws.shape == (1, 2)


def test_the_mirror_image_counts_half() -> None:
    other = Seen(RNG.normal(size=(7, 8)).astype(np.float32), None)
    values = [read_patient([one], HEAD, STUDY, (1,)).value for one in (SEEN, other)]
    both = read_patient([SEEN, other], HEAD, STUDY, (1,))
    np.testing.assert_allclose(both.value, np.mean(values, axis=0))
    assert both.draws.shape == (2, 2)


@pytest.mark.parametrize("seen", [SEEN, BAG], ids=["slices", "bag"])
def test_dropout_passes_vary_about_the_value_and_are_the_same_again(seen: Seen) -> None:
    how = "mean" if seen.attention is None else "attention"
    study = replace(STUDY, aggregate=how, mc_dropout=400)
    one, again = (read_patient([seen], HEAD, study, (1, 2)) for _ in range(2))
    np.testing.assert_array_equal(one.draws, again.draws)
    assert one.draws.shape == (400, 2)
    spread = one.draws[:, 1].std()
    assert spread > 0.005
    assert abs(float(one.draws[:, 1].mean() - one.value[1])) < 0.1
    less = read_patient([seen], replace(HEAD, dropout=0.05), study, (1, 2))
    assert less.draws[:, 1].std() < spread


def test_a_bag_has_weights_that_sum_to_one() -> None:
    reading = read_patient([BAG], HEAD, replace(STUDY, aggregate="attention"), (1,))
    assert reading.attention is not None
    assert reading.attention.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(reading.features, reading.attention @ BAG.features, atol=1e-6)


def test_no_share_of_slices_rules_a_label_out() -> None:
    probabilities = calibrated(np.array([[1.0, 0.0], [0.5, 0.5]]), 1.0)
    assert 0.0 < probabilities[0, 1] < 0.01
    assert probabilities[1].tolist() == [0.5, 0.5]


def test_temperature_needs_patients_and_both_labels() -> None:
    rng = np.random.default_rng(3)
    y_true = rng.integers(0, 2, 400)
    sure = np.where(rng.random(400) < 0.6, y_true, 1 - y_true)  # 60 % right and very sure
    values: Float64Array = np.where(np.eye(2)[sure] > 0, 0.99, 0.01)
    temperature = fit_inner(values, y_true)
    assert 5.0 < temperature < 20.0
    assert calibrated(values, temperature).max() == pytest.approx(0.6, abs=0.05)
    assert fit_inner(values[:39], y_true[:39]) == 1.0
    assert fit_inner(values, np.zeros(400, dtype=np.intp)) == 1.0


def voice(value: float, thresholds: tuple[float, float], temperature: float = 1.0) -> Voice:
    values = np.array([[1 - value, value]])
    return Voice(values, values[:, None], temperature, np.array(thresholds))


def test_several_networks_say_their_mean_and_how_they_differ() -> None:
    merged = merge([voice(0.2, (0, 0)), voice(0.4, (0, 0)), voice(0.9, (0, 0))], 0)
    assert merged.value[1] == pytest.approx(0.5)
    assert merged.probabilities.sum() == pytest.approx(1.0)
    assert merged.deviation == pytest.approx(np.std([0.2, 0.4, 0.9], ddof=1))


def test_one_answer_has_no_deviation() -> None:
    assert np.isnan(merge([voice(0.2, (0, 0))], 0).deviation)


def test_a_set_holds_both_labels_where_nothing_can_be_told() -> None:
    never = merge([voice(0.9, (0.0, 0.0))], 0)  # too few inner patients to promise more
    assert never.members.tolist() == [True, True]


def test_a_label_stays_where_half_of_the_networks_keep_it() -> None:
    keeps, drops = voice(0.8, (0.1, 0.1)), voice(0.8, (0.5, 0.1))
    assert merge([keeps, keeps, drops], 0).members.tolist() == [True, True]
    assert merge([keeps, drops], 0).members.tolist() == [True, True]
    assert merge([keeps, drops, drops], 0).members.tolist() == [False, True]


def test_the_most_probable_label_always_stays() -> None:
    assert merge([voice(0.8, (0.9, 0.9))], 0).members.tolist() == [False, True]


def test_a_network_that_was_never_wrong_is_not_made_surer() -> None:
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 3, 60)
    logits = rng.normal(size=(60, 3)) + 6.0 * np.eye(3)[y_true]
    assert honest_temperature(logits, y_true) == 1.0
    logits[:10] *= -1
    assert honest_temperature(logits, y_true) > 1.0
