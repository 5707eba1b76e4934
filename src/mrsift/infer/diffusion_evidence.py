"""A map and its images -> what each of them is, in words and in log-odds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.infer.consistency import (
    attenuation_per_unit,
    explanations,
    follows_exactly,
    shares_mask,
)
from mrsift.infer.diffusion_check import (
    R_KNOWN_B,
    R_UNKNOWN_B,
    R_WEAKENED,
    WEIGHTED,
    Found,
    Image,
    find,
    image_of,
)
from mrsift.infer.naming import volume_name
from mrsift.infer.previews import grey_slice
from mrsift.infer.sample import Sampled
from mrsift.infer.witness import DECISIVE, FAIR, STRONG, WEAK, towards
from mrsift.labels import B_HIGH_S_PER_MM2, UNKNOWN
from mrsift.types import Float32Array, PhysicsEvidence

UNIT_TOLERANCE = 1.35
"""A fitted unit may differ by this factor from a power of ten: noise and masks bend it."""

B_TOLERANCE = (250.0, 0.4)
"""A b-value is doubted where the signal shows another by more than this, s/mm2 and share.
Perfusion at low b and kurtosis at high b bend the fall by up to 150 s/mm2."""

LABEL_OF_DIFFERENCE = (
    (650.0, "DWI_HIGH", STRONG),
    (550.0, "DWI_HIGH", WEAK),
    (400.0, "DWI_HIGH", 0.0),  # too near to the border to say
    (0.0, "DWI_LOW", WEAK),
)
"""Without b-values: how many s/mm2 above the least weighted image means which label."""

PLOTTED = 400

Pictures = tuple[tuple[str, NDArray[np.uint8]], ...]


def diffusion_evidence(
    group: Sequence[Sampled], *, pictures: bool = False
) -> dict[str, PhysicsEvidence]:
    """What maps and diffusion-weighted images of one grid say of each other.

    Args:
        group: Volumes of one grid.
        pictures: Add a plot and pictures to the evidence of the map.

    Returns:
        volume_id -> evidence, for those of which something can be said.
    """
    maps = find(group)
    evidence = {one.map.info.volume_id: _of_map(one, pictures=pictures) for one in maps}
    if maps and not maps[0].best.exponential:
        falls = _falls(maps[0])
        offset = _offset(falls)
        for fall in falls:
            evidence[fall.one.info.volume_id] = _of_image(fall, maps[0], offset)
        evidence = _of_calculated(maps[0], group, offset or 0.0) | evidence
    return evidence


def r_words(r: float) -> str:
    """A correlation for people, never a 1 that promises too much."""
    return ">0.999" if abs(r) >= 0.9995 else f"{abs(r):.3f}"


def unit_words(unit: float) -> str:
    """A unit of maps for people, e.g. `1e-6 mm2/s`."""
    power = round(np.log10(unit))
    return "mm2/s" if power == 0 else f"1e{power} mm2/s"


def _names(images: Sequence[Image]) -> str:
    """Images for people, by b-value or by series."""
    known = [image.b_s_per_mm2 for image in images]
    if None not in known:
        numbers = [f"{b:g}" for b in known]
        return f"b {', '.join(numbers[:-1])} and {numbers[-1]}"
    names = [_name(image.volumes[0]) for image in images]
    if len(set(names)) == 1:
        return f"two volumes of {names[0]}"
    return " and ".join(names)


def _name(one: Sampled) -> str:
    """A volume for people, without its b-value."""
    return volume_name(one.info).partition(" b ")[0]


def _of_map(found: Found, *, pictures: bool) -> PhysicsEvidence:
    """What the images say of the map."""
    best, members = found.best, found.members
    known = [image.b_s_per_mm2 for image in members]
    b_values = tuple(b for b in known if b is not None)
    strength = DECISIVE if abs(best.r) >= R_UNKNOWN_B else FAIR
    if best.exponential:
        words = f"an exponential of what {_names(members)} show (r {r_words(best.r)}), so no ADC"
        log_odds, scale = towards(strength, UNKNOWN), 0.0
    else:
        scale = abs(best.slope) if b_values else found.unit
        words = f"{_names(members)} explain it, r {r_words(best.r)}"
        if found.runner_up is not None:
            others = [found.images[place] for place in found.runner_up.members]
            words += f" ({_names(others)}: r {r_words(found.runner_up.r)})"
        words += f"; unit {unit_words(found.unit)}"
        log_odds = towards(strength, "ADC")
        if b_values and not 1 / UNIT_TOLERANCE <= scale / found.unit <= UNIT_TOLERANCE:
            words += f", but the fit gives {scale:.2g}: a b-value is wrong"
    points, slices = _drawn(_finer(found)) if pictures and not best.exponential else (None, ())
    return PhysicsEvidence(
        "adc_from_dwi",
        tuple(one.info.volume_id for image in members for one in image.volumes),
        abs(best.r),
        scale,
        words,
        b_values,
        log_odds,
        points=points,
        pictures=slices,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fall:
    """How much weaker an image is than the least weighted one, along the map.

    Attributes:
        r: Correlation of the fall with the map.
        difference: Of the b-values, s/mm2.
    """

    one: Sampled
    r: float
    difference: float


def _falls(found: Found) -> list[_Fall]:
    """Every image against the least weighted one."""
    reference, falls = found.least_weighted, []
    for image in found.images:
        for one in image.volumes:
            r, slope = 1.0, 0.0
            if image is not reference:
                signal = reference.weighted.signal
                # where the map is explained: elsewhere it may be that of noise
                values = np.where(found.best.keep, found.map.values, 0)
                r, slope = attenuation_per_unit(values, signal, one.values)
            falls.append(_Fall(one, r, slope / found.unit))
    return falls


def _offset(falls: Sequence[_Fall]) -> float | None:
    """The b-value of the least weighted image, so that most b-values of the header fit.

    One wrong b-value must not make the right ones look wrong, so this is a median.
    """
    known = [
        fall.one.b_s_per_mm2 - fall.difference for fall in falls if fall.one.b_s_per_mm2 is not None
    ]
    return max(float(np.median(known)), 0.0) if known else None


def _of_image(fall: _Fall, found: Found, offset: float | None) -> PhysicsEvidence:
    """The evidence for one image."""
    claimed, name = fall.one.b_s_per_mm2, _name(found.map)
    log_odds, b, conflict = towards(FAIR, *WEIGHTED), None, None
    if offset is not None and claimed is not None:
        shown = offset + fall.difference
        words = f"its signal is that of b {_round(shown):g}"
        if fall.r >= R_WEAKENED:
            b = shown
            if abs(shown - claimed) > max(B_TOLERANCE[0], B_TOLERANCE[1] * claimed):
                conflict = f"the header says b {claimed:g}, but {words}"
    elif fall.difference == 0.0:
        words = "the least weighted of its images"
        log_odds["DWI_LOW"] += WEAK
    else:
        words = f"b {_round(fall.difference):g} above the least weighted image"
        for limit, label, strength in LABEL_OF_DIFFERENCE:
            if fall.difference >= limit:
                log_odds[label] += strength
                break
    return PhysicsEvidence(
        "adc_from_dwi",
        (found.map.info.volume_id,),
        fall.r,
        found.unit,
        f"{words}, by the map of {name} (r {r_words(fall.r)})",
        () if claimed is None else (claimed,),
        log_odds,
        b_s_per_mm2=b,
        conflict=conflict,
    )


def _round(b: float) -> float:
    """A b-value as precise as it can be told from the signal."""
    return round(b / 10) * 10.0


def _of_calculated(
    found: Found, group: Sequence[Sampled], offset: float
) -> dict[str, PhysicsEvidence]:
    """Images that follow from the map, so that they are no witnesses of it."""
    witnesses = [one for image in found.members for one in image.volumes]
    reference = found.least_weighted
    values, evidence = found.map.values, {}
    acquired = [one.values for one in witnesses]
    for one in group:
        if one is found.map or one in witnesses:
            continue
        r, slope = attenuation_per_unit(values, reference.weighted.signal, one.values)
        if r < R_KNOWN_B or not (
            shares_mask(values, one.values, acquired)
            or follows_exactly(values, reference.weighted.signal, one.values)
        ):
            continue
        b = slope / found.unit + offset
        evidence[one.info.volume_id] = PhysicsEvidence(
            "calculated_from_dwi",
            (found.map.info.volume_id, *(each.info.volume_id for each in witnesses)),
            r,
            found.unit,
            f"calculated from {_name(found.map)} for b {_round(b):g} (r {r_words(r)})",
            log_odds=towards(STRONG, "DWI_HIGH" if b >= B_HIGH_S_PER_MM2 else "DWI_LOW"),
            b_s_per_mm2=b,
        )
    return evidence


def _finer(found: Found) -> Found:
    """The same as it is drawn: the map and the images that explain it, with more voxels."""
    one = found.map.drawn
    images = tuple(image_of([each.drawn for each in image.volumes]) for image in found.members)
    tried = explanations(one.values, [image.weighted for image in images])
    everyone = tuple(range(len(images)))
    straight = [item for item in tried if item.members == everyone and not item.exponential]
    return Found(one, images, straight[0]) if straight else found


def _drawn(found: Found) -> tuple[Float32Array, Pictures]:
    """A plot of the map over the prediction, and one slice of both with their difference."""
    best, shape, values = found.best, found.map.sample.voxels.shape, found.map.values
    places = np.flatnonzero(best.keep)
    places = places[:: -(-len(places) // PLOTTED)]
    predicted = np.where(best.keep, best.predicted / best.slope, 0.0)
    points = np.stack([predicted[places], values[places]], axis=1) * found.unit * 1e3
    top = float(np.percentile(values[best.keep], 99.5))
    apart = np.where(best.keep, values - predicted, 0.0)
    shades = {
        "map": values / top,
        "from the images": predicted / top,
        "difference, 4 times": 0.5 + 4.0 * apart / top,
    }
    affine = found.map.info.affine_lps_mm
    return points.astype(np.float32), tuple(
        (name, grey_slice(shade.reshape(shape), affine)) for name, shade in shades.items()
    )
