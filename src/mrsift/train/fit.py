"""The one training loop: Lightning's trainer; a run that is cut off ends with the same weights."""

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, WeightAveraging
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from torch import Tensor

from mrsift.errors import ConfigError, MrsiftError
from mrsift.models.catalogue import build
from mrsift.models.resnet import ResNet
from mrsift.models.weights import from_safetensors
from mrsift.train.batches import (
    Augment,
    AugmentedVolumes,
    Labelled,
    VolumeAugmentation,
    plain_loader,
    training_loader,
)
from mrsift.train.checkpoints import WholeCheckpoints, read_checkpoint
from mrsift.train.keeper import RunKeeper, finished
from mrsift.train.module import SequenceModule
from mrsift.train.plan import Plan
from mrsift.train.precision import check_precision
from mrsift.train.processes import Processes, trainer_arguments
from mrsift.train.recipe import Recipe
from mrsift.train.run_folder import RunFolder
from mrsift.train.teachers import Teacher
from mrsift.train.watch import Watch

PRECISION: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
VALIDATION_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is learnt from what.

    Attributes:
        names: Classes, in the order of the outputs.
        regions: Body regions, in the order of theirs; none for one head only.
        train: Prepared, of the input's size or larger.
        validation: As inference sees them.
        augment: Makes what training sees; None for volumes of one channel, by the recipe.
        kept_epochs: Epochs whose weights are kept beside the best and the last.
        teachers: Networks whose answers are learnt beside the labels.
    """

    names: Sequence[str]
    regions: Sequence[str]
    train: Labelled
    validation: Labelled
    augment: Augment | None = None
    kept_epochs: tuple[int, ...] = ()
    teachers: Sequence[Teacher] = ()


def fit(
    folder: RunFolder,
    recipe: Recipe,
    task: Task,
    watch: Watch,
    processes: Processes | None = None,
    profiler: Any = None,
) -> RunKeeper:
    """Trains, or goes on where the run in the folder stopped.

    Args:
        folder: Of the run.
        recipe: Of the run.
        task: The same as when the run began.
        watch: Told of every step and epoch.
        processes: That train together.
        profiler: Of Lightning, for measurements.

    Returns:
        History, and why the run ended.

    Raises:
        ConfigError: The loss is no longer a number, a checkpoint is damaged, or too few volumes.
        OutputError: A checkpoint cannot be written; the one before is whole.
    """
    processes = processes or Processes()
    settings = recipe.training
    plan = Plan(
        task.train.labels,
        settings.balance,
        settings.seed,
        settings.batch,
        processes.count,
        processes.rank,
    )
    check_precision(recipe, len(task.names))
    keeper = RunKeeper(folder, settings, watch, task.kept_epochs)
    state = read_checkpoint(folder.last) if folder.last.is_file() else None
    if state is not None and finished(state):
        keeper.load_state_dict(state["callbacks"][keeper.state_key])
        return keeper
    network = _network(folder, recipe, task)
    steps = settings.max_epochs * plan.steps_per_epoch
    counts = np.bincount(task.train.labels, minlength=len(task.names))
    module = SequenceModule(network, recipe, steps, counts, task.teachers)
    trainer = _trainer(folder, recipe, keeper, processes, profiler)
    augment = task.augment or VolumeAugmentation(recipe.preprocess, recipe.augmentation)
    dataset = AugmentedVolumes(task.train, augment, settings.seed)
    with _plain_errors(), warnings.catch_warnings():
        # Hints of Lightning's on speed, and on loaders that it cannot know to be resumable.
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        trainer.fit(
            module,
            training_loader(dataset, plan, lambda: trainer.global_step, settings.workers),
            plain_loader(task.validation, VALIDATION_BATCH, processes.count, processes.rank),
            ckpt_path=folder.last if state is not None else None,
            weights_only=True,
        )
    return keeper


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Takes an error of a loader's process out of the traceback that torch wraps it in."""
    try:
        yield
    except MrsiftError as error:
        text = str(error)
        if not text.startswith("Caught "):
            raise
        raise type(error)(text.strip().splitlines()[-1].partition(": ")[2]) from error


def load_network(path: Any, recipe: Recipe, labels: int, regions: int) -> ResNet:
    """The network of a checkpoint, in evaluation mode.

    Raises:
        ConfigError: The checkpoint is missing, damaged, or of another network.
    """
    network = build(recipe.network, labels, regions)
    state = read_checkpoint(path)["state_dict"]
    try:
        network.load_state_dict({name.removeprefix("network."): w for name, w in state.items()})
    except RuntimeError as error:
        raise ConfigError(f"{path}: does not hold the network of the recipe") from error
    return network.eval()


def _network(folder: RunFolder, recipe: Recipe, task: Task) -> ResNet:
    """Weights as the run begins with."""
    torch.manual_seed(recipe.training.seed)
    network = build(recipe.network, len(task.names), len(task.regions))
    if folder.start.is_file():
        network.load_state_dict(from_safetensors(folder.start.read_bytes(), folder.start))
    if recipe.network.dimensions == 3:
        network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return network


def _trainer(
    folder: RunFolder, recipe: Recipe, keeper: RunKeeper, processes: Processes, profiler: Any
) -> lightning.Trainer:
    settings = recipe.training
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if torch.cuda.is_available():
        torch.backends.cudnn.deterministic = True
    stopping = EarlyStopping(
        f"validation_{settings.monitor}",
        patience=settings.patience,
        mode="min" if settings.monitor == "loss" else "max",
    )
    averaging: list[Callback] = []
    if settings.averaging:
        averaging.append(WeightAveraging(avg_fn=_running_mean(settings.averaging)))
    return lightning.Trainer(
        **trainer_arguments(processes),
        precision=PRECISION[settings.precision],
        max_epochs=settings.max_epochs,
        gradient_clip_val=recipe.optimiser.clip_norm or None,
        callbacks=[stopping, *averaging, keeper],
        plugins=[WholeCheckpoints()],
        logger=_loggers(folder, recipe) if processes.first else False,
        log_every_n_steps=10,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder.path,
        profiler=profiler,
    )


def _running_mean(averaging: float) -> Callable[[Tensor, Tensor, int | Tensor], Tensor]:
    """How the mean follows the weights: sooner in the first steps, so that a short run counts."""

    def follow(mean: Tensor, weights: Tensor, steps: int | Tensor) -> Tensor:
        left = min(averaging, (1 + int(steps)) / (10 + int(steps)))
        return left * mean + (1 - left) * weights

    return follow


def check_loggers(recipe: Recipe) -> None:
    """Refuses a logger that is not installed, before any work is done.

    Raises:
        ConfigError: One is not.
    """
    if "mlflow" in recipe.training.loggers and find_spec("mlflow") is None:
        raise ConfigError(
            "training.loggers asks for mlflow, which is not installed: pip install mlflow"
        )


def _loggers(folder: RunFolder, recipe: Recipe) -> list[Logger]:
    """Those that the recipe asks for."""
    loggers: list[Logger] = []
    if "tensorboard" in recipe.training.loggers:
        loggers.append(TensorBoardLogger(folder.path, name="tensorboard", version=""))
    if "mlflow" in recipe.training.loggers:
        from lightning.pytorch.loggers import MLFlowLogger

        # A database, because current MLflow refuses to write plain files.
        place = folder.path.resolve()
        loggers.append(
            MLFlowLogger(
                recipe.name,
                tracking_uri=f"sqlite:///{place / 'mlflow.db'}",
                artifact_location=(place / "mlflow").as_uri(),
            )
        )
    return loggers
