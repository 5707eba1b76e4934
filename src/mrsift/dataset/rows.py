"""Volumes that were found -> rows of a data set, each read once, some at a time."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from mrsift.dataset.identity import vendor_name
from mrsift.dataset.memory import MemoryGate
from mrsift.dataset.table import SPLITS, DatasetRow, Split
from mrsift.dataset.thumbprint import thumbprint
from mrsift.dataset.voxels import pixel_sha256, source_stamp
from mrsift.errors import IngestError
from mrsift.export.csv_table import columns
from mrsift.ingest.label_table import LabelRow
from mrsift.ingest.reopen import read_again
from mrsift.types import Float32Array, Skipped, VolumeInfo

MAX_JOBS = 8
Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is."""

_COPIES = 2.5
"""Of a volume, held while it is read and its fingerprint is made."""

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A volume that shall be a row, and what people say of it."""

    info: VolumeInfo
    said: LabelRow
    patient: str


@dataclass(frozen=True, slots=True, eq=False)
class Read(Generic[Seen]):
    """A volume that was read.

    Attributes:
        row: Or why there is none.
        seen: What `look` made of its voxels; None where they could not be read.
    """

    row: DatasetRow | Skipped
    seen: Seen | None


def read_rows(
    root: Path,
    wanted: Sequence[Wanted],
    look: Callable[[Float32Array], Seen],
    jobs: int | None = None,
    tell: Progress | None = None,
) -> Iterator[Read[Seen]]:
    """Read and fingerprint volumes; their voxels are not kept.

    Args:
        root: Folder that the files of volumes are relative to.
        wanted: Volumes, each with its label.
        look: Called with the voxels of each, in another thread.
        jobs: Volumes read at the same time; None for one per CPU, at most 8.
        tell: Called from this thread.

    Yields:
        One result per volume, in order.
    """
    gate = MemoryGate()

    def read(one: Wanted) -> Read[Seen]:
        with gate.hold(_voxels(one.info), _COPIES):
            return _read(root, one, look)

    workers = ThreadPoolExecutor(
        jobs or min(MAX_JOBS, len(os.sched_getaffinity(0))), thread_name_prefix="mrsift-volume"
    )
    try:
        futures = [workers.submit(read, one) for one in wanted]
        for done, future in enumerate(futures):
            if tell is not None:
                tell("reading voxels", done, len(futures))
            yield future.result()
    finally:  # Ctrl-C: finish the volumes in hand, drop the rest
        workers.shutdown(cancel_futures=True)


def _voxels(info: VolumeInfo) -> int:
    slices, rows, columns = info.shape
    return slices * rows * columns


def _read(root: Path, one: Wanted, look: Callable[[Float32Array], Seen]) -> Read[Seen]:
    """One volume, from file to fingerprint, read by the way that training will read it."""
    info = one.info
    try:
        stamp = source_stamp(root, info.files)  # before the voxels: a later change shows
        voxels = read_again(root, info).voxels
    except IngestError as error:
        more = f" (and {len(info.files) - 1} more files)" if len(info.files) > 1 else ""
        return Read(Skipped(info.files[0], f"{error}{more}", True, info.study_instance_uid), None)
    return Read(_row(root, one, stamp, voxels), look(voxels))


def _row(root: Path, one: Wanted, stamp: str, voxels: Float32Array) -> DatasetRow:
    info, said = one.info, one.said
    free = _free_columns(said)
    split: Split | None = next((side for side in SPLITS if free.get("split") == side), None)
    if split is not None:
        del free["split"]
    return DatasetRow(
        volume_id=info.volume_id,
        root=str(root),
        files=info.files,
        frames=info.frames,
        index=info.index,
        shape=info.shape,
        affine_lps_mm=info.affine_lps_mm,
        patient=one.patient,
        label=said.label,
        site=free.get("site", "unknown"),
        vendor=vendor_name(info.header.manufacturer) or vendor_name(free.get("vendor")),
        model=info.header.manufacturer_model_name or free.get("model"),
        field_strength_t=info.header.magnetic_field_strength_t,
        plane=info.plane,
        b_value_s_per_mm2=None if info.b_value is None else info.b_value.s_per_mm2,
        localizer=info.localizer,
        corrected=_of_identify(said) and said.extra.get("corrected") == "true",
        label_before=said.extra.get("label_before") if _of_identify(said) else None,
        split=split,
        source_stamp=stamp,
        pixel_sha256=pixel_sha256(voxels),
        thumbprint=thumbprint(voxels, info.affine_lps_mm),
        extra=free,
    )


def _free_columns(said: LabelRow) -> dict[str, str]:
    """What a person wrote beside the label; what `mrsift identify` wrote is left out."""
    if not _of_identify(said):
        return dict(said.extra)
    written = columns(())
    return {
        name: value
        for name, value in said.extra.items()
        if name not in written and not name.startswith("p_")
    }


def _of_identify(said: LabelRow) -> bool:
    """Whether a row has the columns of `mrsift identify --csv`."""
    return "pixels_label" in said.extra or "header_label" in said.extra
