"""Witnesses that know MR physics: echo time, repetition time, inversion time, readout."""

import math

from mrsift.infer.witness import FAIR, STRONG, WEAK, Finding, readout, towards
from mrsift.infer.witness_kind import derived_map, diffusion_image
from mrsift.labels import UNKNOWN
from mrsift.types import VolumeInfo

T1_TISSUE_MS = 1000.0
"""Order of magnitude of T1 in soft tissue at 1.5 to 3 T."""

FLAIR_TI_MS = (1500.0, 3000.0)
T1_INVERSION_TI_MS = (400.0, 1400.0)
STIR_TI_MS = ((1.0, (70.0, 170.0)), (2.0, (110.0, 205.0)), (99.0, (160.0, 290.0)))
"""(field strength below, TI that nulls fat); T1 of fat grows with the field."""


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def nulls_fat(info: VolumeInfo) -> bool:
    """Whether the inversion time is that of STIR at this field strength.

    Args:
        info: Volume whose header is read.

    Returns:
        False where there is no inversion time.

    Source:
        Bydder and Young, J Comput Assist Tomogr 1985;9:659: fat is null at T1 ln 2.
    """
    inversion = _positive(info.header.inversion_time_ms)
    if inversion is None:
        return False
    field_t = _positive(info.header.magnetic_field_strength_t)
    if field_t is None:
        return STIR_TI_MS[0][1][0] <= inversion <= STIR_TI_MS[-1][1][1]
    low, high = next(window for limit, window in STIR_TI_MS if field_t < limit)
    return low <= inversion <= high


def inversion(info: VolumeInfo) -> Finding | None:
    """FLAIR, T1-FLAIR, MPRAGE and STIR by their inversion time."""
    time = _positive(info.header.inversion_time_ms)
    echo = _positive(info.header.echo_time_ms)
    kind = readout(info)
    if time is None or kind == "epi":
        return None
    found = f"TI {time:g} ms" + (f", TE {echo:g} ms" if echo else "")
    if nulls_fat(info) and kind != "gradient":
        return Finding(f"{found}: fat is null", {"T2W_FS": STRONG, "T2W": -FAIR})
    if FLAIR_TI_MS[0] <= time <= FLAIR_TI_MS[1] and (echo is None or echo >= 50):
        return Finding(f"{found}: fluid is null", {"FLAIR": STRONG, "T2W": -FAIR, "T2W_FS": -FAIR})
    if T1_INVERSION_TI_MS[0] <= time <= T1_INVERSION_TI_MS[1] and (echo is None or echo <= 40):
        return Finding(f"{found}: T1-weighted by inversion", towards(STRONG, "T1W", "T1W_CE"))
    return None


def spin_echo_times(info: VolumeInfo) -> Finding | None:
    """T1, T2 or proton-density weighting of a spin echo, from TE and TR."""
    echo = _positive(info.header.echo_time_ms)
    repetition = _positive(info.header.repetition_time_ms)
    if readout(info) != "spin" or echo is None or repetition is None:
        return None
    if _positive(info.header.inversion_time_ms) is not None:
        return None  # the inversion time says more, see `inversion`
    meaning, log_odds = "", {}
    if echo >= 60 and repetition >= 800:
        meaning, log_odds = "T2", towards(STRONG, "T2W", "T2W_FS")
        if "IR" in info.header.scanning_sequence and repetition >= 5000:
            log_odds["FLAIR"] = STRONG + WEAK
        if "philips" in (info.header.manufacturer or "").lower() and echo <= 130:
            # Philips writes SE for diffusion EPI as well, without EP.
            log_odds |= towards(FAIR, "DWI_LOW", "DWI_HIGH")
    elif echo <= 35 and repetition <= 1300:
        meaning, log_odds = "T1", towards(STRONG, "T1W", "T1W_CE")
    elif echo <= 45 and repetition >= 1800:
        meaning = "proton density"
        log_odds = {UNKNOWN: STRONG, "T2W_FS": WEAK, "T2W": WEAK}
    elif echo > 45 and repetition >= 1500:
        meaning, log_odds = "between PD and T2", towards(FAIR, "T2W", "T2W_FS")
    found = f"spin echo, TE {echo:g} ms, TR {repetition:g} ms: {meaning}"
    return Finding(found, log_odds) if log_odds else None


def ernst_angle_deg(repetition_time_ms: float) -> float:
    """Flip angle of the largest spoiled gradient-echo signal in soft tissue.

    Args:
        repetition_time_ms: Above 0.

    Returns:
        Degrees. Well above it the image is T1-weighted, well below proton density.

    Source:
        Ernst and Anderson, Rev Sci Instrum 1966;37:93.
    """
    return math.degrees(math.acos(math.exp(-repetition_time_ms / T1_TISSUE_MS)))


def gradient_echo_times(info: VolumeInfo) -> Finding | None:
    """T1, T2* or proton-density weighting of a gradient echo, from TE, TR and flip angle."""
    header = info.header
    echo, repetition = _positive(header.echo_time_ms), _positive(header.repetition_time_ms)
    if readout(info) != "gradient" or echo is None or repetition is None:
        return None
    flip = _positive(header.flip_angle_deg)
    found = f"gradient echo, TE {echo:g} ms, TR {repetition:g} ms"
    if echo >= 12:
        return Finding(f"{found}: T2*", towards(STRONG, UNKNOWN))
    if _positive(header.inversion_time_ms) is not None or flip is None:
        return None
    ratio = flip / max(ernst_angle_deg(repetition), 1e-9)  # 0 for a TR of next to nothing
    meaning, log_odds = "", {}
    if "SS" in header.sequence_variant and flip >= 30 and 0.4 <= echo / repetition <= 0.6:
        meaning, log_odds = "balanced steady state", towards(FAIR, UNKNOWN)
    elif "IR" in header.scanning_sequence:
        meaning, log_odds = "T1 by inversion", towards(FAIR, "T1W", "T1W_CE")
    elif ratio >= 0.8:
        meaning, log_odds = "T1", towards(STRONG if echo < 8 else WEAK, "T1W", "T1W_CE")
    elif ratio <= 0.5:
        meaning, log_odds = "proton density", towards(STRONG, UNKNOWN)
    found = f"{found}, flip angle {flip:g} deg: {meaning}"
    return Finding(found, log_odds) if log_odds else None


def echo_planar(info: VolumeInfo) -> Finding | None:
    """Echo-planar images without diffusion are functional or perfusion images."""
    if readout(info) != "epi" or derived_map(info) is not None:
        return None
    if info.b_value is not None or diffusion_image(info) is not None:
        return None
    name = (info.header.sequence_name or "").lower().lstrip("*")
    if name.startswith(("ep_b", "re_b", "dwi")):
        return Finding(f"SequenceName {name}", towards(STRONG, "DWI_LOW", "DWI_HIGH"))
    log_odds = {"T2W": -FAIR, "T2W_FS": -FAIR, "T1W": -FAIR, "FLAIR": -FAIR}
    gradient = "GR" in info.header.scanning_sequence or "fid" in name
    echo = _positive(info.header.echo_time_ms)
    if gradient or (echo is not None and echo < 45):
        return Finding("gradient-echo EPI without diffusion", log_odds | {UNKNOWN: STRONG})
    log_odds |= {UNKNOWN: FAIR, "DWI_LOW": FAIR, "DWI_HIGH": FAIR}
    return Finding("echo-planar readout, no b-value", log_odds)
