"""Header evidence in the words of bundles with other labels."""

import pytest

from mrsift.infer.vocabulary import answer_labels, has_nine_labels, in_words_of
from mrsift.labels import LABEL_NAMES
from mrsift.types import Opinion, Witness

WITNESSES = (Witness("b-value", "b = 800", ("DWI_HIGH",)),)


def header(**said: float) -> Opinion:
    """An opinion of the nine labels; what is not given is shared by the others."""
    rest = (1 - sum(said.values())) / (len(LABEL_NAMES) - len(said))
    return Opinion({name: said.get(name, rest) for name in LABEL_NAMES}, WITNESSES)


def test_unknown_can_always_be_answered() -> None:
    assert answer_labels(("A", "B")) == ("A", "B", "UNKNOWN")
    assert answer_labels(("UNKNOWN", "A")) == ("UNKNOWN", "A")


def test_nine_labels_are_nine_labels_in_any_order() -> None:
    assert has_nine_labels(LABEL_NAMES[::-1])
    assert not has_nine_labels(LABEL_NAMES[:-1])


def test_the_nine_labels_stay_as_they_are() -> None:
    opinion = header(ADC=0.9)
    assert in_words_of(LABEL_NAMES, opinion) is opinion


def test_what_some_of_the_nine_do_not_hold_is_unknown() -> None:
    told = in_words_of(("T2W", "ADC", "UNKNOWN"), header(T2W=0.2, T2W_FS=0.1, ADC=0.3, T1W=0.3))
    assert told is not None
    assert told.probabilities["ADC"] == pytest.approx(0.3)
    assert told.probabilities["UNKNOWN"] == pytest.approx(0.4)
    assert told.witnesses == WITNESSES


def test_fat_suppressed_t2_counts_as_t2_where_they_are_not_told_apart() -> None:
    opinion = header(T2W=0.2, T2W_FS=0.5)
    both = in_words_of(("T2W", "T2W_FS", "UNKNOWN"), opinion)
    one = in_words_of(("T2W", "FLAIR", "UNKNOWN"), opinion)
    neither = in_words_of(("ADC", "FLAIR", "UNKNOWN"), opinion)
    assert both is not None
    assert both.probabilities["T2W"] == pytest.approx(0.2)
    assert one is not None
    assert one.probabilities["T2W"] == pytest.approx(0.7)
    assert neither is not None
    assert neither.probabilities["UNKNOWN"] == pytest.approx(1 - 2 * 0.3 / 7)


def test_labels_of_another_kind_share_what_the_header_cannot_name() -> None:
    told = in_words_of(("T2W", "PERFUSION", "UNKNOWN"), header(T2W=0.4, T2W_FS=0.0))
    assert told is not None
    assert dict(told.probabilities) == pytest.approx({"T2W": 0.4, "PERFUSION": 0.3, "UNKNOWN": 0.3})


def test_the_header_is_silent_on_labels_it_does_not_know() -> None:
    assert in_words_of(("PLAIN", "ARTERIAL", "UNKNOWN"), header(T1W_CE=0.9)) is None
    assert in_words_of(("T2W", "ADC", "UNKNOWN"), None) is None
