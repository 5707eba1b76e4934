"""Simulated volumes as DICOM MR series, shaped as vendors shape them.

They enter mrsift by the same door as real data. Everything written is a function of the
arguments: UIDs come from names below our own root (2.25 and a UUID, PS3.5 B.2), dates are
fixed, and the patient is called simulated.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage, RLELossless

from mrsift.simulate.protocol import Protocol
from mrsift.simulate.vendor import Vendor, contrast_header, diffusion_header, equipment
from mrsift.types import Float32Array, Float64Array

_ROOT = uuid.UUID("6f1c8f5e-6b0f-4c53-9d3c-2f3f0c8a51d7")  # chosen once, for this project


def uid(name: str) -> UID:
    """The UID that belongs to a name, always the same."""
    return UID(f"2.25.{uuid.uuid5(_ROOT, name).int}")


@dataclass(frozen=True, slots=True)
class Study:
    """What all series of a study share.

    Attributes:
        name: Every UID is made from it.
        patient: Patient's name, of the form `Simulated^Pelvis`.
        body_part: BodyPartExamined, empty for none.
        vendor: Whose headers are imitated.
        field_t: MagneticFieldStrength.
        compress: RLE lossless instead of plain pixels.
        patient_id: PatientID.
        model: ManufacturerModelName; one that says simulated where empty.
        institution: InstitutionName.
    """

    name: str
    patient: str
    body_part: str
    vendor: Vendor
    field_t: float = 3.0
    compress: bool = False
    patient_id: str = "SIMULATED"
    model: str = ""
    institution: str = "mrsift simulator"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One volume of a series.

    Attributes:
        voxels: Shape (slices, rows, columns); whole numbers from 0 to 65535 are kept exactly,
            others through the Modality LUT.
        affine_lps_mm: Shape (4, 4).
        protocol: What was measured.
        thickness_mm: Extent of one slice.
    """

    voxels: Float32Array
    affine_lps_mm: Float64Array
    protocol: Protocol
    thickness_mm: float


def write_series(
    folder: Path, study: Study, number: int, description: str | None, parts: Sequence[Part]
) -> list[Path]:
    """Write the volumes of one series, one file a slice.

    Args:
        folder: Made where it is missing.
        study: The study it belongs to.
        number: SeriesNumber.
        description: SeriesDescription; None leaves it out, "" leaves it empty.
        parts: Volumes; several b-values or orientations may share a series.

    Returns:
        The files, in the order of InstanceNumber.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for count, part in enumerate(parts):
        stored, slope, intercept = storable(part.voxels)
        for index, plane in enumerate(stored):
            instance = len(paths) + 1
            dataset = classic_header(study, number, description, part, instance)
            _geometry(dataset, part, index)
            seconds = part.protocol.tr_ms * 1e-3 * (count + index / len(stored))
            dataset.AcquisitionTime = dataset.ContentTime = clock(number, seconds)
            _pixels(dataset, plane, slope, intercept)
            if study.compress:
                dataset.compress(
                    RLELossless, encoding_plugin="pydicom", generate_instance_uid=False
                )
            path = folder / f"I{instance:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def storable(voxels: Float32Array) -> tuple[NDArray[np.integer], float, float]:
    """Whole numbers that fit 16 bits, and the Modality LUT that gives the values back."""
    low, high = float(voxels.min()), float(voxels.max())
    whole = bool(np.all(voxels == np.rint(voxels)))
    if whole and low >= 0 and high <= 65535:
        return voxels.astype(np.uint16), 1.0, 0.0
    if whole and low >= -32768 and high <= 32767:
        return voxels.astype(np.int16), 1.0, 0.0
    slope = float(f"{max(high - low, 1e-6) / 65000:.8g}")  # as it will stand in a DS of 16 bytes
    intercept = float(f"{low:.8g}")
    stored = np.clip(np.rint((voxels.astype(np.float64) - intercept) / slope), 0, 65535)
    return stored.astype(np.uint16), slope, intercept


def clock(number: int, seconds: float) -> str:
    """Time of day, five minutes for each series from eight o'clock on."""
    minutes = 5 * number + int(seconds // 60)
    return f"{8 + minutes // 60:02d}{minutes % 60:02d}{seconds % 60:09.6f}"


def classic_header(
    study: Study, number: int, description: str | None, part: Part, instance: int
) -> Dataset:
    """Everything but geometry and pixels."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = MRImageStorage
    ds.SOPInstanceUID = uid(f"{study.name}/{number}/{instance}")
    ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.StudyInstanceUID = uid(study.name)
    ds.SeriesInstanceUID = uid(f"{study.name}/{number}")
    ds.FrameOfReferenceUID = uid(f"{study.name}/frame")
    ds.PositionReferenceIndicator = ""
    ds.PatientName = study.patient
    ds.PatientID = study.patient_id
    ds.PatientBirthDate = ds.ReferringPhysicianName = ds.AccessionNumber = ""
    ds.PatientSex = "O"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20260101"
    ds.StudyTime = "080000"
    ds.SeriesTime = clock(number, 0.0)
    ds.StudyID = "1"
    ds.StudyDescription = "Simulated, no patient"
    ds.SeriesNumber = number
    ds.AcquisitionNumber = 1
    ds.InstanceNumber = instance
    if description is not None:
        ds.SeriesDescription = description
    ds.ProtocolName = "simulated protocol"  # empty would be one more thing to warn about
    ds.Modality = "MR"
    ds.PatientPosition = "HFS"
    if study.body_part:
        ds.BodyPartExamined = study.body_part
    ds.MagneticFieldStrength = study.field_t
    ds.ImagingFrequency = round(42.577 * study.field_t, 3)
    equipment(ds, study.vendor)
    ds.InstitutionName = study.institution
    if study.model:
        ds.ManufacturerModelName = study.model
    contrast_header(ds, study.vendor, part.protocol)
    diffusion_header(ds, study.vendor, part.protocol)
    return ds


def _geometry(ds: Dataset, part: Part, index: int) -> None:
    """Image Plane module of one slice."""
    affine = part.affine_lps_mm
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    along_row, down = affine[:3, 2] / steps[2], affine[:3, 1] / steps[1]
    position = affine[:3, 3] + index * affine[:3, 0]
    ds.ImagePositionPatient = [f"{v:.8g}" for v in position]
    ds.ImageOrientationPatient = [f"{v:.9f}" for v in (*along_row, *down)]
    ds.PixelSpacing = [f"{steps[1]:.8g}", f"{steps[2]:.8g}"]
    ds.SliceThickness = f"{part.thickness_mm:.6g}"
    ds.SpacingBetweenSlices = f"{steps[0]:.8g}"
    normal = np.cross(along_row, down)
    ds.SliceLocation = f"{float(normal @ position):.8g}"


def window(plane: NDArray[np.integer], slope: float, intercept: float) -> tuple[str, str]:
    """Centre and width that show nearly all values."""
    low, high = np.percentile(plane, (1, 99.5)) * slope + intercept
    return f"{(low + high) / 2:.6g}", f"{max(high - low, 1):.6g}"


def _pixels(ds: Dataset, plane: NDArray[np.integer], slope: float, intercept: float) -> None:
    """Image Pixel, Modality LUT where needed, and a window."""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = plane.shape
    ds.BitsAllocated = 16
    ds.BitsStored, ds.HighBit = 16, 15
    ds.PixelRepresentation = int(plane.dtype == np.int16)
    if slope != 1.0 or intercept != 0.0:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = slope, intercept, "US"
    ds.WindowCenter, ds.WindowWidth = window(plane, slope, intercept)
    ds.PixelData = plane.astype(plane.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW"
