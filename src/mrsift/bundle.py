"""A trained model on disk: a folder, or one `.mrsift` zip.

    manifest.json   what the model is, how its input is made and how its output is read
    model.onnx      input `volume`; outputs `logits`, `region`, `features`
    card.md         data, recipe, results and limits, for people
    model.safetensors   optional: weights to fine-tune from

Every file is checked against the SHA-256 in the manifest, and nothing is ever unpickled.
Reading a bundle is on the way to every answer, so this module imports NumPy and the
standard library only.
"""

import hashlib
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mrsift.config import PreprocessSettings
from mrsift.errors import BundleError
from mrsift.labels import LABEL_NAMES
from mrsift.types import BundleId, Float64Array

SCHEMA = "mrsift.bundle/1"
MANIFEST = "manifest.json"
MODEL = "model.onnx"
CARD = "card.md"
OPTIONAL_FILES = ("model.safetensors",)
REGIONS = ("pelvis", "head")

MAX_MANIFEST_BYTES = 5_000_000
MAX_FILE_BYTES = 1_000_000_000

PICKLE_STARTS = (b"\x80", b"PK")
"""First bytes of a pickle and of the zip that torch wraps one in; ONNX has neither."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A bundle whose every byte was checked.

    Attributes:
        id: Name, version, and SHA-256 of the manifest (which holds those of all files).
        onnx: The network.
        card: Markdown.
    """

    id: BundleId
    manifest: Manifest
    onnx: bytes
    card: str

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Bundle":
        """Reads and checks a bundle.

        Args:
            path: A folder, or a `.mrsift` zip.

        Raises:
            BundleError: It is missing, damaged, newer than this mrsift, has other labels,
                or is no bundle at all.
        """
        source = Path(path)
        read = _Reader(source)
        raw = read(MANIFEST, MAX_MANIFEST_BYTES)
        manifest = _parse(raw, source)
        contents = {name: _checked(read, name, manifest, source) for name in (MODEL, CARD)}
        for name in OPTIONAL_FILES:
            if name in manifest.files:
                _checked(read, name, manifest, source)
        if contents[MODEL].startswith(PICKLE_STARTS):
            raise BundleError(
                f"{source}: {MODEL} is a pickled model, not ONNX, and is not opened: "
                "unpickling runs code. Export the model with `mrsift export`."
            )
        identity = BundleId(manifest.name, manifest.version, hashlib.sha256(raw).hexdigest())
        return cls(identity, manifest, contents[MODEL], contents[CARD].decode("utf-8", "replace"))


def default_bundle_path() -> Path:
    """Where the bundle that ships with mrsift lies."""
    return Path(__file__).parent / "assets" / "sim"


def write_bundle(path: Path, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
    """Writes a bundle beside its place, then puts it there in one step.

    Args:
        path: A name ending in `.mrsift` becomes a zip, any other a folder.
        manifest: Its `files` is ignored and computed from `contents`.
        contents: Name -> bytes: `model.onnx`, `card.md`, and `model.safetensors` if wanted.

    Raises:
        BundleError: A file is missing or has a name that bundles do not know.
    """
    unknown = set(contents) - {MODEL, CARD, *OPTIONAL_FILES}
    if unknown or not {MODEL, CARD} <= set(contents):
        raise BundleError(
            f"{path}: a bundle holds {MODEL}, {CARD} and optionally "
            f"{', '.join(OPTIONAL_FILES)}; given: {', '.join(sorted(contents))}."
        )
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(contents.items())}
    fields = asdict(manifest) | {"schema": SCHEMA, "files": digests}
    text = json.dumps(fields, default=_as_list, indent=1, sort_keys=True) + "\n"
    everything = {MANIFEST: text.encode(), **contents}

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".bundle-") as workplace:
        fresh = Path(workplace) / "new"
        if path.suffix == ".mrsift":
            with zipfile.ZipFile(fresh, "w") as archive:
                for name, data in everything.items():
                    archive.writestr(name, data)
        else:
            fresh.mkdir()
            for name, data in everything.items():
                (fresh / name).write_bytes(data)
            if path.is_dir():
                path.rename(Path(workplace) / "old")
        fresh.replace(path)


def _as_list(value: object) -> list[Any]:
    """Arrays in JSON, with the digits that float32 features deserve."""
    if isinstance(value, np.ndarray):
        rounded: list[Any] = np.vectorize(lambda number: float(f"{number:.7g}"))(value).tolist()
        return rounded
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


class _Reader:
    """Reads members of a folder or of a zip by their bare names, and nothing else."""

    def __init__(self, source: Path) -> None:
        """Looks which of the two it is.

        Raises:
            BundleError: It is neither.
        """
        if not source.is_dir() and not source.is_file():
            raise BundleError(f"{source}: there is no such bundle. Check the path after --model.")
        if source.is_file() and not zipfile.is_zipfile(source):
            raise BundleError(
                f"{source}: neither a folder nor a .mrsift zip, so not a bundle. "
                "Export the model with `mrsift export`."
            )
        self._source = source

    def __call__(self, name: str, limit: int) -> bytes:
        """The bytes of one member.

        Raises:
            BundleError: It is missing, too large, twice there or damaged.
        """
        if self._source.is_dir():
            file = self._source / name
            if file.is_symlink() or not file.is_file():
                raise self._missing(name)
            if file.stat().st_size > limit:
                raise self._too_large(name, file.stat().st_size)
            return file.read_bytes()
        try:
            with zipfile.ZipFile(self._source) as archive:
                return self._member(archive, name, limit)
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise BundleError(
                f"{self._source}: damaged zip ({error}). Copy or download it again."
            ) from error

    def _member(self, archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
        """One member of an open zip."""
        names = archive.namelist()
        if any(re.search(r"^[/\\]|^\w:|(^|[/\\])\.\.([/\\]|$)", member) for member in names):
            raise BundleError(
                f"{self._source}: the zip has names that leave its folder; it was not made by "
                "mrsift and is not opened."
            )
        if names.count(name) != 1:
            raise self._missing(name)
        info = archive.getinfo(name)
        if info.file_size > limit:
            raise self._too_large(name, info.file_size)
        return archive.read(info)

    def _missing(self, name: str) -> BundleError:
        return BundleError(
            f"{self._source}: no {name} in it (or not exactly one), so the bundle is not whole. "
            "Copy or export it again."
        )

    def _too_large(self, name: str, size: int) -> BundleError:
        return BundleError(f"{self._source}: {name} claims {size} bytes, more than is read.")


def _checked(read: _Reader, name: str, manifest: Manifest, source: Path) -> bytes:
    """A member whose SHA-256 is the one in the manifest."""
    data = read(name, MAX_FILE_BYTES)
    if manifest.files.get(name) != hashlib.sha256(data).hexdigest():
        raise BundleError(
            f"{source}: {name} is not the file that the manifest was written for (SHA-256 "
            "differs): damaged or exchanged. Copy or export the bundle again."
        )
    return data


def _parse(raw: bytes, source: Path) -> Manifest:
    """The manifest, if this mrsift can use it."""
    try:
        fields = json.loads(raw)
        schema = fields["schema"]
        family, _, number = str(schema).partition("/")
        if family != SCHEMA.partition("/")[0] or not number.isdecimal():
            raise BundleError(f"{source}: schema is {schema!r}, expected {SCHEMA!r}: no bundle.")
        if int(number) > int(SCHEMA.partition("/")[2]):
            raise BundleError(
                f"{source}: written for a newer mrsift (schema {schema}, this one reads "
                f"{SCHEMA}). Update mrsift: pip install -U mrsift."
            )
        manifest = _manifest(fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            f"{source}: {MANIFEST} cannot be used ({type(error).__name__}: {error}). "
            "Export the bundle again."
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
