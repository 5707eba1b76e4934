"""Protocols of the eight labels that have a contrast of their own, drawn at random."""

from dataclasses import replace
from typing import TypedDict

import numpy as np

from mrsift.simulate.protocol import Protocol, null_time

# Apparent T2 of fat: long where echoes follow closely, often less so on the longer trains of heads.
_FAT_T2_MS = {"tse": (130, 400), "head": (65, 180), "epi": (45, 70)}
_RESTORED = {False: 0.25, True: 0.75}
"""Share of T2W, 2D and 3D, whose trains end with a pulse that restores. Our judgement: 3D trains,
with the short TR they need, have it as a rule."""
_MISSED_FAT = 0.14  # share of fat that suppression leaves; more only where frequencies are missed


class FatSettings(TypedDict):
    """What a protocol says about fat; names as in `Protocol`."""

    fat_t1_ms: float
    fat_t2_ms: float
    fat_residual: float
    fat_failure: float
    off_resonance: float


def fat_settings(rng: np.random.Generator, field_t: float, readout: str = "tse") -> FatSettings:
    """Relaxation of fat, and how well it can be suppressed."""
    poor = rng.random() < 0.25
    t2 = rng.uniform(*_FAT_T2_MS[readout])
    residual = rng.uniform(0.0, _MISSED_FAT)
    if readout == "epi" and rng.random() < 0.2:  # fat of other frequencies, and what recovers
        residual = rng.uniform(_MISSED_FAT, 0.35)
    return {
        "fat_t1_ms": float(rng.uniform(290, 400) * (1.0 if field_t == 3.0 else 0.78)),
        "fat_t2_ms": float(t2),
        "fat_residual": float(residual),
        "fat_failure": float(rng.uniform(0.3, 1.0)),
        "off_resonance": float(rng.uniform(0.9, 1.8) if poor else rng.uniform(0.1, 0.8)),
    }


def choose(rng: np.random.Generator, options: dict[str, float]) -> str:
    """One of the options, by weight."""
    odds = np.array(list(options.values()))
    return str(rng.choice(list(options), p=odds / odds.sum()))


def t2w_protocol(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    """T2W: turbo spin echo, 3D, single shot, in or opposed phase."""
    options = {"tse": 0.6, "space": 0.15, "haste": 0.17, "in": 0.05, "opposed": 0.03}
    kind = choose(rng, options)
    head = region == "head"
    te = rng.uniform(80, 125) if not head else rng.uniform(75, 120)
    tr = rng.uniform(2500, 8000)
    if kind == "haste":
        te, tr = rng.uniform(75, 110), 12000.0  # every slice is excited once
    elif kind == "space":
        te, tr = rng.uniform(95, 210), rng.uniform(1500, 3500)
    restore_ms = 0.0
    if kind != "haste" and rng.random() < _RESTORED[kind == "space"]:
        restore_ms = float(rng.uniform(120, 600) if kind == "space" else rng.uniform(120, 350))
    return Protocol(
        "T2W",
        kind,
        "se",
        field_t,
        float(tr),
        float(te),
        **fat_settings(rng, field_t, "head" if head else "tse"),
        fat_suppression=kind if kind in ("in", "opposed") else "none",
        flow_void=float(rng.uniform(0.6, 1.0)),
        dimension=3 if kind == "space" else 2,
        restore_ms=restore_ms,
    )


def t2w_fs_protocol(rng: np.random.Generator, _region: str, field_t: float) -> Protocol:
    """T2W_FS: saturation, SPAIR, STIR or Dixon water."""
    kind = choose(rng, {"fatsat": 0.4, "spair": 0.2, "stir": 0.25, "water_only": 0.15})
    fat = fat_settings(rng, field_t)
    tr, te = float(rng.uniform(2500, 7500)), float(rng.uniform(60, 115))
    ti = 0.0
    if kind == "stir":
        te = float(rng.uniform(35, 95))
        ti = null_time(fat["fat_t1_ms"], tr) * float(rng.uniform(0.92, 1.1))
    return Protocol(
        "T2W_FS",
        kind,
        "se",
        field_t,
        tr,
        te,
        ti_ms=ti,
        **fat,
        fat_suppression=kind,
        flow_void=float(rng.uniform(0.5, 1.0)),
    )


def epi_protocol(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    """What all diffusion-weighted volumes share; b is still 0."""
    kind = choose(rng, {"fatsat": 0.5, "spair": 0.3, "stir": 0.12, "water_only": 0.08})
    fat = fat_settings(rng, field_t, "epi")
    shortest, longest = (3500, 12000) if region == "head" else (2400, 11000)  # slices of a brain
    tr = float(rng.uniform(shortest, longest))
    ti = null_time(fat["fat_t1_ms"], tr) if kind == "stir" else 0.0
    return Protocol(
        "DWI_LOW",
        "dwi",
        "epi",
        field_t,
        tr,
        float(rng.uniform(52, 100)),
        ti_ms=ti,
        **fat,
        fat_suppression=kind,
        kurtosis=float(rng.uniform(0.8, 1.7)),
        fat_shift_px=echo_planar_shift_px(rng, fat["fat_residual"]),
    )


def echo_planar_shift_px(rng: np.random.Generator, fat_residual: float) -> int:
    """How far fat lies from its place along the phase direction of one train.

    The fat that suppression misses for its frequency, near that of water, stays in its place.
    """
    return 0 if fat_residual > _MISSED_FAT else int(rng.integers(-9, 10))


LOW_B = (0, 0, 0, 10, 20, 50, 50, 100, 100, 150, 200, 300, 400, 400, 450)
HIGH_B = (500, 600, 700, 800, 800, 1000, 1000, 1000, 1200, 1400, 1500, 2000)


def dwi_low_protocol(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    """DWI_LOW: b below 500, about one time in five 0; in heads four in five, as is the rule."""
    base = epi_protocol(rng, region, field_t)
    b = float(rng.choice(LOW_B))
    if region == "head" and rng.random() < 0.75:
        b = 0.0
    return replace(base, b=b, family="b0" if b == 0 else "dwi", direction_factor=_direction(rng))


def dwi_high_protocol(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    """DWI_HIGH: b from 500 on, one in four calculated from lower ones."""
    base = replace(epi_protocol(rng, region, field_t), label="DWI_HIGH")
    if rng.random() < 0.25:
        low, high = b_pair(rng)
        return replace(
            base,
            family="calculated",
            b=float(rng.choice([1000, 1400, 1500, 2000])),
            low_b=low,
            high_b=high,
        )
    return replace(base, b=float(rng.choice(HIGH_B)), direction_factor=_direction(rng))


def _direction(rng: np.random.Generator) -> float:
    """1 for a trace image; one direction is faster or slower."""
    return 1.0 if rng.random() < 0.7 else float(rng.uniform(0.75, 1.3))


def b_pair(rng: np.random.Generator) -> tuple[float, float]:
    """Lowest and highest acquired b behind a map."""
    return float(rng.choice([0, 0, 50, 50, 100])), float(
        rng.choice([600, 800, 800, 1000, 1000, 1400])
    )


def adc_protocol(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    """ADC: the pair of b-values behind the map."""
    low, high = b_pair(rng)
    base = epi_protocol(rng, region, field_t)
    return replace(base, label="ADC", family="adc", low_b=low, high_b=high)


def t1w_protocol(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    """T1W: spin echo, gradient echo, Dixon, and in the head MPRAGE or T1-FLAIR."""
    head = region == "head"
    options = {
        "se": 0.3,
        "gre": 0.34,
        "dixon": 0.12,
        "mprage": 0.5 if head else 0.0,
        "t1_flair": 0.0,
    }
    if head:
        options["t1_flair"] = 0.1
    kind = choose(rng, options)
    fat = fat_settings(rng, field_t)
    if kind == "se":
        fs = "fatsat" if rng.random() < (0.15 if head else 0.3) else "none"
        return Protocol(
            "T1W",
            "se",
            "se",
            field_t,
            float(rng.uniform(400, 750)),
            float(rng.uniform(8, 16)),
            **fat,
            fat_suppression=fs,
            flow_void=float(rng.uniform(0.3, 1)),
        )
    if kind == "t1_flair":
        tr = float(rng.uniform(1600, 2400))
        return Protocol(
            "T1W",
            kind,
            "se",
            field_t,
            tr,
            float(rng.uniform(8, 24)),
            ti_ms=null_time(_csf_t1_ms(rng, field_t), tr) * float(rng.uniform(0.95, 1.1)),
            **fat,
        )
    if kind == "mprage":
        return Protocol(
            "T1W",
            kind,
            "mprage",
            field_t,
            float(rng.uniform(1700, 2400)),
            float(rng.uniform(2, 5)),
            ti_ms=float(rng.uniform(820, 1050)),
            flip_deg=float(rng.uniform(7, 12)),
            **fat,
            fat_suppression="fatsat" if rng.random() < 0.25 else "none",
            inflow=float(rng.uniform(0, 0.8)),
            dimension=3,
        )
    fast = kind == "dixon" or rng.random() < 0.6
    tr = float(rng.uniform(3.2, 8)) if fast else float(rng.uniform(120, 300))
    flip = float(rng.uniform(9, 18)) if fast else float(rng.uniform(60, 85))
    te = float(rng.uniform(1.1, 2.6)) if fast else float(rng.uniform(2.4, 5))
    if kind == "dixon":
        fs = choose(rng, {"water_only": 0.45, "in": 0.3, "opposed": 0.25})
    else:
        fs = "fatsat" if rng.random() < 0.4 else "none"
    return Protocol(
        "T1W",
        kind,
        "gre",
        field_t,
        tr,
        te,
        flip_deg=flip,
        **fat,
        fat_suppression=fs,
        inflow=float(rng.uniform(0, 1.5)),
        dimension=3 if fast else 2,
    )


def t1w_ce_protocol(rng: np.random.Generator, region: str, field_t: float) -> Protocol:
    """T1W_CE: as before contrast, with agent in an early, mixed or late phase."""
    base = replace(t1w_protocol(rng, region, field_t), label="T1W_CE")
    early = float(rng.choice([0.0, 0.25, 0.6, 1.0], p=[0.55, 0.15, 0.15, 0.15]))
    dose = float(rng.uniform(0.7, 1.4))
    late = dose * (1 - early) * float(rng.uniform(0.8, 1.2))
    return replace(base, agent_early=early * dose, agent_late=late, inflow=base.inflow * 0.2)


def _csf_t1_ms(rng: np.random.Generator, field_t: float) -> float:
    """What a protocol that nulls fluid takes for the T1 of fluid."""
    return float(rng.uniform(3900, 4300)) * (1.0 if field_t == 3.0 else 0.8)


def flair_protocol(rng: np.random.Generator, _region: str, field_t: float) -> Protocol:
    """FLAIR: fluid nulled to within a few per cent, 2D or 3D."""
    tr = float(rng.uniform(6500, 11000))
    csf = _csf_t1_ms(rng, field_t)
    volume = rng.random() < 0.35
    if volume:
        tr = float(rng.uniform(4800, 8000))
    fat = fat_settings(rng, field_t, "head")
    return Protocol(
        "FLAIR",
        "flair3d" if volume else "flair",
        "se",
        field_t,
        tr,
        float(rng.uniform(85, 145)),
        ti_ms=null_time(csf, tr) * float(rng.uniform(0.96, 1.04)),
        **fat,
        fat_suppression="fatsat" if rng.random() < 0.6 else "none",
        flow_void=float(rng.uniform(0.6, 1)),
        dimension=3 if volume else 2,
    )
