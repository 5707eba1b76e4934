"""Volumes as dcm2niix and highdicom see them, matched with ours in world coordinates."""

import re
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dcm2niix
import highdicom
import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray

from mrsift.ingest import load_volumes
from mrsift.types import Volume, VolumeInfo

DCM2NIIX_OPTIONS = (
    *("-p", "n"),  # the Modality LUT's scale, not Philips' other one
    *("-m", "n"),  # do not stack slices that differ in echo, orientation or component
    *("-x", "i"),  # neither crop nor rotate
    *("-z", "n"),
    *("-b", "n"),
    *("-f", "%s_%j"),
)
AFFINE_TOLERANCE_MM = 1e-3
ORIENTATION_TOLERANCE = 1e-6
"""Of a direction cosine. highdicom's own is none at all, and GE rounds from slice to slice."""

_REFUSALS = (ValueError, AttributeError, RuntimeError, TypeError, KeyError)


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A kind of disagreement within one series.

    Attributes:
        file_set: Name of the zip without its suffix.
        series: SeriesNumber.
        judge: `dcm2niix` or `highdicom`.
        kind: `ours only`, `theirs only`, `same grid, other voxels`,
            `same voxels, other affine` or `refused`.
        count: Volumes that it concerns.
    """

    file_set: str
    series: int
    judge: str
    kind: str
    count: int


@dataclass(slots=True)
class Result:
    """What came of one file set."""

    file_set: str
    ours: int = 0
    dcm2niix: int = 0
    dcm2niix_agrees: int = 0
    highdicom_asked: int = 0
    highdicom_agrees: int = 0
    largest_affine_mm: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Voxels with their place, turned to the axes nearest to right, anterior, superior."""

    series: int
    voxels: NDArray[np.float32]
    affine_ras_mm: NDArray[np.float64]

    @classmethod
    def turned(cls, series: int, voxels: NDArray[Any], affine: NDArray[Any]) -> "Placed":
        image = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels, affine))
        return cls(series, np.asarray(image.dataobj, np.float32), np.asarray(image.affine))

    def distance_mm(self, other: "Placed") -> float:
        """Largest distance between the corners of the two grids; infinite if sizes differ."""
        if self.voxels.shape != other.voxels.shape:
            return float("inf")
        last = np.array(self.voxels.shape) - 1
        corners = np.array(np.meshgrid(*[(0, n) for n in last])).reshape(3, -1)
        corners = np.vstack([corners, np.ones(8)])
        steps = (self.affine_ras_mm - other.affine_ras_mm) @ corners
        return float(np.linalg.norm(steps[:3], axis=0).max())

    def same_voxels(self, other: "Placed") -> bool:
        """Equal but for the rounding of a scaled integer."""
        if self.voxels.shape != other.voxels.shape:
            return False
        scale = max(float(np.abs(self.voxels).max()), 1.0)
        return float(np.abs(self.voxels - other.voxels).max()) <= 1e-5 * scale


def examine(archive: Path) -> Result:
    """Compare all volumes of one file set with both judges.

    Args:
        archive: Zip with DICOM files.
    """
    result = Result(archive.stem)
    volumes = load_volumes(archive)
    result.ours = len(volumes)
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        unpacked = Path(scratch, "in")
        with zipfile.ZipFile(archive) as members:
            members.extractall(unpacked)
        _ask_dcm2niix(volumes, unpacked, Path(scratch), result)
        _ask_highdicom(volumes, unpacked, result)
    result.differences.sort()
    return result


def read_with_dcm2niix(folder: Path, target: Path) -> tuple[list[Placed], list[str]]:
    """Convert a folder and take 4D files apart.

    Returns:
        The volumes, and the program's warnings.
    """
    target.mkdir()
    command = [dcm2niix.bin, *DCM2NIIX_OPTIONS, "-o", str(target), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stdout.splitlines() if re.search(r"(?i)warn|error|not sta", line)]
    found = []
    for path in sorted(target.glob("*.nii")):
        image = nibabel.load(path)
        series = int(re.match(r"(\d*)_", path.name).group(1) or -1)  # type: ignore[union-attr]
        data = np.asarray(image.dataobj)
        stack = data[..., np.newaxis] if data.ndim == 3 else data
        found += [
            Placed.turned(series, stack[..., index], image.affine)
            for index in range(stack.shape[3])
        ]
    return found, said


def _ask_dcm2niix(volumes: Sequence[Volume], folder: Path, scratch: Path, result: Result) -> None:
    ours = [_placed(volume) for volume in volumes]
    theirs, result.messages = read_with_dcm2niix(folder, scratch / "nii")
    result.dcm2niix = len(theirs)
    rules = {
        "agrees": lambda a, b: a.distance_mm(b) <= AFFINE_TOLERANCE_MM and a.same_voxels(b),
        "same voxels, other affine": Placed.same_voxels,
        "same grid, other voxels": lambda a, b: a.distance_mm(b) <= AFFINE_TOLERANCE_MM,
    }
    found: Counter[tuple[int, str]] = Counter()
    for kind, rule in rules.items():
        for one in list(ours):
            other = next((b for b in theirs if b.series == one.series and rule(one, b)), None)
            if other is None:
                continue
            ours.remove(one)
            theirs.remove(other)
            if kind == "agrees":
                result.dcm2niix_agrees += 1
                distance = one.distance_mm(other)
                result.largest_affine_mm = max(result.largest_affine_mm, distance)
            else:
                found[one.series, kind] += 1
    found.update((one.series, "ours only") for one in ours)
    found.update((other.series, "theirs only") for other in theirs)
    result.differences += [
        Difference(result.file_set, series, "dcm2niix", kind, count)
        for (series, kind), count in found.items()
    ]


def _ask_highdicom(volumes: Sequence[Volume], folder: Path, result: Result) -> None:
    """Have highdicom stack the planes of each volume that it has a way to read."""
    found: Counter[tuple[int, str]] = Counter()
    for volume in volumes:
        ours = _placed(volume)
        try:
            stacked = _stack_with_highdicom(volume.info, folder)
        except _REFUSALS as error:
            result.highdicom_asked += 1
            found[ours.series, "refused"] += 1
            result.messages.append(f"highdicom, series {ours.series}: {error}")
            continue
        if stacked is None:
            continue
        result.highdicom_asked += 1
        affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ stacked.affine[:, [2, 1, 0, 3]]
        theirs = Placed.turned(ours.series, stacked.array.transpose(2, 1, 0), affine)
        if ours.distance_mm(theirs) > AFFINE_TOLERANCE_MM:
            found[ours.series, "same voxels, other affine"] += 1
        elif not ours.same_voxels(theirs):
            found[ours.series, "same grid, other voxels"] += 1
        else:
            result.highdicom_agrees += 1
            result.largest_affine_mm = max(result.largest_affine_mm, ours.distance_mm(theirs))
    result.differences += [
        Difference(result.file_set, series, "highdicom", kind, count)
        for (series, kind), count in found.items()
    ]


def _stack_with_highdicom(info: VolumeInfo, folder: Path) -> highdicom.Volume | None:
    """The volume as highdicom sees it; None where it has no way to ask (mosaic, part of a file)."""
    names = dict.fromkeys(info.files)
    planes = [pydicom.dcmread(folder / name.split("!", 1)[1], force=True) for name in names]
    if info.frames is None and len(planes) >= 2:
        return highdicom.get_volume_from_series(
            planes, apply_real_world_transform=False, orientation_tol=ORIENTATION_TOLERANCE
        )
    if info.frames is not None and len(planes) == 1:
        enhanced = planes[0].SOPClassUID == pydicom.uid.EnhancedMRImageStorage
        if enhanced and planes[0].NumberOfFrames == len(info.frames):
            image = highdicom.Image.from_dataset(planes[0])
            return image.get_volume(apply_real_world_transform=False)
    return None


def _placed(volume: Volume) -> Placed:
    image = volume.to_nibabel()
    number = volume.info.series_number
    return Placed.turned(-1 if number is None else number, image.dataobj, image.affine)
