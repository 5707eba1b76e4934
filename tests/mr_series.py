"""Small MR series as a scanner would write them, for flows through the whole of mrsift."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

T2_SPIN_ECHO = {
    "ScanningSequence": "SE",
    "SequenceVariant": "SK",
    "ScanOptions": "PFP",
    "RepetitionTime": 5000.0,
    "EchoTime": 100.0,
    "FlipAngle": 150.0,
}
T1_GRADIENT_ECHO = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "PFP",
    "RepetitionTime": 5.0,
    "EchoTime": 2.0,
    "FlipAngle": 12.0,
}


def write_series(
    folder: Path, number: int, *, study: str = "a", slices: int = 6, **attributes: Any
) -> list[Path]:
    """Writes an axial series of noise around a bright ball.

    Args:
        folder: Made if it is missing.
        number: Series Number; also the seed of the noise.
        study: Series of one name are one study.
        slices: 3 mm apart.
        attributes: By keyword; None leaves one out.

    Returns:
        The files, feet to head.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[-1:1:24j, -1:1:24j]
    files = []
    for index in range(slices):
        level = 2 * index / slices - 1
        ball = 800.0 * (rows**2 + columns**2 + level**2 < 0.7)
        dataset = _header(number, study, index, attributes)
        pixels = np.clip(ball + rng.normal(100, 20, ball.shape), 0, 4000).astype("<u2")
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.PixelData = pixels.tobytes()
        files.append(folder / f"{number:02d}-{index:03d}.dcm")
        dataset.save_as(files[-1], enforce_file_format=True)
    return files


def _header(number: int, study: str, index: int, attributes: dict[str, Any]) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[study, str(number), str(index)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study", study])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", study, str(number)])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame", study])
    dataset.Modality = "MR"
    dataset.Manufacturer = "SIEMENS"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    dataset.SeriesNumber = number
    dataset.InstanceNumber = index + 1
    dataset.PatientID = "nobody"
    dataset.PatientName = "Nobody^Really"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-12.0, -12.0, 3.0 * index]
    dataset.PixelSpacing = [1.0, 1.0]
    dataset.SliceThickness = 3.0
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset
