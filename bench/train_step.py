"""One training step of mrsift beside that of a plain MONAI script: same network, data, batch.

    python bench/train_step.py [--shape 32 96 96] [--width 16] [--steps 40] [--rounds 3]

Both read the same NIfTI volumes, cut the empty border away, resize and standardise them once
(mrsift into its cache on disk, MONAI into `CacheDataset` in memory), rotate, shift and add noise
in every epoch, load with one worker, and train the same 3D ResNet with Adam and cross-entropy.
They take turns, so that both meet the same state of the machine.

A step is the time from the end of one optimiser step to the end of the next. Forward and
backward are timed at the network and at `Tensor.backward`, for both alike; waiting is the time
until the loader hands out a batch. Medians over all steps of all rounds, the first of each left
out.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from monai.data import CacheDataset
from monai.transforms import (
    Compose,
    CropForegroundd,
    EnsureChannelFirstd,
    LoadImaged,
    NormalizeIntensityd,
    RandAffined,
    RandGaussianNoised,
    Resized,
)
from torch.utils.data import DataLoader

from mrsift.config import AugmentationSettings, LabelSettings, NetworkSettings, PreprocessSettings
from mrsift.dataset.table import Dataset, DatasetRow, write_dataset
from mrsift.models.catalogue import build
from mrsift.models.resnet import ResNet
from mrsift.train.fit import fit
from mrsift.train.prepared import prepare_volumes
from mrsift.train.recipe import Recipe, load_recipe
from mrsift.train.run_folder import create_run
from mrsift.train.watch import Watch

NAMES = ("ALONG_ROWS", "ALONG_COLUMNS")
WARM_UP = 3
ROTATION_DEG = 8.0
SHIFT = 0.1
"""In halves of the field of view."""

NOISE = 0.05


@dataclass
class Clock:
    """What was measured, in seconds per step."""

    step: list[float] = field(default_factory=list)
    network: list[float] = field(default_factory=list)
    wait: list[float] = field(default_factory=list)
    _inside: float = 0.0
    _waited: float = 0.0
    _mark: float | None = None

    def inside(self, seconds: float) -> None:
        self._inside += seconds

    def waited(self, seconds: float) -> None:
        self._waited += seconds

    def stepped(self) -> None:
        now = time.perf_counter()
        if self._mark is not None:
            self.step.append(now - self._mark)
            self.network.append(self._inside)
            self.wait.append(self._waited)
        self._mark, self._inside, self._waited = now, 0.0, 0.0

    def add(self, other: "Clock") -> None:
        """Takes over the steps of a round, but for the first."""
        self.step += other.step[WARM_UP:]
        self.network += other.network[WARM_UP:]
        self.wait += other.wait[WARM_UP:]


@contextmanager
def timed(clock: Clock) -> Iterator[None]:
    """Times networks, `backward`, loaders and Adam, whoever calls them."""
    backward, step, forward = torch.Tensor.backward, torch.optim.Adam.step, ResNet.forward
    loader_next = torch.utils.data.dataloader._BaseDataLoaderIter.__next__

    def measure(function: Callable[..., Any], tell: Callable[[float], None]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            result = function(*arguments, **named)
            tell(time.perf_counter() - start)
            return result

        return wrapped

    def timed_step(*arguments: Any, **named: Any) -> Any:
        result = step(*arguments, **named)
        clock.stepped()
        return result

    torch.Tensor.backward = measure(backward, clock.inside)  # type: ignore[method-assign]
    ResNet.forward = measure(forward, clock.inside)  # type: ignore[method-assign]
    torch.optim.Adam.step = timed_step  # type: ignore[method-assign]
    torch.utils.data.dataloader._BaseDataLoaderIter.__next__ = measure(loader_next, clock.waited)  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.Tensor.backward, torch.optim.Adam.step = backward, step  # type: ignore[method-assign]
        ResNet.forward = forward  # type: ignore[method-assign]
        torch.utils.data.dataloader._BaseDataLoaderIter.__next__ = loader_next  # type: ignore[method-assign]


def make_volumes(folder: Path, count: int) -> list[DatasetRow]:
    """Bodies of noise in an empty border, with a bar that tells the class."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(count):
        voxels = np.zeros((24, 160, 160), dtype=np.float32)
        voxels[:, 20:140, 20:140] = rng.normal(100, 10, (24, 120, 120))
        bar = slice(70, 90)
        voxels[(slice(None), bar) if index % 2 else (slice(None), slice(None), bar)] += 60
        name = f"{index}.nii"
        nibabel.save(
            nibabel.Nifti1Image(voxels.transpose(2, 1, 0), np.diag([1.0, 1.0, 3.0, 1.0])),
            folder / name,
        )
        affine = np.array([[0, 0, -1.0, 0], [0, -1.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1.0]])
        rows.append(
            DatasetRow(
                volume_id=f"{index:016x}",
                root=str(folder),
                files=(name,),
                frames=None,
                index=None,
                shape=voxels.shape,
                affine_lps_mm=affine,
                patient=str(index),
                label=NAMES[1 - index % 2],
                split="validation" if index < 4 else "train",
            )
        )
    return rows


def recipe_of(shape: tuple[int, int, int], width: int) -> Recipe:
    base = load_recipe("prostate-2024")
    return replace(
        base,
        labels=LabelSettings(NAMES),
        preprocess=PreprocessSettings(input_shape=shape, intensity="zscore"),
        augmentation=AugmentationSettings(
            plane=1.0, rotation_deg=ROTATION_DEG, translation=SHIFT, noise=(1.0, NOISE)
        ),
        network=NetworkSettings(width=width, stem_stride=(1, 2, 2)),
        training=replace(base.training, max_epochs=1, workers=1),
    )


def run_mrsift(folder: Path, rows: list[DatasetRow], recipe: Recipe, clock: Clock) -> None:
    """The training of `mrsift train`, checkpoints and history included."""
    dataset = Dataset(tuple(rows))
    prepared = prepare_volumes(recipe, dataset, folder / "cache", None, Watch())
    run = create_run(folder / f"run{time.monotonic_ns()}", recipe, dataset, {})
    with timed(clock):
        fit(run, recipe, prepared.task(), Watch())


def run_monai(folder: Path, rows: list[DatasetRow], recipe: Recipe, clock: Clock) -> None:
    """A plain script, as MONAI's tutorials write it."""
    shape = recipe.preprocess.input_shape
    files = [
        {"image": str(folder / row.files[0]), "label": NAMES.index(row.label or "")}
        for row in rows
        if row.split == "train"
    ]
    shift = [SHIFT / 2 * size for size in shape]
    transforms = Compose(
        [
            LoadImaged("image"),
            EnsureChannelFirstd("image"),
            CropForegroundd("image", source_key="image", allow_smaller=True),
            # NIfTI is (column, row, slice); the slices come first from here on.
            Resized("image", spatial_size=shape[::-1]),
            NormalizeIntensityd("image"),
            RandAffined(
                "image",
                prob=1.0,
                rotate_range=(0.0, 0.0, np.deg2rad(2 * ROTATION_DEG)),
                translate_range=(shift[2], shift[1], 0.0),
                mode="bilinear",
                padding_mode="border",
            ),
            RandGaussianNoised("image", prob=1.0, std=NOISE),
        ]
    )
    torch.manual_seed(0)
    loader = DataLoader(
        CacheDataset(files, transforms, progress=False),
        batch_size=recipe.training.batch,
        shuffle=True,
        num_workers=1,
        persistent_workers=True,
    )
    network = build(recipe.network, len(NAMES))
    optimiser = torch.optim.Adam(network.parameters(), recipe.optimiser.learning_rate)
    loss_function = torch.nn.CrossEntropyLoss()
    network.train()
    with timed(clock):
        for batch in loader:
            images = batch["image"].as_tensor().transpose(2, 4)  # (n, 1, slices, rows, columns)
            optimiser.zero_grad()
            loss = loss_function(network(images).logits, batch["label"])
            loss.backward()
            optimiser.step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs=3, default=(32, 96, 96))
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="beside the one of the loader")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    recipe = recipe_of(tuple(given.shape), given.width)
    clocks = {"mrsift": Clock(), "MONAI": Clock()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = make_volumes(folder, 4 + given.steps * recipe.training.batch)
        write_dataset(Dataset(tuple(rows)), folder / "data.parquet")
        for _ in range(given.rounds):
            for who, run in (("mrsift", run_mrsift), ("MONAI", run_monai)):
                clock = Clock()
                run(folder, rows, recipe, clock)
                clocks[who].add(clock)
    print_table(given, clocks)


def print_table(given: argparse.Namespace, clocks: dict[str, Clock]) -> None:
    shape = " x ".join(str(size) for size in given.shape)
    print(f"input {shape}, width {given.width}, batch 4, {given.threads} thread(s) and one worker;")
    print(f"medians of {len(clocks['mrsift'].step)} steps of {given.rounds} rounds\n")
    print("| | step, s | forward and backward, s | outside, s | waiting for data |")
    print("|---|---|---|---|---|")
    middle = {}
    for who, clock in clocks.items():
        outside = [whole - inside for whole, inside in zip(clock.step, clock.network, strict=True)]
        middle[who] = [statistics.median(values) for values in (clock.step, clock.network, outside)]
        share = sum(clock.wait) / sum(clock.step)
        numbers = " | ".join(f"{value:.4f}" for value in middle[who])
        print(f"| {who} | {numbers} | {100 * share:.1f} % |")
    ratios = [ours / theirs for ours, theirs in zip(*middle.values(), strict=True)]
    print(f"| ratio | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} | |")


if __name__ == "__main__":
    main()
