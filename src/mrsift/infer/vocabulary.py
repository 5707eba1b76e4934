"""The labels that a run answers with, and header evidence in their words.

The header rules know the nine labels of `labels.py`. A bundle may have others; then the
header is heard on those that both know, and on nothing else.
"""

from collections.abc import Sequence

from mrsift.labels import LABELS, UNKNOWN
from mrsift.types import Opinion

PLAINER = {"T2W_FS": "T2W"}
"""Counts as the other where the bundle does not tell the two apart, as in the brain."""


def answer_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Every label that can be answered.

    Args:
        labels: Of the bundle.

    Returns:
        Those, and `UNKNOWN` at the end where the bundle was not trained on it.
    """
    return tuple(labels) if UNKNOWN in labels else (*labels, UNKNOWN)


def has_nine_labels(labels: Sequence[str]) -> bool:
    """Whether they are exactly those of `labels.py`, in any order."""
    return set(labels) == set(LABELS)


def in_words_of(labels: Sequence[str], opinion: Opinion | None) -> Opinion | None:
    """What the header says, told with other labels.

    What it gives to labels that are not among them goes to those that the header does not
    know: all of it to `UNKNOWN` where the labels are some of the nine, and in equal parts to
    `UNKNOWN` and to the labels of other kinds where there are such.

    Args:
        labels: Of `answer_labels`.
        opinion: On the nine labels; None where the header is silent.

    Returns:
        On `labels`, sum 1; None where the header knows none of them.
    """
    if opinion is None or has_nine_labels(labels):
        return opinion
    shared = [label for label in labels if label in LABELS and label != UNKNOWN]
    if not shared:
        return None
    told = dict.fromkeys(labels, 0.0)
    left = 0.0
    for label, probability in opinion.probabilities.items():
        plainer = label if label in shared else PLAINER.get(label)
        if plainer in shared:
            told[plainer] += probability
        else:
            left += probability
    strange = [label for label in labels if label not in shared]
    for label in strange:
        told[label] = left / len(strange)
    return Opinion(told, opinion.witnesses)
