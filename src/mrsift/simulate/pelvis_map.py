"""Bones and muscles of real pelves as anatomy, where the user gives a folder of label maps.

Of every pelvis two images on one grid, in a folder of its own: `label.mhd`, bones and muscles by
number, and `mask.mhd`, what is body. What lies between them is painted as in every pelvis.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from mrsift.errors import ConfigError
from mrsift.simulate.shapes import Canvas, Point
from mrsift.simulate.tissue import codes
from mrsift.types import Float32Array

if TYPE_CHECKING:
    import SimpleITK

_HIP_BONE, _FEMUR, _SACRUM, _SPINE = 1, 2, 3, 4
_FIRST_MUSCLE, _LAST_MUSCLE = 5, 28
_JOINT, _CANAL = 29, 30  # found here, not in the maps

_HIP_MM = np.array([0.0, -14.0, 20.0])
"""From the origin of a pelvis to the middle between the heads of its femora."""

_HEAD_MM = 24.0
_BODY_MM = 31.0
"""Depth of a lumbar vertebra in front of its canal."""

_STEP_MM = (1.0, 1.0, 1.5)
_ROOM_MM = 34


@dataclass(frozen=True, slots=True, eq=False)
class PelvisMap:
    """A pelvis with 1 x 1 x 1.5 mm voxels, axes x to the left, y to posterior, z to superior.

    Attributes:
        name: Folder name, for the record.
        label: Number of the bone or muscle, 0 between them.
        depth: Quarters of a mm to the nearest voxel of another number.
        outside: Half mm to the skin, negative in the body.
        inner: True where the muscles of wall and limbs enclose it.
        origin: Index that is the origin of the pelvis.
    """

    name: str
    label: NDArray[np.uint8]
    depth: NDArray[np.uint8]
    outside: NDArray[np.int8]
    inner: NDArray[np.bool_]
    origin: Point

    def look_up(self, canvas: Canvas, rough: Float32Array) -> NDArray[np.int32]:
        """See `Canvas.look_up`."""
        return canvas.look_up(self.label.shape, self.origin, _STEP_MM, rough)

    def paint(
        self,
        canvas: Canvas,
        flat: NDArray[np.int32],
        rough: Float32Array,
        *,
        cortex_mm: float,
        plane_mm: float,
        fascia_mm: float,
    ) -> None:
        """Paint bones and muscles over what is there.

        Args:
            canvas: With everything else painted.
            flat: See `look_up`.
            rough: Noise of unit deviation.
            cortex_mm: Thickness of the dark shell of bones.
            plane_mm: Thickness of the fat that each muscle leaves to its neighbours.
            fascia_mm: Thickness of the sheet under that.
        """
        code = codes()
        label = self.label.ravel()[flat]
        depth = self.depth.ravel()[flat] * np.float32(0.25) + np.float32(0.4) * rough
        muscle = (label >= _FIRST_MUSCLE) & (label <= _LAST_MUSCLE)
        canvas.tissue[muscle] = code["visceral_fat"]
        canvas.tissue[muscle & (depth > plane_mm)] = code["septum"]
        canvas.tissue[muscle & (depth > plane_mm + fascia_mm)] = code["muscle"]
        bone = (label >= _HIP_BONE) & (label <= _SPINE)
        canvas.tissue[bone] = code["cortical_bone"]
        canvas.tissue[bone & (depth > cortex_mm)] = code["marrow"]
        canvas.tissue[label == _JOINT] = code["cartilage"]
        canal = label == _CANAL
        canvas.tissue[canal] = code["visceral_fat"]
        canvas.tissue[canal & (depth > 2.0)] = code["csf"]


@lru_cache(maxsize=8)
def load(folder: Path) -> PelvisMap:
    """Read one map.

    Args:
        folder: Holds `label.mhd` and `mask.mhd`, on one grid.

    Returns:
        The map.

    Raises:
        ConfigError: An image cannot be read, the two do not match, or a bone is missing.
    """
    import SimpleITK

    label_image, mask_image = (_read(folder / f"{name}.mhd") for name in ("label", "mask"))
    numbers, body = (
        SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0) for image in (label_image, mask_image)
    )
    spacing_mm = np.array(label_image.GetSpacing())
    if not (_same_grid(label_image, mask_image) and body.any() and _is_pelvis(numbers)):
        raise ConfigError(
            f"{folder}: label.mhd and mask.mhd are no map of a pelvis; give both on one grid, with"
            " hip bones, femora of both sides, sacrum and spine numbered 1 to 4 and muscles 5 to"
            f" {_LAST_MUSCLE}"
        )
    cut = tuple(
        slice(max(int(filled[0]) - room, 0), int(filled[-1]) + room + 1)
        for filled, room in (
            (np.flatnonzero(body.any(axis=(1 - axis, 2))), round(_ROOM_MM / spacing_mm[axis]))
            for axis in (0, 1)
        )
    )
    label = _between_slices(numbers[cut].astype(np.uint8), spacing_mm / _STEP_MM)
    outside = _outside(body[cut] > 0, spacing_mm, label.shape)
    _fill_joints(label)
    _fill_spine(label)
    inner = _enclosed(label)
    return PelvisMap(folder.name, label, _depth(label), outside, inner, _origin(label))


def _read(path: Path) -> "SimpleITK.Image":
    """One image, axes x to the left, y to posterior, z to superior."""
    import SimpleITK

    try:
        image: SimpleITK.Image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "LPS")
    except RuntimeError as error:
        raise ConfigError(f"{path}: is no three-dimensional image that can be read") from error
    return image


def _same_grid(a: "SimpleITK.Image", b: "SimpleITK.Image") -> bool:
    grids = [(*image.GetSize(), *image.GetSpacing(), *image.GetOrigin()) for image in (a, b)]
    return bool(np.allclose(grids[0], grids[1], atol=1e-3))


def _is_pelvis(numbers: NDArray[np.generic]) -> bool:
    """Whether these are the numbers of a map, with every bone, and femora on both sides."""
    if not np.isin(np.unique(numbers), np.arange(_LAST_MUSCLE + 1)).all():
        return False
    if not np.isin(np.arange(_HIP_BONE, _SPINE + 1), numbers).all():
        return False
    femora = np.flatnonzero((numbers == _FEMUR).any(axis=(1, 2)))
    return bool(femora[0] < _middle(numbers) < femora[-1])


def _between_slices(numbers: NDArray[np.uint8], factors: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Labels on the finer grid: where the interpolated share of one is the largest."""
    shape = tuple(int(v) for v in np.rint((np.array(numbers.shape) - 1) * factors) + 1)
    result = np.zeros(shape, dtype=np.uint8)
    best = np.full(shape, 0.45, dtype=np.float32)
    for number, box in enumerate(scipy.ndimage.find_objects(numbers), start=1):
        if box is None:
            continue
        wide = tuple(
            slice(max(s.start - 3, 0), min(s.stop + 3, n))
            for s, n in zip(box, numbers.shape, strict=True)
        )
        share = (numbers[wide] == number).astype(np.float32)
        share = scipy.ndimage.gaussian_filter(share, (0.8, 0.8, 0.4), truncate=3)
        start = [round(s.start * f) for s, f in zip(wide, factors, strict=True)]
        stop = [round((s.stop - 1) * f) + 1 for s, f in zip(wide, factors, strict=True)]
        size = tuple(b - a for a, b in zip(start, stop, strict=True))
        zoomed = [b / a for a, b in zip(share.shape, size, strict=True)]
        share = scipy.ndimage.zoom(share, zoomed, order=1, grid_mode=False)
        target = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        more = share > best[target]
        result[target][more] = number
        best[target][more] = share[more]
    return result


def _outside(
    body: NDArray[np.bool_], spacing_mm: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.int8]:
    """See `PelvisMap`; from every second voxel in the plane, interpolated."""
    coarse, steps = body[::2, ::2], spacing_mm * [2, 2, 1]
    away = _distance_mm(coarse, steps) - _distance_mm(~coarse, steps)
    away = scipy.ndimage.gaussian_filter(away, (1, 1, 0.7))
    zoomed = [b / a for a, b in zip(away.shape, shape, strict=True)]
    fine = scipy.ndimage.zoom(away, zoomed, order=1, grid_mode=True, mode="nearest")
    return np.asarray(np.clip(np.rint(2 * fine), -127, 127), dtype=np.int8)


def _fill_joints(label: NDArray[np.uint8]) -> None:
    """Cartilage of the hips and of the symphysis."""
    hips = scipy.ndimage.binary_dilation(label == _HIP_BONE, iterations=2)
    femora = scipy.ndimage.binary_dilation(label == _FEMUR, iterations=2)
    label[hips & femora & ((label == 0) | (label == _FEMUR))] = _JOINT
    x = round(_middle(label))
    y = int(np.flatnonzero((label == _FEMUR).any(axis=(0, 2)))[0])
    middle = (slice(x - 12, x + 13), slice(0, y + 45))
    closed = scipy.ndimage.binary_closing(
        np.pad(label[middle] == _HIP_BONE, 8), np.ones((13, 1, 1), dtype=bool)
    )[8:-8, 8:-8, 8:-8]
    label[middle][closed & (label[middle] == 0)] = _JOINT


def _fill_spine(label: NDArray[np.uint8]) -> None:
    """Marrow in hollow bodies, discs between them and the canal behind them."""
    spine = np.isin(label, [_SACRUM, _SPINE])
    box = scipy.ndimage.find_objects(spine.astype(np.uint8))[0]
    own, column = label[box], spine[box]
    discs = scipy.ndimage.binary_closing(np.pad(column, 6), np.ones((1, 1, 9), dtype=bool))[
        6:-6, 6:-6, 6:-6
    ]
    for z in np.flatnonzero((own == _SPINE).any(axis=(0, 1))):
        here = own[:, :, z]
        closed = scipy.ndimage.binary_closing(np.pad(column[:, :, z], 4), iterations=3)
        whole = scipy.ndimage.binary_fill_holes(closed)[4:-4, 4:-4] & (here == 0)
        front = int(np.flatnonzero(column[:, :, z].any(axis=0))[0])
        body = np.arange(here.shape[1])[None] < front + _BODY_MM / _STEP_MM[1]
        here[whole & body] = _SPINE
        here[whole & ~body] = _CANAL
        here[discs[:, :, z] & (here == 0) & body] = _JOINT
    sacral = (own == 0) & discs & (own == _SACRUM).any(axis=(0, 1))
    own[sacral] = _SACRUM


def _depth(label: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """See `PelvisMap`."""
    edge = np.zeros(label.shape, dtype=bool)
    for axis in range(3):
        first, second = [slice(None)] * 3, [slice(None)] * 3
        first[axis], second[axis] = slice(1, None), slice(None, -1)
        differs = label[tuple(first)] != label[tuple(second)]
        edge[tuple(first)] |= differs
        edge[tuple(second)] |= differs
    away = _distance_mm(edge, _STEP_MM)
    return np.clip(np.rint(4 * away), 0, 255).astype(np.uint8)


def _distance_mm(there: NDArray[np.bool_], spacing_mm: Iterable[float]) -> Float32Array:
    """To the nearest voxel that is True, shape as given."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(there.astype(np.uint8))
    image.SetSpacing([float(v) for v in spacing_mm][::-1])
    away = SimpleITK.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return np.asarray(np.maximum(SimpleITK.GetArrayFromImage(away), 0), dtype=np.float32)


def _enclosed(label: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """See `PelvisMap`: bones and muscles of each slice, and what they close within 110 mm."""
    coarse = np.pad(label[::8, ::8] > 0, ((10, 10), (10, 10), (0, 0)))
    disk = np.hypot(*np.mgrid[-7:8, -7:8])[..., None] <= 7.3
    closed = scipy.ndimage.binary_closing(coarse, disk)[10:-10, 10:-10]
    for z in range(closed.shape[2]):
        closed[:, :, z] = scipy.ndimage.binary_fill_holes(closed[:, :, z])
    smooth = scipy.ndimage.gaussian_filter(closed.astype(np.float32), (1, 1, 2))
    zoomed = [b / a for a, b in zip(closed.shape, label.shape, strict=True)]
    fine = scipy.ndimage.zoom(smooth, zoomed, order=1, grid_mode=True, mode="nearest")
    return np.asarray((fine > 0.5) | (label > 0))


def _origin(label: NDArray[np.uint8]) -> Point:
    """Below and behind the middle between the heads of the femora."""
    middle = _middle(label)
    heads = []
    for side in (slice(None, round(middle)), slice(round(middle), None)):
        femur = label[side] == _FEMUR
        z = int(np.flatnonzero(femur.any(axis=(0, 1)))[-1] - _HEAD_MM / _STEP_MM[2])
        x, y = np.nonzero(femur[:, :, max(z, 0)])
        inward = (x.max() - x) if side.start is None else (x - x.min())
        heads.append((y[inward < 2 * _HEAD_MM].mean(), z))
    y, z = np.mean(heads, axis=0)
    below = _HIP_MM / _STEP_MM
    return (middle, float(y - below[1]), float(z - below[2]))


def _middle(label: NDArray[np.generic]) -> float:
    """Of the sacrum from side to side, by index."""
    return float(np.flatnonzero((label == _SACRUM).any(axis=(1, 2))).mean())


@lru_cache(maxsize=4)
def available(folder: Path) -> tuple[Path, ...]:
    """Folders of label maps of pelves below a folder, in a fixed order."""
    found = (path.parent for path in sorted(folder.rglob("label.mhd")))
    return tuple(path for path in found if (path / "mask.mhd").exists())
