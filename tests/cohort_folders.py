"""A small cohort in the folders of the RSNA-MICCAI challenge, with real DICOM files."""

from collections.abc import Mapping
from pathlib import Path

from tests.mr_series import T1_GRADIENT_ECHO, T2_SPIN_ECHO, write_series

SEQUENCES = ("FLAIR", "T1w", "T1wCE", "T2w")
SLICES = 6
_HEADERS = {
    "FLAIR": T2_SPIN_ECHO | {"InversionTime": 2200.0, "RepetitionTime": 9000.0},
    "T1w": T1_GRADIENT_ECHO,
    "T1wCE": T1_GRADIENT_ECHO | {"ContrastBolusAgent": "Gd"},
    "T2w": T2_SPIN_ECHO,
}


def write_patient(
    folder: Path, sequences: tuple[str, ...] = SEQUENCES, slices: int = SLICES
) -> Path:
    """One patient; files are numbered against the order of the slices.

    Args:
        folder: Named by the patient.
        sequences: Folders below it.
        slices: Of each sequence, 3 mm apart.
    """
    for number, name in enumerate(sequences):
        seed = 10 * sum(folder.name.encode()) + SEQUENCES.index(name)
        files = write_series(
            folder / name,
            seed,
            study=folder.name,
            slices=slices,
            SeriesDescription=name,
            PatientID=folder.name,
            BodyPartExamined="BRAIN",
            MagneticFieldStrength=3.0 if number else 1.5,
            **_HEADERS[name],
        )
        for place, file in enumerate(reversed(files), 1):
            file.rename(file.with_name(f"Image-{place}.dcm"))
    return folder


def write_cohort(root: Path, labels: Mapping[str, int | None]) -> Path:
    """Patients below `train` and their `train_labels.csv`.

    Args:
        root: Made if it is missing.
        labels: Patient -> label; None for a patient who is not in the table.
    """
    for patient in labels:
        write_patient(root / "train" / patient)
    lines = [f"{patient},{label}" for patient, label in labels.items() if label is not None]
    (root / "train_labels.csv").write_text("\n".join(["BraTS21ID,MGMT_value", *lines]) + "\n")
    return root
