"""Generated DICOM objects: headers as vendors write them around a known number per plane.

`planes` makes classic single-frame objects with one call per volume; the pixels of plane k
of a volume are `value + k`, so a test can see where every plane of a volume came from.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)

Private = tuple[int, str, int, str, Any]
"""(group, private creator, element, VR, value)."""


def uid(*words: object) -> str:
    """The same UID for the same words."""
    return str(generate_uid(entropy_srcs=[repr(words)]))


def plane(
    position: Sequence[float] = (0.0, 0.0, 0.0),
    value: int = 100,
    *,
    orientation: Sequence[float] = AXIAL,
    shape: tuple[int, int] = (6, 8),
    private: Iterable[Private] = (),
    syntax: str = ExplicitVRLittleEndian,
    **attributes: Any,
) -> FileDataset:
    """One classic MR image of a constant value.

    Args:
        position: Image Position (Patient).
        value: Of all its pixels.
        orientation: Image Orientation (Patient).
        shape: Rows and columns.
        private: Private attributes, each in the block of its creator.
        syntax: Transfer syntax; one without compression.
        attributes: By keyword; None leaves one out.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.TransferSyntaxUID = syntax
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    fields: dict[str, Any] = {
        "SOPClassUID": MRImageStorage,
        "StudyInstanceUID": uid("study"),
        "SeriesInstanceUID": uid("series"),
        "FrameOfReferenceUID": uid("frame"),
        "Modality": "MR",
        "PatientID": "nobody",
        "PatientName": "Nobody^Really",
        "ImageType": ["ORIGINAL", "PRIMARY", "M"],
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "ImagePositionPatient": list(position),
        "ImageOrientationPatient": list(orientation),
        "PixelSpacing": [1.5, 2.0],
        "SliceThickness": 3.0,
        "EchoTime": 80.0,
        "RepetitionTime": 4000.0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": shape[0],
        "Columns": shape[1],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": np.full(shape, value, ">u2" if syntax == ExplicitVRBigEndian else "<u2"),
    }
    for keyword, content in (fields | attributes).items():
        if content is None:
            continue
        stored = content.tobytes() if isinstance(content, np.ndarray) else content
        setattr(dataset, keyword, stored)
    dataset["PixelData"].VR = "OW"
    for group, creator, element, vr, content in private:
        dataset.private_block(group, creator, create=True).add_new(element, vr, content)
    if attributes.get("SOPInstanceUID") is None:
        dataset.SOPInstanceUID = uid(dataset.SeriesInstanceUID, position, value, str(attributes))
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def volume(
    value: int = 100,
    slices: int = 8,
    *,
    first_instance: int = 1,
    step: Sequence[float] = (0.0, 0.0, 3.0),
    **fields: Any,
) -> list[FileDataset]:
    """The planes of one volume; plane k has the value `value + k`.

    Args:
        value: Of the lowest plane.
        slices: How many.
        first_instance: InstanceNumber of the lowest plane.
        step: From one Image Position (Patient) to the next.
        fields: See `plane`.
    """
    start = np.array(fields.pop("position", (-10.0, -20.0, -30.0)))
    return [
        plane(
            tuple(float(x) for x in start + k * np.array(step)),
            value + k,
            **({"InstanceNumber": first_instance + k} | fields),
        )
        for k in range(slices)
    ]


def enhanced(
    frames: Sequence[Mapping[str, Any]], *, shape: tuple[int, int] = (6, 8), **attributes: Any
) -> FileDataset:
    """An enhanced multi-frame MR object.

    Args:
        frames: Of each `position`, `value`, and as needed `b`, `directionality`, `direction`,
            `echo_time`, `temporal`, `component`, `frame_type`, `slope`.
        shape: Rows and columns.
        attributes: Of the object, by keyword.
    """
    dataset = plane(shape=shape, SOPClassUID=EnhancedMRImageStorage, **attributes)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(dataset, keyword)
    del dataset.EchoTime
    dataset.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    dataset.NumberOfFrames = len(frames)
    pixels = [np.full(shape, frame["value"], "<u2") for frame in frames]
    dataset.PixelData = np.stack(pixels).tobytes()
    shared = Dataset()
    shared.PlaneOrientationSequence = _item(ImageOrientationPatient=list(AXIAL))
    shared.PixelMeasuresSequence = _item(PixelSpacing=[1.5, 2.0], SliceThickness=3.0)
    dataset.SharedFunctionalGroupsSequence = Items([shared])
    dataset.PerFrameFunctionalGroupsSequence = Items([_frame(frame) for frame in frames])
    return dataset


def _frame(frame: Mapping[str, Any]) -> Dataset:
    groups = Dataset()
    groups.PlanePositionSequence = _item(ImagePositionPatient=list(frame["position"]))
    groups.FrameContentSequence = _item(TemporalPositionIndex=frame.get("temporal", 1))
    groups.MREchoSequence = _item(EffectiveEchoTime=float(frame.get("echo_time", 80.0)))
    groups.MRImageFrameTypeSequence = _item(
        FrameType=frame.get("frame_type", ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]),
        ComplexImageComponent=frame.get("component", "MAGNITUDE"),
    )
    groups.PixelValueTransformationSequence = _item(
        RescaleSlope=frame.get("slope", 1.0), RescaleIntercept=0.0, RescaleType="US"
    )
    if "b" in frame:
        groups.MRDiffusionSequence = _item(
            DiffusionBValue=float(frame["b"]),
            DiffusionDirectionality=frame.get("directionality", "ISOTROPIC"),
        )
        if "direction" in frame:
            groups.MRDiffusionSequence[0].DiffusionGradientDirectionSequence = _item(
                DiffusionGradientOrientation=list(frame["direction"])
            )
    return groups


def _item(**attributes: Any) -> Items:
    item = Dataset()
    for keyword, content in attributes.items():
        setattr(item, keyword, content)
    return Items([item])


def encoded(dataset: FileDataset, syntax: str | None = None) -> bytes:
    """The object as a file, with preamble.

    Args:
        dataset: An object.
        syntax: Transfer syntax to write instead of its own; one without compression.
    """
    if syntax is not None:
        dataset.file_meta.TransferSyntaxUID = syntax
    written = io.BytesIO()
    dcmwrite(written, dataset, enforce_file_format=True)
    return written.getvalue()


def write(folder: Path, datasets: Iterable[FileDataset], *, suffix: str = ".dcm") -> list[Path]:
    """Write objects as files named by number."""
    folder.mkdir(parents=True, exist_ok=True)
    start = len(list(folder.iterdir()))
    paths = []
    for number, dataset in enumerate(datasets, start):
        paths.append(folder / f"{number:04d}{suffix}")
        paths[-1].write_bytes(encoded(dataset))
    return paths


__all__ = [
    "AXIAL",
    "CORONAL",
    "SAGITTAL",
    "DeflatedExplicitVRLittleEndian",
    "ExplicitVRBigEndian",
    "ExplicitVRLittleEndian",
    "ImplicitVRLittleEndian",
    "Private",
    "encoded",
    "enhanced",
    "plane",
    "uid",
    "volume",
    "write",
]
