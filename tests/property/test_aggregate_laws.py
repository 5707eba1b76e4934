"""Laws of the ways from slices to a patient, whatever the slices say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mrsift.classify.aggregate import aggregate, attended, noisy_or, strongest, vote_share
from mrsift.evaluate.calibration import softmax
from mrsift.types import Float64Array

EVERY_WAY = ("vote_share", "mean", "median", "top_k", "noisy_or")
few = settings(max_examples=30, deadline=None)
finite = st.floats(-20, 20, allow_nan=False)


def slices(labels: int = 2) -> st.SearchStrategy[Float64Array]:
    return st.integers(1, 12).flatmap(lambda n: arrays(np.float64, (n, labels), elements=finite))


@pytest.mark.parametrize("how", EVERY_WAY)
@few
@given(logits=slices())
def test_values_are_shares_that_sum_to_one(how: str, logits: Float64Array) -> None:
    value = aggregate(logits, how)  # type: ignore[arg-type]
    assert value.shape == (2,)
    assert (value >= 0).all()
    assert value.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("how", EVERY_WAY)
@few
@given(logits=slices(), seed=st.integers(0, 99))
def test_the_order_of_slices_does_not_matter(how: str, logits: Float64Array, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(logits)
    np.testing.assert_allclose(
        aggregate(shuffled, how),
        aggregate(logits, how),
        atol=1e-12,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("how", ["vote_share", "mean", "median", "top_k"])
@few
@given(logit=arrays(np.float64, (2,), elements=finite), times=st.integers(1, 9))
def test_more_of_the_same_slice_say_no_more(how: str, logit: Float64Array, times: int) -> None:
    one = aggregate(logit[None], how)  # type: ignore[arg-type]
    many = aggregate(np.repeat(logit[None], times, axis=0), how)  # type: ignore[arg-type]
    np.testing.assert_allclose(many, one, atol=1e-12)


@pytest.mark.parametrize("how", ["vote_share", "mean", "median"])
@few
@given(logits=slices(3))
def test_names_of_labels_do_not_matter(how: str, logits: Float64Array) -> None:
    turned = aggregate(logits[:, ::-1], how)  # type: ignore[arg-type]
    np.testing.assert_allclose(
        turned[::-1],
        aggregate(logits, how),
        atol=1e-12,  # type: ignore[arg-type]
    )


@few
@given(logits=slices(3))
def test_votes_are_counted(logits: Float64Array) -> None:
    logits = np.round(logits, 1)
    share = vote_share(logits)
    counted = np.zeros(3)
    for row in logits:
        winners = np.flatnonzero(row == row.max())
        counted[winners] += 1 / len(winners)
    np.testing.assert_allclose(share, counted / len(logits), atol=1e-12)


@few
@given(logits=slices(), scores_of=st.integers(0, 99))
def test_attention_lies_between_its_slices(logits: Float64Array, scores_of: int) -> None:
    scores = np.random.default_rng(scores_of).normal(size=len(logits))
    value = attended(logits, scores)[1]
    each = softmax(logits)[:, 1]
    assert each.min() - 1e-9 <= value <= each.max() + 1e-9


@few
@given(logits=slices(), more=arrays(np.float64, (2,), elements=finite))
def test_noisy_or_never_falls_with_another_slice(logits: Float64Array, more: Float64Array) -> None:
    probabilities = softmax(logits)
    both = np.concatenate([probabilities, softmax(more)[None]])
    assert noisy_or(both)[1] >= noisy_or(probabilities)[1] - 1e-12


@few
@given(logits=slices(), few=st.integers(1, 6))
def test_fewer_of_the_strongest_are_stronger(logits: Float64Array, few: int) -> None:
    probabilities = softmax(logits)
    assert strongest(probabilities, few)[1] >= strongest(probabilities, few + 1)[1] - 1e-12
    everything = strongest(probabilities, len(probabilities))[1]
    assert everything == pytest.approx(float(probabilities[:, 1].mean()))


def test_the_paper_s_first_value_is_a_share_of_its_slices() -> None:
    logits = np.where(np.arange(129)[:, None] < 127, [[-1.0, 1.0]], [[1.0, -1.0]])
    assert round(float(aggregate(logits, "vote_share")[1]), 6) == 0.984496


def test_attention_needs_scores() -> None:
    with pytest.raises(ValueError, match="score of each slice"):
        aggregate(np.zeros((2, 2)), "attention")
