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

from mrsift.simulate.dicom import Part, Study, classic_header, clock, storable, uid, window
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
_CODES: dict[str, tuple[str, str, str]] = {
    "PELVIS": ("12921003", "SCT", "Pelvis"),
    "HEAD": ("69536005", "SCT", "Head"),
    "ABDOMEN": ("818981001", "SCT", "Abdomen"),
}


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
    ds.SharedFunctionalGroupsSequence = Items([_shared(study, parts[0].protocol, frame_type)])
    groups, planes = _frames(parts)
    ds.PerFrameFunctionalGroupsSequence = Items(groups)
    _pixels(ds, np.stack(planes))
    path = folder / "I0001.dcm"
    ds.save_as(path, enforce_file_format=True)
    return [path]


def _item(**values: Any) -> Dataset:
    """A sequence item with these attributes."""
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def _one(**values: Any) -> Items:
    """A sequence of one item with these attributes."""
    return Items([_item(**values)])


def _code(value: str, scheme: str, meaning: str) -> Items:
    return _one(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


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
    else:
        ds.OversamplingPhase = "NONE"
    ds.NumberOfKSpaceTrajectories = 1
    ds.SaturationRecovery = "NO"


def _dimensions(ds: Dataset, study: Study, number: int, *, several: bool) -> None:
    """Frames are ordered by volume (b-value), then by position in the stack."""
    name = uid(f"{study.name}/{number}/dimensions")
    ds.DimensionOrganizationSequence = _one(DimensionOrganizationUID=name)
    pairs = [
        (Tag("StackID"), Tag("FrameContentSequence")),
        (Tag("InStackPositionNumber"), Tag("FrameContentSequence")),
    ]
    if several:
        pairs.append((Tag("DiffusionBValue"), Tag("MRDiffusionSequence")))
    ds.DimensionIndexSequence = Items(
        [
            _item(
                DimensionOrganizationUID=name,
                DimensionIndexPointer=pointer,
                FunctionalGroupPointer=group,
            )
            for pointer, group in pairs
        ]
    )


def _shared(study: Study, p: Protocol, frame_type: dict[str, Any]) -> Dataset:
    """Functional groups that hold for every frame."""
    planar = p.sequence in ("epi", "gre_epi")
    inverted = p.ti_ms > 0
    return _item(
        MRImageFrameTypeSequence=_one(**frame_type),
        FrameAnatomySequence=_one(
            FrameLaterality="U",
            AnatomicRegionSequence=_code(*_CODES[study.body_part or "PELVIS"]),
        ),
        MRTimingAndRelatedParametersSequence=_one(
            RepetitionTime=round(p.tr_ms, 3),
            FlipAngle=round(p.flip_deg, 2),
            EchoTrainLength=1,
            RFEchoTrainLength=0 if planar else 1,
            GradientEchoTrainLength=64 if planar else 0,
            SpecificAbsorptionRateSequence=_one(
                SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=0.5
            ),
            OperatingModeSequence=Items(
                [
                    _item(OperatingModeType=kind, OperatingMode="IEC_NORMAL")
                    for kind in ("STATIC FIELD", "RF", "GRADIENT")
                ]
            ),
        ),
        MREchoSequence=_one(EffectiveEchoTime=round(p.te_ms, 3)),
        MRAveragesSequence=_one(NumberOfAverages=1),
        MRModifierSequence=_one(
            InversionRecovery="YES" if inverted else "NO",
            **({"InversionTimes": round(p.ti_ms, 3)} if inverted else {}),
            FlowCompensation="NONE",
            Spoiling="RF",
            T2Preparation="NO",
            SpectrallySelectedExcitation="NONE",
            SpatialPresaturation="NONE",
            PartialFourier="NO",
            ParallelAcquisition="NO",
        ),
        MRImagingModifierSequence=_one(
            MagnetizationTransfer="NONE",
            BloodSignalNulling="NO",
            Tagging="NONE",
            TransmitterFrequency=round(42.577 * study.field_t, 3),
            PixelBandwidth=1500 if planar else 200,
        ),
        MRFOVGeometrySequence=_one(
            InPlanePhaseEncodingDirection="COLUMN",
            MRAcquisitionFrequencyEncodingSteps=64,
            MRAcquisitionPhaseEncodingStepsInPlane=64,
            MRAcquisitionPhaseEncodingStepsOutOfPlane=1,
            PercentSampling=100,
            PercentPhaseFieldOfView=100,
        ),
        MRReceiveCoilSequence=_one(
            ReceiveCoilName="SIMULATED",
            ReceiveCoilManufacturerName="",
            ReceiveCoilType="BODY",
            QuadratureReceiveCoil="YES",
        ),
        MRTransmitCoilSequence=_one(
            TransmitCoilName="SIMULATED", TransmitCoilManufacturerName="", TransmitCoilType="BODY"
        ),
    )


def _frames(parts: Sequence[Part]) -> tuple[list[Dataset], list[NDArray[np.integer]]]:
    """Functional groups and pixels of each frame."""
    groups, planes = [], []
    values = sorted({part.protocol.b for part in parts})
    for stack, part in enumerate(parts, start=1):
        stored, slope, intercept = storable(part.voxels)
        affine = part.affine_lps_mm
        steps = np.linalg.norm(affine[:3, :3], axis=0)
        along_row, down = affine[:3, 2] / steps[2], affine[:3, 1] / steps[1]
        p = part.protocol
        same_place = np.allclose(affine, parts[0].affine_lps_mm)
        stack_id = 1 if same_place else stack
        for index, plane in enumerate(stored):
            place = [stack_id, index + 1]
            if len(parts) > 1:
                place.append(values.index(p.b) + 1)
            position = affine[:3, 3] + index * affine[:3, 0]
            centre, width = window(plane, slope, intercept)
            group = _item(
                FrameContentSequence=_one(
                    FrameAcquisitionDateTime="20260101080000",
                    FrameReferenceDateTime="20260101080000",
                    FrameAcquisitionDuration=1000.0,
                    StackID=str(stack_id),
                    InStackPositionNumber=index + 1,
                    DimensionIndexValues=place,
                ),
                PlanePositionSequence=_one(ImagePositionPatient=[f"{v:.8g}" for v in position]),
                PlaneOrientationSequence=_one(
                    ImageOrientationPatient=[f"{v:.9f}" for v in (*along_row, *down)]
                ),
                PixelMeasuresSequence=_one(
                    PixelSpacing=[f"{steps[1]:.8g}", f"{steps[2]:.8g}"],
                    SliceThickness=f"{part.thickness_mm:.6g}",
                    SpacingBetweenSlices=f"{steps[0]:.8g}",
                ),
                PixelValueTransformationSequence=_one(
                    RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="US"
                ),
                FrameVOILUTSequence=_one(WindowCenter=centre, WindowWidth=width),
            )
            if p.sequence == "epi":
                directions = "ISOTROPIC" if p.b > 0 else "NONE"
                group.MRDiffusionSequence = _one(
                    DiffusionBValue=float(p.b), DiffusionDirectionality=directions
                )
            groups.append(group)
            planes.append(plane)
    return groups, planes


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
