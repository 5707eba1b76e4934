"""Predictions -> rows for people: equal time points folded, facts in words.

The terminal table, the listing of `show` and the HTML report speak the same words.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np

from mrsift.config import IdentifySettings
from mrsift.labels import LABEL_NAMES
from mrsift.types import BundleId, Opinion, Prediction, Report, Skipped, VolumeInfo

FOLD_FROM = 3
"""So many equal volumes of one series become one row."""

LEANS_FROM = 0.4
"""Below this probability, of nine labels, an opinion is too weak to be told as another one."""

DASH = "–"

T = TypeVar("T")


def label_names(report: Report) -> tuple[str, ...]:
    """Every label that the run could answer, in the order of the model."""
    for study in report.studies:
        for prediction in study.predictions:
            return tuple(prediction.probabilities)
    return LABEL_NAMES


def one_line(text: str) -> str:
    """Text from a header or a path with everything that could steer a terminal replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text).strip()


def fold(items: Sequence[T], key: Callable[[T], Hashable]) -> list[tuple[T, ...]]:
    """Put equal items in one row, at the place of the first; few equal ones stay apart.

    Args:
        items: In the order of the output.
        key: Items are equal where their keys are.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, item in enumerate(items):
        groups.setdefault(key(item), []).append(place)
    rows = []
    for places in groups.values():
        rows += [places] if len(places) >= FOLD_FROM else [[place] for place in places]
    return [tuple(items[place] for place in row) for row in sorted(rows)]


def volume_key(info: VolumeInfo) -> Hashable:
    """Equal for volumes of one series that differ in time point, direction or repetition only."""
    header = info.header
    grid = (np.round(info.affine_lps_mm, 2) + 0.0).tobytes()  # + 0.0 makes -0.0 positive
    return (
        *(
            series_key(info),
            info.series_number,
            info.shape,
            grid,
            info.image_component,
            info.derived_kind,
        ),
        *(info.b_value and info.b_value.s_per_mm2, header.echo_time_ms, header.inversion_time_ms),
        *(info.calculated, info.localizer, info.complete, info.order_assumed),
    )


def prediction_key(prediction: Prediction) -> Hashable:
    """As `volume_key`, and the same answer; conflicts fold where they are the same one."""
    opinions = (prediction.pixels, prediction.header) if prediction.conflict else ()
    return (
        *(volume_key(prediction.volume), prediction.label, prediction.localizer),
        *(prediction.conflict, *(opinion and opinion.label for opinion in opinions)),
        *(correction_words(prediction), prediction.calculated),
    )


def series_number(row: Iterable[VolumeInfo]) -> str:
    """Series number, or a dash; a few scanners count on within a series."""
    numbers = [info.series_number for info in row if info.series_number is not None]
    return ranges(numbers, most=1) or DASH


def description(info: VolumeInfo) -> str:
    """Series description as found; the file name where there is no DICOM; else a dash."""
    if info.series_description and one_line(info.series_description):
        return one_line(info.series_description)
    if info.series_instance_uid is None and info.files:
        return one_line(info.files[0].rpartition("!")[2].rpartition("/")[2])
    return DASH


def series_key(info: VolumeInfo) -> Hashable:
    """Equal for volumes of one series; without DICOM, for volumes of one file."""
    return info.series_instance_uid or info.files


def same_series(info: VolumeInfo, study: Iterable[VolumeInfo]) -> list[VolumeInfo]:
    """All volumes of a study that share the series of one of them."""
    return [other for other in study if series_key(other) == series_key(info)]


def volume_words(row: Sequence[VolumeInfo], series: Iterable[VolumeInfo]) -> list[str]:
    """What tells this row from the rest of its series, in a few words.

    Args:
        row: Volumes of one row.
        series: All volumes of the same series.

    Returns:
        E.g. `["b 800", "axial"]` or `["axial", "60 time points 0–59"]`.
    """
    info, peers = row[0], list(series)
    words = []
    if info.b_value is not None:
        words.append(f"b {info.b_value.s_per_mm2:g}")
    if info.derived_kind:
        is_trace = info.derived_kind.startswith("TRACE")
        words.append("trace" if is_trace else one_line(info.derived_kind))
    if info.image_component != "magnitude":
        words.append(one_line(info.image_component).replace("_", " "))
    if len({peer.header.echo_time_ms for peer in peers}) > 1 and info.header.echo_time_ms:
        words.append(f"TE {info.header.echo_time_ms:.4g} ms")
    if len({peer.header.inversion_time_ms for peer in peers}) > 1 and info.header.inversion_time_ms:
        words.append(f"TI {info.header.inversion_time_ms:.4g} ms")
    words.append(info.plane)
    return words + _count_words(row, peers)


def _count_words(row: Sequence[VolumeInfo], peers: Sequence[VolumeInfo]) -> list[str]:
    times = [info.temporal_position for info in row if info.temporal_position is not None]
    several = len({peer.temporal_position for peer in peers}) > 1
    if len(set(times)) == len(row) > 1:
        return [f"{len(row)} time points", ranges(times)]
    if len(row) > 1:
        return [f"{len(row)} volumes"]
    if times and several:
        return [f"time {times[0]}"]
    if row[0].index is not None and len(peers) > 1:
        return [f"index {row[0].index}"]
    return []


def ranges(numbers: Iterable[int], most: int = 4) -> str:
    """Whole numbers in short, e.g. `0–6, 9`; long lists end in an ellipsis."""
    ordered = sorted(set(numbers))
    if not ordered:
        return ""
    starts = [ordered[0]] + [after for before, after in pairwise(ordered) if after != before + 1]
    ends = [before for before, after in pairwise(ordered) if after != before + 1] + [ordered[-1]]
    parts = [
        str(first) if first == last else f"{first}{DASH}{last}"
        for first, last in zip(starts, ends, strict=True)
    ]
    return ", ".join([*parts[:most], "…"] if len(parts) > most else parts)


def shape_words(info: VolumeInfo) -> str:
    """Slices, rows and columns, e.g. `24×384×384`."""
    return "×".join(str(size) for size in info.shape)


def spacing_words(info: VolumeInfo) -> str:
    """Spacing along slices, rows and columns in mm, e.g. `3×0.5×0.5`."""
    return "×".join(f"{step:.3g}" for step in info.spacing_mm)


def probability_words(probabilities: Iterable[float]) -> str:
    """One probability, or the span of several; never a 1.00 that promises too much."""
    values = list(probabilities)
    low, high = (_two_digits(value) for value in (min(values), max(values)))
    return low if low == high else f"{low}{DASH}{high}"


def _two_digits(probability: float) -> str:
    if probability >= 0.995:
        return ">0.99"
    return f"{probability:.2f}"


def sure_words(row: Sequence[Prediction]) -> str:
    """How sure the answers of a row are, or that a person gave them."""
    if row[0].correction is not None:
        return "by hand"
    return probability_words(prediction.probability for prediction in row)


def correction_words(prediction: Prediction) -> str:
    """What a person changed, e.g. `corrected, was T1W 0.80`; nothing where nobody did."""
    before = prediction.correction
    if before is None:
        return ""
    change = "confirmed" if before.label_before == prediction.label else "corrected"
    return f"{change}, was {before.label_before} {_two_digits(before.probability_before)}"


def opinion_words(opinion: Opinion) -> str:
    """E.g. `T2W 0.91`."""
    return f"{opinion.label} {_two_digits(opinion.probability)}"


def differing_opinions(prediction: Prediction) -> str:
    """Both opinions where pixels and header each lean to another label, else nothing."""
    pixels, header = prediction.pixels, prediction.header
    if pixels is None or header is None or pixels.label == header.label:
        return ""
    if min(pixels.probability, header.probability) < LEANS_FROM:
        return ""
    return f"pixels {opinion_words(pixels)}, header {opinion_words(header)}"


def flags(info: VolumeInfo, *, calculated: bool = False) -> list[str]:
    """What a reader must know of the volume before using it; a localizer is told elsewhere."""
    marks = {
        "calculated": info.calculated or calculated,
        "incomplete": not info.complete,
        "order assumed": info.order_assumed,
    }
    return [name for name, is_set in marks.items() if is_set]


def notes(row: Sequence[Prediction]) -> list[str]:
    """Flags and doubts of a row's answers, the gravest first, with how many they concern."""
    first = row[0]
    found = ["conflict"] if first.conflict else []
    found += [correction_words(first)] if first.correction else []
    found += _counted(row, differing_opinions)
    found += _counted(row, _most_like)
    found += _counted(row, lambda item: "unfamiliar image" if is_unfamiliar(item) else "")
    found += ["localizer"] if first.localizer else []
    return found + flags(first.volume, calculated=first.calculated)


def _counted(row: Sequence[Prediction], doubt: Callable[[Prediction], str]) -> list[str]:
    """The first doubt of a row, with the number of volumes that have one unless all have."""
    doubts = [words for words in map(doubt, row) if words]
    if len(doubts) in (0, len(row)):
        return doubts[:1]
    return [f"{doubts[0]} ({len(doubts)} of {len(row)})"]


def _most_like(prediction: Prediction) -> str:
    """The most probable label, where the answer is another: not sure enough, or not known."""
    best = max(prediction.probabilities, key=lambda name: prediction.probabilities[name])
    if best == prediction.label:
        return ""
    return f"most like {best} {_two_digits(prediction.probabilities[best])}"


def is_unfamiliar(prediction: Prediction) -> bool:
    """Whether the pixels were not listened to, because training held nothing like them."""
    limit = IdentifySettings().min_in_distribution
    return prediction.pixels is not None and prediction.in_distribution < limit


def skipped_by_reason(skipped: Sequence[Skipped]) -> list[tuple[str, list[Skipped]]]:
    """Groups of one reason: MR images first, then the largest group, then by reason."""
    groups: dict[str, list[Skipped]] = {}
    for item in skipped:
        groups.setdefault(one_line(item.reason), []).append(item)

    def rank(group: tuple[str, list[Skipped]]) -> tuple[bool, int, str]:
        reason, items = group
        return (not any(item.is_mr for item in items), -len(items), reason)

    return sorted(groups.items(), key=rank)


def conflict_words(prediction: Prediction) -> str:
    """What each side of a conflict says, and what the answer is, in one sentence or two."""
    answer = [f"{prediction.label} {_two_digits(prediction.probability)}", _most_like(prediction)]
    reason = one_line(prediction.conflict_reason or differing_opinions(prediction))
    return f"{reason.rstrip('.')}. Answer: {', '.join(filter(None, answer))}."


def count(number: int, name: str) -> str:
    """E.g. `1 study`, `2 studies`, `3 classes`."""
    if name.endswith("y"):
        plural = f"{name[:-1]}ies"
    else:
        plural = f"{name}es" if name.endswith("s") else f"{name}s"
    return f"{number} {name if number == 1 else plural}"


def model_words(bundle: BundleId) -> str:
    """Which model answered."""
    if not bundle.sha256.strip("0"):
        return "no model, headers only"
    return f"model {one_line(bundle.name)} {one_line(bundle.version)}"
