"""Patients as arrays on disk: made once, some at a time, read as memory maps.

Two files per patient, named by what they were made from: the settings, and the size and time
of the source files. `.npy` holds the voxels, `.json` where they lie. Each is written beside its
place and renamed, voxels last, so one run that was killed leaves whole patients, and the next
goes on from there.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.cohort import Study, study_words
from mrsift.classify.grid import StudyArray, study_array
from mrsift.config import StudySettings
from mrsift.dataset.memory import MemoryGate
from mrsift.dataset.stored import memory_map
from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import source_stamp
from mrsift.errors import ConfigError, IngestError, OutputError
from mrsift.export.output_file import write_text
from mrsift.export.rows import count
from mrsift.types import Float32Array, Float64Array

FORMAT = 1
"""Of the cache; another makes it anew."""

MAX_JOBS = 16
Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is."""

_READ_COPIES, _MADE_COPIES = 2.0, 1.6
"""Of the largest sequence, and of the array, held at the same time."""

_STORED = np.float16
"""Half the disk; its step, 0.1 %, is far below the noise of an image."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A patient who was left out, and why; the reason names files."""

    patient: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where the voxels of a prepared patient lie.

    Attributes:
        shape: (roles, slices, rows, columns).
        affine_lps_mm: Shape (4, 4), index on the whole grid to LPS, mm.
        present: Which roles there are, shape (roles,).
        slices: Place of each slice on the whole grid, shape (slices,).
    """

    shape: tuple[int, int, int, int]
    affine_lps_mm: Float64Array
    present: NDArray[np.bool_]
    slices: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedStudies:
    """Patients that could be prepared; `prepare_studies` makes it.

    Attributes:
        studies: In the order that was asked for.
        places: Of each of them.
        left_out: Those that could not be, and why.
        remarks: Roles that are missing or were not registered, one line each.
        made: Patients that were not there yet.
    """

    studies: tuple[Study, ...]
    places: tuple[Place, ...]
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...]
    made: int
    files: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.studies)

    def __getitem__(self, index: int) -> Float32Array:
        """All of one patient, shape (roles, slices, rows, columns), a copy.

        Raises:
            ConfigError: Its file was damaged or removed.
        """
        return self._open(index).astype(np.float32)

    def slices_of(self, index: int, slices: Sequence[int] | NDArray[np.intp]) -> Float32Array:
        """Some slices of one patient; only these are read.

        Args:
            index: Of the patient.
            slices: Places in the array.

        Returns:
            Shape (n, roles, rows, columns), a copy.

        Raises:
            ConfigError: Its file was damaged or removed.
        """
        picked = self._open(index)[:, np.asarray(slices, dtype=np.intp)]
        return np.ascontiguousarray(picked.swapaxes(0, 1), dtype=np.float32)

    def _open(self, index: int) -> NDArray[np.float16]:
        voxels = _open(self.files[index])
        if voxels is None or voxels.shape != self.places[index].shape:
            raise ConfigError(
                f"{self.files[index]}: is gone or damaged; the same command makes it anew"
            )
        return voxels


def prepare_studies(
    studies: Sequence[Study],
    settings: StudySettings,
    folder: Path,
    jobs: int | None = None,
    on_progress: Progress | None = None,
) -> PreparedStudies:
    """Prepare what is not there yet; a bad patient never stops the rest.

    Args:
        studies: Of a cohort.
        settings: Roles, grid and intensities.
        folder: Of the cache, made if missing; other settings and other cohorts may share it.
        jobs: Patients prepared at the same time, as far as memory allows; None for one per
            CPU, at most 16.
        on_progress: Called from this thread.

    Raises:
        MissingSequence: A role is missing, and the settings say that this is an error.
        ConfigError: No patient is left.
        OutputError: The folder cannot be written; what is there stays whole.
    """
    tell: Progress = on_progress or (lambda _doing, _done, _total: None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
    gate = MemoryGate()
    found: list[tuple[Study, Path, bool, dict[str, object]]] = []
    left_out: list[LeftOut] = []
    workers = ThreadPoolExecutor(jobs or min(MAX_JOBS, len(os.sched_getaffinity(0))))
    try:
        futures = [workers.submit(_piece, one, settings, folder, gate) for one in studies]
        for study, future in zip(studies, futures, strict=True):
            tell("preparing patients", len(found) + len(left_out), len(studies))
            try:
                found.append((study, *future.result()))
            except IngestError as error:
                if settings.missing == "error":
                    raise
                left_out.append(LeftOut(study.patient, str(error)))
    finally:  # Ctrl-C: finish the patients in hand, drop the rest
        workers.shutdown(cancel_futures=True)
    if not found:
        first = f"; the first: {left_out[0].reason}" if left_out else ""
        raise ConfigError(f"{count(len(left_out), 'patient')}, and none can be prepared{first}")
    return PreparedStudies(
        tuple(study for study, *_ in found),
        tuple(_place(about) for *_, about in found),
        tuple(left_out),
        tuple(
            f"{study_words(study)}: {remark}"
            for study, *_, about in found
            for remark in _texts(about["remarks"])
        ),
        sum(is_new for _, _, is_new, _ in found),
        tuple(path for _, path, *_ in found),
    )


def _piece(
    study: Study, settings: StudySettings, folder: Path, gate: MemoryGate
) -> tuple[Path, bool, dict[str, object]]:
    """One patient's file, whether it was made now, and what stands beside it."""
    rows = [study.rows[role] for role in settings.roles if role in study.rows]
    stamps = [source_stamp(Path(row.root), row.files) for row in rows]
    said = [[row.root, row.volume_id, row.files, row.frames, row.index] for row in rows]
    gaps = [row.extra.get("gaps") for row in rows]
    rules = {one.name: getattr(settings, one.name) for one in fields(StudySettings)}
    family = f"{_hash([said], 16)}-{_hash([FORMAT, rules], 12)}"
    path = folder / f"{family}-{_hash([gaps, stamps], 16)}.npy"
    about = _read_about(path.with_suffix(".json"))
    voxels = _open(path)
    if about is not None and voxels is not None and list(voxels.shape) == about["shape"]:
        return path, False, about
    with gate.hold(_voxels(rows, settings), 1.0):
        made = study_array(study, settings)
        about = _about(made)
        write_text(path.with_suffix(".json"), json.dumps(about))
        _write(path, made.voxels)
    for stale in folder.glob(f"{family}-*"):  # made from files as they were before
        if stale.stem != path.stem and stale.suffix in (".npy", ".json"):
            stale.unlink(missing_ok=True)
    return path, True, about


def _voxels(rows: Sequence[DatasetRow], settings: StudySettings) -> int:
    """How much is held while a patient is prepared, at most."""
    largest = max((int(np.prod(row.shape)) for row in rows), default=0)
    slices = settings.slices or max((max(row.shape) for row in rows), default=0)
    made = len(settings.roles) * slices * int(np.prod(settings.plane_shape))
    return int(_READ_COPIES * largest + _MADE_COPIES * made)


def _about(made: StudyArray) -> dict[str, object]:
    return {
        "shape": list(made.voxels.shape),
        "affine_lps_mm": made.affine_lps_mm.tolist(),
        "present": made.present.tolist(),
        "slices": made.slices.tolist(),
        "remarks": list(made.remarks),
    }


def _read_about(path: Path) -> dict[str, object] | None:
    """None where there is no whole file of ours."""
    try:
        about = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(about, dict) and {"shape", "slices", "remarks"} <= about.keys()
    return about if whole else None


def _place(about: dict[str, object]) -> Place:
    roles, slices, rows, columns = np.array(about["shape"]).tolist()
    return Place(
        (roles, slices, rows, columns),
        np.array(about["affine_lps_mm"], dtype=np.float64),
        np.array(about["present"], dtype=bool),
        np.array(about["slices"], dtype=np.intp),
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _open(path: Path) -> NDArray[np.float16] | None:
    """A memory map; None where there is no whole file."""
    voxels = memory_map(path)
    return voxels if voxels is not None and voxels.dtype == _STORED and voxels.ndim == 4 else None


def _write(path: Path, voxels: Float32Array) -> None:
    """Beside its place, then renamed."""
    beside = path.with_name(f"{path.stem}-{os.urandom(4).hex()}.part")
    try:
        try:
            with beside.open("xb") as file:
                np.save(file, voxels.astype(_STORED))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path.parent}: the cache of patients cannot be written ({error.strerror}); free "
            "some space or name another folder. What is there stays whole."
        ) from error


def _hash(said: list[object], digits: int) -> str:
    return hashlib.sha256(json.dumps(said, default=list).encode()).hexdigest()[:digits]
