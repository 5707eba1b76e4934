"""Do diffusion-weighted images explain a map? Arrays in, numbers out.

    D = ln(S_low / S_high) / (b_high - b_low)

or the slope of ln S over all b-values. A map of D follows it in a straight line; its unit is
the scale. An exponential map (eADC) follows exp(-b D) instead. Every array has one entry
per voxel, in the same order.

Source:
    Stejskal and Tanner, J Chem Phys 1965;42:288 (signal); Le Bihan et al., Radiology
    1986;161:401 (map).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float32Array, Float64Array

Mask = NDArray[np.bool_]

MIN_VOXELS = 200
"""Fewer voxels say nothing."""

AS_GOOD = 0.001
"""Correlations that differ by less are equal: then the fewest and lowest b-values are meant."""

EXACT = 0.02
"""Spread of ln S that no acquired image has: its noise is larger."""

_MASK_SHARE = (0.02, 0.98)
_MASK_ALIKE = 0.9
_MASK_UNLIKE = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """A diffusion-weighted image, or the mean over its directions.

    Attributes:
        b_s_per_mm2: None where it is not known.
        signal: Shape (n,), not negative.
    """

    signal: Float32Array
    b_s_per_mm2: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """How well some images explain a map.

    Attributes:
        members: Places of the images, the weakest weighting first.
        r: Correlation, -1 to 1; for an exponential map, of its logarithm with -D.
        slope: mm2/s per unit of the map where b is known, else ln(S_low / S_high) per unit.
        exponential: The map falls with D in an exponential.
        keep: Shape (n,), voxels used.
        predicted: D, or ln(S_low / S_high), shape (n,), meaningful where `keep` is.
    """

    members: tuple[int, ...]
    r: float
    slope: float
    exponential: bool
    keep: Mask
    predicted: Float64Array


def noise_floor(signal: Float32Array, tissue: Mask) -> float:
    """Signal below which noise is most of it.

    Air makes up much of an image, and the magnitude of its noise follows Rayleigh's
    distribution; where air was masked to zero, half of the tissue is kept.

    Args:
        signal: Of one image.
        tissue: Where the map is not masked.

    Returns:
        Twice the standard deviation of the noise, in units of the signal.
    """
    positive = signal[signal > 0]
    if positive.size == 0 or not tissue.any():
        return 0.0
    rayleigh_quartile = 0.76  # of the standard deviation of each channel
    sigma = float(np.percentile(positive, 10)) / rayleigh_quartile
    return min(2.0 * sigma, float(np.median(signal[tissue])))


def explanations(values: Float32Array, images: Sequence[Weighted]) -> list[Explanation]:
    """Every pair of images, and the fit over all, as an explanation of a map.

    Args:
        values: The map, shape (n,).
        images: With b-values that are all known, then in their order, or all not known.

    Returns:
        Best first. A map that rises where the images say it falls has a negative `r`.
    """
    if len(images) < 2:
        return []
    tissue = values > 0
    top = float(values.max(initial=0.0))
    with np.errstate(divide="ignore"):
        logs = [np.log(np.maximum(image.signal, 0).astype(np.float64)) for image in images]
    above = [image.signal > noise_floor(image.signal, tissue) for image in images]
    choices: list[tuple[int, ...]] = list(combinations(range(len(images)), 2))
    if len(images) > 2 and images[0].b_s_per_mm2 is not None:
        choices.append(tuple(range(len(images))))
    found = []
    for members in choices:
        keep = tissue & (values < top) & np.logical_and.reduce([above[m] for m in members])
        if keep.sum() >= MIN_VOXELS:
            d = _diffusivity(members, logs, images)
            found += _tried(values, d, members, keep)
    best = max((abs(one.r) for one in found), default=0.0)
    as_good = [one for one in found if abs(one.r) > best - AS_GOOD]
    others = [one for one in found if abs(one.r) <= best - AS_GOOD]
    return [*as_good, *sorted(others, key=lambda one: -abs(one.r))]


def _diffusivity(
    members: tuple[int, ...], logs: Sequence[Float64Array], images: Sequence[Weighted]
) -> Float64Array:
    """D where b is known, else the logarithm of the ratio of two images."""
    known = [images[m].b_s_per_mm2 for m in members]
    if None in known:
        first, second = members
        with np.errstate(invalid="ignore"):
            ratio: Float64Array = logs[first] - logs[second]
        return ratio
    b = np.array(known, dtype=np.float64)
    weights = (b - b.mean()) / np.sum((b - b.mean()) ** 2)
    with np.errstate(invalid="ignore"):
        d: Float64Array = -sum(w * logs[m] for w, m in zip(weights, members, strict=True))
    return d


def _tried(
    values: Float32Array, d: Float64Array, members: tuple[int, ...], keep: Mask
) -> list[Explanation]:
    """The map as D and as exponential of D."""
    inside, map_inside = d[keep], values[keep].astype(np.float64)
    straight, slope = correlate(map_inside, inside)
    bent, bent_slope = correlate(-np.log(map_inside), inside)
    return [
        Explanation(members, straight, slope, False, keep, d),
        Explanation(members, bent, bent_slope, True, keep, d),
    ]


def correlate(x: Float64Array, y: Float64Array) -> tuple[float, float]:
    """Correlation of two arrays, and the slope of y over x; zeros where one is constant."""
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy, xy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    if xx <= 0 or yy <= 0:
        return 0.0, 0.0
    return float(np.clip(xy / np.sqrt(xx * yy), -1, 1)), xy / xx


def attenuation_per_unit(
    values: Float32Array, reference: Float32Array, image: Float32Array
) -> tuple[float, float]:
    """How much an image is weakened against another, per unit of the map.

    A gain of its own does not matter, as only the slope is looked at.

    Returns:
        Correlation and slope of ln(reference / image) over the map; slope times one over
        the map's unit in mm2/s is the difference of the b-values.
    """
    tissue = (values > 0) & (values < float(values.max(initial=0.0)))
    keep = tissue & (reference > noise_floor(reference, tissue))
    keep &= image > noise_floor(image, tissue)
    if keep.sum() < MIN_VOXELS:
        return 0.0, 0.0
    logs = np.log(reference[keep].astype(np.float64) / image[keep])
    return correlate(values[keep].astype(np.float64), logs)


def shares_mask(values: Float32Array, image: Float32Array, others: Sequence[Float32Array]) -> bool:
    """Whether an image is zero exactly where the map is, while other images are not.

    Args:
        values: The map.
        image: Suspected of being computed from it.
        others: Images of the same kind.
    """
    masked = values <= 0
    if not _MASK_SHARE[0] < masked.mean() < _MASK_SHARE[1]:
        return False
    alike = [_alike(masked, one <= 0) for one in (image, *others)]
    return alike[0] >= _MASK_ALIKE and any(one < _MASK_UNLIKE for one in alike[1:])


def _alike(one: Mask, other: Mask) -> float:
    """Shared voxels of all voxels of two masks."""
    both = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / both if both else 0.0


def follows_exactly(values: Float32Array, reference: Float32Array, image: Float32Array) -> bool:
    """Whether ln of an image is a sum of the map and ln of another, closer than noise allows."""
    tissue = (values > 0) & (values < float(values.max(initial=0.0)))
    bright = image > max(noise_floor(image, tissue), 0.2 * float(np.percentile(image, 99)))
    keep = tissue & (reference > 0) & bright
    if keep.sum() < MIN_VOXELS:
        return False
    columns = [np.log(reference[keep].astype(np.float64)), values[keep], np.ones(keep.sum())]
    system = np.stack(columns, axis=1)
    target = np.log(image[keep].astype(np.float64))
    left = target - system @ np.linalg.lstsq(system, target, rcond=None)[0]
    return float(left.std()) < EXACT
