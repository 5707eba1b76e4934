"""The pictures about labels of studies: the sequences of a patient, and the residual blocks.

    python docs/pictures/make_study_pictures.py

The patient is simulated; the blocks are drawn from the modules of the network.
"""

import io
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from mrsift.classify.block_figure import block_figure
from mrsift.classify.cohort import studies_of
from mrsift.classify.grid import study_array
from mrsift.classify.sequences import sequences_figure, spread_slices
from mrsift.config import StudySettings
from mrsift.dataset.table import read_dataset
from mrsift.export.evaluation_figures import png_bytes
from mrsift.models.catalogue import build
from mrsift.models.layer_table import network_settings

PICTURES = Path(__file__).resolve().parent
SIMULATE = ["simulate", "glioma", "patient", "--studies", "1", "--seed", "3"]
FINER = ["--layout", "rsna-miccai", "--set", "size.pixels=[224,224]"]
SLICES = 2
WIDTH, COLOURS = 1200, 64


def main() -> None:
    """Simulates a patient, indexes it as a user would, and draws."""
    with tempfile.TemporaryDirectory() as folder:
        for command in (
            [*SIMULATE, *FINER],
            ["dataset", "index", "patient", "--layout", "rsna-miccai", "--out", "c.parquet"],
        ):
            mrsift = Path(sys.executable).with_name("mrsift")
            subprocess.run([mrsift, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        os.chdir(folder)
        study = studies_of(read_dataset(Path("c.parquet")))[0]
        settings = replace(StudySettings(), plane_shape=(224, 224))
        array = study_array(study, settings)
        os.chdir(PICTURES)
    places = spread_slices(array.voxels.shape[1], SLICES + 2)[1:-1]
    sequences = sequences_figure(array.voxels, settings.roles, places)
    with torch.device("meta"):
        network = build(network_settings(50), 1000)
    for name, figure in (("four-sequences", sequences), ("residual-blocks", block_figure(network))):
        path = PICTURES / f"{name}.png"
        with Image.open(io.BytesIO(png_bytes(figure))) as image:
            image.thumbnail((WIDTH, WIDTH))
            few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, 5)
            few.save(path, optimize=True)
        print(f"docs/pictures/{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
