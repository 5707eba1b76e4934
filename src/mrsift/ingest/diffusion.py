"""The b-value of a plane, where it stood, and its direction, vendor by vendor.

Source:
    DICOM PS3.3 C.8.13.5.9; the vendors' conformance statements.
"""

import re
from collections.abc import Callable
from typing import Final

from mrsift.ingest import tags
from mrsift.ingest.elements import Elements
from mrsift.ingest.kind import WEIGHTED
from mrsift.ingest.private import csa_image_header
from mrsift.ingest.tags import tag_text
from mrsift.types import BValue

SIBLING_SOURCE: Final = "absent beside siblings that carry b"

_GE_BIAS: Final = 1_000_000_000
_MAX_B: Final = 100_000.0
_SEQUENCE_NAME_B: Final = re.compile(r"(?i)^\*?[a-z0-9]*_b(\d+)(?:[a-z#]\w*)?$")
_COMMENT_B: Final = re.compile(r"(?i)^\s*b\s*=\s*(\d+(?:\.\d+)?)")
_COMMENT_DIRECTION: Final = re.compile(
    r"(?i)^\s*b\s*=\s*[\d.]+\s*\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)"
)
_DESCRIPTION_B: Final = re.compile(
    r"(?i)(?<![a-z0-9])(?:syn)?b(?:val(?:ue)?)?[ _=-]?(\d{1,5})(?:(?![a-z\d])|(?=(t|s|tracew?)\b))"
)
_LIST_OF_B: Final = re.compile(r"(?i)^[ _,/+-]+(?:b[ _=-]?)?\d+(?![\d.]*[a-z])")
_DIFFUSION_TEXT: Final = re.compile(
    r"(?i)(dwi|dti|diff|tracew?|(?<![a-z])b[ _-]?\d{2,4}(?![a-z\d]))"
)
_EPI: Final = frozenset(("EP", "RM"))

Finder = Callable[[Elements, str], BValue | None]


def _standard(view: Elements, _: str) -> BValue | None:
    b = view.number(tags.DIFFUSION_B_VALUE)
    return _value(b, tag_text(tags.DIFFUSION_B_VALUE), b)


def _siemens(view: Elements, _: str) -> BValue | None:
    tag = view.private(0x0019, "SIEMENS MR HEADER", 0x0C)
    if tag is not None:
        found = view.number(tag, "")
        if found is not None:
            return _value(found, f"{tag_text(tag)} SIEMENS MR HEADER", _stored(view, tag))
    if view.private(0x0029, "SIEMENS CSA HEADER", 0x10) is not None:
        values = csa_image_header(view).get("B_value", ())
        if values:
            return _value(_to_float(values[0]), "CSA B_value", values[0])
    return None


def _ge(view: Elements, description: str) -> BValue | None:
    tag = view.private(0x0043, "GEMS_PARM_01", 0x39)
    if tag is None:
        return None
    values = view.numbers(tag, "")
    if not values:
        return None
    # (0043,1039) stands on FLAIR and localizers as well: b needs an echo-planar readout.
    readout = {value.upper() for value in view.texts(tags.SCANNING_SEQUENCE)}
    if readout and not readout & _EPI and not _DIFFUSION_TEXT.search(description):
        return None
    raw = _stored(view, tag)
    return _value(values[0] % _GE_BIAS, f"{tag_text(tag)} GEMS_PARM_01", raw)


def _philips(view: Elements, _: str) -> BValue | None:
    tag = view.private(0x2001, "Philips Imaging DD 001", 0x03)
    b = None if tag is None else view.number(tag, "FL")
    return None if tag is None else _value(b, f"{tag_text(tag)} Philips Imaging DD 001", b)


def _uih(view: Elements, _: str) -> BValue | None:
    for element in (0x09, 0x0A):  # actual, then requested
        tag = uih_tag(view, element)
        if tag is not None and (b := view.number(tag, "FD")) is not None:
            return _value(b, f"{tag_text(tag)} UIH", b)
    return None


def _b_matrix(view: Elements, _: str) -> BValue | None:
    inner = view.first(tags.DIFFUSION_B_MATRIX_SEQUENCE) or view
    diagonal = [
        inner.number(tag)
        for tag in (
            tags.DIFFUSION_B_VALUE_XX,
            tags.DIFFUSION_B_VALUE_YY,
            tags.DIFFUSION_B_VALUE_ZZ,
        )
    ]
    known = [b for b in diagonal if b is not None]
    if len(known) < 3:
        return None
    return _value(round(sum(known), 1), "trace of the b-matrix (0018,9602)", sum(known))


def _sequence_name(view: Elements, _: str) -> BValue | None:
    for tag in (tags.SEQUENCE_NAME, tags.PULSE_SEQUENCE_NAME):
        name = view.text(tag)
        if name and (match := _SEQUENCE_NAME_B.match(name)):
            return _value(float(match[1]), f"{tag_text(tag)} SequenceName", name)
    return None


def _comments(view: Elements, _: str) -> BValue | None:
    text = view.text(tags.IMAGE_COMMENTS)
    match = _COMMENT_B.match(text) if text else None
    return _value(float(match[1]), "(0020,4000) ImageComments", match[0]) if match else None


def _description(_: Elements, description: str) -> BValue | None:
    matches = list(_DESCRIPTION_B.finditer(description))
    if len(matches) != 1 or _LIST_OF_B.match(description[matches[0].end() :]):
        return None
    b = matches[0][1]
    if int(b) % 10:
        return None  # B1 maps and the like
    return _value(float(b), "(0008,103E) SeriesDescription", b)


_FINDERS: Final[tuple[Finder, ...]] = (
    _standard,
    _siemens,
    _ge,
    _philips,
    _uih,
    _b_matrix,
    _sequence_name,
    _comments,
    _description,
)
"""In the order to try; text comes last."""


def b_value(view: Elements, description: str, derived_kind: str | None) -> BValue | None:
    """The diffusion weighting of one plane with its provenance.

    Args:
        view: Attributes of the plane.
        description: Series Description.
        derived_kind: A map has no b-value of its own.

    Returns:
        None where the header does not give one.
    """
    if derived_kind is not None and derived_kind not in WEIGHTED:
        return None
    for find in _FINDERS:
        found = find(view, description)
        if found is not None:
            return found
    return None


def direction(view: Elements) -> tuple[float, ...] | None:
    """Diffusion gradient direction as stored, three numbers, or None."""
    item = view.first(tags.DIFFUSION_GRADIENT_DIRECTION_SEQUENCE) or view
    found = item.numbers(tags.DIFFUSION_GRADIENT_ORIENTATION)
    if len(found) == 3:
        return found
    comment = _COMMENT_DIRECTION.match(view.text(tags.IMAGE_COMMENTS) or "")
    if comment:
        return tuple(float(number) for number in comment.groups())
    for tag in (view.private(0x0019, "SIEMENS MR HEADER", 0x0E), uih_tag(view, 0x37)):
        if tag is not None and len(found := view.numbers(tag, "FD")) == 3:
            return found
    for group, creator, elements, vr in (
        (0x2005, "Philips MR Imaging DD 001", (0xB0, 0xB1, 0xB2), "FL"),
        (0x0019, "GEMS_ACQU_01", (0xBB, 0xBC, 0xBD), ""),
    ):
        parts = [view.private(group, creator, element) for element in elements]
        numbers = [None if tag is None else view.number(tag, vr) for tag in parts]
        if None not in numbers:
            return tuple(number for number in numbers if number is not None)
    return None


def is_trace(
    b: BValue | None, direction: tuple[float, ...] | None, directionality: str | None
) -> bool:
    """Whether a weighted image is the mean over directions: isotropic, or direction 0, 0, 0."""
    if b is None or b.s_per_mm2 <= 0:
        return False
    return directionality == "ISOTROPIC" or (direction is not None and not any(direction))


def directionality(view: Elements) -> str | None:
    """DIRECTIONAL, BMATRIX, ISOTROPIC or NONE, also from Philips' private letter."""
    stated = view.text(tags.DIFFUSION_DIRECTIONALITY)
    if stated:
        return stated.upper()
    tag = view.private(0x2001, "Philips Imaging DD 001", 0x04)
    letter = (view.text(tag) or "")[:1].upper() if tag is not None else ""
    return {"I": "ISOTROPIC", "O": "DIRECTIONAL"}.get(letter)


def says_diffusion(view: Elements, tokens: tuple[str, ...], description: str) -> bool:
    """Whether the header calls the image diffusion-weighted; for a b-value of 0 alone.

    Philips and GE write b = 0 into images of every kind.
    """
    if "DIFFUSION" in tokens or (view.text(tags.ACQUISITION_CONTRAST) or "") == "DIFFUSION":
        return True
    if (directionality(view) or "NONE") not in ("NONE", ""):
        return True
    name = view.text(tags.SEQUENCE_NAME) or ""
    return bool(_DIFFUSION_TEXT.search(description)) or "ep_b" in name.lower()


def uih_tag(view: Elements, element: int) -> int | None:
    """Tag of a private attribute of United Imaging, which writes a creator of many names."""
    for (group, creator), blocks in view.private_blocks().items():
        if group != 0x0065:
            continue
        maker = (view.text(tags.MANUFACTURER) or "").casefold()
        if creator == "image private header" or "uih" in creator or "uih" in maker:
            for block in blocks:
                tag = (group << 16) + (block << 8) + element
                if tag in view:
                    return tag
    return None


def _value(b: float | None, source: str, raw: object) -> BValue | None:
    if b is None or not 0 <= b <= _MAX_B:
        return None
    return BValue(float(b), source, f"{raw:g}" if isinstance(raw, float) else str(raw))


def _stored(view: Elements, tag: int) -> str:
    return (view.raw(tag) or b"").strip(b" \0").decode("latin-1")


def _to_float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
