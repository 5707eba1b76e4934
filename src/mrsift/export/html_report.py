"""One self-contained page: pictures, answers, evidence and conflicts of every volume."""

from collections.abc import Sequence
from dataclasses import dataclass

from mrsift import __version__
from mrsift.export import rows
from mrsift.export.html_physics import (
    PhysicsCard,
    RoleCard,
    physics_card,
    picture_count,
    role_cards,
)
from mrsift.export.pictures import MAX_PICTURES, Picture, encode, largest_side
from mrsift.labels import LABELS
from mrsift.types import Opinion, Prediction, Report, StudyReport

HEAD_PARTS = frozenset({"BRAIN", "HEAD", "SKULL", "FACE", "ORBIT", "EYE", "EAR", "JAW", "NECK"})
"""Words of BodyPartExamined that mean a face may be in the picture."""

MEMBER_SIDE = 96
"""Pictures of folded time points have at most so many rows or columns."""

Row = tuple[Prediction, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Probability of one label, with what pixels and header say alone.

    Attributes:
        answer: After fusion, 0 to 1.
        pixels: None where the pixels were not used.
        header: None where the header is silent or was not used.
    """

    label: str
    answer: float
    pixels: float | None
    header: float | None


@dataclass(frozen=True, slots=True)
class Member:
    """One volume of a folded row."""

    where: str
    volume_id: str
    probability: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Card:
    """One row of the report; everything in it is text that was never trusted.

    Attributes:
        anchor: Unique name within the page.
        notes: All of `rows.notes`.
        chips: Those that the card does not tell elsewhere.
        grid: Geometry, b-value and timing, in words.
        facts: (name, value) of what is needed more rarely.
        members: The volumes of a folded row; empty where there is one.
    """

    anchor: str
    series_number: str
    description: str
    words: str
    label: str
    meaning: str
    probability: str
    notes: tuple[str, ...]
    chips: tuple[str, ...]
    conflict: str
    bars: tuple[Bar, ...]
    pictures: tuple[Picture, ...]
    pixels: Opinion | None
    header: Opinion | None
    physics: PhysicsCard | None
    size: str
    spacing: str
    grid: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One study of the report."""

    path: str
    profile: str
    profile_reason: str
    face_warning: bool
    volumes: int
    cards: tuple[Card, ...]
    roles: tuple[RoleCard, ...]


def html_text(report: Report) -> str:
    """The page, with pictures as data URIs, without scripts and without links to elsewhere.

    Args:
        report: One run of `identify`, made with previews.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mrsift.export"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = rows.one_line
    return environment.get_template("report.html.j2").render(
        version=__version__,
        bundle=report.bundle,
        model=rows.model_words(report.bundle),
        sections=_sections(report),
        label_names=rows.label_names(report),
        skipped=rows.skipped_by_reason(report.skipped),
        skipped_count=len(report.skipped),
        count=rows.count,
        opinion=rows.opinion_words,
        number=rows.probability_words,
    )


def may_show_face(study: StudyReport) -> bool:
    """Whether the study is, or may be, of a head."""
    parts = {(item.volume.header.body_part_examined or "").upper() for item in study.predictions}
    named = any(word in part for part in parts for word in HEAD_PARTS)
    return named or study.profile != "prostate"


def _sections(report: Report) -> list[Section]:
    found = [rows.fold(study.predictions, rows.prediction_key) for study in report.studies]
    leading = sum(
        len(row[0].previews) + picture_count(row[0]) for study in found for row in study
    ) + sum(len(study.roles) for study in report.studies)
    folded = sum(len(row) for study in found for row in study if len(row) > 1)
    with_members = leading + folded <= MAX_PICTURES
    side = largest_side(leading + (folded if with_members else 0))
    sections = []
    for number, (study, study_rows) in enumerate(zip(report.studies, found, strict=True), 1):
        cards = [
            _card(study, row, f"v{number}-{place}", side, with_members)
            for place, row in enumerate(study_rows, 1)
        ]
        sections.append(
            Section(
                path=rows.one_line(study.path),
                profile=rows.one_line(study.profile),
                profile_reason=rows.one_line(study.profile_reason),
                face_warning=may_show_face(study),
                volumes=len(study.predictions),
                cards=tuple(cards),
                roles=tuple(role_cards(study, _anchors(study_rows, cards), side)),
            )
        )
    return sections


def _anchors(study_rows: Sequence[Row], cards: Sequence[Card]) -> dict[str, str]:
    """volume_id -> the card that shows it."""
    return {
        item.volume.volume_id: card.anchor
        for row, card in zip(study_rows, cards, strict=True)
        for item in row
    }


def _card(study: StudyReport, row: Row, anchor: str, side: int, with_members: bool) -> Card:
    first = row[0]
    info = first.volume
    series = rows.same_series(info, [prediction.volume for prediction in study.predictions])
    return Card(
        anchor=anchor,
        series_number=rows.series_number([item.volume for item in row]),
        description=rows.description(info),
        words=", ".join(rows.volume_words([item.volume for item in row], series)),
        label=first.label,
        meaning=LABELS[first.label].meaning if first.label in LABELS else "",
        probability=rows.sure_words(row),
        notes=tuple(rows.notes(row)),
        chips=tuple(
            note
            for note in rows.notes(row)
            if note not in ("conflict", rows.differing_opinions(first))
        ),
        conflict=rows.conflict_words(first) if first.conflict else "",
        bars=_bars(first),
        pictures=tuple(encode(preview, side) for preview in first.previews),
        pixels=first.pixels,
        header=first.header,
        physics=physics_card(first, side),
        size=rows.shape_words(info),
        spacing=rows.spacing_words(info),
        grid=_grid(first),
        facts=_facts(first),
        members=_members(row, side, with_members),
    )


def _bars(prediction: Prediction) -> tuple[Bar, ...]:
    pixels, header = prediction.pixels, prediction.header
    return tuple(
        Bar(
            label,
            answer,
            None if pixels is None else pixels.probabilities[label],
            None if header is None else header.probabilities[label],
        )
        for label, answer in prediction.probabilities.items()
    )


def _members(row: Row, side: int, with_pictures: bool) -> tuple[Member, ...]:
    if len(row) == 1:
        return ()
    members = []
    for number, prediction in enumerate(row):
        info, picture = prediction.volume, None
        if with_pictures and prediction.previews:
            middle = prediction.previews[len(prediction.previews) // 2]
            picture = encode(middle, min(side, MEMBER_SIDE))
        time = info.temporal_position
        where = f"{number + 1} of {len(row)}" if time is None else f"time {time}"
        probability = rows.sure_words([prediction])
        members.append(Member(where, info.volume_id, probability, picture))
    return tuple(members)


def _grid(prediction: Prediction) -> tuple[str, ...]:
    info, header = prediction.volume, prediction.volume.header
    words = [
        f"{rows.shape_words(info)} slices×rows×columns",
        f"{rows.spacing_words(info)} mm",
        f"{info.plane}, {info.obliquity_deg:.0f}° off axis",
    ]
    if info.b_value is not None:
        words.append(f"b = {info.b_value.s_per_mm2:g} s/mm² from {info.b_value.source}")
    words += [
        f"{name} {value:.4g}{unit}"
        for name, value, unit in (
            ("TR", header.repetition_time_ms, " ms"),
            ("TE", header.echo_time_ms, " ms"),
            ("TI", header.inversion_time_ms, " ms"),
            ("flip angle", header.flip_angle_deg, "°"),
        )
        if value is not None
    ]
    return tuple(rows.one_line(word) for word in (*words, *info.remarks))


def _facts(prediction: Prediction) -> tuple[tuple[str, str], ...]:
    info, header = prediction.volume, prediction.volume.header
    scanner = [header.manufacturer, header.manufacturer_model_name]
    if header.magnetic_field_strength_t:
        scanner.append(f"{header.magnetic_field_strength_t:.3g} T")
    facts = {
        "files": _files(info.files),
        "scanner": " ".join(word for word in scanner if word),
        "in distribution": f"{prediction.in_distribution:.3f}" if prediction.pixels else "",
        "prediction set": ", ".join(prediction.prediction_set),
        "set by hand": f"in {prediction.correction.source}" if prediction.correction else "",
        "volume id": info.volume_id,
        "series UID": info.series_instance_uid or "",
    }
    return tuple((name, rows.one_line(value)) for name, value in facts.items() if value)


def _files(files: Sequence[str]) -> str:
    if len(files) < 2:
        return "".join(files)
    return f"{len(files)}, {files[0]} to {files[-1]}"
