"""Series written, split, and their planes looked at."""

from pathlib import Path

import numpy as np
from pydicom import FileDataset

from mrsift.ingest import Scan, scan
from mrsift.types import VolumeInfo
from tests.dicom_builder import write


def read(folder: Path, *volumes: list[FileDataset]) -> tuple[Scan, tuple[VolumeInfo, ...]]:
    write(folder, [dataset for planes in volumes for dataset in planes])
    found = scan(folder)
    assert found.skipped == ()
    return found, tuple(info for study in found.studies for info in study.volumes)


def lowest(found: Scan, info: VolumeInfo) -> int:
    """Value of the lowest plane; also checks that the planes are those of one volume."""
    voxels = found.read(info).voxels
    np.testing.assert_array_equal(np.diff(voxels[:, 0, 0]), 1)
    assert (voxels == voxels[:, :1, :1]).all()
    return int(voxels[0, 0, 0])
