"""The same image over and over: a functional or perfusion series, which no single volume shows.

A gradient-echo EPI volume looks like one of b = 0. What tells them apart is that there are many and
that they hardly differ: directions and b-values of diffusion leave different images.
"""

from collections.abc import Sequence

import numpy as np

from mrsift.infer.enhancement import T1
from mrsift.infer.sample import Sampled
from mrsift.infer.witness import STRONG, towards
from mrsift.labels import UNKNOWN
from mrsift.types import Float32Array, PhysicsEvidence

LEAST_REPEATS = 8
"""Averages of a scan are rarely kept apart, and never so many."""

ALIKE_R = 0.97
"""See `alike`. Functional series have more than 0.99, directions at b = 1000 less than 0.95."""

TISSUE = 0.15
"""Tissue is brighter than this share of the 98th percentile of the mean."""


def repetition_evidence(group: Sequence[Sampled]) -> dict[str, PhysicsEvidence]:
    """Which series of a grid show the same image over and over.

    Args:
        group: Volumes of one grid.

    Returns:
        volume_id -> evidence for `UNKNOWN`; none for dynamic T1-weighted series, whose phases
        are alike too, and none where the header names a b-value above 0.
    """
    series: dict[str, list[Sampled]] = {}
    for one in group:
        series.setdefault(_series(one), []).append(one)
    evidence = {}
    for volumes in series.values():
        if len(volumes) < LEAST_REPEATS or any(one.b_s_per_mm2 for one in volumes):
            continue
        if np.mean([one.likely(*T1) for one in volumes]) > 0.5:
            continue
        r = alike(np.stack([one.values for one in volumes]))
        if r < ALIKE_R:
            continue
        for one in volumes:
            other = volumes[0] if one is not volumes[0] else volumes[1]
            evidence[one.info.volume_id] = PhysicsEvidence(
                "repetition",
                (other.info.volume_id,),
                r,
                0.0,
                f"one of {len(volumes)} volumes that are alike (r {r:.3f}), as in functional or "
                "perfusion imaging",
                log_odds=towards(STRONG, UNKNOWN),
            )
    return evidence


def alike(values: Float32Array) -> float:
    """Correlation of a volume with the mean of the others, within tissue.

    Args:
        values: Shape (volumes, voxels).

    Returns:
        -1 to 1: what nine volumes of ten reach, since people move now and then.
    """
    mean = values.mean(axis=0, dtype=np.float64)
    tissue = mean > TISSUE * max(float(np.percentile(mean, 98)), 1e-9)
    if not tissue.any():
        return 0.0
    inside = values[:, tissue].astype(np.float64)
    others = (inside.sum(axis=0) - inside) / (len(values) - 1)
    inside -= inside.mean(axis=1, keepdims=True)
    others -= others.mean(axis=1, keepdims=True)
    size = np.sqrt((inside**2).sum(axis=1) * (others**2).sum(axis=1))
    r = (inside * others).sum(axis=1) / np.maximum(size, 1e-12)
    return float(np.percentile(r, 10))


def _series(one: Sampled) -> str:
    """What a volume was acquired with: its series, or the file where there are no series."""
    return one.info.series_instance_uid or one.info.files[0]
