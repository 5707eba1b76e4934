"""A row of a data set -> its volume, and whether its files are still what they were."""

import hashlib
from pathlib import Path

import numpy as np

from mrsift.dataset.table import DatasetRow
from mrsift.errors import IngestError
from mrsift.ingest.reopen import local_file, read_again
from mrsift.ingest.research_header import plane_and_obliquity
from mrsift.types import BValue, Float32Array, Volume, VolumeInfo


def read_voxels(row: DatasetRow) -> Volume:
    """Read one volume; may be called from several threads and processes.

    Args:
        row: Of a data set whose files are still in place.

    Raises:
        IngestError: A file is gone, unreadable or was replaced; the message names it.
    """
    try:
        return read_again(Path(row.root), volume_info(row))
    except IngestError as error:
        more = f" (and {len(row.files) - 1} more files)" if len(row.files) > 1 else ""
        raise type(error)(f"{Path(row.root) / row.files[0]}{more}: {error}") from error


def volume_info(row: DatasetRow) -> VolumeInfo:
    """What a row remembers of its volume; UIDs are not among it."""
    b_value = row.b_value_s_per_mm2
    _, obliquity_deg = plane_and_obliquity(row.affine_lps_mm)
    return VolumeInfo(
        volume_id=row.volume_id,
        study_instance_uid=None,
        series_instance_uid=None,
        series_number=None,
        series_description=None,
        modality=None,
        files=row.files,
        frames=row.frames,
        index=row.index,
        shape=row.shape,
        affine_lps_mm=row.affine_lps_mm,
        frame_of_reference_uid=None,
        plane=row.plane,
        obliquity_deg=obliquity_deg,
        b_value=None if b_value is None else BValue(b_value, "data set", f"{b_value:g}"),
        localizer=row.localizer,
    )


def source_stamp(root: Path, files: tuple[str, ...]) -> str:
    """A text that changes when a file of a volume is written again.

    Args:
        root: Folder that `files` are relative to.
        files: As in `DatasetRow`; the archive counts for all of its members.

    Returns:
        16 hex digits over size and time of modification of each file.

    Raises:
        IngestError: A file is gone; the message names it.
    """
    digest = hashlib.sha256()
    for name in dict.fromkeys(local_file(root, name) for name in files):
        try:
            status = name.stat()
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise IngestError(f"{name}: cannot be found ({reason}); restore it") from error
        digest.update(f"{status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def pixel_sha256(voxels: Float32Array) -> str | None:
    """What two copies of the same voxels share, whatever their headers say.

    Args:
        voxels: Shape (slices, rows, columns).

    Returns:
        64 hex digits; None where all voxels are equal, since blank volumes are no copies of each
        other.
    """
    if voxels.size == 0 or voxels.min() == voxels.max():
        return None
    plain = np.ascontiguousarray(voxels, np.dtype("<f4")) + np.float32(0)  # -0 becomes 0
    digest = hashlib.sha256(repr(voxels.shape).encode())
    digest.update(plain.data)
    return digest.hexdigest()
