"""A study in rows for the page, in the words of the other reports."""

from dataclasses import dataclass

import numpy as np

from mrsift.export import rows
from mrsift.export.pictures import Picture, encode
from mrsift.export.role_rows import RoleRow, role_rows, roles_of
from mrsift.infer.identify import NO_BUNDLE
from mrsift.labels import LABELS
from mrsift.types import Opinion, Prediction, Report, StudyReport, VolumeInfo

THUMBNAIL = 56
"""Rows or columns of the picture in the list, at most."""

PLANES = ("sagittal", "coronal", "axial")
"""By the patient axis (L, P, S) that slices are stacked along most nearly."""

_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """Probability of one label; lengths are percent of the whole bar."""

    label: str
    answer: float
    pixels: float | None
    header: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One volume as the viewer needs it.

    Attributes:
        volume_id: Of the volume.
        title: In a line.
        where: What tells it from the rest of its row; nothing where it is alone.
        plane: Nearest to that of its slices.
        backwards: The first slice as stored lies where the viewer counts the last.
        frame: Equal for volumes whose coordinates are known to match; "" where not known.
    """

    volume_id: str
    title: str
    where: str
    plane: str
    backwards: bool
    frame: str


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the list, with what is told of it when it is chosen.

    Attributes:
        volumes: One, or equal time points of a series.
        state: `corrected`, `confirmed` or nothing: what a person said.
        roles: That it fills.
        evidence: (kind, what it says, details) of pixels, header and physics.
    """

    number: str
    description: str
    words: str
    label: str
    sure: str
    notes: tuple[str, ...]
    conflict: str
    state: str
    roles: tuple[str, ...]
    picture: Picture | None
    bars: tuple[Bar, ...]
    evidence: tuple[tuple[str, str, tuple[str, ...]], ...]
    facts: tuple[str, ...]
    volumes: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One study on the page."""

    path: str
    profile: str
    profile_reason: str
    roles: tuple[RoleRow, ...]
    items: tuple[Item, ...]
    explainable: bool


def list_study(report: Report, study: StudyReport) -> Listing:
    """The rows of one study.

    Args:
        report: The run that it belongs to.
        study: One of its studies.
    """
    frames = {info.frame_of_reference_uid for info in _infos(study)} - {None}
    numbers = {uid: str(number) for number, uid in enumerate(sorted(map(str, frames)), 1)}
    folded = rows.fold(study.predictions, rows.prediction_key)
    return Listing(
        rows.one_line(study.path),
        rows.one_line(study.profile),
        rows.one_line(study.profile_reason),
        tuple(role_rows(study)),
        tuple(_item(study, row, numbers) for row in folded),
        report.bundle != NO_BUNDLE,
    )


def _item(study: StudyReport, row: tuple[Prediction, ...], frames: dict[str, str]) -> Item:
    first = row[0]
    series = rows.same_series(first.volume, _infos(study))
    words = ", ".join(rows.volume_words([one.volume for one in row], series))
    number = rows.series_number([one.volume for one in row])
    name = rows.description(first.volume)
    title = f"{name}, {words}" if number == rows.DASH else f"{number} {name}, {words}"
    roles = roles_of(study)
    before = first.correction
    middle = first.previews[len(first.previews) // 2] if first.previews else None
    marks = ("conflict", rows.correction_words(first))
    return Item(
        number="" if number == rows.DASH else number,
        description=name,
        words=words,
        label=first.label,
        sure=rows.sure_words(row),
        notes=tuple(note for note in rows.notes(row) if note not in marks),
        conflict=rows.conflict_words(first) if first.conflict else "",
        state="" if before is None else rows.correction_words(first),
        roles=tuple(role for one in row for role in roles.get(one.volume.volume_id, ())),
        picture=None if middle is None else encode(middle, THUMBNAIL),
        bars=_bars(first),
        evidence=_evidence(first),
        facts=_facts(first.volume),
        volumes=tuple(
            _shown(one.volume, title, _where(place, row), frames) for place, one in enumerate(row)
        ),
    )


def _where(place: int, row: tuple[Prediction, ...]) -> str:
    """What tells a volume from the rest of its row."""
    time = row[place].volume.temporal_position
    if len(row) == 1:
        return ""
    return f"{place + 1} of {len(row)}" if time is None else f"time {time}"


def _shown(info: VolumeInfo, title: str, where: str, frames: dict[str, str]) -> Shown:
    normal = info.affine_lps_mm[:3, 0]
    axis = int(np.argmax(np.abs(normal)))
    # The viewer counts towards right, anterior and superior, LPS towards left and posterior.
    towards = normal[axis] * (1 if axis == 2 else -1)
    return Shown(
        info.volume_id,
        title,
        where,
        PLANES[axis],
        bool(towards < 0),
        frames.get(str(info.frame_of_reference_uid), ""),
    )


def _bars(prediction: Prediction) -> tuple[Bar, ...]:
    """Of every label; what pixels and header say alone as marks beside the answer."""
    pixels, header = prediction.pixels, prediction.header
    return tuple(
        Bar(
            label,
            _WIDTH * probability,
            None if pixels is None else _WIDTH * pixels.probabilities[label],
            None if header is None else _WIDTH * header.probabilities[label],
            rows.probability_words([probability]) if probability >= 0.005 else "",
        )
        for label, probability in prediction.probabilities.items()
    )


def _evidence(prediction: Prediction) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    told: list[tuple[str, str, tuple[str, ...]]] = []
    if prediction.pixels is not None:
        told.append(("Pixels", _said(prediction.pixels), ()))
    if prediction.header is not None:
        witnesses = tuple(
            rows.one_line(f"{one.name}: {one.found}")
            + (f" → {rows.one_line(', '.join(one.favours))}" if one.favours else "")
            for one in prediction.header.witnesses
        )
        told.append(("Header", _said(prediction.header), witnesses))
    if prediction.physics is not None and prediction.physics.found:
        told.append(("Physics", rows.one_line(prediction.physics.found), ()))
    return tuple(told)


def _said(opinion: Opinion) -> str:
    return rows.one_line(rows.opinion_words(opinion))


def _facts(info: VolumeInfo) -> tuple[str, ...]:
    header = info.header
    words = [
        f"{rows.shape_words(info)} slices×rows×columns",
        f"{rows.spacing_words(info)} mm",
        f"{info.plane}, {info.obliquity_deg:.0f}° off axis",
    ]
    if info.b_value is not None:
        words.append(f"b = {info.b_value.s_per_mm2:g} s/mm² from {info.b_value.source}")
    times = {
        "TR": header.repetition_time_ms,
        "TE": header.echo_time_ms,
        "TI": header.inversion_time_ms,
    }
    words += [f"{name} {value:.4g} ms" for name, value in times.items() if value is not None]
    return tuple(rows.one_line(word) for word in (*words, *info.remarks))


def meaning(label: str) -> str:
    """What a label means, or the label itself where it is a model's own."""
    return LABELS[label].meaning if label in LABELS else label


def _infos(study: StudyReport) -> list[VolumeInfo]:
    return [one.volume for one in study.predictions]
