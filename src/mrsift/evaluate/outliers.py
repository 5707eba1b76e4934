"""How unlike the training data a volume looks, from what every stage of the network sees."""

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import OutlierReference
from mrsift.types import Float64Array

QUANTILES = np.linspace(0.0, 1.0, 101)
"""Shares of the validation volumes whose distance a reference keeps."""

TAIL_SHARE = 0.1
"""Share of the validation volumes, the farthest, that the fall of the tail is fitted to."""

PRIOR_VOLUMES = 10
PRIOR_EXCESS = 0.3
"""Volumes, and their mean log excess, that are thought of beside the farthest: where few were
seen, they say little of how the tail falls, and what lies a little farther is no stranger."""


def distance(features: NDArray[np.floating], reference: OutlierReference) -> Float64Array:
    """Distance to the nearest training volume.

    Args:
        features: Shape (n, features), the network's output.
        reference: Of the bundle.

    Returns:
        Shape (n,).

    Source:
        Sun et al. 2022, Out-of-Distribution Detection with Deep Nearest Neighbors; on
        principal components as Woodland et al. 2024 (MELBA 2024:020). What else was tried is
        in `docs/decisions/strangers.md`.
    """
    asked = (np.asarray(features, np.float64) - reference.centre) @ reference.projection
    kept = reference.neighbours
    squared = (asked**2).sum(1)[:, None] + (kept**2).sum(1) - 2.0 * asked @ kept.T
    nearest: Float64Array = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
    return nearest


def in_distribution(features: NDArray[np.floating], reference: OutlierReference) -> Float64Array:
    """Share of validation volumes that lie at least as far out.

    Beyond the bulk of them, the share falls as a power of the distance: few volumes lie
    there, and a rank among them would end at 0 too soon.

    Args:
        features: Shape (n, features), the network's output.
        reference: Of the bundle.

    Returns:
        Shape (n,), 0 (like nothing seen) to 1.
    """
    far = distance(features, reference)
    rank = 1.0 - np.interp(far, reference.distances, QUANTILES)
    start = float(np.interp(1.0 - TAIL_SHARE, QUANTILES, reference.distances))
    least = max(start, 1e-9)
    ratio = np.maximum(far, least) / least
    tail = TAIL_SHARE * ratio**-reference.tail_exponent
    share: Float64Array = np.where(far > start, tail, rank)
    return share


def fit_reference(
    train: NDArray[np.floating], validation: NDArray[np.floating], components: int
) -> OutlierReference:
    """The reference of a network.

    Args:
        train: Features of training volumes, shape (n, features).
        validation: Features of volumes that the network was not trained on, (m, features).
        components: Principal components of the standardised features in which distance is
            measured.
    """
    features = np.asarray(train, np.float64)
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale < 1e-6 * max(float(scale.max()), np.finfo(float).tiny)] = np.inf  # says nothing
    _, _, axes = np.linalg.svd((features - centre) / scale, full_matrices=False)
    projection = axes[:components].T / scale[:, None]
    draft = OutlierReference(
        projection=projection,
        centre=centre,
        neighbours=(features - centre) @ projection,
        distances=np.zeros_like(QUANTILES),
        tail_exponent=1.0,
    )
    far = distance(validation, draft)
    start = np.quantile(far, 1.0 - TAIL_SHARE)
    # Hill 1975: the mean log excess is the inverse of the exponent.
    excesses = np.log(far[far >= start] / start) if start > 0 else np.zeros(0)
    seen = len(excesses) + PRIOR_VOLUMES
    excess = (excesses.sum() + PRIOR_VOLUMES * PRIOR_EXCESS) / seen
    return OutlierReference(
        projection=draft.projection,
        centre=draft.centre,
        neighbours=draft.neighbours,
        distances=np.quantile(far, QUANTILES),
        tail_exponent=float(1.0 / excess),
    )
