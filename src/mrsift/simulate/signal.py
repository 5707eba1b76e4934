"""Sequence equations: from tissue to signal, magnitude and without coils or noise.

Times in ms, b-values in s/mm2, diffusion coefficients in 1e-3 mm2/s, angles in degrees,
agent in mmol/l.

Source:
    Bernstein, King, Zhou: Handbook of MRI Pulse Sequences (2004); Le Bihan et al. 1988
    (IVIM); Jensen et al. 2005 (kurtosis); relaxivity after Rohrer et al. 2005.
"""

import numpy as np

from mrsift.simulate.anatomy import Maps
from mrsift.simulate.protocol import Protocol
from mrsift.types import Float32Array

RELAXIVITY_PER_S_MMOL = 4.0
_MHZ_PER_T = 42.577  # of protons
_PSEUDO_DIFFUSION = 15.0  # 1e-3 mm2/s
_FAT_ADC = 0.08
_FREE_WATER_ADC = 3.0  # at body temperature
_BRAIN_STEM_MM, _PULSATION_MM = (0.0, 18.0, -20.0), 45.0
_TRAIN_STEPS, _TRAIN_STEP_MS = 176, 7.0  # pulses of an MPRAGE train, and from one to the next


def echo_train_decay(
    t1: Float32Array, t2: Float32Array, te: float, refocusing_deg: float = 180.0
) -> Float32Array:
    """What is left at the (effective) echo time of a spin echo or turbo spin echo.

    Refocused by less than 180 degrees, magnetisation is longitudinal for a share of the time
    and then decays by T1. The share, 0.0027 a degree, is fitted to phase graphs from 110
    degrees on. The factor sin(angle / 2) that every tissue shares (Alsop 1997) is left out.
    """
    stored = 0.0027 * (180.0 - refocusing_deg)
    return np.asarray(np.exp(-te * ((1 - stored) / t2 + stored / t1)), dtype=t2.dtype)


def spin_echo(
    t1: Float32Array, t2: Float32Array, tr: float, te: float, refocusing_deg: float = 180.0
) -> Float32Array:
    """Spin echo, and turbo spin echo with its effective echo time."""
    return np.asarray((1 - np.exp(-tr / t1)) * echo_train_decay(t1, t2, te, refocusing_deg))


def restored(
    t1: Float32Array, t2: Float32Array, tr: float, train_ms: float
) -> Float32Array | float:
    """How much more is excited where what a train leaves is turned back along the field.

    It is what decays slowly that is left, so fluid is bright although TR is short.

    Source:
        Becker et al., J Am Chem Soc 1969;91:7784 (driven equilibrium; from memory).
    """
    if train_ms == 0:
        return 1.0
    recovery = np.exp(-(tr - train_ms) / t1)
    steady = (1 - recovery) / (1 - recovery * np.exp(-train_ms / t2))
    return np.asarray(steady / (1 - np.exp(-tr / t1)), dtype=t1.dtype)


def inversion_recovery(t1: Float32Array, tr: float, ti: float) -> Float32Array:
    """Longitudinal share, signed, of an inversion recovery with spin-echo readout."""
    return np.asarray(1 - 2 * np.exp(-ti / t1) + np.exp(-tr / t1))


def inversion_prepared_gradient_echo(
    t1: Float32Array, t2star: Float32Array, tr: float, ti: float, te: float, flip: float
) -> Float32Array:
    """MPRAGE: an inversion, then a train of small flip angles with the middle of k-space at TI.

    The train drives magnetisation towards the steady state of a spoiled gradient echo, so tissues
    differ less at its middle than after an inversion alone.

    Source:
        Deichmann and Haase 1992, J Magn Reson 96:608 (snapshot FLASH after inversion).
    """
    cosine = np.cos(np.deg2rad(flip))
    relaxed = np.exp(-_TRAIN_STEP_MS / t1)
    steady = (1 - relaxed) / (1 - cosine * relaxed)
    half = (cosine * relaxed) ** (_TRAIN_STEPS / 2)
    length = _TRAIN_STEPS * _TRAIN_STEP_MS
    before, after = np.exp(-(ti - length / 2) / t1), np.exp(-(tr - ti - length / 2) / t1)
    # longitudinal magnetisation at the end of a cycle, which the inversion turns round
    end = 1 - after + after * (steady * (1 - half * half) + half * half * (1 - before))
    end = end / (1 + after * half * half * before)
    middle = steady + (1 - before * (1 + end) - steady) * half
    return np.asarray(np.sin(np.deg2rad(flip)) * np.abs(middle) * np.exp(-te / t2star))


def null_inversion_time(t1: float, tr: float) -> float:
    """Inversion time at which a tissue gives no signal, ms."""
    return float(t1 * (np.log(2) - np.log1p(np.exp(-tr / t1))))


def spoiled_gradient_echo(
    t1: Float32Array, t2star: Float32Array, tr: float, te: float, flip: float
) -> Float32Array:
    """Steady state of a spoiled gradient echo (Ernst)."""
    angle = np.deg2rad(flip)
    recovery = np.exp(-tr / t1)
    steady = np.sin(angle) * (1 - recovery) / (1 - np.cos(angle) * recovery)
    return np.asarray(steady * np.exp(-te / t2star))


def balanced_steady_state(
    t1: Float32Array, t2: Float32Array, tr: float, te: float, flip: float
) -> Float32Array:
    """Steady state of balanced gradients on resonance, pulses of alternating sign."""
    cosine, sine = np.cos(np.deg2rad(flip)), np.sin(np.deg2rad(flip))
    e1, e2 = np.exp(-tr / t1), np.exp(-tr / t2)
    steady = sine * (1 - e1) / (1 - (e1 - e2) * cosine - e1 * e2)
    return np.asarray(steady * np.exp(-te / t2))


def in_phase(across_ppm: Float32Array, field_t: float, te_ms: float) -> Float32Array:
    """What a gradient echo keeps where the field changes across a voxel.

    Source:
        Reichenbach et al., J Magn Reson Imaging 1997;7:266 (a linear change over a slice).
    """
    turns = across_ppm * np.float32(_MHZ_PER_T * field_t * te_ms * 1e-3)
    return np.asarray(np.abs(np.sinc(turns)), dtype=np.float32)


def diffusion(b: float, adc: Float32Array, ivim: Float32Array, kurtosis: float) -> Float32Array:
    """Attenuation by diffusion, with fast perfusion at low b and kurtosis at high b.

    Kurtosis is what walls do to diffusion: the freer the water, the less of it is left, and
    fluid has none.
    """
    weight = b * 1e-3 * adc
    excess = kurtosis * np.clip(1 - adc / _FREE_WATER_ADC, 0, 1)
    # the quadratic term turns upwards beyond bD = 3 / K; hold it there
    bent = np.minimum(weight, 3.0 / np.maximum(excess, 1e-3))
    slow = np.exp(-weight + bent * bent * excess / 6)
    fast = np.exp(-b * 1e-3 * (adc + _PSEUDO_DIFFUSION))
    return np.asarray((1 - ivim) * slow + ivim * fast)


def with_agent(t1: Float32Array, concentration: Float32Array) -> Float32Array:
    """T1 after contrast agent."""
    rate = 1 / t1 + np.float32(RELAXIVITY_PER_S_MMOL * 1e-3) * concentration
    return np.asarray(1 / rate, dtype=np.float32)


def water_and_fat(maps: Maps, protocol: Protocol) -> tuple[Float32Array, Float32Array]:
    """Signal of the two compartments before fat suppression.

    Args:
        maps: What lies at every sample.
        protocol: The sequence.

    Returns:
        Water and fat, shape of the maps.
    """
    p, d = protocol, maps.draw
    t1 = maps.t1_ms
    if p.agent_early + p.agent_late > 0:
        agent = p.agent_early * d.early + p.agent_late * d.late
        t1 = with_agent(t1, agent[maps.tissue])
    fat_t1 = np.array([p.fat_t1_ms], dtype=np.float32)
    fat_t2 = np.array([p.fat_t2_ms], dtype=np.float32)
    if p.sequence in ("gre", "gre_epi"):
        water = spoiled_gradient_echo(t1, maps.t2star_ms, p.tr_ms, p.te_ms, p.flip_deg)
        fat = spoiled_gradient_echo(fat_t1, 0.5 * fat_t2, p.tr_ms, p.te_ms, p.flip_deg)
    elif p.sequence == "bssfp":
        water = balanced_steady_state(t1, maps.t2_ms, p.tr_ms, p.te_ms, p.flip_deg)
        fat = balanced_steady_state(fat_t1, 0.6 * fat_t2, p.tr_ms, p.te_ms, p.flip_deg)
    elif p.sequence == "mprage":
        times = p.tr_ms, p.ti_ms, p.te_ms, p.flip_deg
        water = inversion_prepared_gradient_echo(t1, maps.t2star_ms, *times)
        fat = 0.6 * inversion_prepared_gradient_echo(fat_t1, 0.5 * fat_t2, *times)
    elif p.ti_ms > 0:
        left = echo_train_decay(t1, maps.t2_ms, p.te_ms, p.refocusing_deg)
        water = np.abs(inversion_recovery(t1, p.tr_ms, p.ti_ms)) * left
        fat = np.abs(inversion_recovery(fat_t1, p.tr_ms, p.ti_ms)) * np.exp(-p.te_ms / fat_t2)
    else:
        water = spin_echo(t1, maps.t2_ms, p.tr_ms, p.te_ms, p.refocusing_deg)
        water = water * restored(t1, maps.t2_ms, p.tr_ms, p.restore_ms)
        fat = spin_echo(fat_t1, fat_t2, p.tr_ms, p.te_ms)
        fat = fat * restored(fat_t1, fat_t2, p.tr_ms, p.restore_ms)
    if p.sequence == "epi":
        water = water * diffusion(
            p.b, _in_direction(maps, p.direction_factor), d.ivim[maps.tissue], p.kurtosis
        )
        fat = fat * np.exp(-p.b * 1e-3 * _FAT_ADC)
    water = water * maps.pd * (1 - maps.fat) * _flow(maps, protocol)
    if p.sequence in ("gre", "gre_epi", "mprage"):
        left = in_phase(maps.across_ppm * np.float32(_shim(p)), p.field_t, p.te_ms)
        water, fat = water * left, fat * left
    if p.transfer > 0:
        water = water * (1 - np.float32(p.transfer) * d.bound)[maps.tissue]
    fat = fat * maps.pd * maps.fat
    return water.astype(np.float32), np.asarray(fat, dtype=np.float32)


def _shim(protocol: Protocol) -> float:
    """Share of the change of the field that the scan has: a local shim takes out some of it."""
    return 0.4 + 0.6 * protocol.off_resonance


def _in_direction(maps: Maps, factor: float) -> Float32Array:
    """ADC as a trace image sees it (factor 1), or one direction, which fibres speed or slow."""
    if factor == 1.0:
        return maps.adc
    turned = maps.fibre if factor > 1 else -maps.fibre
    change = np.float32(factor) + maps.draw.fibres[maps.tissue] * turned
    return np.asarray(maps.adc * np.maximum(change, 0.1))


def _flow(maps: Maps, protocol: Protocol) -> Float32Array:
    """Blood that leaves the slice in spin echo, or enters it fresh in gradient echo."""
    loss = maps.draw.flow[maps.tissue]
    if protocol.sequence in ("gre", "gre_epi", "mprage", "bssfp"):
        return np.asarray((1 + protocol.inflow * loss) * _still(maps, protocol.pulsation))
    if protocol.sequence == "epi" and protocol.b > 0:
        return np.asarray(1 - np.minimum(loss * 1.5, 1))
    return np.asarray(1 - loss * np.float32(protocol.flow_void))


def _still(maps: Maps, pulsation: float) -> Float32Array | float:
    """What fluid keeps that moves with every heartbeat, most about the brain stem."""
    if pulsation == 0:
        return 1.0
    distances = zip(maps.grid.points_mm(maps.parts), _BRAIN_STEM_MM, strict=True)
    squared = sum((axis - place) ** 2 for axis, place in distances)
    near = np.exp(-squared / (2 * _PULSATION_MM**2))
    moved = np.where(maps.of(("csf",)), pulsation * near, 0)
    return np.asarray(1 - moved, dtype=np.float32)


def fat_left(maps: Maps, protocol: Protocol) -> Float32Array | float:
    """Share of the fat signal that suppression leaves, 0 to 1, or many times more in stripes."""
    if protocol.fat_suppression in ("none", "stir", "in", "opposed"):
        return 1.0
    off = maps.off_resonance * np.float32(protocol.off_resonance)
    squared = (off / np.float32(0.9)) ** 2
    missed = 1 - np.exp(-squared * squared)
    left = np.clip(protocol.fat_residual + missed * protocol.fat_failure, 0, 1)
    return np.asarray(left, dtype=np.float32)


def render(maps: Maps, protocol: Protocol) -> Float32Array:
    """Signal of the slices: compartments, suppression, then the mean over each slice.

    Returns:
        Shape `maps.grid.shape`, not negative.
    """
    water, fat = water_and_fat(maps, protocol)
    kind = protocol.fat_suppression
    if kind == "opposed":
        return maps.average(np.abs(water - fat))
    if kind == "fat_only":
        return maps.average(fat + protocol.fat_residual * water)
    if kind == "water_only":
        return maps.average(water + fat * (0.5 * fat_left(maps, protocol)))
    if protocol.fat_shift_px:
        shifted = np.roll(maps.average(fat * fat_left(maps, protocol)), protocol.fat_shift_px, 1)
        return maps.average(water) + shifted
    return maps.average(water + fat * fat_left(maps, protocol))
