"""Distance from the training data, against scikit-learn and the meaning of a tail share."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from mrsift.evaluate.outliers import distance, fit_reference, in_distribution


def clusters(rng: np.random.Generator, n: int) -> np.ndarray:
    y_true = rng.permutation(np.arange(n) % 9)
    centres = np.random.default_rng(7).normal(scale=3.0, size=(9, 12))
    found: np.ndarray = centres[y_true] + rng.normal(size=(n, 12)) * np.linspace(0.5, 2, 12)
    return found


def test_distance_is_that_to_the_nearest_neighbour_in_principal_components() -> None:
    rng = np.random.default_rng(0)
    features = clusters(rng, 900) * np.geomspace(0.01, 100, 12)
    fresh = clusters(rng, 50) * np.geomspace(0.01, 100, 12)
    found = distance(fresh, fit_reference(features, fresh, components=6))

    scaler = StandardScaler().fit(features)
    pca = PCA(6).fit(scaler.transform(features))
    bank, asked = (pca.transform(scaler.transform(each)) for each in (features, fresh))
    expected = NearestNeighbors(n_neighbors=1).fit(bank).kneighbors(asked)[0][:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_training_volume_is_at_no_distance() -> None:
    features = clusters(np.random.default_rng(3), 200)
    reference = fit_reference(features, clusters(np.random.default_rng(4), 50), components=8)
    assert distance(features, reference).max() < 1e-6


def test_a_feature_that_never_changes_says_nothing() -> None:
    rng = np.random.default_rng(5)
    features = np.hstack([clusters(rng, 300), np.full((300, 1), 7.0)])
    reference = fit_reference(features, features + 0.01, components=13)
    other = features.copy()
    other[:, -1] = 1000.0
    np.testing.assert_array_equal(distance(other, reference), distance(features, reference))


def test_share_is_even_on_like_volumes_and_small_on_others() -> None:
    rng = np.random.default_rng(1)
    reference = fit_reference(clusters(rng, 2000), clusters(rng, 2000), components=8)
    shares = in_distribution(clusters(rng, 4000), reference)
    np.testing.assert_allclose(
        np.quantile(shares, [0.1, 0.25, 0.5, 0.75]), [0.1, 0.25, 0.5, 0.75], atol=0.04
    )
    assert (shares >= 0).all()
    assert (shares <= 1).all()
    assert in_distribution(rng.normal(scale=30.0, size=(50, 12)), reference).max() < 0.01


def test_share_falls_with_distance_without_a_jump() -> None:
    rng = np.random.default_rng(2)
    reference = fit_reference(clusters(rng, 1000), clusters(rng, 1000), components=8)
    path = np.linspace(0, 1, 400)[:, None] * rng.normal(scale=20.0, size=(1, 12))
    outward = distance(path, reference).argsort()
    shares = in_distribution(path, reference)[outward]
    assert (np.diff(shares) <= 1e-9).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_few_volumes_give_a_reference(count: int) -> None:
    features = clusters(np.random.default_rng(6), count)
    shares = in_distribution(features, fit_reference(features, features, components=1))
    assert np.isfinite(shares).all()


def test_after_a_few_volumes_what_lies_a_little_farther_is_no_stranger() -> None:
    rng = np.random.default_rng(8)
    features = clusters(rng, 24)
    reference = fit_reference(features, clusters(rng, 8), components=8)
    farthest = reference.distances[-1]
    fresh = clusters(rng, 2000)
    far = distance(fresh, reference)
    shares = in_distribution(fresh, reference)
    near = (far > farthest) & (far < 1.5 * farthest)
    assert near.sum() > 20
    assert shares[near].min() > 0.005
