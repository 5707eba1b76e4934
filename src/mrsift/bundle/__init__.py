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
    "WEIGHTS",
    "Bundle",
    "Manifest",
    "OperatingPoint",
    "OutlierReference",
    "default_bundle_path",
    "read_weights",
    "write_bundle",
]


def default_bundle_path() -> Path:
    """Where the bundle that ships with mrsift lies."""
    return Path(__file__).parent.parent / "assets" / "sim"
