"""Real head label maps as anatomy, where the user gives a folder of them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from mrsift.simulate.shapes import Canvas
from mrsift.simulate.tissue import codes
from mrsift.types import Float32Array

# FreeSurfer numbers, and those of the tissue around the brain in the SynthSeg maps
# (their meaning read off position and neighbours).
_NAMES: dict[str, tuple[int, ...]] = {
    "white_matter": (2, 7, 16, 28, 41, 46, 60, 85, 512, 530),
    "grey_matter": (3, 8, 17, 18, 26, 42, 47, 53, 54, 58, 136, 137, 163, 164),
    "deep_grey": (10, 11, 12, 49, 50, 51),
    "pallidum": (13, 52),
    "csf": (4, 5, 14, 15, 24, 25, 43, 44, 57, 72),
    "mucosa": (30, 31, 62),
    "artery": (502,),
    "vitreous": (506, 259),
    "visceral_fat": (507, 258),
    "muscle": (508,),
    "gas": (509,),
    "skin": (511,),
    "venous_sinus": (514,),
    "cortical_bone": (515, 165),
    "marrow": (516,),
}

_SUBARACHNOID = 24


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """A head as tissue indices on a 1 mm grid.

    Attributes:
        name: File name, for the record.
        tissue: Shape (256, 256, 256), axes x to the left, y to posterior, z to superior.
        scalp: True in soft tissue near the skin: fat.
        gap: Quarters of a mm from fluid outside the ventricles to grey matter; 255 elsewhere.
        centre: Index of the brain's middle.
    """

    name: str
    tissue: NDArray[np.uint8]
    scalp: NDArray[np.bool_]
    gap: NDArray[np.uint8]
    centre: tuple[float, float, float]

    def paint(
        self,
        canvas: Canvas,
        mixed: Float32Array,
        rough: Float32Array,
        veins: Float32Array,
        fuller_mm: float = 0.0,
    ) -> None:
        """Look every sample up; soft tissue becomes muscle crossed by fat.

        Args:
            canvas: Empty canvas.
            mixed: Noise whose sheets separate muscles, shape of the canvas.
            rough: Noise that breaks the staircase of the 1 mm grid, shape of the canvas.
            veins: Noise whose sheets, where they cross those of `mixed`, are cortical veins.
            fuller_mm: By how much grey matter reaches into the fluid around it: a young brain
                fills its skull, and its sulci are thin lines, thinner than the map's voxels.
        """
        flat = canvas.look_up(self.tissue.shape, self.centre, (1.0, 1.0, 1.0), rough)
        canvas.tissue[:] = self.tissue.ravel()[flat]
        code = codes()
        soft = canvas.tissue == code["visceral_fat"]
        lean = soft & ~self.scalp.ravel()[flat] & (np.abs(mixed) > 0.45)
        canvas.tissue[lean] = code["muscle"]
        canvas.tissue[soft & (np.abs(mixed) < 0.07)] = code["vein"]
        if fuller_mm > 0:
            near = self.gap.ravel()[flat] < 4 * (fuller_mm + np.float32(0.5) * rough)
            canvas.tissue[near] = code["grey_matter"]
        fluid = canvas.tissue == code["csf"]
        canvas.tissue[fluid & (np.maximum(np.abs(mixed), np.abs(veins)) < 0.3)] = code["vein"]


@lru_cache(maxsize=16)
def load(path: Path) -> LabelMap:
    """Read one map.

    Args:
        path: NIfTI file of FreeSurfer-like numbers, 1 mm.

    Returns:
        The map in LPS axes.
    """
    import nibabel

    image = nibabel.Nifti1Image.from_filename(path)
    codes_of_axes = nibabel.orientations.io_orientation(image.affine)
    wanted = nibabel.orientations.axcodes2ornt(("L", "P", "S"))
    turn = nibabel.orientations.ornt_transform(codes_of_axes, wanted)
    numbers = np.asarray(image.dataobj).astype(np.int32)
    numbers = nibabel.orientations.apply_orientation(numbers, turn)
    code = codes()
    lookup = np.full(int(numbers.max()) + 1, code["air"], dtype=np.uint8)
    for name, members in _NAMES.items():
        for number in members:
            if number < len(lookup):
                lookup[number] = code[name]
    tissue = np.ascontiguousarray(lookup[numbers])
    _line(tissue)
    brain = np.isin(tissue, [code["white_matter"], code["grey_matter"]])
    x, y, z = (float(v) for v in np.argwhere(brain[::4, ::4, ::4]).mean(axis=0) * 4)
    outside = np.isin(tissue[::2, ::2, ::2], [code["air"], code["skin"]])
    near = scipy.ndimage.distance_transform_edt(~outside) * 2 < 7.0
    scalp = np.repeat(np.repeat(np.repeat(near, 2, 0), 2, 1), 2, 2)
    scalp[:, :, int(z) + 5 :] = True  # over the vault there is only scalp
    fat = scalp & (tissue == code["visceral_fat"])
    return LabelMap(path.name, tissue, fat, _gap(tissue, numbers == _SUBARACHNOID), (x, y, z))


def _gap(tissue: NDArray[np.uint8], fluid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """See `LabelMap`."""
    away = scipy.ndimage.distance_transform_edt(tissue != codes()["grey_matter"])
    near = fluid & (away < 60)
    return np.where(near, np.rint(4 * np.minimum(away, 60)), 255).astype(np.uint8)


def _line(tissue: NDArray[np.uint8]) -> None:
    """Mucosa around the air of the face and dura around the fluid: both take up agent."""
    code = codes()
    near = scipy.ndimage.binary_dilation(tissue == code["gas"], iterations=2)
    soft = np.isin(tissue, [code["visceral_fat"], code["muscle"]])
    tissue[near & soft] = code["airway_mucosa"]
    beside = scipy.ndimage.binary_dilation(tissue == code["csf"])
    tissue[beside & (tissue == code["cortical_bone"])] = code["dura"]


@lru_cache(maxsize=4)
def available(folder: Path) -> tuple[Path, ...]:
    """Label maps below a folder, in a fixed order."""
    return tuple(sorted(folder.rglob("*.nii.gz")))
