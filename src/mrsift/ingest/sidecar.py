"""What stands beside a NIfTI file: `.bval`, `.bvec` and the BIDS `.json`.

Source:
    BIDS specification 1.10, "Magnetic Resonance Imaging"; FSL's bvals and bvecs.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mrsift.errors import IngestError
from mrsift.ingest.source import Source
from mrsift.types import BValue, HeaderFacts

_MAX_BYTES = 10_000_000
_SOURCE = "sidecar .bval"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """All that the files beside an image say.

    Attributes:
        b_values: One per volume; empty where there are none that fit.
        directionality: One per volume, as in DICOM (0018,9075); None where not known.
        facts: Contrast facts of the JSON; names and units of DICOM.
        series_number: Of the JSON.
        modality: Of the JSON, e.g. `MR`.
        remarks: What could not be used, one line each.
    """

    b_values: tuple[BValue, ...] = ()
    directionality: tuple[str | None, ...] = ()
    facts: HeaderFacts = field(default_factory=HeaderFacts)
    series_number: int | None = None
    modality: str | None = None
    remarks: tuple[str, ...] = ()


def read_sidecar(
    bval: Source | None, bvec: Source | None, bids: Source | None, volumes: int
) -> Sidecar:
    """Read the files beside an image; what cannot be used becomes a remark.

    Args:
        bval: b-values in s/mm2, one per volume.
        bvec: Three rows of direction cosines, one column per volume (or the transpose).
        bids: BIDS JSON.
        volumes: Number of volumes in the image.
    """
    remarks: list[str] = []
    values = _numbers(bval, remarks)
    b_values: tuple[BValue, ...] = ()
    directionality: tuple[str | None, ...] = ()
    if values and (len(values) != volumes or min(values) < 0):
        remarks.append(f".bval beside it has {len(values)} values for {volumes} volumes; not used")
    elif values:
        b_values = tuple(BValue(b, _SOURCE, f"{b:g}") for b in values)
        directionality = _directionality(values, _numbers(bvec, remarks))
    facts = _json(bids, remarks)
    return Sidecar(
        b_values,
        directionality,
        _facts(facts),
        _integer(facts.get("SeriesNumber")),
        _text(facts.get("Modality")),
        tuple(remarks),
    )


def read_vectors(bvec: Source, volumes: int) -> list[float]:
    """The numbers of a `.bvec`, three rows of one number per volume; empty where it does not fit.

    Args:
        bvec: Rows x, y, z, or the transpose with one line per volume.
        volumes: Number of volumes in the image.
    """
    numbers = _numbers(bvec, [])
    if len(numbers) != 3 * volumes:
        return []
    lines = [line for line in bvec.read().splitlines() if line.strip()]
    if len(lines) == volumes != 3:
        return [numbers[3 * index + axis] for axis in range(3) for index in range(volumes)]
    return numbers


def _read(source: Source | None, remarks: list[str]) -> bytes:
    if source is None:
        return b""
    suffix = source.path[source.path.rfind(".") :]
    if source.size > _MAX_BYTES:
        remarks.append(f"{suffix} beside it is larger than {_MAX_BYTES:,} bytes; not used")
        return b""
    try:
        return source.read()
    except IngestError as error:
        remarks.append(f"{suffix} beside it: {error}; not used")
        return b""


def _numbers(source: Source | None, remarks: list[str]) -> list[float]:
    words = _read(source, remarks).split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = [math.nan]
    if all(math.isfinite(value) for value in values):
        return values
    assert source is not None
    remarks.append(f"{source.path[source.path.rfind('.') :]} beside it is not numeric; not used")
    return []


def _directionality(b_values: list[float], vectors: list[float]) -> tuple[str | None, ...]:
    count = len(b_values)
    if len(vectors) != 3 * count:
        return tuple("NONE" if b == 0 else None for b in b_values)
    # Rows are x, y, z (FSL); a transposed file only changes which numbers are added up.
    moving = [any(vectors[axis * count + index] for axis in range(3)) for index in range(count)]
    return tuple(
        "NONE" if b == 0 else "DIRECTIONAL" if moves else "ISOTROPIC"
        for b, moves in zip(b_values, moving, strict=True)
    )


def _json(source: Source | None, remarks: list[str]) -> Mapping[str, Any]:
    data = _read(source, remarks)
    if not data:
        return {}
    try:
        found = json.loads(data, parse_int=float)  # no integer overflows
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    remarks.append(".json beside it is not a JSON object; not used")
    return {}


def _facts(bids: Mapping[str, Any]) -> HeaderFacts:
    agent = bids.get("ContrastBolusIngredient", bids.get("ContrastBolusAgent"))
    return HeaderFacts(
        manufacturer=_text(bids.get("Manufacturer")),
        manufacturer_model_name=_text(bids.get("ManufacturersModelName")),
        magnetic_field_strength_t=_number(bids.get("MagneticFieldStrength")),
        body_part_examined=_text(bids.get("BodyPartExamined", bids.get("BodyPart"))),
        series_description=_text(bids.get("SeriesDescription")),
        protocol_name=_text(bids.get("ProtocolName")),
        sequence_name=_text(bids.get("SequenceName")),
        image_type=_words(bids.get("ImageType")),
        scanning_sequence=_words(bids.get("ScanningSequence")),
        sequence_variant=_words(bids.get("SequenceVariant")),
        scan_options=_words(bids.get("ScanOptions")),
        mr_acquisition_type=_text(bids.get("MRAcquisitionType")),
        repetition_time_ms=_milliseconds(bids.get("RepetitionTime")),
        echo_time_ms=_milliseconds(bids.get("EchoTime")),
        inversion_time_ms=_milliseconds(bids.get("InversionTime")),
        flip_angle_deg=_number(bids.get("FlipAngle")),
        echo_train_length=_integer(bids.get("EchoTrainLength")),
        contrast_agent=None if agent is None else bool(agent),
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _words(value: object) -> tuple[str, ...]:
    """A multi-valued DICOM text as BIDS has it: a list, or joined by backslash or underscore."""
    if isinstance(value, str):
        value = value.replace("_", "\\").split("\\")
    if not isinstance(value, list):
        return ()
    return tuple(word.strip() for word in value if isinstance(word, str) and word.strip())


def _number(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if usable and math.isfinite(value) else None  # type: ignore[arg-type]


def _integer(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _milliseconds(value: object) -> float | None:
    seconds = _number(value)
    return None if seconds is None else round(seconds * 1000, 6)
