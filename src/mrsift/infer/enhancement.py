"""T1-weighted volumes of one grid: is there enhancement, where, and which came after the agent?

Agent makes some voxels brighter and none darker, beyond a gain that all share. So the ratio
of two volumes has a long tail on one side only; a volume that moved has one on both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mrsift.infer.consistency import MIN_VOXELS, Mask, correlate
from mrsift.infer.naming import volume_name
from mrsift.infer.previews import grey_slice
from mrsift.infer.sample import Sampled
from mrsift.infer.witness import FAIR, STRONG
from mrsift.preprocess import canonical_view
from mrsift.types import Float32Array, Float64Array, PhysicsEvidence

T1 = ("T1W", "T1W_CE")

MIN_T1 = 0.3
"""How probable T1-weighted must be before two volumes are compared."""

BRIGHTER = 0.3
"""Logarithm of the ratio from which a voxel counts as enhanced (or as darker): 35 %."""

MIN_SHARE = 0.003
"""So much of the tissue must enhance."""

ONE_SIDED = 4.0
"""So many times more voxels must be brighter than darker."""

ALIKE = 0.3
"""Two volumes are comparable when the middle half of the ratio spans less than this."""

MIN_R = 0.8
"""And when the voxels that hardly change correlate at least so much."""

TISSUE = 0.15
"""Tissue is brighter than this share of the 98th percentile in both."""

MOST_COMPARED = 60
"""Time points beyond this many are not compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What happened between two volumes of one contrast.

    Attributes:
        brighter: Share of the tissue that is brighter in the second, 0 to 1.
        darker: Share that is darker.
        gain: How much the brightest voxels gained, 1 for twice as bright.
        r: Correlation of the two.
        ratio: ln(second / first), its median 0; shape (n,), 0 outside the tissue.
        tissue: Shape (n,).
    """

    brighter: float
    darker: float
    gain: float
    r: float
    ratio: Float64Array
    tissue: Mask

    @property
    def direction(self) -> int:
        """1 where the second volume is enhanced, -1 where the first is, 0 for neither."""
        more, less = max(self.brighter, self.darker), min(self.brighter, self.darker)
        if more < MIN_SHARE or more < ONE_SIDED * less:
            return 0
        return 1 if self.brighter > self.darker else -1

    @property
    def is_quiet(self) -> bool:
        """Whether nothing changed: no tail on either side."""
        return max(self.brighter, self.darker) < MIN_SHARE


def compare(first: Float32Array, second: Float32Array) -> Change | None:
    """Compare two volumes voxel by voxel.

    Args:
        first: Shape (n,), any unit.
        second: Same voxels, any unit.

    Returns:
        None where the two are of different contrast, or moved against each other.
    """
    tissue = _tissue(first) & _tissue(second)
    if tissue.sum() < MIN_VOXELS:
        return None
    logs = np.log(second[tissue].astype(np.float64) / first[tissue])
    logs -= np.median(logs)
    low, high = np.percentile(logs, (25, 75))
    quiet = np.abs(logs) < BRIGHTER
    r = correlate(
        first[tissue][quiet].astype(np.float64), second[tissue][quiet].astype(np.float64)
    )[0]
    if high - low > ALIKE or r < MIN_R:
        return None
    ratio = np.zeros(first.shape)
    ratio[tissue] = logs
    brighter, darker = float((logs > BRIGHTER).mean()), float((logs < -BRIGHTER).mean())
    tail = np.percentile(logs, 99.5 if brighter >= darker else 0.5)
    return Change(brighter, darker, float(np.expm1(abs(tail))), r, ratio, tissue)


def _tissue(values: Float32Array) -> Mask:
    bright: NDArray[np.bool_] = values > TISSUE * max(float(np.percentile(values, 98)), 1e-9)
    return bright


def enhancement_evidence(
    group: Sequence[Sampled], *, pictures: bool = False
) -> dict[str, PhysicsEvidence]:
    """Which T1-weighted volumes of a grid came before the contrast agent, and which after.

    Every volume is compared with the one that turns out least enhanced.

    Args:
        group: Volumes of one grid.
        pictures: Add pictures to the evidence of volumes after the agent.

    Returns:
        volume_id -> evidence; it only moves probability between T1W and T1W_CE.
    """
    able = [one for one in group if one.likely(*T1) >= MIN_T1][:MOST_COMPARED]
    if len(able) < 2:
        return {}
    before = _least_enhanced(able)
    changes = {
        one.info.volume_id: compare(before.values, one.values) for one in able if one is not before
    }
    by_id = {one.info.volume_id: one for one in able}
    evidence = {}
    after = [key for key, change in changes.items() if change and change.direction > 0]
    for key, change in changes.items():
        if change is not None and (change.direction > 0 or change.is_quiet):
            evidence[key] = _of_one(before, change, any_after=bool(after))
            if pictures and change.direction > 0 and len(after) < 4:
                evidence[key] = _with_pictures(evidence[key], before.drawn, by_id[key].drawn)
    if after:
        change = changes[after[0]]
        assert change is not None
        evidence[before.info.volume_id] = PhysicsEvidence(
            "enhancement",
            tuple(after),
            change.r,
            change.gain,
            f"before contrast agent: {change.brighter:.1%} of the tissue is brighter in "
            f"{volume_name(by_id[after[0]].info)}, {change.darker:.1%} darker",
            log_odds={"T1W": STRONG, "T1W_CE": -STRONG},
            within=T1,
        )
    return evidence


def _least_enhanced(able: Sequence[Sampled]) -> Sampled:
    """The volume that none is darker than, starting from the first."""
    before = able[0]
    for one in able[1:]:
        change = compare(before.values, one.values)
        if change is not None and change.direction < 0:
            before = one
    return before


def _of_one(before: Sampled, change: Change, *, any_after: bool) -> PhysicsEvidence:
    """The evidence for a volume that was compared with the least enhanced one."""
    reference = volume_name(before.info)
    if change.direction > 0:
        words = (
            f"enhances against {reference}: {change.brighter:.1%} of the tissue is brighter, "
            f"{change.darker:.1%} darker, the brightest by {change.gain:.0%}"
        )
        log_odds = {"T1W": -STRONG, "T1W_CE": STRONG}
    else:
        words = f"no enhancement against {reference} ({change.brighter:.1%} brighter)"
        # Where another volume does enhance, this one is from before; else both may be from after.
        log_odds = {"T1W": FAIR, "T1W_CE": -FAIR} if any_after else {}
    return PhysicsEvidence(
        "enhancement",
        (before.info.volume_id,),
        change.r,
        change.gain if change.direction > 0 else 0.0,
        words,
        log_odds=log_odds,
        within=T1,
    )


def _with_pictures(evidence: PhysicsEvidence, before: Sampled, one: Sampled) -> PhysicsEvidence:
    """The same with the slice that enhances most: before, after, and where."""
    change = compare(before.values, one.values)
    if change is None:
        return evidence
    earlier, later = before.sample.voxels, one.sample.voxels
    ratio = change.ratio.reshape(later.shape)
    affine = one.info.affine_lps_mm
    brighter = canonical_view((ratio > BRIGHTER).astype(np.float32), affine)
    most = int(brighter.sum(axis=(1, 2)).argmax())
    shades = {
        "before": earlier / max(float(np.percentile(earlier, 99.5)), 1e-9),
        "after": later / max(float(np.percentile(later, 99.5)), 1e-9),
        "brighter, white for 3 times": ratio / np.log(3.0),
    }
    pictures = tuple((name, grey_slice(shade, affine, most)) for name, shade in shades.items())
    return replace(evidence, pictures=pictures)
