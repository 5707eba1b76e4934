"""How unlike the training data a volume looks, from the network's pooled features."""

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import OutlierReference
from mrsift.types import Float64Array

QUANTILES = np.linspace(0.0, 1.0, 101)
"""Shares of the validation volumes whose distance a reference keeps."""

TAIL_SHARE = 0.1
"""Share of the validation volumes, the farthest, that the fall of the tail is fitted to."""

SHRINKAGE = 0.05
"""Share of the mean variance mixed into the covariance, so that it can be inverted."""


def distance(features: NDArray[np.floating], reference: OutlierReference) -> Float64Array:
    """Mahalanobis distance to the nearest label's mean.

    Args:
        features: Shape (n, features), the network's output.
        reference: Of the bundle.

    Returns:
        Shape (n,).

    Source:
        Lee et al. 2018, A Simple Unified Framework for Detecting Out-of-Distribution Samples;
        on principal components as Woodland et al. 2024 (MELBA 2024:020) found to work better.
    """
    projected = (np.asarray(features, np.float64) - reference.centre) @ reference.projection
    offset = projected[:, None] - reference.class_means  # (n, labels, k)
    squared = np.einsum("nlk,kj,nlj->nl", offset, reference.precision, offset)
    nearest: Float64Array = np.sqrt(np.maximum(squared, 0.0).min(axis=1))
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
    start = np.interp(1.0 - TAIL_SHARE, QUANTILES, reference.distances)
    ratio = np.maximum(far, start) / max(float(start), np.finfo(float).tiny)
    tail = TAIL_SHARE * ratio**-reference.tail_exponent
    share: Float64Array = np.where(far > start, tail, rank)
    return share


def fit_reference(
    train: tuple[NDArray[np.floating], NDArray[np.integer]],
    validation: NDArray[np.floating],
    components: int,
) -> OutlierReference:
    """The reference of a network.

    Args:
        train: Features (n, features) and index of the right label (n,); every label occurs.
        validation: Features of volumes that the network was not trained on, (m, features).
        components: Principal components in which distance is measured.
    """
    features, y_true = np.asarray(train[0], np.float64), train[1]
    centre = features.mean(axis=0)
    _, _, axes = np.linalg.svd(features - centre, full_matrices=False)
    projection = axes[:components].T
    projected = (features - centre) @ projection
    means = np.stack([projected[y_true == label].mean(axis=0) for label in np.unique(y_true)])
    within = projected - means[np.searchsorted(np.unique(y_true), y_true)]
    covariance = within.T @ within / len(within)
    covariance += SHRINKAGE * np.trace(covariance) / components * np.eye(components)

    draft = OutlierReference(
        projection=projection,
        centre=centre,
        class_means=means,
        precision=np.linalg.inv(covariance),
        distances=np.zeros_like(QUANTILES),
        tail_exponent=1.0,
    )
    far = distance(validation, draft)
    start = np.quantile(far, 1.0 - TAIL_SHARE)
    # Hill 1975: the mean log excess is the inverse of the exponent.
    excess = np.log(far[far >= start] / start).mean()
    return OutlierReference(
        projection=draft.projection,
        centre=draft.centre,
        class_means=draft.class_means,
        precision=draft.precision,
        distances=np.quantile(far, QUANTILES),
        tail_exponent=float(1.0 / max(excess, 1e-3)),
    )
