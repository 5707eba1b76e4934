"""Heads fitted anew on frozen features: a logistic regression for each network of a run.

Nothing is chosen: features are scaled and reduced by what the network's own training patients
show, never by a label, and the regression has one fixed strength.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.frozen import TEST, TRAIN, FrozenFeatures
from mrsift.errors import ConfigError
from mrsift.evaluate.delong import area
from mrsift.types import Float64Array

COMPONENTS = 32
"""Of the features of one network that a head sees: enough for a head, few beside the patients."""

STRENGTH = 1.0
"""Inverse penalty of the regression, of features with unit deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Reduced features, ready for heads of any labels.

    Attributes:
        patients: Shape (patients,), those with a label.
        features: One per network, shape (patients, components).
        train: Shape (networks, patients), whom a network learnt from.
        test: Shape (networks, patients), whom it is asked about.
    """

    patients: tuple[str, ...]
    features: tuple[Float64Array, ...]
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]

    @property
    def tested(self) -> NDArray[np.bool_]:
        """Patients that any network is asked about, shape (patients,)."""
        return np.asarray(self.test.any(axis=0), bool)


def make_heads(frozen: FrozenFeatures, labelled: NDArray[np.bool_]) -> Heads:
    """Reduce the features of each network once; labels play no part.

    Args:
        frozen: Of a run.
        labelled: Shape (patients,), who has a label.

    Raises:
        ConfigError: scikit-learn is not installed, or nobody is tested.
    """
    sides = frozen.sides[:, labelled]
    train, test = sides == TRAIN, sides == TEST
    if not test.any():
        raise ConfigError("the run has no test patients with a label; labels cannot be permuted")
    features = [
        _reduced(seen[labelled].astype(np.float64), own)
        for seen, own in zip(frozen.features, train, strict=True)
    ]
    names = tuple(name for name, there in zip(frozen.patients, labelled, strict=True) if there)
    return Heads(names, tuple(features), train, test)


def head_scores(heads: Heads, y_true: NDArray[np.intp], labels: int) -> Float64Array:
    """What heads fitted to these labels say of patients they did not learn from.

    Args:
        heads: Of `make_heads`.
        y_true: Shape (patients,), index of each label, as it is or shuffled.
        labels: How many there are.

    Returns:
        Shape (patients, labels), averaged over repeats; NaN for patients nobody is asked about.
    """
    total = np.zeros((len(y_true), labels))
    for seen, train, test in zip(heads.features, heads.train, heads.test, strict=True):
        total[test] += fit_logistic(seen[train], y_true[train], seen[test], labels)
    asked = heads.test.sum(axis=0)[:, None]
    mean: Float64Array = np.divide(total, asked, out=np.full_like(total, np.nan), where=asked > 0)
    return mean


def fit_logistic(
    features: Float64Array, y_true: NDArray[np.intp], asked: Float64Array, labels: int
) -> Float64Array:
    """Probabilities of a logistic regression.

    Args:
        features: Shape (n, k), to learn from.
        y_true: Shape (n,).
        asked: Shape (m, k).
        labels: How many there are; one that nobody has gets 0.

    Returns:
        Shape (m, labels).

    Raises:
        ConfigError: scikit-learn is not installed.
    """
    linear_model = sklearn("linear_model")
    found = np.zeros((len(asked), labels))
    there = np.unique(y_true)
    if len(there) < 2:
        found[:, there] = 1.0
        return found
    model = linear_model.LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit(features, y_true)
    found[:, model.classes_] = model.predict_proba(asked)
    return found


def mean_area(scores: Float64Array, y_true: NDArray[np.intp]) -> float:
    """AUC of two labels, or the mean over labels of one against the rest.

    Args:
        scores: Shape (n, labels).
        y_true: Shape (n,).
    """
    count = scores.shape[1]
    places = range(count) if count > 2 else (1,)
    areas = np.array([area(scores[:, place], y_true == place).value for place in places])
    known = areas[~np.isnan(areas)]
    return float(known.mean()) if len(known) else float("nan")


def sklearn(part: str) -> Any:
    """A part of scikit-learn, loaded only when it is needed.

    Raises:
        ConfigError: It is not installed.
    """
    import importlib

    try:
        return importlib.import_module(f"sklearn.{part}")
    except ImportError as error:
        raise ConfigError(
            "heads are fitted by scikit-learn, which is not installed: pip install 'mrsift[train]'"
        ) from error


def _reduced(features: Float64Array, train: NDArray[np.bool_]) -> Float64Array:
    """Principal components of one network's training patients, each of unit deviation."""
    own = features[train]
    deviation = own.std(axis=0)
    scaled = (features - own.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    count = min(COMPONENTS, features.shape[1], int(train.sum()) - 1)
    reducer = sklearn("decomposition").PCA(max(1, count), svd_solver="full").fit(scaled[train])
    reduced = reducer.transform(scaled)
    spread = reduced[train].std(axis=0)
    return np.asarray(reduced / np.where(spread > 1e-9, spread, 1.0), np.float64)
