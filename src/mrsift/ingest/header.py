"""One object -> `Instance` with its planes, classic, enhanced, mosaic and grid alike."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, UnreadablePixels
from mrsift.ingest import diffusion, kind, tags
from mrsift.ingest.elements import Elements
from mrsift.ingest.enhanced import frame_views
from mrsift.ingest.facts import header_facts
from mrsift.ingest.layout import PixelLayout, pixel_layout
from mrsift.ingest.lookup import LookupTable, modality_lut
from mrsift.ingest.mosaic import Tile, tiles
from mrsift.ingest.object_class import check_is_mr_image
from mrsift.ingest.object_header import Header
from mrsift.ingest.placement import check_placement
from mrsift.types import BValue, HeaderFacts

if TYPE_CHECKING:
    from mrsift.ingest.source import Source


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One slice: a classic object, a frame of an enhanced one, or a tile of a mosaic.

    Attributes:
        instance: The object it belongs to.
        frame: Zero-based frame in a multi-frame object, tile in a mosaic; None for classic.
        tile: Where it lies in a mosaic.
        rows: Of the slice.
        columns: Of the slice.
        position_mm: Image Position (Patient), LPS.
        orientation: Image Orientation (Patient), direction along a row, then down a column.
        spacing_mm: Pixel Spacing (between rows, between columns).
        slice_step_mm: What the header says about the distance of slices, for single slices.
        rescale: Slope and intercept of the Modality LUT.
        image_type: Image or Frame Type, in capitals.
        says_diffusion: The header calls it diffusion-weighted.
        acquisition_time_s: Date and time of acquisition in seconds, as far as stated.
        collapse_flag: Which of several images GE computed from one acquisition.
    """

    instance: "Instance"
    frame: int | None
    tile: Tile | None
    rows: int
    columns: int
    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, ...]
    slice_step_mm: float | None
    rescale: tuple[float, float]
    image_type: tuple[str, ...]
    component: str
    derived_kind: str | None
    calculated: bool
    b_value: BValue | None
    says_diffusion: bool
    direction: tuple[float, ...] | None
    directionality: str | None
    echo_time_ms: float | None
    inversion_time_ms: float | None
    repetition_time_ms: float | None
    flip_angle_deg: float | None
    temporal_position: int | None
    trigger_time_ms: float | None
    acquisition_number: int | None
    acquisition_time_s: float | None
    instance_number: int
    collapse_flag: int | None
    facts: HeaderFacts


@dataclass(slots=True, eq=False)
class Instance:
    """One object's header, no pixels.

    Attributes:
        patient: What tells patients apart, for grouping only; never shown or logged.
        lut: The Modality LUT where it is a table.
        planes: In the order of the object.
        remarks: What a user should know about this object.
        digest: SHA-256 of the file, where several objects share one SOPInstanceUID.
    """

    source: "Source"
    sop_instance_uid: str | None
    study_instance_uid: str | None
    series_instance_uid: str | None
    series_number: int | None
    series_description: str | None
    modality: str | None
    patient: tuple[str, ...]
    frame_of_reference_uid: str | None
    called_localizer: bool
    layout: PixelLayout
    lut: LookupTable | None = None
    planes: tuple[Plane, ...] = ()
    remarks: list[str] = field(default_factory=list)
    digest: str | None = None


def read_instance(source: "Source", header: Header, settings: IngestSettings) -> Instance:
    """Read what one object says of its planes.

    Args:
        source: A file.
        header: Of the object in it.
        settings: Limits on what it may claim.

    Returns:
        The object with its planes.

    Raises:
        NotDicom: It is no MR image.
        UnreadablePixels: Its pixels are missing, cut off, coloured or in an unknown coding.
        IngestError: Its geometry is missing or impossible.
    """
    top = header.elements
    check_is_mr_image(top)
    instance = Instance(
        source=source,
        sop_instance_uid=top.text(tags.SOP_INSTANCE_UID),
        study_instance_uid=top.text(tags.STUDY_INSTANCE_UID),
        series_instance_uid=top.text(tags.SERIES_INSTANCE_UID),
        series_number=top.integer(tags.SERIES_NUMBER),
        series_description=top.text(tags.SERIES_DESCRIPTION),
        modality=top.text(tags.MODALITY) or "MR",
        patient=_patient(top),
        frame_of_reference_uid=top.text(tags.FRAME_OF_REFERENCE_UID),
        called_localizer=kind.is_called_localizer(
            kind.image_type_tokens(top),
            top.text(tags.SERIES_DESCRIPTION),
            top.text(tags.PROTOCOL_NAME),
        ),
        layout=pixel_layout(header, settings),
        lut=modality_lut(top),
    )
    instance.planes = tuple(
        _plane(instance, view, number, None) for number, view in enumerate(frame_views(top))
    )
    if instance.planes:
        if len(instance.planes) != instance.layout.frames:
            raise UnreadablePixels(
                f"{instance.layout.frames} frames but functional groups for "
                f"{len(instance.planes)}; the file is damaged, export it again"
            )
        return instance
    if instance.layout.frames > 1:
        raise IngestError(
            f"{instance.layout.frames} frames without functional groups, so without positions; "
            "export it as classic or enhanced MR"
        )
    check_placement(top)
    shape = (instance.layout.rows, instance.layout.columns)
    found = tiles(top, kind.image_type_tokens(top), shape)
    if found is None:
        instance.planes = (_plane(instance, top, None, None),)
    else:
        plane = _plane(instance, top, 0, found[0])
        instance.planes = (
            plane,
            *(_moved(plane, k, tile) for k, tile in enumerate(found[1:], 1)),
        )
    return instance


def _patient(top: Elements) -> tuple[str, ...]:
    identity = top.text(tags.PATIENT_ID)
    if identity:
        return (identity,)
    others = (top.text(tags.PATIENT_NAME) or "", top.text(tags.PATIENT_BIRTH_DATE) or "")
    return others if any(others) else ()


def _plane(instance: Instance, view: Elements, frame: int | None, tile: Tile | None) -> Plane:
    if tile is None:
        check_placement(view)
    image_type = kind.image_type_tokens(view)
    description = instance.series_description or ""
    quantity = kind.quantity_code(view)
    derived = kind.derived_kind(view, image_type, description, quantity)
    b_value = diffusion.b_value(view, description, derived)
    direction, directionality = diffusion.direction(view), diffusion.directionality(view)
    if derived is None and diffusion.is_trace(b_value, direction, directionality):
        derived = "TRACE"
    return Plane(
        instance=instance,
        frame=frame,
        tile=tile,
        rows=tile.rows if tile else instance.layout.rows,
        columns=tile.columns if tile else instance.layout.columns,
        position_mm=tile.position_mm if tile else view.numbers(tags.IMAGE_POSITION_PATIENT),
        orientation=view.numbers(tags.IMAGE_ORIENTATION_PATIENT),
        spacing_mm=view.numbers(tags.PIXEL_SPACING),
        slice_step_mm=view.number(tags.SPACING_BETWEEN_SLICES) or view.number(tags.SLICE_THICKNESS),
        rescale=_rescale(view),
        image_type=image_type,
        component=kind.image_component(view, image_type, description),
        derived_kind=derived,
        calculated=kind.is_calculated(
            image_type, description, view.text(tags.DERIVATION_DESCRIPTION) or ""
        ),
        b_value=b_value,
        says_diffusion=diffusion.says_diffusion(view, image_type, description),
        direction=direction,
        directionality=directionality,
        echo_time_ms=_first(view, tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME),
        inversion_time_ms=_first(view, tags.INVERSION_TIMES, tags.INVERSION_TIME),
        repetition_time_ms=view.number(tags.REPETITION_TIME),
        flip_angle_deg=view.number(tags.FLIP_ANGLE),
        temporal_position=_whole(
            view, tags.TEMPORAL_POSITION_INDEX, tags.TEMPORAL_POSITION_IDENTIFIER
        ),
        trigger_time_ms=_first(view, tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME, tags.TRIGGER_TIME),
        acquisition_number=_whole(view, tags.FRAME_ACQUISITION_NUMBER, tags.ACQUISITION_NUMBER),
        acquisition_time_s=_acquisition_time_s(view),
        instance_number=_whole(view, tags.INSTANCE_NUMBER) or 0,
        collapse_flag=kind.ge_collapse_flag(view),
        facts=header_facts(view, image_type, quantity),
    )


def _moved(plane: Plane, frame: int, tile: Tile) -> Plane:
    """The same plane at another tile."""
    values = {name: getattr(plane, name) for name in Plane.__slots__}
    return Plane(**values | {"frame": frame, "tile": tile, "position_mm": tile.position_mm})


def _first(view: Elements, *candidates: int) -> float | None:
    for tag in candidates:
        value = view.number(tag)
        if value is not None:
            return value
    return None


def _whole(view: Elements, *candidates: int) -> int | None:
    value = _first(view, *candidates)
    return None if value is None else int(value)


def _rescale(view: Elements) -> tuple[float, float]:
    slope = view.number(tags.RESCALE_SLOPE)
    intercept = view.number(tags.RESCALE_INTERCEPT)
    return (1.0 if slope is None or slope == 0 else slope), intercept or 0.0


def _acquisition_time_s(view: Elements) -> float | None:
    """Seconds since midnight, or since year 0 where a date stands with it."""
    stamp = view.text(tags.FRAME_ACQUISITION_DATE_TIME) or view.text(tags.ACQUISITION_DATE_TIME)
    if stamp is None:
        clock = view.text(tags.ACQUISITION_TIME) or view.text(tags.CONTENT_TIME)
        if clock is None:
            return None
        stamp = (view.text(tags.ACQUISITION_DATE) or "00000000") + clock
    digits = stamp.split("+")[0].split("-")[0].replace(":", "")
    try:
        days = int(digits[:4]) * 372 + int(digits[4:6]) * 31 + int(digits[6:8])  # monotonic
        hours, minutes = int(digits[8:10]), int(digits[10:12] or 0)
        return ((days * 24 + hours) * 60 + minutes) * 60 + float(digits[12:] or 0)
    except ValueError:
        return None
