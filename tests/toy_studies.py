"""A cohort that a tiny network learns in seconds: a bright square in one sequence, or none."""

from pathlib import Path

import nibabel
import numpy as np

from mrsift.dataset.table import Dataset, DatasetRow, write_dataset
from mrsift.dataset.voxels import pixel_sha256, source_stamp
from tests.toy_data import AFFINE_LPS_MM, AFFINE_RAS

SHAPE = (8, 20, 20)
ROLES = ("t1w_ce", "flair")

RECIPE = """
name = "toy"
[labels]
names = ["0", "1"]
[study]
unit = "{unit}"
roles = ["flair", "t1w_ce"]
plane_shape = [16, 16]
slices = 8
slices_seen = {seen}
crop_background = false
aggregate = "{aggregate}"
folds = {folds}
test_share = 0.25
inner_share = 0.25
epochs_reported = [1, 3, 9]
mc_dropout = 3
tta = true
[network]
dimensions = {dimensions}
depth = 10
width = 4
stem_kernel = [3, 3, 3]
stem_stride = [1, 2, 2]
stem_pool = false
slice_strides = [1, 2, 1, 1]
slice_pooling = "{pooling}"
dropout = 0.2
[optimiser]
learning_rate = 0.01
[training]
batch = 4
max_epochs = 3
patience = 9
save_every = 2
workers = 0
loggers = []
"""

UNITS = {
    "slice": {"aggregate": "vote_share", "dimensions": 2, "pooling": "mean", "seen": 4},
    "bag": {"aggregate": "attention", "dimensions": 2, "pooling": "attention", "seen": 5},
    "volume": {"aggregate": "mean", "dimensions": 3, "pooling": "mean", "seen": 0},
}


def toy_recipe(folder: Path, unit: str, folds: int = 2) -> Path:
    """A recipe that trains in seconds."""
    path = folder / f"{unit}-{folds}.toml"
    path.write_text(RECIPE.format(unit=unit, folds=folds, **UNITS[unit]))
    return path


def toy_cohort(folder: Path, patients: int = 16, unknown: int = 2, *, seed: int = 0) -> Path:
    """Patients with two sequences and a label, of whom the last have none.

    Args:
        folder: Made where it is missing.
        patients: In all.
        unknown: Of them, without label.
        seed: Of the voxels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(patients):
        for role in ROLES:
            voxels = rng.normal(10.0, 1.0, SHAPE).astype(np.float32)
            if role == "t1w_ce" and number % 2:
                voxels[:, 6:14, 6:14] += 12.0
            name = f"{number}_{role}.nii"
            nibabel.save(nibabel.Nifti1Image(voxels.transpose(2, 1, 0), AFFINE_RAS), folder / name)
            rows.append(_row(folder, name, voxels, number, role, number < patients - unknown))
    facts = {"cohort": "rsna-miccai"}
    write_dataset(Dataset(tuple(rows), facts), folder / "cohort.parquet")
    return folder / "cohort.parquet"


def _row(
    folder: Path,
    name: str,
    voxels: np.ndarray,
    number: int,
    role: str,
    labelled: bool,
) -> DatasetRow:
    return DatasetRow(
        volume_id=f"{number:08x}{ROLES.index(role):08x}",
        root=str(folder.resolve()),
        files=(name,),
        frames=None,
        index=None,
        shape=SHAPE,
        affine_lps_mm=AFFINE_LPS_MM,
        patient=f"{number:05d}",
        label=str(number % 2) if labelled else None,
        plane="axial",
        source_stamp=source_stamp(folder, (name,)),
        pixel_sha256=pixel_sha256(voxels),
        extra={"role": role, "label_of": "MGMT_value"},
    )
