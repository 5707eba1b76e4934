"""Rows of a data set as `mrsift dataset index` would write them, without files behind them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mrsift.dataset.table import Dataset, DatasetRow


def row(number: int, patient: str, label: str | None = "T2W", **values: Any) -> DatasetRow:
    """One row; the number makes its volume and its pixels unlike those of all others."""
    fields: dict[str, Any] = {
        "volume_id": f"{number:016x}",
        "root": "/data",
        "files": (f"{patient}/{number}.nii",),
        "frames": None,
        "index": None,
        "shape": (4, 6, 8),
        "affine_lps_mm": np.diag([3.0, 1.0, 1.0, 1.0]),
        "plane": "axial",
        "pixel_sha256": f"{number:064x}",
    }
    return DatasetRow(patient=patient, label=label, **(fields | values))


def cohort(counts: Mapping[str, Mapping[str, int]], site: str = "unknown") -> Dataset:
    """Patients with so many volumes of each class."""
    rows: list[DatasetRow] = []
    for patient, classes in counts.items():
        for label, count in classes.items():
            rows += [row(len(rows) + i, patient, label, site=site) for i in range(count)]
    return Dataset(tuple(rows))
