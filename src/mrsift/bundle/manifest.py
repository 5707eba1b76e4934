"""What a bundle says of itself, and how its JSON becomes that."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mrsift.config import PreprocessSettings
from mrsift.errors import BundleError
from mrsift.labels import LABEL_NAMES
from mrsift.types import Float64Array

SCHEMA = "mrsift.bundle/1"
MANIFEST = "manifest.json"
REGIONS = ("pelvis", "head")


@dataclass(frozen=True, slots=True, eq=False)
class OutlierReference:
    """What the network's features look like for volumes of the kind it was trained on.

    Attributes:
        projection: Features to the space in which distance is measured, shape (features, k).
        centre: Mean of the features, shape (features,).
        class_means: Mean of each label in that space, shape (9, k).
        precision: Inverse of the covariance within the labels, shape (k, k).
        distances: Distance of validation volumes at `QUANTILES` of `evaluate.outliers`.
        tail_exponent: How fast the share of volumes falls with distance beyond them.
    """

    projection: Float64Array
    centre: Float64Array
    class_means: Float64Array
    precision: Float64Array
    distances: Float64Array
    tail_exponent: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        name: E.g. `sim`.
        version: E.g. `2026.11.1`.
        preprocess: Settings of `preprocess.prepare`.
        temperature: The logits are divided by it before the softmax.
        region_temperature: Same for the body region.
        conformal: Label -> smallest probability at which it stays in the prediction set.
        conformal_coverage: Share of each label's volumes whose set holds it, as calibrated.
        outliers: Reference of `in_distribution`.
        licence: SPDX expression of the weights.
        made_by: Command that makes this bundle again.
        files: Name -> SHA-256, of everything but the manifest.
    """

    name: str
    version: str
    preprocess: PreprocessSettings
    temperature: float
    region_temperature: float
    conformal: Mapping[str, float]
    conformal_coverage: float
    outliers: OutlierReference
    licence: str
    made_by: str
    files: Mapping[str, str]
    labels: tuple[str, ...] = LABEL_NAMES
    regions: tuple[str, ...] = REGIONS


def parse(raw: bytes, source: Path) -> Manifest:
    """The manifest, if this mrsift can use it.

    Args:
        raw: `manifest.json` as it lies on disk.
        source: Of the bundle, for messages.

    Raises:
        BundleError: It is damaged, newer than this mrsift or made for other labels.
    """
    try:
        fields = json.loads(raw)
        schema = fields["schema"]
        family, _, number = str(schema).partition("/")
        if family != SCHEMA.partition("/")[0] or not number.isdecimal():
            raise BundleError(f"{source}: schema is {schema!r}, expected {SCHEMA!r}: no bundle.")
        if int(number) > int(SCHEMA.partition("/")[2]):
            raise BundleError(
                f"{source}: written for a newer mrsift (schema {schema}, this one reads "
                f"{SCHEMA}). Update mrsift."
            )
        manifest = _manifest(fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            f"{source}: {MANIFEST} cannot be used ({type(error).__name__}: {error}). "
            "Copy the bundle again, or make it again: python -m mrsift.train.default."
        ) from error
    if manifest.labels != LABEL_NAMES or manifest.regions != REGIONS:
        raise BundleError(
            f"{source}: labels {', '.join(manifest.labels)} and regions "
            f"{', '.join(manifest.regions)}, expected {', '.join(LABEL_NAMES)} and "
            f"{', '.join(REGIONS)}. Use a bundle made for these labels."
        )
    return manifest


def _manifest(fields: dict[str, Any]) -> Manifest:
    """The manifest from its JSON; a missing or misshapen field raises."""
    shape = [int(size) for size in fields["preprocess"]["input_shape"]]
    low, high = (float(value) for value in fields["preprocess"]["clip_percentiles"])
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"input_shape is {shape}, expected three sizes")
    settings = fields["preprocess"] | {
        "input_shape": tuple(shape),
        "clip_percentiles": (low, high),
    }
    if settings["intensity"] not in {"histogram", "zscore"}:
        raise ValueError(f"intensity is {settings['intensity']!r}")
    conformal = {str(label): float(value) for label, value in fields["conformal"].items()}
    temperatures = [float(fields[name]) for name in ("temperature", "region_temperature")]
    if set(conformal) != set(LABEL_NAMES) or not min(temperatures) > 0:
        raise ValueError("conformal thresholds or temperatures are not usable")
    return Manifest(
        name=str(fields["name"]),
        version=str(fields["version"]),
        preprocess=PreprocessSettings(**settings),
        temperature=temperatures[0],
        region_temperature=temperatures[1],
        conformal=conformal,
        conformal_coverage=float(fields["conformal_coverage"]),
        outliers=_outliers(fields["outliers"]),
        licence=str(fields["licence"]),
        made_by=str(fields["made_by"]),
        files={str(name): str(digest) for name, digest in fields["files"].items()},
        labels=tuple(fields["labels"]),
        regions=tuple(fields["regions"]),
    )


def _outliers(fields: dict[str, Any]) -> OutlierReference:
    """The reference, with shapes that fit each other."""
    arrays = {
        name: np.array(fields[name], dtype=np.float64)
        for name in ("projection", "centre", "class_means", "precision", "distances")
    }
    features, size = arrays["projection"].shape
    expected = {
        "centre": (features,),
        "class_means": (len(LABEL_NAMES), size),
        "precision": (size, size),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {shape}")
    if arrays["distances"].ndim != 1 or not all(np.isfinite(a).all() for a in arrays.values()):
        raise ValueError("outlier reference is not finite or has a wrong shape")
    return OutlierReference(**arrays, tail_exponent=float(fields["tail_exponent"]))
