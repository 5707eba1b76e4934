"""Functional groups of Enhanced MR objects: what all frames share, and what each has.

Source:
    DICOM PS3.3 C.7.6.16 (functional groups in general), C.8.13.5 (those of MR).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from mrsift.simulate.dicom import Part, Study, storable, window
from mrsift.simulate.protocol import Protocol

_REGIONS: dict[str, tuple[str, str, str]] = {
    "PELVIS": ("12921003", "SCT", "Pelvis"),
    "HEAD": ("69536005", "SCT", "Head"),
    "ABDOMEN": ("818981001", "SCT", "Abdomen"),
}


def item(**values: Any) -> Dataset:
    """A sequence item with these attributes."""
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def one(**values: Any) -> Items:
    """A sequence of one item with these attributes."""
    return Items([item(**values)])


def shared_groups(study: Study, p: Protocol, frame_type: dict[str, Any]) -> Dataset:
    """Functional groups that hold for every frame."""
    planar = p.sequence in ("epi", "gre_epi")
    inverted = p.ti_ms > 0
    value, scheme, meaning = _REGIONS[study.body_part or "PELVIS"]
    return item(
        MRImageFrameTypeSequence=one(**frame_type),
        FrameAnatomySequence=one(
            FrameLaterality="U",
            AnatomicRegionSequence=one(
                CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning
            ),
        ),
        MRTimingAndRelatedParametersSequence=one(
            RepetitionTime=round(p.tr_ms, 3),
            FlipAngle=round(p.flip_deg, 2),
            EchoTrainLength=1,
            RFEchoTrainLength=0 if planar else 1,
            GradientEchoTrainLength=64 if planar else 0,
            SpecificAbsorptionRateSequence=one(
                SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=0.5
            ),
            OperatingModeSequence=Items(
                [
                    item(OperatingModeType=kind, OperatingMode="IEC_NORMAL")
                    for kind in ("STATIC FIELD", "RF", "GRADIENT")
                ]
            ),
        ),
        MREchoSequence=one(EffectiveEchoTime=round(p.te_ms, 3)),
        MRAveragesSequence=one(NumberOfAverages=1),
        MRModifierSequence=one(
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
        MRImagingModifierSequence=one(
            MagnetizationTransfer="NONE",
            BloodSignalNulling="NO",
            Tagging="NONE",
            TransmitterFrequency=round(42.577 * study.field_t, 3),
            PixelBandwidth=1500 if planar else 200,
        ),
        MRFOVGeometrySequence=one(
            InPlanePhaseEncodingDirection="COLUMN",
            MRAcquisitionFrequencyEncodingSteps=64,
            MRAcquisitionPhaseEncodingStepsInPlane=64,
            MRAcquisitionPhaseEncodingStepsOutOfPlane=1,
            PercentSampling=100,
            PercentPhaseFieldOfView=100,
        ),
        MRReceiveCoilSequence=one(
            ReceiveCoilName="SIMULATED",
            ReceiveCoilManufacturerName="",
            ReceiveCoilType="BODY",
            QuadratureReceiveCoil="YES",
        ),
        MRTransmitCoilSequence=one(
            TransmitCoilName="SIMULATED", TransmitCoilManufacturerName="", TransmitCoilType="BODY"
        ),
    )


def frame_groups(parts: Sequence[Part]) -> tuple[list[Dataset], list[NDArray[np.integer]]]:
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
            group = item(
                FrameContentSequence=one(
                    FrameAcquisitionDateTime="20260101080000",
                    FrameReferenceDateTime="20260101080000",
                    FrameAcquisitionDuration=1000.0,
                    StackID=str(stack_id),
                    InStackPositionNumber=index + 1,
                    DimensionIndexValues=place,
                ),
                PlanePositionSequence=one(ImagePositionPatient=[f"{v:.8g}" for v in position]),
                PlaneOrientationSequence=one(
                    ImageOrientationPatient=[f"{v:.9f}" for v in (*along_row, *down)]
                ),
                PixelMeasuresSequence=one(
                    PixelSpacing=[f"{steps[1]:.8g}", f"{steps[2]:.8g}"],
                    SliceThickness=f"{part.thickness_mm:.6g}",
                    SpacingBetweenSlices=f"{steps[0]:.8g}",
                ),
                PixelValueTransformationSequence=one(
                    RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="US"
                ),
                FrameVOILUTSequence=one(WindowCenter=centre, WindowWidth=width),
            )
            if p.sequence == "epi":
                directions = "ISOTROPIC" if p.b > 0 else "NONE"
                group.MRDiffusionSequence = one(
                    DiffusionBValue=float(p.b), DiffusionDirectionality=directions
                )
            groups.append(group)
            planes.append(plane)
    return groups, planes
