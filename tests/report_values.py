"""Reports made by hand, for tests of what is written from them."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrsift.ingest import Scan, Study, scan
from mrsift.labels import LABEL_NAMES
from mrsift.types import (
    BundleId,
    BValue,
    HeaderFacts,
    Opinion,
    Prediction,
    Report,
    Skipped,
    StudyReport,
    VolumeInfo,
    Witness,
)

BUNDLE = BundleId("sim", "0.1.0", "ab" * 32)


def volume(number: int, description: str | None, **fields: Any) -> VolumeInfo:
    """A volume of series `number` with an upright axial grid; keywords replace its fields."""
    header_names = set(HeaderFacts.__dataclass_fields__) - {"series_description"}
    header = {name: fields.pop(name) for name in list(fields) if name in header_names}
    affine = np.array(
        [[0, 0, 0.5, -96], [0, 0.5, 0, -96], [3.6, 0, 0, -40], [0, 0, 0, 1]], dtype=np.float64
    )
    copy = f"{fields.get('temporal_position', 0)}{fields.get('index', '')}{fields.get('b_value')}"
    identity = zlib.crc32(f"{number} {description} {copy}".encode())
    defaults: dict[str, Any] = {
        "volume_id": f"{number:04x}f00d{identity:08x}",
        "study_instance_uid": "1.2.3",
        "series_instance_uid": f"1.2.3.{number}",
        "series_number": number,
        "series_description": description,
        "modality": "MR",
        "files": tuple(f"s{number}/{plane}.dcm" for plane in range(3)),
        "frames": None,
        "index": None,
        "shape": (24, 384, 384),
        "affine_lps_mm": affine,
        "frame_of_reference_uid": "1.2.9",
        "plane": "axial",
        "obliquity_deg": 3.2,
    }
    facts = HeaderFacts(series_description=description, **header)
    return VolumeInfo(**(defaults | fields), header=facts)


def opinion(label: str, probability: float, witnesses: Sequence[Witness] = ()) -> Opinion:
    """One label at `probability`, the rest spread evenly."""
    rest = (1 - probability) / (len(LABEL_NAMES) - 1)
    spread = {name: probability if name == label else rest for name in LABEL_NAMES}
    return Opinion(spread, tuple(witnesses))


@lru_cache
def slices(seed: int, shape: tuple[int, int] = (192, 192)) -> tuple[NDArray[np.uint8], ...]:
    """Three noisy pictures, as hard to compress as a real slice or harder."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    radius = np.hypot((rows / shape[0] - 0.5) * 2.2, (columns / shape[1] - 0.5) * 2.6)
    pictures = []
    for phase in range(3):
        body = (radius < 0.9) * (110 + 60 * np.cos(9 * radius + phase + seed))
        noisy = body + rng.normal(0, 12, shape)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return tuple(pictures)


def prediction(info: VolumeInfo, label: str, probability: float, **fields: Any) -> Prediction:
    """An answer on which pixels and header agree; keywords replace its fields."""
    witness = Witness("sequence name", f"{info.series_description!r}", (label,))
    defaults: dict[str, Any] = {
        "prediction_set": (label,),
        "in_distribution": 0.7,
        "localizer": info.localizer,
        "pixels": opinion(label, min(probability, 0.93)),
        "header": opinion(label, 0.97, [witness]),
    }
    if "previews" not in fields:
        fields["previews"] = slices(int(info.series_number or 0) + int(info.temporal_position or 0))
    fused = opinion(label, probability).probabilities
    return Prediction(info, label, probability, fused, **(defaults | fields))


def b(value: float, raw: str | None = None) -> BValue:
    """A b-value as Siemens stores it."""
    return BValue(value, "(0019,100C) SIEMENS MR HEADER", raw or f"{value:g}")


def pelvis() -> StudyReport:
    """Every kind of row: several b-values, a map, a lie in the description, a long dynamic."""
    axes = np.array([[3, 0, 0, 0], [0, 0, 0.5, 0], [0, -0.5, 0, 0], [0, 0, 0, 1]], np.float64)
    lie = volume(9, "t2_tse_tra", echo_time_ms=10.0)
    scout = volume(1, "localizer", shape=(1, 256, 256), localizer=True, plane="sagittal")
    found = [
        prediction(replace(scout, affine_lps_mm=axes), "T2W", 0.81, header=None),
        prediction(volume(3, "t2_tse_tra"), "T2W", 0.998),
        prediction(volume(4, None, scan_options=("FS",)), "T2W_FS", 0.9),
        *(
            prediction(volume(6, "ep2d_diff_tra_DYNDIST", b_value=b(value)), label, 0.97)
            for value, label in ((50.0, "DWI_LOW"), (400.0, "DWI_LOW"), (800.0, "DWI_HIGH"))
        ),
        prediction(
            volume(
                6,
                "ep2d_diff_tra_DYNDIST_CALC_BVAL",
                b_value=b(1400.0),
                calculated=True,
                series_instance_uid="1.2.3.66",
                files=("c.dcm",),
            ),
            "DWI_HIGH",
            0.94,
        ),
        prediction(volume(7, "ep2d_diff_tra_DYNDIST_ADC", derived_kind="ADC"), "ADC", 0.99),
        prediction(
            lie,
            "T1W",
            0.62,
            pixels=opinion("T1W", 0.91),
            header=opinion("T2W", 0.88),
            conflict=True,
            conflict_reason="Pixels say T1W (0.91), header says T2W (0.88)",
        ),
        *(
            prediction(
                volume(
                    11,
                    "tfl_3d_dynamic",
                    temporal_position=time,
                    complete=time != 4,
                    acquisition_contrast="T1",
                    repetition_time_ms=5.1,
                ),
                "T1W_CE" if time > 1 else "T1W",
                0.9 + time / 1000,
            )
            for time in range(40)
        ),
        prediction(
            volume(12, "pd_tse", order_assumed=True),
            "UNKNOWN",
            0.7,
            pixels=opinion("T1W", 0.4),
            in_distribution=0.0001,
        ),
    ]
    return StudyReport(
        "1.2.3", "exam/pelvis", "prostate", "pixels look like the pelvis (0.98)", tuple(found)
    )


def head() -> StudyReport:
    """Research files: no header, no series number, a 4D file."""
    plain: dict[str, Any] = {
        "study_instance_uid": None,
        "series_instance_uid": None,
        "modality": None,
        "frame_of_reference_uid": None,
    }
    names = {"sub_flair.nii.gz": "FLAIR", "sub_t1.nii.gz": "T1W", "sub_t1_gd.nii.gz": "T1W_CE"}
    found = [
        prediction(
            replace(volume(0, None, files=(f"nifti/{name}",), **plain), series_number=None),
            label,
            0.96,
            header=None,
        )
        for name, label in names.items()
    ] + [
        prediction(
            replace(
                volume(0, None, files=("nifti/fmri.nii.gz",), index=index, **plain),
                series_number=None,
            ),
            "UNKNOWN",
            0.9,
            header=None,
            pixels=opinion("UNKNOWN", 0.9),
        )
        for index in range(12)
    ]
    return StudyReport(None, "nifti", "brain", "pixels look like the head (0.99)", tuple(found))


def skipped() -> tuple[Skipped, ...]:
    """Few files of several kinds."""
    return (
        Skipped("exam/report.dcm", "structured report, no image"),
        Skipped("exam/broken.dcm", "cut off: 12000 of 73728 bytes of pixels; copy it again", True),
        *(Skipped(f"exam/seg{n}.dcm", "segmentation, no MR image") for n in range(4)),
    )


def report() -> Report:
    """Two studies and skipped files."""
    return Report(BUNDLE, (pelvis(), head()), skipped())


def scanned(studies: Sequence[Study], left_out: Sequence[Skipped] = ()) -> Scan:
    """A scan with headers only; it was made from an empty folder."""
    with TemporaryDirectory() as empty:
        return replace(scan([empty]), studies=tuple(studies), skipped=tuple(left_out))
