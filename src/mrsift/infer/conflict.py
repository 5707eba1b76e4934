"""Where two opinions, or a description and the answer, contradict each other, in words.

What is done about it is in `docs/decisions/conflicts.md`.
"""

from mrsift.labels import UNKNOWN
from mrsift.types import Opinion, Witness

FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"T2W", "T2W_FS", "FLAIR"}),
    frozenset({"T1W", "T1W_CE"}),
    frozenset({"DWI_LOW", "DWI_HIGH", "ADC"}),
    frozenset({UNKNOWN}),
)
"""Labels that a loose description may well mix up; a lie is to name another family."""


def find_conflict(pixels: Opinion | None, header: Opinion | None, threshold: float) -> str | None:
    """Both opinions in words, where each is sure of a label of its own.

    Args:
        pixels: In the words of the answer, see `answer`.
        header: Same.
        threshold: Each must give its label at least this probability.

    Returns:
        One line, or None where there is no conflict.
    """
    if pixels is None or header is None or pixels.label == header.label:
        return None
    if min(pixels.probability, header.probability) < threshold:
        return None
    return (
        f"pixels say {pixels.label} ({pixels.probability:.2f}), "
        f"header says {header.label} ({header.probability:.2f})"
    )


def find_lie(claim: Witness | None, answer: Opinion, threshold: float) -> str | None:
    """The description and the answer in words, where the description claims another label.

    Args:
        claim: What the description says, and the labels it would agree with.
        answer: Made without the profile.
        threshold: The answer must be at least this probable.

    Returns:
        One line, or None where they are of one family or the answer is not sure. That an
        image is none of the labels contradicts no description.
    """
    if claim is None or answer.probability < threshold or answer.label == UNKNOWN:
        return None
    family = next((family for family in FAMILIES if answer.label in family), None)
    if family is None or family.intersection(claim.favours):
        return None
    return (
        f"{claim.found} says {' or '.join(claim.favours)}, "
        f"the other evidence says {answer.label} ({answer.probability:.2f})"
    )
