"""What a bundle says of itself, and how its JSON becomes that."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrsift.config import IdentifySettings, NetworkSettings, PreprocessSettings
from mrsift.errors import BundleError
from mrsift.labels import LABEL_NAMES
from mrsift.types import Float64Array

SCHEMA = "mrsift.bundle/3"
"""What is written. Older ones are read as well: `/1` had the nine labels only and no `network`,
`/2` measured the distance from the training volumes to the mean of each label."""

MANIFEST = "manifest.json"
REGIONS = ("pelvis", "head")

MAX_NUMBERS = 5000
"""Larger arrays stand in the JSON as bytes, to keep it short."""

LABEL_FORM = re.compile(r"\w[\w.+-]{0,63}")
"""A label goes into column names, file names and pages, so it is one word of any script."""


@dataclass(frozen=True, slots=True, eq=False)
class OutlierReference:
    """What the network's features look like for volumes of the kind it was trained on.

    Attributes:
        projection: Features to the space in which distance is measured, shape (features, k).
        centre: Mean of the features, shape (features,).
        neighbours: Training volumes in that space, shape (n, k); the nearest one counts.
        distances: Distance of validation volumes at `QUANTILES` of `evaluate.outliers`.
        tail_exponent: How fast the share of volumes falls with distance beyond them.
    """

    projection: Float64Array
    centre: Float64Array
    neighbours: Float64Array
    distances: Float64Array
    tail_exponent: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """How this network's opinion is weighed, and when nothing is answered; see `train.decide`.

    Attributes:
        min_probability: As in `IdentifySettings`, all three of them.
        pixel_reliability: Of this network.
        header_reliability: Beside this network.
        made_by: Command that fitted them.
    """

    min_probability: float
    pixel_reliability: float
    header_reliability: float
    made_by: str


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
        labels: Of the network's outputs, in their order; any words, `UNKNOWN` where it was
            trained.
        regions: Of the output `region`, in its order; `REGIONS`, or none.
        network: How to build the network again, for `model.safetensors`; None where not known.
        operating_point: Fitted to this network; None for the settings of `IdentifySettings`.
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
    network: NetworkSettings | None = None
    operating_point: OperatingPoint | None = None

    @property
    def identify_settings(self) -> IdentifySettings:
        """How answers are made with this bundle, unless somebody says otherwise."""
        fitted = self.operating_point
        if fitted is None:
            return IdentifySettings()
        return replace(
            IdentifySettings(),
            min_probability=fitted.min_probability,
            pixel_reliability=fitted.pixel_reliability,
            header_reliability=fitted.header_reliability,
        )

    @property
    def channels(self) -> int:
        """Volumes that the network sees at once."""
        return self.network.channels if self.network is not None else 1


def parse(raw: bytes, source: Path) -> Manifest:
    """The manifest, if this mrsift can use it.

    Args:
        raw: `manifest.json` as it lies on disk.
        source: Of the bundle, for messages.

    Raises:
        BundleError: It is damaged or newer than this mrsift.
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
        return _manifest(fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            f"{source}: {MANIFEST} cannot be used ({type(error).__name__}: {error}). "
            "Copy the bundle again, or export it again from its run."
        ) from error


def _sizes(name: str, given: Iterable[Any]) -> tuple[int, int, int]:
    """Three sizes, each at least 1."""
    sizes = [int(size) for size in given]
    if len(sizes) != 3 or min(sizes) < 1:
        raise ValueError(f"{name} is {sizes}, expected three sizes")
    return sizes[0], sizes[1], sizes[2]


def _manifest(fields: dict[str, Any]) -> Manifest:
    """The manifest from its JSON; a missing or misshapen field raises."""
    given = fields["preprocess"]
    low, high = (float(value) for value in given["clip_percentiles"])
    source = given.get("source_shape")  # older bundles go to the input in one step
    settings = given | {
        "input_shape": _sizes("input_shape", given["input_shape"]),
        "source_shape": None if source is None else _sizes("source_shape", source),
        "clip_percentiles": (low, high),
    }
    if settings["intensity"] not in {"histogram", "zscore"}:
        raise ValueError(f"intensity is {settings['intensity']!r}")
    labels, regions = tuple(fields["labels"]), tuple(fields["regions"])
    _check_words(labels, regions)
    conformal = {str(label): float(value) for label, value in fields["conformal"].items()}
    temperatures = [float(fields[name]) for name in ("temperature", "region_temperature")]
    if set(conformal) != set(labels) or not min(temperatures) > 0:
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
        labels=labels,
        regions=regions,
        network=_network(fields.get("network")),
        operating_point=_operating_point(fields.get("operating_point")),
    )


def _check_words(labels: tuple[str, ...], regions: tuple[str, ...]) -> None:
    """Raises where labels or regions cannot be used."""
    unfit = [label for label in labels if not LABEL_FORM.fullmatch(label)]
    if unfit:
        raise ValueError(f"label {unfit[0]!r} is not one word of letters, digits and _ . + -")
    if len(set(labels)) != len(labels) or len(labels) < 2:
        raise ValueError(f"labels are {', '.join(labels)}, expected two or more different ones")
    if regions not in ((), REGIONS):
        raise ValueError(f"regions are {', '.join(regions)}, expected {', '.join(REGIONS)} or none")


def _network(fields: dict[str, Any] | None) -> NetworkSettings | None:
    """How the network is built; JSON's lists become tuples again."""
    if fields is None:
        return None
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    return NetworkSettings(**values)


def _operating_point(fields: dict[str, Any] | None) -> OperatingPoint | None:
    """The three shares and where they come from."""
    if fields is None:
        return None
    names = ("min_probability", "pixel_reliability", "header_reliability")
    shares = {name: float(fields[name]) for name in names}
    if not all(0 <= share <= 1 for share in shares.values()):
        raise ValueError("operating_point holds what is no share")
    return OperatingPoint(**shares, made_by=str(fields["made_by"]))


def _outliers(fields: dict[str, Any]) -> OutlierReference:
    """The reference, with shapes that fit each other."""
    names = ["projection", "centre", "distances"]
    older = "neighbours" not in fields
    names += ["class_means", "precision"] if older else ["neighbours"]
    arrays = {name: unpacked(fields[name]) for name in names}
    features, size = arrays["projection"].shape
    expected = {"centre": (features,)} | ({"precision": (size, size)} if older else {})
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {shape}")
    points = arrays["class_means" if older else "neighbours"]
    if points.ndim != 2 or points.shape[1] != size or not len(points):
        raise ValueError(f"outlier reference has points of shape {points.shape}")
    if arrays["distances"].ndim != 1 or not all(np.isfinite(a).all() for a in arrays.values()):
        raise ValueError("outlier reference is not finite or has a wrong shape")
    if older:
        # Mahalanobis' distance to the nearest mean is Euclid's in whitened space.
        whitening = np.linalg.cholesky(arrays.pop("precision"))
        arrays["projection"] = arrays["projection"] @ whitening
        arrays["neighbours"] = arrays.pop("class_means") @ whitening
    return OutlierReference(**arrays, tail_exponent=float(fields["tail_exponent"]))


def packed(array: NDArray[Any]) -> Any:
    """An array for JSON: numbers where there are few, else bytes of float32 as text.

    Args:
        array: Any shape.
    """
    if array.size <= MAX_NUMBERS:
        rounded = [float(f"{number:.7g}") for number in array.ravel()]
        return np.array(rounded).reshape(array.shape).tolist()
    data = base64.b64encode(array.astype("<f4").tobytes()).decode("ascii")
    return {"shape": list(array.shape), "float32": data}


def unpacked(value: Any) -> Float64Array:
    """The array that `packed` made a value of.

    Args:
        value: As it stood in the JSON.

    Raises:
        ValueError: It is none, or has another length than it says.
    """
    if not isinstance(value, dict):
        return np.array(value, dtype=np.float64)
    data = base64.b64decode(value["float32"], validate=True)
    return np.frombuffer(data, "<f4").reshape(value["shape"]).astype(np.float64)
