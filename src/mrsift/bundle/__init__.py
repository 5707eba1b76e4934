"""A trained model on disk: a folder, or one `.mrsift` zip.

    manifest.json   what the model is, how its input is made and how its output is read
    model.onnx      input `volume`; outputs `logits`, `features`, and `region` if it has regions
    card.md         data, recipe, results and limits, for people
    model.safetensors   optional: weights to fine-tune from

Every file is checked against the SHA-256 in the manifest, and nothing is ever unpickled.
Reading a bundle is on the way to every answer, so this module imports NumPy and the
standard library only.

    manifest.py   what it says of itself
    store.py      its files, read with every check and written in one step
"""

from pathlib import Path
from typing import Final

from mrsift.bundle.manifest import (
    MANIFEST,
    REGIONS,
    SCHEMA,
    Manifest,
    OperatingPoint,
    OutlierReference,
)
from mrsift.bundle.store import CARD, MODEL, WEIGHTS, Bundle, read_weights, write_bundle

__all__ = [
    "CARD",
    "MANIFEST",
    "MODEL",
    "REGIONS",
    "SCHEMA",
    "SHIPPED",
    "WEIGHTS",
    "Bundle",
    "Manifest",
    "OperatingPoint",
    "OutlierReference",
    "default_bundle_path",
    "read_weights",
    "shipped_bundle_path",
    "write_bundle",
]


SHIPPED: Final = ("sim-and-real", "sim")
"""Names of the bundles that come with mrsift; the first is used where none is asked for."""


def shipped_bundle_path(name: str) -> Path:
    """Where a bundle that comes with mrsift lies.

    Args:
        name: One of `SHIPPED`.
    """
    return Path(__file__).parent.parent / "assets" / name


def default_bundle_path() -> Path:
    """Where the bundle lies that is used where none is asked for."""
    return shipped_bundle_path(SHIPPED[0])
