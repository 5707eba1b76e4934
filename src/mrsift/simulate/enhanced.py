"""Simulated volumes as one Enhanced MR object a series, multi-frame.

Source:
    DICOM PS3.3 A.36.2 (Enhanced MR Image IOD), C.8.13 (its modules and functional groups),
    C.7.6.16 and C.7.6.17 (functional groups and dimensions in general).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag
from pydicom.uid import EnhancedMRImageStorage

from mrsift.simulate.dicom import Part, Study, classic_header, clock, uid
from mrsift.simulate.enhanced_groups import frame_groups, item, one, shared_groups
from mrsift.simulate.protocol import Protocol

# What stands in functional groups instead, or has another name there.
_CLASSIC_ONLY = (
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "RepetitionTime",
    "EchoTime",
    "InversionTime",
    "EchoTrainLength",
    "FlipAngle",
    "NumberOfAverages",
    "InPlanePhaseEncodingDirection",
    "PixelBandwidth",
    "SequenceName",
    "MRAcquisitionType",
    "ImagingFrequency",
    "DiffusionBValue",
    "BodyPartExamined",
    "AcquisitionDate",
    "ContrastBolusAgent",
)


def write_enhanced(
    folder: Path, study: Study, number: int, description: str | None, parts: Sequence[Part]
) -> list[Path]:
    """Write the volumes of one series as one file.

    Args:
        folder: Made where it is missing.
        study: The study it belongs to.
        number: SeriesNumber.
        description: SeriesDescription; None leaves it out, "" leaves it empty.
        parts: Volumes whose slices have one size.

    Returns:
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ds = classic_header(study, number, description, parts[0], 1)
    for keyword in _CLASSIC_ONLY:
        if keyword in ds:
            delattr(ds, keyword)
    ds.remove_private_tags()
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    frame_type = _general(ds, study, number, parts[0].protocol)
    if ds.ImageType[0] == "ORIGINAL":
        _pulse_sequence(ds, parts[0].protocol)
    _dimensions(ds, study, number, several=len(parts) > 1)
    ds.SharedFunctionalGroupsSequence = Items([shared_groups(study, parts[0].protocol, frame_type)])
    groups, planes = frame_groups(parts)
    ds.PerFrameFunctionalGroupsSequence = Items(groups)
    _pixels(ds, np.stack(planes))
    path = folder / "I0001.dcm"
    ds.save_as(path, enforce_file_format=True)
    return [path]


def _general(ds: Dataset, study: Study, number: int, p: Protocol) -> dict[str, Any]:
    """Enhanced equipment, Enhanced MR Image and what frames share with it.

    Returns:
        Attributes of the MR Image Frame Type group.
    """
    kind = {"adc": "ADC", "fa": "FRACT_ANISO"}.get(p.family, "NONE")
    weighted = p.sequence == "epi" and p.family != "b0"
    derived = p.family in ("adc", "fa", "eadc", "calculated", "subtraction")
    flavor = "DIFFUSION" if weighted else "VOLUME"
    ds.ImageType = ["DERIVED" if derived else "ORIGINAL", "PRIMARY", flavor, kind]
    described = {
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
        "ComplexImageComponent": "MAGNITUDE",
        "AcquisitionContrast": "DIFFUSION" if weighted else _contrast(p),
    }
    for keyword, value in described.items():
        setattr(ds, keyword, value)
    ds.DeviceSerialNumber = str(uid(f"device/{study.model}"))[-12:]
    ds.ContentQualification = "RESEARCH"
    ds.ApplicableSafetyStandardAgency = "IEC"
    ds.ResonantNucleus = "1H"
    ds.KSpaceFiltering = "NONE"
    ds.AcquisitionDateTime = ds.ContentDate + clock(number, 0.0)
    ds.ContentTime = clock(number, 0.0)
    ds.AcquisitionDuration = 60.0
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.PresentationLUTShape = "IDENTITY"
    ds.AcquisitionContextSequence = Items([])
    return {"FrameType": list(ds.ImageType), **described}


def _contrast(p: Protocol) -> str:
    if p.fat_suppression == "stir":
        return "STIR"
    words = {"T1W": "T1", "T1W_CE": "T1", "FLAIR": "FLUID_ATTENUATED"}
    return words.get(p.label, "T2" if p.label.startswith(("T2W", "DWI")) else "UNKNOWN")


def _pulse_sequence(ds: Dataset, p: Protocol) -> None:
    """MR Pulse Sequence module."""
    gradient = p.sequence in ("gre", "mprage", "gre_epi", "bssfp")
    planar = p.sequence in ("epi", "gre_epi")
    ds.PulseSequenceName = p.family
    ds.MRAcquisitionType = "3D" if p.dimension == 3 else "2D"
    ds.EchoPulseSequence = "GRADIENT" if gradient else "SPIN"
    ds.MultiPlanarExcitation = "NO"
    if not gradient:
        ds.MultipleSpinEcho = "NO"
    ds.PhaseContrast = ds.TimeOfFlightContrast = "NO"
    ds.SteadyStatePulseSequence = "NONE"
    ds.EchoPlanarPulseSequence = "YES" if planar else "NO"
    ds.SpectrallySelectedSuppression = "FAT" if p.fat_suppression in ("fatsat", "spair") else "NONE"
    ds.GeometryOfKSpaceTraversal = "RECTILINEAR"
    ds.RectilinearPhaseEncodeReordering = "LINEAR"
    ds.SegmentedKSpaceTraversal = "SINGLE" if planar else "PARTIAL"
    if p.dimension == 3:
        ds.CoverageOfKSpace = "FULL"
    ds.OversamplingPhase = "NONE"
    ds.NumberOfKSpaceTrajectories = 1
    ds.SaturationRecovery = "NO"


def _dimensions(ds: Dataset, study: Study, number: int, *, several: bool) -> None:
    """Frames are ordered by volume (b-value), then by position in the stack."""
    name = uid(f"{study.name}/{number}/dimensions")
    ds.DimensionOrganizationSequence = one(DimensionOrganizationUID=name)
    pairs = [
        (Tag("StackID"), Tag("FrameContentSequence")),
        (Tag("InStackPositionNumber"), Tag("FrameContentSequence")),
    ]
    if several:
        pairs.append((Tag("DiffusionBValue"), Tag("MRDiffusionSequence")))
    ds.DimensionIndexSequence = Items(
        [
            item(
                DimensionOrganizationUID=name,
                DimensionIndexPointer=pointer,
                FunctionalGroupPointer=group,
            )
            for pointer, group in pairs
        ]
    )


def _pixels(ds: Dataset, planes: NDArray[np.integer]) -> None:
    """Image Pixel and Multi-frame modules."""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.NumberOfFrames, ds.Rows, ds.Columns = planes.shape
    ds.BitsAllocated = 16
    ds.BitsStored, ds.HighBit = 16, 15
    ds.PixelRepresentation = int(planes.dtype == np.int16)
    ds.PixelData = planes.astype(planes.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW"
