"""Which volumes a report shows as pictures: some right ones per label, and every error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.evaluate.cases import find_cases
from mrsift.evaluate.predictions import Predictions
from mrsift.export.pictures import MAX_PICTURES, Picture, encode, largest_side

PER_LABEL = 4
"""Examples of each label."""

MAX_ERRORS = 120
"""Errors shown as cards; all of them are in `errors.csv`."""

TOP = 3
"""Probabilities named on a card."""

Slice = NDArray[np.uint8]
Look = Callable[[str], "Seen | None"]
"""volume_id -> what it looks like; None where its source is gone."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A volume as pictures.

    Attributes:
        slice_: Shape (rows, columns), 0 black to 255 white.
        facts: What the header says, one line each.
    """

    slice_: Slice
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One volume of a gallery.

    Attributes:
        volume_id: Of the volume.
        label: The right one.
        predicted: The answer.
        probability: Of the answer.
        top: Most probable labels, best first.
        facts: One line each: where it came from; what the header says; doubt of the model.
        picture: None where its source is gone.
        saliency: The same slice with what the answer rests on; None where there is none.
    """

    volume_id: str
    label: str
    predicted: str
    probability: float
    top: tuple[tuple[str, float], ...]
    facts: tuple[str, ...]
    picture: Picture | None
    saliency: Picture | None


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """What is shown of the headline split.

    Attributes:
        examples: Right answers, by label, from as many sites as there are.
        errors: Wrong answers, the surest first.
        all_errors: How many there are.
        missing: Pictures wanted whose source could not be read.
    """

    examples: tuple[Item, ...]
    errors: tuple[Item, ...]
    all_errors: int
    missing: int


def make_gallery(predictions: Predictions, look: Look | None, explain: Look | None) -> Gallery:
    """Choose and picture.

    Args:
        predictions: Rows of one split.
        look: Gives a volume's picture; None: no pictures at all.
        explain: Gives the picture of what an answer rests on; None: none.
    """
    wrong = wrong_rows(predictions)
    shown = wrong[:MAX_ERRORS]
    examples = example_rows(predictions) if look else np.array([], np.intp)
    side = largest_side(min(len(examples) + 2 * len(shown), MAX_PICTURES))
    missing = 0

    def item(row: int, *, is_error: bool) -> Item:
        nonlocal missing
        volume_id = str(predictions.volume_id[row])
        seen = look(volume_id) if look else None
        missing += look is not None and seen is None
        why = explain(volume_id) if explain and seen and is_error else None
        return _item(predictions, row, (seen, why), side)

    pictured = tuple(item(int(row), is_error=False) for row in examples)
    errors = tuple(item(int(row), is_error=True) for row in shown)
    return Gallery(pictured, errors, len(wrong), missing)


def wrong_rows(predictions: Predictions) -> NDArray[np.intp]:
    """Rows answered wrong, the surest first, then by volume."""
    cases = find_cases(predictions)
    rows = cases.rows[cases.y_true != cases.y_pred]
    sure = predictions.probabilities[rows].max(axis=1)
    order = np.lexsort((predictions.volume_id[rows].astype(str), -sure))
    chosen: NDArray[np.intp] = rows[order]
    return chosen


def example_rows(predictions: Predictions) -> NDArray[np.intp]:
    """Some right answers of each label, one site after the other, always the same ones."""
    cases = find_cases(predictions)
    right = np.flatnonzero(cases.y_true == cases.y_pred)
    order = np.argsort(predictions.volume_id[cases.rows[right]].astype(str))
    chosen: list[int] = []
    for label in range(len(cases.names)):
        rows = [int(cases.rows[case]) for case in right[order] if cases.y_true[case] == label]
        turn: dict[object, int] = {}
        places = []
        for row in rows:
            site = predictions.site[row]
            turn[site] = turn.get(site, 0) + 1
            places.append((turn[site], str(site), row))
        chosen += [row for _, _, row in sorted(places)[:PER_LABEL]]
    return np.array(chosen, np.intp)


def _item(
    predictions: Predictions, row: int, seen: tuple[Seen | None, Seen | None], side: int
) -> Item:
    probabilities = predictions.probabilities[row]
    order = np.argsort(-probabilities, kind="stable")[:TOP]
    predicted = str(predictions.predicted[row])
    names = predictions.names
    known = predicted in names
    pictures = [encode(each.slice_, side) if each else None for each in seen]
    return Item(
        volume_id=str(predictions.volume_id[row]),
        label=str(predictions.label[row]),
        predicted=predicted,
        probability=float(probabilities[names.index(predicted)] if known else probabilities.max()),
        top=tuple((names[index], float(probabilities[index])) for index in order),
        facts=_facts(predictions, row, seen[0].facts if seen[0] else ()),
        picture=pictures[0],
        saliency=pictures[1],
    )


def _facts(predictions: Predictions, row: int, header: tuple[str, ...]) -> tuple[str, ...]:
    """Lines of a card; empty ones are left out."""
    field, near = predictions.field_strength_t[row], predictions.in_distribution[row]
    scanner = (predictions.vendor[row], predictions.model[row])
    chosen = predictions.prediction_set[row]
    lines = (
        (
            predictions.site[row],
            " ".join(filter(None, scanner)),
            None if np.isnan(field) else f"{field:.3g} T",
        ),
        (predictions.plane[row], *header),
        (
            None if np.isnan(near) else f"in distribution {near:.3f}",
            f"set: {chosen.replace('|', ', ')}" if chosen else None,
        ),
    )
    joined = (" · ".join(filter(None, line)) for line in lines)
    return tuple(filter(None, joined))
