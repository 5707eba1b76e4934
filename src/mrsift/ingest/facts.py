"""What a header says about the contrast, as the witnesses of `infer` want it."""

from mrsift.ingest import diffusion, tags
from mrsift.ingest.elements import Elements
from mrsift.types import HeaderFacts

_NO_AGENT = frozenset(("NO", "NONE", "N", "NOT APPLIED", "NO CONTRAST", "WITHOUT"))
_cache: dict[tuple[bytes | str | None, ...], HeaderFacts] = {}
_MAX_CACHED = 4096
_TAGS = (
    tags.MANUFACTURER,
    tags.MANUFACTURER_MODEL_NAME,
    tags.MAGNETIC_FIELD_STRENGTH,
    tags.BODY_PART_EXAMINED,
    tags.SERIES_DESCRIPTION,
    tags.PROTOCOL_NAME,
    tags.SEQUENCE_NAME,
    tags.PULSE_SEQUENCE_NAME,
    tags.IMAGE_TYPE,
    tags.SCANNING_SEQUENCE,
    tags.SEQUENCE_VARIANT,
    tags.SCAN_OPTIONS,
    tags.MR_ACQUISITION_TYPE,
    tags.ACQUISITION_CONTRAST,
    tags.SPECTRALLY_SELECTED_SUPPRESSION,
    tags.REPETITION_TIME,
    tags.ECHO_TIME,
    tags.EFFECTIVE_ECHO_TIME,
    tags.INVERSION_TIME,
    tags.INVERSION_TIMES,
    tags.FLIP_ANGLE,
    tags.ECHO_TRAIN_LENGTH,
    tags.CONTRAST_BOLUS_AGENT,
    tags.DIFFUSION_DIRECTIONALITY,
    tags.NUMBER_OF_TEMPORAL_POSITIONS,
)


def header_facts(view: Elements, image_type: tuple[str, ...], quantity: str | None) -> HeaderFacts:
    """Facts of one plane; planes that say the same share one value.

    Args:
        view: Attributes of the plane.
        image_type: Image or Frame Type.
        quantity: Code of its quantity.
    """
    directionality = diffusion.directionality(view)
    key = (*map(view.raw, _TAGS), directionality, *image_type, quantity)
    if key not in _cache:
        if len(_cache) >= _MAX_CACHED:
            _cache.clear()
        _cache[key] = _facts(view, image_type, quantity, directionality)
    return _cache[key]


def _facts(
    view: Elements, image_type: tuple[str, ...], quantity: str | None, directionality: str | None
) -> HeaderFacts:
    train = view.number(tags.ECHO_TRAIN_LENGTH)
    temporal = view.number(tags.NUMBER_OF_TEMPORAL_POSITIONS)
    agent = view.text(tags.CONTRAST_BOLUS_AGENT)
    echo_time = view.number(tags.EFFECTIVE_ECHO_TIME)
    inversion_time = view.number(tags.INVERSION_TIMES)
    return HeaderFacts(
        manufacturer=view.text(tags.MANUFACTURER),
        manufacturer_model_name=view.text(tags.MANUFACTURER_MODEL_NAME),
        magnetic_field_strength_t=view.number(tags.MAGNETIC_FIELD_STRENGTH),
        body_part_examined=view.text(tags.BODY_PART_EXAMINED),
        series_description=view.text(tags.SERIES_DESCRIPTION),
        protocol_name=view.text(tags.PROTOCOL_NAME),
        sequence_name=view.text(tags.SEQUENCE_NAME) or view.text(tags.PULSE_SEQUENCE_NAME),
        image_type=image_type,
        scanning_sequence=view.texts(tags.SCANNING_SEQUENCE),
        sequence_variant=view.texts(tags.SEQUENCE_VARIANT),
        scan_options=view.texts(tags.SCAN_OPTIONS),
        mr_acquisition_type=view.text(tags.MR_ACQUISITION_TYPE),
        acquisition_contrast=view.text(tags.ACQUISITION_CONTRAST),
        spectrally_selected_suppression=view.text(tags.SPECTRALLY_SELECTED_SUPPRESSION),
        repetition_time_ms=view.number(tags.REPETITION_TIME),
        echo_time_ms=view.number(tags.ECHO_TIME) if echo_time is None else echo_time,
        inversion_time_ms=(
            view.number(tags.INVERSION_TIME) if inversion_time is None else inversion_time
        ),
        flip_angle_deg=view.number(tags.FLIP_ANGLE),
        echo_train_length=None if train is None else int(train),
        contrast_agent=None if agent is None else agent.upper() not in _NO_AGENT,
        diffusion_directionality=directionality,
        quantity_code=quantity,
        number_of_temporal_positions=None if temporal is None else int(temporal),
    )
