"""Which volumes of one grid are a map and the images that it was made from.

With b-values, those that have one are asked; without, every three volumes are tried.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from mrsift.infer.consistency import (
    AS_GOOD,
    Explanation,
    Weighted,
    attenuation_per_unit,
    explanations,
    shares_mask,
)
from mrsift.infer.sample import Sampled

R_KNOWN_B = 0.9
"""Correlation from which a map counts as explained, where the b-values are known."""

R_UNKNOWN_B = 0.97
"""The same where they are not: every three volumes are tried, so more is asked for."""

R_WEAKENED = 0.6
"""An image that is weakened along the map at least so clearly is one more of its series."""

MIN_DIFFUSION = 0.25
"""Without b-values: how probable diffusion must be on average before anything is tried."""

MOST_TRIED = 7
"""So many maps, images or volumes of a grid are tried against each other."""

USUAL_ADC = 3e-4
"""The median of living tissue lies between this and ten times this, mm2/s."""

DIFFUSION = ("DWI_LOW", "DWI_HIGH", "ADC")
WEIGHTED = ("DWI_LOW", "DWI_HIGH")


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A diffusion-weighted image.

    Attributes:
        volumes: One, or one for each direction.
        weighted: Their mean.
    """

    volumes: tuple[Sampled, ...]
    weighted: Weighted

    @property
    def b_s_per_mm2(self) -> float | None:
        """None where it is not known or may not be used."""
        return self.weighted.b_s_per_mm2


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A map and the images that explain it.

    Attributes:
        map: The map.
        images: All that were asked; `best.members` counts in them.
        best: The best explanation.
        runner_up: The best explanation by other images, or None.
    """

    map: Sampled
    images: tuple[Image, ...]
    best: Explanation
    runner_up: Explanation | None = None

    @property
    def members(self) -> tuple[Image, ...]:
        """The images of the best explanation."""
        return tuple(self.images[place] for place in self.best.members)

    @property
    def least_weighted(self) -> Image:
        """The member that is brightest where the map is high."""
        return self.members[-1 if self.best.r < 0 else 0]

    @property
    def unit(self) -> float:
        """mm2/s per unit of the map, a power of ten, told by the values of living tissue."""
        median = float(np.median(self.map.values[self.best.keep]))
        return float(10.0 ** math.ceil(math.log10(USUAL_ADC / max(median, 1e-30))))


def find(group: Sequence[Sampled]) -> list[Found]:
    """The map of a grid that is explained best, then exponential maps of the same images.

    Args:
        group: Volumes of one grid.

    Returns:
        Empty where nothing is explained well enough.
    """
    images = _known_images(group)
    if len(images) < 2:
        found = _without_b(group)
        return [] if found is None else [found, *_exponentials(found, group)]
    maps = _with_known_b(group, images)
    straight = [found for found in maps if not found.best.exponential]
    bent = [found for found in maps if found.best.exponential]
    return [*straight[:1], *bent]


def _known_images(group: Sequence[Sampled]) -> list[Image]:
    """Acquired images with a b-value, lowest first."""
    by_b: dict[float, list[Sampled]] = {}
    for one in group:
        calculated = one.may_use_header and one.info.calculated
        if one.b_s_per_mm2 is not None and not calculated and one.likely(*WEIGHTED) >= 0.5:
            by_b.setdefault(one.b_s_per_mm2, []).append(one)
    chosen = sorted(by_b)
    if len(chosen) > MOST_TRIED:  # ends matter most
        chosen = [*chosen[:3], *chosen[3 - MOST_TRIED :]]
    return [image_of(by_b[b]) for b in chosen]


def image_of(volumes: Sequence[Sampled]) -> Image:
    """The geometric mean over directions, as that is what a map is made from.

    Args:
        volumes: Of one b-value.
    """
    signal = volumes[0].values
    if len(volumes) > 1:
        logs = sum(np.log(np.maximum(one.values, 1e-6)) for one in volumes)
        signal = np.exp(np.asarray(logs) / len(volumes)).astype(np.float32)
    return Image(tuple(volumes), Weighted(signal, volumes[0].b_s_per_mm2))


def _with_known_b(group: Sequence[Sampled], images: Sequence[Image]) -> list[Found]:
    """Every map that the images explain, the best first."""
    used = {one.info.volume_id for image in images for one in image.volumes}
    maps = [one for one in group if one.info.volume_id not in used]
    maps.sort(key=lambda one: -one.likely("ADC"))
    found = []
    for one in maps[:MOST_TRIED]:
        honest = _without_masked(one, images)
        tried = explanations(one.values, [image.weighted for image in honest])
        if tried and abs(tried[0].r) >= R_KNOWN_B:
            others = [item for item in tried if item.members != tried[0].members]
            found.append(Found(one, tuple(honest), tried[0], others[0] if others else None))
    return sorted(found, key=lambda item: -abs(item.best.r))


def _without_masked(one: Sampled, images: Sequence[Image]) -> Sequence[Image]:
    """Without images that have the mask of the map: those are computed, not acquired."""
    signals = [image.weighted.signal for image in images]
    kept = [
        image
        for place, image in enumerate(images)
        if not shares_mask(one.values, signals[place], signals[:place] + signals[place + 1 :])
    ]
    return kept if len(kept) > 1 else images


def _without_b(group: Sequence[Sampled]) -> Found | None:
    """A map and two images among volumes without b-values."""
    likely = sorted(group, key=lambda one: -one.likely(*DIFFUSION))[:MOST_TRIED]
    able = [one for one in likely if one.values.min(initial=0.0) >= 0]
    tried = []
    for first, second in combinations(able, 2):
        # A quarter of the voxels is enough to choose; the chosen three are looked at again.
        pair = [Weighted(first.values[::4]), Weighted(second.values[::4])]
        for one in able:
            three = (first, second, one)
            if one in (first, second) or not _may_be_diffusion(three):
                continue
            for found in explanations(one.values[::4], pair)[:1]:
                ordered = (first, second) if found.r > 0 else (second, first)
                tried.append((abs(found.r), abs(found.slope), (*ordered, one)))
    best = max((r for r, _, _ in tried), default=0.0)
    if best < R_UNKNOWN_B:
        return None
    # Of pairs that fit equally well the weaker weighting was acquired: images are computed
    # for b-values beyond those.
    as_good = [item for item in tried if item[0] > best - AS_GOOD]
    chosen = min(as_good, key=lambda item: (-able.index(item[2][2]), item[1]))
    return _looked_at_again(chosen[2], able)


def _exponentials(found: Found, group: Sequence[Sampled]) -> list[Found]:
    """Exponential maps of the images that explain a map."""
    pair = [image.weighted for image in found.members]
    used = [found.map, *(one for image in found.images for one in image.volumes)]
    bent = []
    for one in group:
        if one in used:
            continue
        tried = explanations(one.values, pair)
        if tried and tried[0].exponential and tried[0].r >= R_UNKNOWN_B:
            bent.append(Found(one, found.members, replace(tried[0], members=(0, 1))))
    return bent


def _may_be_diffusion(three: Sequence[Sampled]) -> bool:
    return sum(one.likely(*DIFFUSION) for one in three) >= MIN_DIFFUSION * len(three)


def _looked_at_again(
    three: tuple[Sampled, Sampled, Sampled], able: Sequence[Sampled]
) -> Found | None:
    """The map and two images on all voxels, with the other images of their series."""
    low, high, one = three
    images = [image_of([low]), image_of([high])]
    tried = explanations(one.values, [image.weighted for image in images])
    if not tried or tried[0].r < R_UNKNOWN_B:
        return None
    found = Found(one, tuple(images), tried[0])
    if tried[0].exponential:
        return found
    acquired = [low.values, high.values]
    for other in able:
        r, slope = attenuation_per_unit(one.values, low.values, other.values)
        if other in three or r < R_WEAKENED or slope <= 0:
            continue
        if not shares_mask(one.values, other.values, acquired):
            images.append(image_of([other]))
    return replace(found, images=tuple(images))
