"""Witnesses that know what an image is: b-value, derived maps, image component."""

from collections.abc import Iterable

from mrsift.infer.witness import DECISIVE, FAIR, STRONG, WEAK, Finding, readout, towards
from mrsift.labels import B_HIGH_S_PER_MM2, UNKNOWN
from mrsift.types import VolumeInfo

WEIGHTED_KINDS = (None, "TRACE", "TRACEW")
"""Derived kinds of images that may have a b-value of their own."""

OTHER_MAPS = frozenset(
    (
        "EADC", "EXP_ADC", "FA", "COLFA", "FAC", "RA", "TENSOR", "TENSOR_B0", 
        "IVIM", "KTRANS", "CBF", "RCBF", "CBV", "RCBV", "RELCBF", "RELCBV", "MTT", "TTP",
        "TMAX", "PBP", "GBP", "PERFUSION", "PERFUSION_ASL", "ASL", "BOLD", "PHASE_MAP",
        "FIELD_MAP", "FIELD_MAP_HZ", "B0_MAP", "B1_MAP", "VELOCITY_MAP", "T1_MAP",
        "T2_MAP", "T2_STAR_MAP", "T2STAR_MAP", "R1_MAP", "R2_MAP", "R2_STAR_MAP", "PD_MAP",
        "T1MAP", "T2MAP", "SWI", "SWM", "SUBTRACTION", "SUBTRACT", "SUB", "PROJECTION_IMAGE",
        "MIP", "MNIP", "MINIP", "MAX_IP", "MIN_IP", "MIP_SWI", "STDDEV", "MEAN_MAP", "T_TEST",
        "Z_SCORE", "FMRI", "SPECTRO", "FLOW_MAP",
    )
)  # fmt: skip
"""Image Type values, with blanks and stars written out, that never are one of our labels."""

QUANTITIES = {"113041": "ADC", "113043": "DWI", "113057": UNKNOWN, "113055": UNKNOWN}
"""Code of the Real World Value Map (DCM scheme) -> what the values are."""


def _tokens(values: Iterable[str]) -> set[str]:
    return {
        value.upper().replace("*", "_STAR").replace(" ", "_").replace("-", "_")
        for value in values
        if value
    }


def b_value(info: VolumeInfo) -> Finding | None:
    """A b-value of this image itself; a b tag on a map is the b-value of its sources."""
    if info.b_value is None or info.derived_kind not in WEIGHTED_KINDS:
        return None
    b = info.b_value.s_per_mm2
    label = "DWI_HIGH" if b >= B_HIGH_S_PER_MM2 else "DWI_LOW"
    found = f"b = {b:g} s/mm2 from {info.b_value.source}"
    if b == 0 and readout(info) in ("spin", "gradient"):
        # GE writes 0 into (0043,1039) of FLAIR and localizers as well.
        return Finding(f"{found}, without an echo-planar readout", towards(WEAK, label))
    return Finding(found, towards(DECISIVE, label))


def derived_map(info: VolumeInfo) -> Finding | None:
    """Image Type or the ingest says that the image is a map computed from others."""
    tokens = _tokens(info.header.image_type)
    if tokens & {"EADC", "EXP_ADC"} or info.derived_kind == "EADC":
        return Finding("exponential ADC map", towards(DECISIVE, UNKNOWN))
    if tokens & {"ADC", "ADC_MAP", "ADC_UNSPECIFIED"}:
        return Finding("ImageType ADC", towards(DECISIVE, "ADC"))
    if info.derived_kind == "ADC":  # DERIVED, and only the description calls it so
        return Finding("derived image called ADC", towards(WEAK, "ADC"))
    other = sorted(tokens & OTHER_MAPS)
    if other or info.derived_kind not in WEIGHTED_KINDS:
        found = f"ImageType {other[0]}" if other else f"{info.derived_kind} image"
        return Finding(found, towards(DECISIVE, UNKNOWN))
    return None


def diffusion_image(info: VolumeInfo) -> Finding | None:
    """Image Type DIFFUSION, TRACEW or ISOTROPIC on an image that is no map."""
    found = sorted(
        _tokens((*info.header.image_type, info.derived_kind or ""))
        & {"DIFFUSION", "TRACEW", "TRACE", "ISOTROPIC", "CALC_BVAL"}
    )
    if not found or derived_map(info) is not None:
        return None
    log_odds = towards(STRONG, "DWI_LOW", "DWI_HIGH")
    if "DIFFUSION" not in found or len(found) > 1:
        log_odds["DWI_HIGH"] += WEAK  # a trace image has a b-value above 0
    return Finding(f"ImageType {found[-1]}", log_odds)


def quantity(info: VolumeInfo) -> Finding | None:
    """The Real World Value Map names the quantity of the stored values."""
    code = info.header.quantity_code
    meaning = QUANTITIES.get((code or "").split(":")[-1].strip())
    if meaning is None:
        return None
    labels = ("DWI_LOW", "DWI_HIGH") if meaning == "DWI" else (meaning,)
    return Finding(f"quantity code {code}", towards(DECISIVE, *labels))


def image_component(info: VolumeInfo) -> Finding | None:
    """Phase, real, imaginary, field, fat and subtraction images; Dixon water."""
    component = info.image_component.lower()
    if component in ("magnitude", "mixed", ""):
        return None
    found = f"{component.replace('_', ' ')} image"
    if component == "water":
        return Finding(found, {"T2W_FS": WEAK, "T2W": -STRONG})
    if component in ("in_phase", "opposed_phase"):
        return Finding(found, {"T2W": WEAK, "T2W_FS": -STRONG})
    if component == "real":  # phase-sensitive inversion recovery is stored as real
        return Finding(found, towards(FAIR, UNKNOWN))
    return Finding(found, towards(DECISIVE, UNKNOWN))


def diffusion_directionality(info: VolumeInfo) -> Finding | None:
    """Enhanced MR says how diffusion was encoded; NONE also stands on ordinary images."""
    kind = (info.header.diffusion_directionality or "").upper()
    if kind not in ("DIRECTIONAL", "BMATRIX", "ISOTROPIC") or derived_map(info) is not None:
        return None
    log_odds = towards(FAIR, "DWI_LOW", "DWI_HIGH")
    log_odds["DWI_HIGH"] += WEAK
    return Finding(f"DiffusionDirectionality {kind}", log_odds)
