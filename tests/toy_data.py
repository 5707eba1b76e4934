"""A data set that a tiny network learns in seconds: bars along rows, or along columns."""

from pathlib import Path

import nibabel
import numpy as np

from mrsift.dataset.table import Dataset, DatasetRow, write_dataset
from mrsift.dataset.voxels import pixel_sha256, source_stamp
from mrsift.types import Float32Array

SHAPE = (8, 20, 20)
NAMES = ("T2W", "ADC")
AFFINE_RAS = np.diag([1.0, 1.0, 3.0, 1.0])
AFFINE_LPS_MM = np.array(
    [[0.0, 0.0, -1.0, 0.0], [0.0, -1.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
)

RECIPE = """
name = "toy"
[labels]
names = ["T2W", "ADC"]
[preprocess]
input_shape = [8, 16, 16]
intensity = "zscore"
[augmentation]
plane = 0.5
rotation_deg = 5.0
noise = [0.5, 0.1]
[network]
depth = 10
width = 4
stem_kernel = [3, 3, 3]
stem_stride = [1, 2, 2]
stem_pool = false
slice_strides = [1, 2, 1, 1]
dropout = 0.3
[optimiser]
learning_rate = 0.01
[training]
batch = 4
max_epochs = 3
save_every = 2
workers = 0
[[tune]]
setting = "optimiser.learning_rate"
low = 1e-3
high = 1e-2
log = true
"""


def write_volume(path: Path, label: str, rng: np.random.Generator) -> Float32Array:
    """A NIfTI file with a bar that tells its label."""
    voxels = rng.normal(10.0, 1.0, SHAPE).astype(np.float32)
    if label == "T2W":
        voxels[:, 9:11] += 8.0
    else:
        voxels[:, :, 9:11] += 8.0
    nibabel.save(nibabel.Nifti1Image(voxels.transpose(2, 1, 0), AFFINE_RAS), path)
    return voxels


def toy_rows(folder: Path, patients: int = 20) -> tuple[DatasetRow, ...]:
    """Two volumes a patient; 6 of 10 patients for training, 2 each for validation and test."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows = []
    for patient in range(patients):
        place = patient / patients
        for label in NAMES:
            name = f"{patient}_{label}.nii"
            voxels = write_volume(folder / name, label, rng)
            rows.append(
                DatasetRow(
                    volume_id=f"{patient:08x}{NAMES.index(label):08x}",
                    root=str(folder.resolve()),
                    files=(name,),
                    frames=None,
                    index=None,
                    shape=SHAPE,
                    affine_lps_mm=AFFINE_LPS_MM,
                    patient=f"p{patient}",
                    label=label,
                    site="north" if patient % 2 else "south",
                    plane="axial",
                    split="train" if place < 0.6 else "validation" if place < 0.8 else "test",
                    source_stamp=source_stamp(folder, (name,)),
                    pixel_sha256=pixel_sha256(voxels),
                )
            )
    return tuple(rows)


def toy_data(folder: Path, patients: int = 20) -> Path:
    """The data set on disk, with a recipe beside it."""
    write_dataset(Dataset(toy_rows(folder, patients)), folder / "data.parquet")
    (folder / "toy.toml").write_text(RECIPE)
    return folder / "data.parquet"
