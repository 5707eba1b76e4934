"""Distance from the training data, against scikit-learn and the meaning of a tail share."""

import numpy as np
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA

from mrsift.evaluate.outliers import SHRINKAGE, distance, fit_reference, in_distribution


def clusters(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    y_true = rng.permutation(np.arange(n) % 9)
    centres = np.random.default_rng(7).normal(scale=3.0, size=(9, 12))
    return centres[y_true] + rng.normal(size=(n, 12)) * np.linspace(0.5, 2, 12), y_true


def test_distance_is_the_mahalanobis_distance_in_principal_components() -> None:
    rng = np.random.default_rng(0)
    features, y_true = clusters(rng, 900)
    fresh, _ = clusters(rng, 50)
    found = distance(fresh, fit_reference((features, y_true), fresh, components=6))

    pca = PCA(6).fit(features)
    projected = pca.transform(features)
    means = np.stack([projected[y_true == label].mean(axis=0) for label in range(9)])
    within = EmpiricalCovariance(assume_centered=True).fit(projected - means[y_true]).covariance_
    within = within + SHRINKAGE * np.trace(within) / 6 * np.eye(6)
    offsets = pca.transform(fresh)[:, None] - means
    squared = np.einsum("nlk,kj,nlj->nl", offsets, np.linalg.inv(within), offsets)
    np.testing.assert_allclose(found, np.sqrt(squared.min(axis=1)), rtol=1e-6)


def test_share_is_even_on_like_volumes_and_small_on_others() -> None:
    rng = np.random.default_rng(1)
    reference = fit_reference(clusters(rng, 2000), clusters(rng, 2000)[0], components=8)
    shares = in_distribution(clusters(rng, 4000)[0], reference)
    np.testing.assert_allclose(
        np.quantile(shares, [0.1, 0.25, 0.5, 0.75]), [0.1, 0.25, 0.5, 0.75], atol=0.04
    )
    assert (shares >= 0).all()
    assert (shares <= 1).all()
    assert in_distribution(rng.normal(scale=30.0, size=(50, 12)), reference).max() < 0.01


def test_share_falls_with_distance_without_a_jump() -> None:
    rng = np.random.default_rng(2)
    reference = fit_reference(clusters(rng, 1000), clusters(rng, 1000)[0], components=8)
    path = np.linspace(0, 1, 400)[:, None] * rng.normal(scale=20.0, size=(1, 12))
    outward = distance(path, reference).argsort()
    shares = in_distribution(path, reference)[outward]
    assert (np.diff(shares) <= 1e-9).all()
