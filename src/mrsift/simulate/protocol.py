"""The parameters of one volume, and the inversion times that null a tissue."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Protocol:
    """A sequence with its settings.

    Attributes:
        label: The answer.
        family: What it is, finer than the label, e.g. `stir`, `adc`, `subtraction`.
        sequence: Equation: `se` (spin echo and turbo spin echo), `gre`, `mprage`, `epi`,
            `gre_epi`, `bssfp` (balanced steady state).
        b: s/mm2.
        direction_factor: ADC of one diffusion direction relative to the mean.
        fat_suppression: `none`, `fatsat`, `spair`, `stir`, `water_only`, `fat_only`, `in`,
            `opposed`.
        fat_residual: Share of fat left where suppression works; on an image of fat, of water.
        fat_failure: Share of fat left where the field is off.
        off_resonance: How far the field is off for fat suppression, relative to the solved one; a
            good shim has little. Six tenths of what gradient echoes lose go with it.
        fat_t2_ms: Apparent; long on turbo spin echo.
        agent_early: Weight of the arterial uptake, 0 to 1.
        agent_late: Weight of the late uptake, 0 to 1.
        inflow: Extra signal of arterial blood on gradient echo.
        flow_void: How complete the flow void on spin echo is, 0 to 1.
        dimension: 2 or 3.
        low_b: Lowest acquired b behind a map or a calculated image, s/mm2.
        high_b: Highest acquired b behind it, s/mm2.
        fat_shift_px: Chemical shift along the phase direction, pixels.
        refocusing_deg: Of spin echo and turbo spin echo.
        restore_ms: Length of an echo train whose end is turned back along the field (restore,
            fast recovery, driven equilibrium); 0 where it is spoilt.
        transfer: Signal that white matter loses to magnetisation transfer, share.
        pulsation: Signal that fluid about the brain stem loses as it moves, share.
    """

    label: str
    family: str
    sequence: str
    field_t: float
    tr_ms: float
    te_ms: float
    ti_ms: float = 0.0
    flip_deg: float = 90.0
    b: float = 0.0
    direction_factor: float = 1.0
    kurtosis: float = 0.0
    fat_suppression: str = "none"
    fat_residual: float = 0.05
    fat_failure: float = 0.0
    off_resonance: float = 0.5
    fat_t1_ms: float = 350.0
    fat_t2_ms: float = 130.0
    agent_early: float = 0.0
    agent_late: float = 0.0
    inflow: float = 0.0
    flow_void: float = 1.0
    dimension: int = 2
    low_b: float = 0.0
    high_b: float = 0.0
    fat_shift_px: int = 0
    refocusing_deg: float = 180.0
    restore_ms: float = 0.0
    transfer: float = 0.0
    pulsation: float = 0.0


UNKNOWN_FAMILIES: dict[str, float] = {
    "proton_density": 2,
    "low_flip_gre": 1.5,
    "bssfp": 2,
    "t2star": 1,
    "swi": 2,
    "bold": 1,
    "fat_image": 1,
    "subtraction": 1,
    "phase": 1,
    "field_map": 1,
    "fa": 1,
    "eadc": 1,
    "perfusion_map": 1,
    "angiography": 1.5,
    "noise": 0.5,
    "ct": 0.5,
    "t1_map": 1,
    "t2_map": 1,
    "fat_fraction": 1,
    "mask": 0.5,
}
"""How often, relative to one another: more of what archives hold most."""


def null_time(t1: float, tr: float) -> float:
    """Inversion time that nulls `t1`, ms."""
    return float(t1 * (np.log(2) - np.log1p(np.exp(-tr / t1))))
