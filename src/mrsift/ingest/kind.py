"""What an image is, as its header says: component, derived map, calculated, localizer."""

import re
from collections.abc import Iterable
from typing import Final

from mrsift.ingest import tags
from mrsift.ingest.elements import Elements

_COMPONENTS: Final[dict[str, tuple[str, ...]]] = {
    "subtraction": ("SUBTRACTION", "SUBTRACT", "SUB"),
    "water": ("W", "WATER", "DIXON_W", "WATER_ONLY"),
    "fat": ("F", "FAT", "DIXON_F", "FAT_ONLY"),
    "in_phase": ("IP", "IN_PHASE", "INPHASE", "IN-PHASE"),
    "opposed_phase": (
        *("OP", "OPP_PHASE", "OUT_PHASE", "OPPOSED_PHASE", "OUTPHASE", "OUT_OF_PHASE"),
        *("OPPOSED-PHASE", "OUT-PHASE"),
    ),
    "field_map": ("B0 MAP", "B0_MAP", "FIELD_MAP", "FIELD MAP"),
    "phase": ("P", "PHASE", "PHASE MAP", "PHASE_MAP", "P_FFE", "P_SE", "P_IR", "VELOCITY MAP"),
    "real": ("R", "REAL", "R_FFE", "R_SE", "R_IR"),
    "imaginary": ("I", "IMAGINARY", "I_FFE", "I_SE", "I_IR"),
}
"""Image component -> values of Image Type that say so; the first component that fits counts."""

_GE_DIXON: Final = re.compile(r"(?i)^(water|fat|inphase|outphase):")
_DIXON_NAMES: Final = {
    "water": "water",
    "fat": "fat",
    "inphase": "in_phase",
    "outphase": "opposed_phase",
}
"""GE writes the Dixon component before the name of the series only."""

_GE_RAW_DATA_TYPE: Final = {1: "phase", 2: "real", 3: "imaginary"}

_DERIVED: Final[dict[str, tuple[str, ...]]] = {
    "EADC": ("EADC", "EXP_ADC", "EXPONENTIAL ADC", "EADC MAP"),
    "ADC": ("ADC", "ADC_UNSPECIFIED", "ADC MAP", "ADC_MAP"),
    "FA": ("FA", "FRACT_ANISO", "FA MAP", "COLFA", "FAC"),
    "RA": ("RA", "REL_ANISO"),
    "TENSOR": ("TENSOR", "TENSOR_B0", "DIFFUSION_TENSOR"),
    "TRACEW": ("TRACEW",),
    "TRACE": ("TRACE", "ISOTROPIC"),
    "CBF": ("CBF", "RCBF", "RELCBF"),
    "CBV": ("CBV", "RCBV", "RELCBV"),
    "MTT": ("MTT",),
    "TTP": ("TTP",),
    "TMAX": ("TMAX",),
    "T1_MAP": ("T1 MAP", "T1_MAP", "T1MAP"),
    "T2_MAP": ("T2 MAP", "T2_MAP", "T2MAP"),
    "T2_STAR_MAP": ("T2* MAP", "T2_STAR MAP", "T2_STAR_MAP", "T2STAR_MAP", "T2STAR MAP"),
    "SWI": ("SWI",),
    "MINIP": ("MNIP", "MINIP", "MIN_IP", "MINIMUM INTENSITY PROJECTION"),
    "MIP": ("PROJECTION IMAGE", "MIP", "MAX_IP", "MIP_SWI"),
}
"""Derived kind -> values of Image Type that say so."""

WEIGHTED: Final = frozenset(("TRACE", "TRACEW"))
"""Derived kinds that are still diffusion-weighted images, with a b-value of their own."""

_QUANTITY: Final = {"113041": "ADC", "113055": "FA"}
_GE_MAPS: Final = {18: "FA"}
_GE_TRACE: Final = 19

_EADC_TEXT: Final = re.compile(r"(?i)(?<![a-z])(e-?adc|exp[a-z]*[ _]*adc|exponential)(?![a-z])")
_ADC_TEXT: Final = re.compile(
    r"(?i)(?<![a-z])(d?adc|apparent[ _]+diffusion[ _]+coeff[a-z.]*)(?![a-z])"
)
_CALCULATED_TEXT: Final = re.compile(
    r"(?i)(calc_?bval|calc[a-z]*[ _]*b[ _-]?\d|synthetic|computed[ _]*(b|dwi)|syn_?b"
    r"|(?<![a-z])cdwi)"
)
_LOCALIZER_TEXT: Final = re.compile(
    r"(?i)(?<![a-z])(loc(ali[sz]er)?s?|scouts?|survey|plan[ _-]?scan|3[ _-]?(pl|plane)"
    r"|three[ _-]?plane|tri-?planar|pilot|smartbrain)(?![a-z])"
)


def image_type_tokens(view: Elements) -> tuple[str, ...]:
    """Frame Type where the frame has its own, else Image Type; in capitals."""
    values = view.texts(tags.FRAME_TYPE) or view.texts(tags.IMAGE_TYPE)
    return tuple(value.upper() for value in values)


def image_component(view: Elements, tokens: Iterable[str], description: str) -> str:
    """Which part of the complex or Dixon image it is; see `types.VolumeInfo`."""
    tokens = set(tokens)
    for component, words in _COMPONENTS.items():
        if not tokens.isdisjoint(words):
            return component
    prefix = _GE_DIXON.match(description)
    if prefix:
        return _DIXON_NAMES[prefix[1].lower()]
    tag = view.private(0x0043, "GEMS_PARM_01", 0x2F)
    if tag is not None:
        raw_type = view.number(tag, "SS")
        return _GE_RAW_DATA_TYPE.get(int(raw_type or 0), "magnitude")
    stated = (view.text(tags.COMPLEX_IMAGE_COMPONENT) or "").lower()
    return stated if stated in ("phase", "real", "imaginary") else "magnitude"


def quantity_code(view: Elements) -> str | None:
    """DCM code of the quantity in the Real World Value Map, or None.

    Source:
        DICOM PS3.3 C.7.6.16.2.11, PS3.16 CID 7263.
    """
    for item in view.items(tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE) or [view]:
        for definition in item.items(tags.QUANTITY_DEFINITION_SEQUENCE):
            concept = definition.first(tags.CONCEPT_CODE_SEQUENCE)
            if concept is not None and (code := concept.text(tags.CODE_VALUE)):
                return code
    return None


def derived_kind(
    view: Elements, tokens: tuple[str, ...], description: str, quantity: str | None
) -> str | None:
    """Which map or composite it is, or None where the header does not say that it is one."""
    if quantity in _QUANTITY:
        return _QUANTITY[quantity]
    flag = ge_collapse_flag(view)
    stated = next(
        (name for name, words in _DERIVED.items() if not set(tokens).isdisjoint(words)),
        _GE_MAPS.get(flag or 0),
    )
    # A name alone is trusted only where the image says that it was computed.
    if _EADC_TEXT.search(description) and (stated == "ADC" or tokens[:1] == ("DERIVED",)):
        return "EADC"
    if stated is None and tokens[:1] == ("DERIVED",):
        if _ADC_TEXT.search(description):
            return "ADC"
        if flag == _GE_TRACE:
            return "TRACE"
    return stated


def ge_collapse_flag(view: Elements) -> int | None:
    """GE's number for which image this is of those computed from one acquisition, or None."""
    tag = view.private(0x0043, "GEMS_PARM_01", 0x30)
    flag = None if tag is None else view.number(tag, "SS")
    return None if flag is None else int(flag)


def is_calculated(tokens: tuple[str, ...], description: str, derivation: str) -> bool:
    """Whether a diffusion-weighted image was extrapolated from others, not acquired."""
    said = f"{description} {derivation}"
    return bool({"CALC_BVAL", "SYNTHETIC", "COMPUTED"} & set(tokens)) or (
        _CALCULATED_TEXT.search(said) is not None
    )


def is_called_localizer(tokens: tuple[str, ...], *names: str | None) -> bool:
    """Whether Image Type or a name calls it a localizer."""
    if "LOCALIZER" in tokens:
        return True
    return any(name is not None and _LOCALIZER_TEXT.search(name) for name in names)
