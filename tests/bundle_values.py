"""A bundle made by hand, and changes behind its back, for tests of bundles."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mrsift.bundle import CARD, MANIFEST, MODEL, Manifest, OutlierReference
from mrsift.config import PreprocessSettings
from mrsift.labels import LABEL_NAMES

CONTENTS = {MODEL: b"\x08\x08not a real network", CARD: b"# Card\n"}

PHASES = ("PLAIN", "EARLY_ARTERIAL", "动脉晚期", "PORTAL-DELAYED")


def manifest(labels: tuple[str, ...] = LABEL_NAMES, **fields: Any) -> Manifest:
    """Random numbers; keywords replace its fields."""
    rng = np.random.default_rng(0)
    made = Manifest(
        name="test",
        version="1",
        preprocess=PreprocessSettings(input_shape=(8, 16, 16), intensity="zscore"),
        temperature=1.5,
        region_temperature=1.0,
        conformal=dict.fromkeys(labels, 0.1),
        conformal_coverage=0.95,
        outliers=OutlierReference(
            projection=rng.normal(size=(6, 3)),
            centre=rng.normal(size=6),
            neighbours=rng.normal(size=(20, 3)),
            distances=np.linspace(0.0, 5.0, 11),
            tail_exponent=4.0,
        ),
        licence="Apache-2.0",
        made_by="python -m something",
        files={},
        labels=labels,
    )
    return replace(made, **fields)


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Changes the files of a bundle behind its back."""
    if path.is_dir():
        files = {file.name: file.read_bytes() for file in path.iterdir()}
        change(files)
        for file in path.iterdir():
            file.unlink()
        for name, data in files.items():
            (path / name).write_bytes(data)
        return
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def edit(field: str, value: object) -> Callable[[dict[str, bytes]], None]:
    """A change of one field of the manifest."""

    def change(files: dict[str, bytes]) -> None:
        fields = json.loads(files[MANIFEST])
        fields[field] = value
        files[MANIFEST] = json.dumps(fields).encode()

    return change
