"""Files without DICOM: written, damaged, and read back."""

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK as sitk  # noqa: N813  # as its own documentation does
from numpy.typing import NDArray

from mrsift.config import IngestSettings
from mrsift.ingest.research import VoxelReader, is_research, research_studies
from mrsift.ingest.source import Source, walk
from mrsift.types import Skipped, Volume, VolumeInfo

SETTINGS = IngestSettings()
AXIAL_RAS = np.diag([-0.5, -0.6, 3.0, 1.0])
RNG = np.random.default_rng(7)
STORED = RNG.integers(-100, 1000, (6, 5, 4)).astype(np.int16)  # (i, j, k)


def research_sources(*paths: Path) -> list[Source]:
    return [s for s in walk(paths) if isinstance(s, Source) and is_research(s)]


def listed(*paths: Path) -> tuple[list[VolumeInfo], list[Skipped]]:
    studies, skipped = research_studies(research_sources(*paths), SETTINGS)
    return [info for _, volumes in studies for info in volumes], list(skipped)


def volumes(*paths: Path) -> list[Volume]:
    reader = VoxelReader(research_sources(*paths), SETTINGS)
    found = [reader.read(info) for info in listed(*paths)[0]]
    reader.close()
    return found


def only_skipped(*paths: Path) -> Skipped:
    infos, skipped = listed(*paths)
    assert not infos
    assert len(skipped) == 1
    assert "\n" not in skipped[0].reason
    return skipped[0]


def save(path: Path, data: NDArray[Any], affine: NDArray[Any] = AXIAL_RAS) -> Path:
    nibabel.save(nibabel.Nifti1Image(data, affine), path)
    return path


def patch(path: Path, **fields: Any) -> Path:
    """Change header fields of a NIfTI file as a careless writer would, without a check."""
    data = bytearray(path.read_bytes())
    header = nibabel.Nifti1Header(bytes(data[:348]), check=False)
    for name, value in fields.items():
        header[name] = value
    data[:348] = header.binaryblock
    path.write_bytes(data)
    return path


def itk_image(array: NDArray[Any], is_vector: bool = False) -> sitk.Image:
    image = sitk.GetImageFromArray(array, isVector=is_vector)
    if image.GetDimension() == 3:
        image.SetSpacing((0.5, 0.6, 3.0))
        image.SetOrigin((-10.0, 20.0, 30.0))
        turn = sitk.Euler3DTransform()
        turn.SetRotation(0.1, -0.2, 0.3)
        image.SetDirection(turn.GetMatrix())
    return image
