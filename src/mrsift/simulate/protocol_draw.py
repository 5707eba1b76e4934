"""Draw the protocol of a volume: what scanners do, label by label."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mrsift.labels import UNKNOWN
from mrsift.simulate.protocol import UNKNOWN_FAMILIES, Protocol
from mrsift.simulate.protocol_known import (
    adc_protocol,
    b_pair,
    choose,
    dwi_high_protocol,
    dwi_low_protocol,
    echo_planar_shift_px,
    epi_protocol,
    fat_settings,
    flair_protocol,
    t1w_ce_protocol,
    t1w_protocol,
    t2w_fs_protocol,
    t2w_protocol,
)

Draw = Callable[[np.random.Generator, str, float], Protocol]


_OF_HEADS = UNKNOWN_FAMILIES | {"bold": 12, "fa": 3}
"""In heads nothing unknown is measured more than function; a map comes with each tensor."""
_OF_TRUNKS = UNKNOWN_FAMILIES | {
    "proton_density": 1,
    "bssfp": 1,
    "swi": 0.4,
    "bold": 0.2,
    "angiography": 0.6,
    "fa": 0.4,
    "fat_image": 3,
}
"""What is made for brains and joints is rare in trunks; a fat image comes with each Dixon pair."""


def _unknown(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    family = choose(rng, _OF_HEADS if region == "head" else _OF_TRUNKS)
    fat = fat_settings(rng, field_t)
    settings: dict[str, tuple[str, float, float, float]] = {
        "proton_density": ("se", rng.uniform(2200, 5000), rng.uniform(9, 32), 90),
        "low_flip_gre": ("gre", rng.uniform(5, 20), rng.uniform(1.2, 5), rng.uniform(2, 5)),
        "bssfp": ("bssfp", rng.uniform(3.2, 6.5), rng.uniform(1.5, 3.0), rng.uniform(35, 75)),
        "t2star": ("gre", rng.uniform(400, 900), rng.uniform(14, 30), rng.uniform(15, 25)),
        "swi": ("gre", rng.uniform(25, 45), rng.uniform(18, 40), rng.uniform(10, 18)),
        "angiography": ("gre", rng.uniform(20, 28), rng.uniform(3, 7), rng.uniform(18, 30)),
        "fat_image": ("gre", rng.uniform(4, 8), 1.3, rng.uniform(3, 12)),
    }
    name, tr, te, flip = settings.get(family, ("gre", 5.0, 1.5, 10.0))
    if family == "proton_density" and rng.random() < 0.3:
        name, tr, te, flip = "gre", 800.0, rng.uniform(1.2, 2.0), rng.uniform(5, 9)
    suppression = {"fat_image": "fat_only", "angiography": "fatsat"}.get(family)
    if suppression is None:
        suppression = "fatsat" if family == "proton_density" and rng.random() < 0.3 else "none"
        if family == "bssfp" and rng.random() < 0.4:
            suppression = "fatsat"
        if family == "low_flip_gre":
            suppression = choose(rng, {"in": 0.4, "opposed": 0.4, "none": 0.2})
    base = epi_protocol(rng, region, field_t) if family in ("eadc", "fa") else None
    if base is not None:
        low, high = b_pair(rng)
        return replace(base, label=UNKNOWN, family=family, low_b=low, high_b=high)
    if family == "subtraction":
        after = t1w_ce_protocol(rng, region, field_t)
        return replace(after, label=UNKNOWN, family=family)
    if family == "bold":
        return _functional(rng, field_t)
    inflow = rng.uniform(4, 9) if family == "angiography" else rng.uniform(0, 1)
    return Protocol(
        UNKNOWN,
        family,
        name,
        field_t,
        float(tr),
        float(te),
        flip_deg=float(flip),
        **fat,
        fat_suppression=suppression,
        inflow=float(inflow),
    )


def _functional(rng: np.random.Generator, field_t: float) -> Protocol:
    """Functional series: grey matter at its best flip angle, its echo near the T2* of brain."""
    tr = float(rng.uniform(700, 3500))
    best = np.rad2deg(np.arccos(np.exp(-tr / _GREY_T1_MS)))
    fat = fat_settings(rng, field_t, "epi")
    return Protocol(
        UNKNOWN,
        "bold",
        "gre_epi",
        field_t,
        tr,
        float(rng.uniform(22, 40) if field_t == 3.0 else rng.uniform(32, 60)),
        flip_deg=float(min(best * rng.uniform(0.8, 1.2), 90.0)),
        **fat,
        fat_suppression="fatsat",
        fat_shift_px=echo_planar_shift_px(rng, fat["fat_residual"]),
        inflow=float(rng.uniform(0, 1)),
        pulsation=float(rng.uniform(0, 0.3) if rng.random() < 0.3 else rng.uniform(0.3, 1.0)),
    )


_DRAWS: dict[str, Draw] = {
    "T2W": t2w_protocol,
    "T2W_FS": t2w_fs_protocol,
    "DWI_LOW": dwi_low_protocol,
    "DWI_HIGH": dwi_high_protocol,
    "ADC": adc_protocol,
    "T1W": t1w_protocol,
    "T1W_CE": t1w_ce_protocol,
    "FLAIR": flair_protocol,
    UNKNOWN: _unknown,
}


_GREY_T1_MS = 1400.0
_TURBO = ("T2W", "T2W_FS", "FLAIR")
"""Labels whose spin echoes are trains; their flip angle is that of the refocusing pulses."""


def draw_protocol(rng: np.random.Generator, label: str, region: str, field_t: float) -> Protocol:
    """Draw the protocol of one volume.

    Args:
        rng: Source of chance.
        label: One of the nine.
        region: `pelvis` or `head`.
        field_t: 1.5 or 3.0.

    Returns:
        Parameters within what scanners do.
    """
    p = _DRAWS[label](rng, region, field_t)
    # the pulses of other slices, and those that suppress fat before each slice of a functional
    # series, saturate bound water; one slice at a time does not
    many = p.sequence in ("se", "gre_epi") and p.dimension == 2
    most = 0.3 if many else 0.1
    p = replace(p, transfer=float(rng.uniform(0, most)))
    if label in _TURBO and p.sequence == "se":
        angle = float(rng.uniform(110, 180))
        return replace(p, flip_deg=angle, refocusing_deg=angle)
    return p
