"""What is noteworthy about each series of a cohort: one row per patient and sequence, as CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from mrsift.export.output_file import write_text
from mrsift.ingest.geometry import slice_normal
from mrsift.ingest.header import Plane
from mrsift.types import Float32Array, Float64Array, VolumeInfo

BACKGROUND_FRACTION = 0.03
BLANK_SHARE = 0.001
"""A slice with less than this share of foreground shows nothing."""

_SAMPLE = 200_000


@dataclass(frozen=True, slots=True)
class SliceLook:
    """What the voxels of a volume show.

    Attributes:
        blank: Slices that show nothing.
        lowest: Voxel.
        highest: Voxel.
    """

    blank: int
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class SeriesQuality:
    """One sequence of one patient; numbers are None where there is no volume.

    Attributes:
        path: Folder or file, relative to the data.
        used: The volume is in the cohort.
        remark: Why not, or what to know about it.
        plane: As it was acquired.
        blank_slices: Slices that show nothing.
        missing_slices: That gaps between positions have room for.
        doubled_files: Left out because they were there twice.
        left_out_files: Other files of the series that are not in the volume.
        numbered: How numbers run with positions: `ascending`, `descending` or `otherwise`.
    """

    patient: str
    role: str
    path: str
    used: bool
    remark: str = ""
    slices: int | None = None
    rows: int | None = None
    columns: int | None = None
    slice_step_mm: float | None = None
    row_step_mm: float | None = None
    column_step_mm: float | None = None
    plane: str = ""
    obliquity_deg: float | None = None
    blank_slices: int | None = None
    missing_slices: int | None = None
    doubled_files: int = 0
    left_out_files: int = 0
    numbered: str = ""
    lowest: float | None = None
    highest: float | None = None


def foreground_share(voxels: Float32Array, background_fraction: float) -> Float64Array:
    """Share of each slice that is not background.

    Args:
        voxels: Shape (slices, rows, columns).
        background_fraction: Share of the way from the 1st to the 99th percentile of the volume
            below which a voxel is background.

    Returns:
        Shape (slices,), 0 to 1; all 0 where nothing stands out.
    """
    step = max(1, voxels.size // _SAMPLE) | 1  # odd: not in step with rows
    low, high = np.nanpercentile(voxels.reshape(-1)[::step], (1.0, 99.0))
    if not high > low:
        low, high = np.nanmin(voxels), np.nanmax(voxels)
    if not high > low:
        return np.zeros(len(voxels))
    level = np.float32(low + background_fraction * (high - low))
    return np.array([np.count_nonzero(one > level) / one.size for one in voxels])


def look_at_slices(voxels: Float32Array) -> SliceLook:
    """Blank slices and the range of a volume, for `read_rows`.

    Args:
        voxels: Shape (slices, rows, columns).
    """
    shares = foreground_share(voxels, BACKGROUND_FRACTION)
    blank = int(np.count_nonzero(shares < BLANK_SHARE))
    return SliceLook(blank, float(np.nanmin(voxels)), float(np.nanmax(voxels)))


def series_quality(
    patient: str, role: str, path: str, info: VolumeInfo, planes: Sequence[Plane]
) -> SeriesQuality:
    """What the headers of a volume show; its voxels add the rest.

    Args:
        patient: As in the cohort.
        role: That the volume fills.
        path: Where it lies.
        info: The volume.
        planes: In slice order; empty for files without DICOM.
    """
    slices, rows, columns = info.shape
    steps = [round(step, 4) for step in info.spacing_mm]
    return SeriesQuality(
        patient,
        role,
        path,
        used=True,
        remark="; ".join(info.remarks),
        slices=slices,
        rows=rows,
        columns=columns,
        slice_step_mm=steps[0],
        row_step_mm=steps[1],
        column_step_mm=steps[2],
        plane=info.plane,
        obliquity_deg=round(info.obliquity_deg, 2),
        missing_slices=sum(missing for _, missing in slice_gaps(info, planes)),
        numbered=_numbered(planes),
    )


def slice_gaps(info: VolumeInfo, planes: Sequence[Plane]) -> tuple[tuple[int, int], ...]:
    """Gaps between slices that whole slices fit in.

    Args:
        info: The volume.
        planes: In slice order; empty for files without DICOM.

    Returns:
        (index of the slice before the gap, slices that are missing).
    """
    if len(planes) < 3 or info.complete:
        return ()
    heights = np.array([plane.position_mm for plane in planes])
    steps = np.abs(np.diff(heights @ slice_normal(planes[0].orientation)))
    usual = float(np.sort(steps)[(len(steps) - 1) // 2])
    missing = np.rint(steps / max(usual, 1e-6)).astype(int) - 1
    return tuple((place, int(n)) for place, n in enumerate(missing) if n > 0)


def _numbered(planes: Sequence[Plane]) -> str:
    """How instance numbers run with the positions."""
    numbers = np.diff([plane.instance_number for plane in planes])
    if len(numbers) == 0:
        return ""
    if (numbers > 0).all():
        return "ascending"
    return "descending" if (numbers < 0).all() else "otherwise"


def write_quality(rows: Sequence[SeriesQuality], path: Path) -> None:
    """Write the table.

    Args:
        rows: In any order.
        path: Target, replaced if it exists.

    Raises:
        OutputError: The folder is not writable or the disk is full; the target is as before.
    """
    text = io.StringIO()
    names = [field.name for field in fields(SeriesQuality)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in sorted(rows, key=lambda row: (row.patient, row.role)):
        writer.writerow([_cell(getattr(row, name)) for name in names])
    write_text(path, text.getvalue())


def quality_path(table: Path) -> Path:
    """Where the quality of a cohort stands: beside its table."""
    return table.with_name(f"{table.stem}.quality.csv")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    # A spreadsheet would run what begins like a formula.
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@") else text
