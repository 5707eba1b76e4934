"""Volumes -> one compressed NIfTI file, one volume in memory at a time.

Voxels are stored as they were read, in the order (column, row, slice), and nothing is turned or
resampled. RAS begins here.

Source:
    NIfTI-1 Data Format, nifti1.h (2007).
"""

import gzip
from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np

from mrsift.types import Float64Array, Volume, VolumeInfo

Read = Callable[[VolumeInfo], Volume]

_LEVEL = 4
"""Half the time of the default, and hardly larger for MR."""

_SHEAR = 1e-4
"""Largest difference, of affine elements in mm, that a quaternion may bring."""

_INTEGERS = ("<i2", "<u2", "<i4")


def affine_ras_mm(info: VolumeInfo) -> Float64Array:
    """The affine of the stored array, index (column, row, slice, 1) to RAS, mm, shape (4, 4)."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ info.affine_lps_mm[:, [2, 1, 0, 3]]


def write_nifti(stream: BinaryIO, infos: Sequence[VolumeInfo], read: Read) -> None:
    """Write volumes of one grid, a 4D file where there are several.

    The same volumes give the same bytes.

    Args:
        stream: Compressed bytes go here.
        infos: In the order of the file.
        read: Gives the voxels; called once more per volume to find their type.

    Raises:
        IngestError: A volume cannot be read.
    """
    kept = {infos[0].volume_id: read(infos[0])} if len(infos) == 1 else {}

    def again(info: VolumeInfo) -> Volume:
        return kept.get(info.volume_id) or read(info)

    dtype = _stored_type(infos, again)
    grid = next(iter(kept.values())).info if kept else infos[0]  # a reader may change it
    with gzip.GzipFile(
        filename="", mode="wb", fileobj=stream, compresslevel=_LEVEL, mtime=0
    ) as packed:
        packed.write(_header(grid, len(infos), dtype))
        for info in infos:
            packed.write(again(info).voxels.astype(dtype).tobytes())


def bvec_text(infos: Sequence[VolumeInfo], directions_lps: Sequence[Float64Array | None]) -> str:
    """The text of a `.bvec` for a file of these volumes.

    Args:
        infos: In the order of the file.
        directions_lps: One per volume; None is written as 0 0 0.

    Returns:
        Three lines, x, y and z along the image axes as FSL has them.

    Source:
        BIDS 1.10, "Required gradient orientation information".
    """
    columns = []
    for info, direction in zip(infos, directions_lps, strict=True):
        axes = affine_ras_mm(info)[:3, :3]
        axes = axes / np.linalg.norm(axes, axis=0)
        turned = np.zeros(3)
        if direction is not None:
            turned = np.linalg.solve(axes, np.array([-1.0, -1.0, 1.0]) * direction)
            turned /= np.linalg.norm(turned)
        if np.linalg.det(axes) > 0:
            turned[0] = -turned[0]
        columns.append(turned)
    return "".join(
        " ".join(f"{column[axis] + 0.0:.6g}" for column in columns) + "\n" for axis in range(3)
    )


def _stored_type(infos: Sequence[VolumeInfo], read: Read) -> "np.dtype[np.generic]":
    """The smallest whole-number type that holds all voxels exactly, else float32."""
    fitting = list(_INTEGERS)
    for info in infos:
        voxels = read(info).voxels
        if not fitting or not np.array_equal(voxels, np.rint(voxels)):
            return np.dtype("<f4")
        low, high = float(voxels.min()), float(voxels.max())
        fitting = [t for t in fitting if np.iinfo(t).min <= low and high <= np.iinfo(t).max]
    return np.dtype(fitting[0] if fitting else "<f4")


def _header(grid: VolumeInfo, volumes: int, dtype: "np.dtype[np.generic]") -> bytes:
    import nibabel

    slices, rows, columns = grid.shape
    affine = affine_ras_mm(grid)
    header = nibabel.Nifti1Header()
    header.set_data_dtype(dtype)
    times = (volumes,) if volumes > 1 else ()
    header.set_data_shape((columns, rows, slices, *times))
    header.set_qform(affine, code=1)
    if np.abs(header.get_qform() - affine).max() > _SHEAR:
        header["qform_code"] = 0  # sheared: a quaternion would say something else
    header.set_sform(affine, code=1)
    header.set_xyzt_units("mm", "sec")
    header["scl_slope"], header["scl_inter"] = 1.0, 0.0
    header["descrip"] = b"mrsift"
    header["vox_offset"] = 352
    return bytes(header.binaryblock) + b"\0\0\0\0"
