"""A few voxels of a volume, kept after the volume is gone, to compare volumes of one grid.

Volumes of equal shape are sampled at equal voxels, so nothing has to be read again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mrsift.errors import IngestError
from mrsift.infer.grids import nearly_same_grid, same_grid, to_index
from mrsift.types import Float32Array, Float64Array, Volume, VolumeInfo

MOST_SLICES = 8
SIDE = 64
"""Rows and columns kept, at most; 18,000 voxels of a usual diffusion-weighted volume."""

PICTURE_SIDE = 128
"""The same for pictures; nothing is answered from these."""

MANY_VOLUMES = 150
"""From so many volumes on the samples are halved, so that they stay below 100 MB."""

Reader = Callable[[VolumeInfo], Volume]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Evenly spread voxels of a volume.

    Attributes:
        voxels: Shape (slices, rows, columns), finite.
        places: Which slices, rows and columns of the volume these are.
    """

    voxels: Float32Array
    places: tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A volume as far as it is compared with others.

    Attributes:
        sample: See `take`.
        prior: Label -> probability before physics.
        b_s_per_mm2: Its own, where it is known and may be used.
        may_use_header: False where nothing of the header but geometry may be used.
        picture: Finer, to be drawn; None where no pictures are wanted.
    """

    info: VolumeInfo
    sample: Sample
    prior: Mapping[str, float]
    b_s_per_mm2: float | None = None
    may_use_header: bool = True
    picture: Sample | None = None

    @property
    def values(self) -> Float32Array:
        """The sample as one row."""
        return self.sample.voxels.reshape(-1)

    @property
    def drawn(self) -> "Sampled":
        """The same as it is drawn."""
        return self if self.picture is None else replace(self, sample=self.picture)

    def likely(self, *labels: str) -> float:
        """How probable some labels are together."""
        return sum(self.prior.get(label, 0.0) for label in labels)


def side_for(volumes: int, *, for_pictures: bool = False) -> int:
    """Largest number of rows and columns for a study of so many volumes."""
    side = PICTURE_SIDE if for_pictures else SIDE
    return side // 2 if volumes > MANY_VOLUMES else side


def take(voxels: Float32Array, side: int) -> Sample:
    """A few voxels, at the same places for volumes of one shape.

    Args:
        voxels: Shape (slices, rows, columns).
        side: Rows and columns kept, at most.

    Returns:
        A copy of at most (`MOST_SLICES`, side, side) voxels; what is not finite is 0.
    """
    steps = [-(-n // most) for n, most in zip(voxels.shape, (MOST_SLICES, side, side), strict=True)]
    first, second, third = (
        slice((n - 1) % step // 2, None, step) for n, step in zip(voxels.shape, steps, strict=True)
    )
    taken = voxels[first, second, third].astype(np.float32)
    finite = np.nan_to_num(taken, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return Sample(finite, (first, second, third))


def on_one_grid(volumes: list[Sampled], read: Reader | None) -> list[list[Sampled]]:
    """Groups of volumes whose samples lie at the same places in the patient.

    Args:
        volumes: Of one study.
        read: Gives voxels again where the grids of two volumes differ by less than a voxel;
            None to leave such volumes out.

    Returns:
        Groups of at least two.
    """
    groups: list[list[Sampled]] = []
    for one in volumes:
        for group in groups:
            reference = group[0].info
            if same_grid(one.info, reference):
                group.append(one)
                break
            if read is not None and nearly_same_grid(one.info, reference):
                moved = _resampled(one, group[0], read)
                if moved is not None:
                    group.append(moved)
                    break
        else:
            groups.append([one])
    return [group for group in groups if len(group) > 1]


def _resampled(one: Sampled, reference: Sampled, read: Reader) -> Sampled | None:
    """The volume's values where the reference was sampled; None where it cannot be read."""
    try:
        voxels = read(one.info).voxels
        sample = _moved(voxels, one.info, reference.info, reference.sample)
        picture = None
        if reference.picture is not None:
            picture = _moved(voxels, one.info, reference.info, reference.picture)
    except (IngestError, np.linalg.LinAlgError):
        return None
    return replace(one, sample=sample, picture=picture)


def _moved(
    voxels: Float32Array, info: VolumeInfo, reference: VolumeInfo, sampled: Sample
) -> Sample:
    """A volume's values where another was sampled."""
    edges = [
        np.arange(size, dtype=np.float64)[place]
        for size, place in zip(reference.shape, sampled.places, strict=True)
    ]
    index = np.stack(np.meshgrid(*edges, indexing="ij"), axis=-1)
    affine = reference.affine_lps_mm
    points = index.reshape(-1, 3) @ affine[:3, :3].T + affine[:3, 3]
    moved = _between(voxels, to_index(points, info)).reshape(index.shape[:3])
    return Sample(moved, sampled.places)


def _between(voxels: Float32Array, index: Float64Array) -> Float32Array:
    """Values between voxels, linearly; 0 outside.

    Args:
        voxels: Shape (slices, rows, columns).
        index: Shape (n, 3).
    """
    low = np.floor(index).astype(np.int64)
    share = index - low
    last = np.array(voxels.shape) - 1
    total = np.zeros(len(index))
    for corner in np.ndindex(2, 2, 2):
        place = low + np.array(corner)
        inside = ((place >= 0) & (place <= last)).all(axis=1)
        weight = np.where(corner, share, 1.0 - share).prod(axis=1) * inside
        place = np.clip(place, 0, last)
        total += weight * np.nan_to_num(voxels[place[:, 0], place[:, 1], place[:, 2]])
    return total.astype(np.float32)
