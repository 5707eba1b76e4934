"""The values that travel between rooms; nothing else does.

    Instance -> Series -> VolumeInfo -> Volume -> Prediction -> StudyReport -> Report
    (header)             (no voxels)   (voxels)

One convention, stated here once: an array is indexed (slice, row, column), and
`affine_lps_mm` maps that index (as a column vector with a trailing 1) to patient
coordinates in millimetres, x to the Left, y to Posterior, z to Superior, as in DICOM.
RAS exists only inside the NIfTI reader and writer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import nibabel
    import SimpleITK

Plane = Literal["axial", "sagittal", "coronal", "oblique"]
Evidence = Literal["both", "pixels", "header"]
Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Input that was left out, and why.

    Attributes:
        path: As the user gave it, `archive.zip!member` inside an archive.
        reason: What was found and what to do, in one line, without patient values.
        is_mr: True when it was (or claims to be) an MR image that should have been read;
            `--strict` turns these into a failure. False for SR, SEG, PDF, CT and the like.
        study_instance_uid: Study it belongs to, where its header said so.
    """

    path: str
    reason: str
    is_mr: bool = False
    study_instance_uid: str | None = None


@dataclass(frozen=True, slots=True)
class BValue:
    """A diffusion weighting with its provenance.

    Attributes:
        s_per_mm2: Decoded b-value in s/mm2.
        source: Where it stood, e.g. `(0019,100C) SIEMENS MR HEADER`, `sidecar .bval`,
            `absent beside siblings that carry b`.
        raw: The value as stored, as text, e.g. `1000000800` of GE.
    """

    s_per_mm2: float
    source: str
    raw: str


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What a header says about the contrast; the input of the header witnesses.

    Every field is optional: None (or an empty tuple) means that the header is silent.
    Names are DICOM keywords in snake_case with the unit at the end.
    """

    manufacturer: str | None = None
    manufacturer_model_name: str | None = None
    magnetic_field_strength_t: float | None = None
    body_part_examined: str | None = None
    series_description: str | None = None
    protocol_name: str | None = None
    sequence_name: str | None = None
    image_type: tuple[str, ...] = ()
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    mr_acquisition_type: str | None = None
    acquisition_contrast: str | None = None
    spectrally_selected_suppression: str | None = None
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None
    inversion_time_ms: float | None = None
    flip_angle_deg: float | None = None
    echo_train_length: int | None = None
    contrast_agent: bool | None = None
    diffusion_directionality: str | None = None
    quantity_code: str | None = None
    number_of_temporal_positions: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class VolumeInfo:
    """One volume as its headers describe it, before any pixel is read.

    Attributes:
        volume_id: 16 hex digits, see `ingest.split.volume_id`.
        study_instance_uid: None for files without DICOM.
        files: Sources of the planes in slice order, relative to the input
            (`a.zip!member` inside an archive). One entry where all planes share a file.
        frames: Zero-based frame of each plane in its object (enhanced multi-frame) or tile
            (mosaic, grid); None for classic single-frame objects.
        index: Position in a 4D NIfTI, NRRD or MetaImage file; None otherwise.
        shape: (slices, rows, columns).
        affine_lps_mm: Shape (4, 4), index (slice, row, column, 1) to LPS, mm.
        obliquity_deg: Angle between the slice normal and the nearest patient axis.
        image_component: `magnitude`, `phase`, `real`, `imaginary`, `water`, `fat`,
            `in_phase`, `opposed_phase`, `subtraction`, or another word of the vendor's.
        complete: One plane per position and equal steps.
        order_assumed: Copies of a position were told apart by InstanceNumber alone.
        b_value: None where the volume has none or where it is not known.
        derived_kind: `ADC`, `EADC`, `FA`, `TRACE`, ... when the header says that it is a map.
        calculated: A diffusion-weighted image computed from others, not acquired.
        localizer: The header calls it a localizer.
        temporal_position: Zero-based, where the series has several time points.
        remarks: What a user should know, one line each (gap, duplicate, single slice, ...).
        header: Evidence about the contrast.
    """

    volume_id: str
    study_instance_uid: str | None
    series_instance_uid: str | None
    series_number: int | None
    series_description: str | None
    modality: str | None
    files: tuple[str, ...]
    frames: tuple[int, ...] | None
    index: int | None
    shape: tuple[int, int, int]
    affine_lps_mm: Float64Array
    frame_of_reference_uid: str | None
    plane: Plane
    obliquity_deg: float
    image_component: str = "magnitude"
    complete: bool = True
    order_assumed: bool = False
    b_value: BValue | None = None
    derived_kind: str | None = None
    calculated: bool = False
    localizer: bool = False
    temporal_position: int | None = None
    remarks: tuple[str, ...] = ()
    header: HeaderFacts = field(default_factory=HeaderFacts)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxels along (slice, row, column), mm."""
        steps = np.linalg.norm(self.affine_lps_mm[:3, :3], axis=0)
        return (float(steps[0]), float(steps[1]), float(steps[2]))


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A volume with its voxels.

    Attributes:
        info: Identity, geometry and header.
        voxels: Shape `info.shape`, float32, after the Modality LUT.
    """

    info: VolumeInfo
    voxels: Float32Array

    @property
    def volume_id(self) -> str:
        """Same as `info.volume_id`."""
        return self.info.volume_id

    @property
    def affine_lps_mm(self) -> Float64Array:
        """Same as `info.affine_lps_mm`."""
        return self.info.affine_lps_mm

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Same as `info.spacing_mm`."""
        return self.info.spacing_mm

    def to_nibabel(self) -> "nibabel.Nifti1Image":
        """The volume as NIfTI in memory, voxel for voxel, array order (column, row, slice).

        Returns:
            Image whose affine is in RAS millimetres, as NIfTI wants.
        """
        import nibabel

        affine_lps = self.affine_lps_mm[:, [2, 1, 0, 3]]  # index (column, row, slice)
        affine_ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine_lps
        return nibabel.Nifti1Image(self.voxels.transpose(2, 1, 0), affine_ras)

    def to_simpleitk(self) -> "SimpleITK.Image":
        """The volume as a SimpleITK image, voxel for voxel.

        Returns:
            Image with origin, spacing and direction in LPS millimetres.
        """
        import SimpleITK

        image = SimpleITK.GetImageFromArray(self.voxels)
        spacing = np.array(self.spacing_mm)
        direction = self.affine_lps_mm[:3, :3] / spacing
        image.SetOrigin([float(x) for x in self.affine_lps_mm[:3, 3]])
        image.SetSpacing([float(x) for x in spacing[::-1]])
        image.SetDirection([float(x) for x in direction[:, ::-1].ravel()])
        return image


@dataclass(frozen=True, slots=True)
class Witness:
    """One header rule that spoke.

    Attributes:
        name: The rule, e.g. `b-value`, `ScanOptions FS`.
        found: What it saw, e.g. `b = 800 from (0019,100C)`.
        favours: Labels whose odds it raised.
    """

    name: str
    found: str
    favours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one kind of evidence says alone.

    Attributes:
        probabilities: Label -> probability; every label of the run, sum 1.
        witnesses: Header rules behind it; empty for pixels.
    """

    probabilities: Mapping[str, float]
    witnesses: tuple[Witness, ...] = ()

    @property
    def label(self) -> str:
        """The most probable label."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    @property
    def probability(self) -> float:
        """Probability of `label`."""
        return self.probabilities[self.label]


@dataclass(frozen=True, slots=True, eq=False)
class PhysicsEvidence:
    """What a relation between volumes of one study says.

    Attributes:
        kind: `adc_from_dwi`, `calculated_from_dwi`, `enhancement` or `repetition`.
        with_volumes: `volume_id` of the others.
        r: Correlation with what physics predicts, -1 to 1.
        scale: Fitted unit of the map in mm2/s; or how much the brightest voxels enhance,
            1 for twice as bright.
        found: What was found, in one line.
        b_values: Of the images that explain the map, s/mm2; empty where they are not known.
        log_odds: Label -> natural log-odds that the finding adds.
        within: The finding only says which of these labels it is; empty for all.
        b_s_per_mm2: The b-value that the signal shows, where it can be told.
        conflict: What the header says otherwise, in one line, or None.
        points: Shape (n, 2), a plot of what was correlated; only for a report with pictures.
        pictures: (name, slice), each slice (rows, columns) uint8; as `points`.
    """

    kind: str
    with_volumes: tuple[str, ...]
    r: float
    scale: float
    found: str = ""
    b_values: tuple[float, ...] = ()
    log_odds: Mapping[str, float] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    b_s_per_mm2: float | None = None
    conflict: str | None = None
    points: Float32Array | None = None
    pictures: tuple[tuple[str, NDArray[np.uint8]], ...] = ()

    @property
    def favours(self) -> tuple[str, ...]:
        """Labels that it speaks for."""
        return tuple(label for label, value in self.log_odds.items() if value > 0)


@dataclass(frozen=True, slots=True)
class Correction:
    """That a person has set the label of a volume.

    Attributes:
        label_before: What the evidence alone had answered.
        probability_before: Of `label_before`.
        source: The table that the label was set in.
    """

    label_before: str
    probability_before: float
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The answer for one volume, with its evidence.

    Attributes:
        label: After the profile's known labels and the `UNKNOWN` rule.
        probability: Of `label`.
        probabilities: Label -> probability after fusion; every label of the run, sum 1.
        prediction_set: Labels that the conformal threshold keeps, most probable first.
        in_distribution: 0 (like nothing seen in training) to 1.
        conflict: Pixels and header disagree strongly, and nobody has settled it.
        correction: Where a person has set the label: it has probability 1 then.
        previews: A few slices for the report, each (rows, columns) uint8.
    """

    volume: VolumeInfo
    label: str
    probability: float
    probabilities: Mapping[str, float]
    prediction_set: tuple[str, ...]
    in_distribution: float
    localizer: bool
    pixels: Opinion | None
    header: Opinion | None
    physics: PhysicsEvidence | None = None
    conflict: bool = False
    conflict_reason: str | None = None
    correction: Correction | None = None
    previews: tuple[NDArray[np.uint8], ...] = ()

    @property
    def calculated(self) -> bool:
        """Computed from other images, as the header says or as physics shows."""
        shown = self.physics is not None and self.physics.kind == "calculated_from_dwi"
        return self.volume.calculated or shown


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """The volume chosen for a role.

    Attributes:
        reason: Why it won, in one line.
        runners_up: (volume_id, why not), best first.
        doubts: What a user should know before relying on it, one line each.
    """

    volume_id: str
    reason: str
    runners_up: tuple[tuple[str, str], ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StudyReport:
    """All volumes of one study, identified.

    Attributes:
        path: Where the study lies, as the user gave it.
        profile: Name of the profile that was applied.
        profile_reason: Why, in one line.
        predictions: In order of series number, then of split.
        roles: Role -> the volume chosen for it, in the order of the profile.
        missing_roles: Required roles that no volume can fill.
        missing_reasons: Role -> why no volume fills it; optional roles included.
    """

    study_instance_uid: str | None
    path: str
    profile: str
    profile_reason: str
    predictions: tuple[Prediction, ...]
    roles: Mapping[str, RoleChoice] = field(default_factory=dict)
    missing_roles: tuple[str, ...] = ()
    missing_reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BundleId:
    """Which model answered."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """One run of `identify`: every study found, and everything left out."""

    bundle: BundleId
    studies: tuple[StudyReport, ...]
    skipped: tuple[Skipped, ...]
