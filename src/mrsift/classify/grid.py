"""The sequences of a patient -> one array on one grid, in one orientation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.cohort import Study, study_words
from mrsift.classify.register import rigid_motion
from mrsift.classify.resample import Grid, nearest_axes, sample, view_of
from mrsift.config import PreprocessSettings, StudySettings
from mrsift.dataset.quality import foreground_share
from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import read_voxels
from mrsift.errors import IngestError, MissingSequence
from mrsift.preprocess import foreground, normalise
from mrsift.preprocess.orientation import canonical_axes
from mrsift.types import Float32Array, Float64Array

AXIAL = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""Directions in LPS of slices (to the head), rows (to posterior) and columns (to the left)."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyArray:
    """One patient, as a network sees it.

    Attributes:
        voxels: Shape (roles, slices, rows, columns), without unit; a missing role is zeros.
        affine_lps_mm: Shape (4, 4), index on the whole grid to LPS, mm.
        present: Which roles there are, shape (roles,).
        slices: Place of each slice on the whole grid, shape (slices,); blank ones are left out.
        remarks: Why a role is missing or was not registered, one line each.
    """

    voxels: Float32Array
    affine_lps_mm: Float64Array
    present: NDArray[np.bool_]
    slices: NDArray[np.intp]
    remarks: tuple[str, ...] = ()


def study_array(study: Study, settings: StudySettings) -> StudyArray:
    """Read the sequences of a patient one after the other and bring them to one grid.

    Nothing is registered unless the settings say so: patient coordinates are taken as the
    headers give them.

    Args:
        study: Its files are read.
        settings: Roles, grid and intensities.

    Raises:
        MissingSequence: A role is missing and `settings.missing` is not `zeros`; or none is there.
    """
    reasons = {role: "is not in the cohort" for role in settings.roles if role not in study.rows}
    if reasons and settings.missing != "zeros":  # before anything is read
        raise _missing(study, settings, reasons)
    wanted: Grid | None = None
    first: Float32Array | None = None
    channels: dict[str, Float32Array] = {}
    notes = []
    for role in sorted(settings.roles, key=lambda role: role != settings.reference_role):
        if role in reasons:
            continue
        try:
            voxels, grid = read_sequence(study.rows[role])
        except IngestError as error:
            reasons[role] = f"cannot be read: {error}"
            continue
        moved = None
        if wanted is None:
            wanted = study_grid(voxels, grid, settings)
        elif settings.register == "rigid" and first is not None:
            moved = rigid_motion((first, wanted), (voxels, grid))
            if moved is None:
                notes.append(f"{role}: could not be registered, and lies as its header says")
        channel = sample(voxels, grid, wanted, moved)
        if channel is None:
            reasons[role] = f"shares no space with the others: {study.rows[role].files[0]}"
            continue
        first = channel if first is None else first
        channels[role] = channel
    if wanted is None or (reasons and settings.missing != "zeros"):
        raise _missing(study, settings, reasons)
    lacks = (
        f"{role} {reasons[role]}; its channel is zeros"
        for role in settings.roles
        if role in reasons
    )
    return _stacked(channels, wanted, settings, (*lacks, *notes))


def _missing(study: Study, settings: StudySettings, reasons: Mapping[str, str]) -> MissingSequence:
    """Which roles cannot be filled, and why."""
    lacks = [f"{role} {reasons[role]}" for role in settings.roles if role in reasons]
    return MissingSequence(f"{study_words(study)}: {'; '.join(lacks)}")


def read_sequence(row: DatasetRow) -> tuple[Float32Array, Grid]:
    """The voxels of one sequence, gaps between slices filled from their neighbours.

    Args:
        row: Of a cohort.

    Raises:
        IngestError: A file is gone, unreadable or was replaced; the message names it.
    """
    volume = read_voxels(row)
    voxels = volume.voxels
    if not np.isfinite(voxels).all():
        lowest = voxels[np.isfinite(voxels)].min(initial=0.0)
        voxels = np.where(np.isfinite(voxels), voxels, lowest).astype(np.float32)
    places = np.arange(len(voxels))
    for gap in row.extra.get("gaps", "").split():
        before, missing = (int(part) for part in gap.split(":"))
        places[before + 1 :] += missing
    if places[-1] >= len(voxels):
        voxels = _filled(voxels, places)
    first, second, third = voxels.shape
    return voxels, Grid((first, second, third), row.affine_lps_mm)


def study_grid(voxels: Float32Array, grid: Grid, settings: StudySettings) -> Grid:
    """The grid that all sequences of a patient are brought to.

    Its pixels are square, so that a narrow stack of sagittal slices is not drawn out sideways.

    Args:
        voxels: Of the reference.
        grid: Of the reference.
        settings: Orientation, crop and size.
    """
    if settings.orientation == "axial":
        axes, steps = nearest_axes(grid.affine_lps_mm[:3, :3], AXIAL)
    else:
        axes, steps = canonical_axes(grid.shape, grid.affine_lps_mm)
    view, turned = view_of(voxels, axes, steps), grid.turned(axes, steps)
    if settings.crop_background:
        _, rows, columns = foreground(view, settings.background_fraction)
        ends = (0, turned.shape[0])
        if settings.slices is not None:
            shares = foreground_share(view, settings.background_fraction)
            shown = np.flatnonzero(shares >= settings.blank_slice_threshold)
            ends = (int(shown[0]), int(shown[-1]) + 1) if len(shown) else ends
        row_ends, column_ends = rows.indices(turned.shape[1]), columns.indices(turned.shape[2])
        turned = turned.part((slice(*ends), slice(*row_ends[:2]), slice(*column_ends[:2])))
    first, last = (round(share * turned.shape[0]) for share in settings.span)
    first = min(first, turned.shape[0] - 1)
    rows, columns = (slice(0, size) for size in turned.shape[1:])
    turned = turned.part((slice(first, max(last, first + 1)), rows, columns))
    slices = settings.slices or turned.shape[0]
    return turned.with_shape((slices, *settings.plane_shape), square=True)


def _filled(voxels: Float32Array, places: NDArray[np.intp]) -> Float32Array:
    """Slices at their places, those between them interpolated."""
    wanted = np.arange(places[-1] + 1)
    after = np.searchsorted(places, wanted)
    before = np.where(places[after] == wanted, after, after - 1)
    span = np.maximum(places[after] - places[before], 1)
    share = ((wanted - places[before]) / span).astype(np.float32)[:, None, None]
    whole: Float32Array = voxels[before] * (1 - share) + voxels[after] * share
    return whole


def _stacked(
    channels: dict[str, Float32Array],
    grid: Grid,
    settings: StudySettings,
    remarks: tuple[str, ...],
) -> StudyArray:
    """Channels in order, without blank slices, each normalised alone."""
    kept = np.arange(grid.shape[0])
    if settings.slices is None and settings.blank_slice_threshold > 0:
        shares = [foreground_share(c, settings.background_fraction) for c in channels.values()]
        shown = np.flatnonzero(np.max(shares, axis=0) >= settings.blank_slice_threshold)
        kept = shown if len(shown) else kept
    rules = PreprocessSettings(
        intensity=settings.intensity,
        clip_percentiles=settings.clip_percentiles,
        background_fraction=settings.background_fraction,
    )
    present = np.array([role in channels for role in settings.roles])
    voxels = np.zeros((len(settings.roles), len(kept), *grid.shape[1:]), dtype=np.float32)
    for place, role in enumerate(settings.roles):
        if role in channels:
            voxels[place] = normalise(channels.pop(role)[kept], rules)
    return StudyArray(voxels, grid.affine_lps_mm, present, kept, remarks)
