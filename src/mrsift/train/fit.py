"""The training loop. A run that is cut off at any step resumes to the same weights."""

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mrsift.bundle import REGIONS
from mrsift.config import NetworkSettings, PreprocessSettings
from mrsift.errors import ConfigError
from mrsift.labels import LABEL_NAMES
from mrsift.models.catalogue import DEFAULT, build
from mrsift.models.resnet import Output, ResNet
from mrsift.train.dataset import AugmentedPool, Plan, collate
from mrsift.train.pool import NO_REGION, Pool

CHECKPOINT = "last.pt"


@dataclass(frozen=True, slots=True)
class FitSettings:
    """One training run.

    Attributes:
        steps: Of the optimiser.
        batch: Volumes a step.
        learning_rate: At its highest; it rises over the first 3 % and falls to 0 as a cosine.
        weight_decay: Of AdamW.
        label_smoothing: Of the label's cross-entropy.
        region_weight: Of the body region's cross-entropy.
        seed: Of weights, augmentation, order and dropout.
        save_every: Steps between checkpoints.
        workers: Processes that augment; they do not change the result.
        bfloat16: Mixed precision; about twice as fast where the processor has it.
    """

    steps: int
    batch: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    region_weight: float = 0.3
    seed: int = 7
    save_every: int = 250
    workers: int = 1
    bfloat16: bool = True
    network: NetworkSettings = DEFAULT


def fit(
    pool: Pool,
    preprocess: PreprocessSettings,
    settings: FitSettings,
    folder: Path,
    start: ResNet | None = None,
) -> ResNet:
    """Trains a network, or goes on where the run in `folder` stopped.

    Args:
        pool: Training volumes.
        preprocess: Of the network's input.
        settings: Those of a run that is resumed must be the same, `save_every`, `workers`
            aside.
        folder: Holds the checkpoint; made if missing.
        start: Weights to begin with, where there is no checkpoint yet.

    Returns:
        The trained network, in evaluation mode.

    Raises:
        ConfigError: The checkpoint was made with other settings, the pool is too small, or the
            loss is no longer a number.
    """
    if len(pool) < settings.batch:
        raise ConfigError(
            f"The pool holds {len(pool)} volumes, fewer than the {settings.batch} of one step. "
            "Build more shards."
        )
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    network = build(settings.network, len(LABEL_NAMES), len(REGIONS))
    if start is not None:
        network.load_state_dict(start.state_dict())
    network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    done = _resume(folder / CHECKPOINT, network, optimiser, settings)
    loader = DataLoader(
        AugmentedPool(pool, preprocess, settings.seed),
        batch_sampler=Plan(pool, settings.batch, range(done, settings.steps)),
        collate_fn=collate,
        num_workers=settings.workers,
    )
    started = time.monotonic()
    network.train()
    for step, batch in enumerate(loader, start=done):
        loss = _one_step(network, optimiser, batch, step, settings)
        if not math.isfinite(loss):
            raise ConfigError(
                f"The loss is {loss} at step {step + 1}; the last checkpoint is whole. Train with "
                "a lower learning rate, or without bfloat16 (see `models.catalogue`)."
            )
        if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
            _save(folder / CHECKPOINT, network, optimiser, step + 1, settings)
            pace = (time.monotonic() - started) / (step + 1 - done)
            print(
                f"step {step + 1} of {settings.steps}  loss {loss:.3f}  {pace:.3f} s a step",
                flush=True,
            )
    return network.eval()


def _one_step(
    network: ResNet,
    optimiser: torch.optim.Optimizer,
    batch: tuple[Tensor, Tensor, Tensor],
    step: int,
    settings: FitSettings,
) -> float:
    """One update; returns the loss."""
    volumes, labels, regions = batch
    # Dropout follows from the step, so that a resumed run drops the same.
    torch.manual_seed(hash((settings.seed, step)) & 0x7FFFFFFF)
    for group in optimiser.param_groups:
        group["lr"] = settings.learning_rate * _rate(step, settings.steps)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=settings.bfloat16):
        output = network(volumes.contiguous(memory_format=torch.channels_last_3d))
    loss = _loss(output, labels, regions, settings)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _loss(output: Output, labels: Tensor, regions: Tensor, settings: FitSettings) -> Tensor:
    """Cross-entropy of the label, and of the body region where there is one."""
    loss = nn.functional.cross_entropy(
        output.logits.float(), labels, label_smoothing=settings.label_smoothing
    )
    if output.region is not None and bool((regions != NO_REGION).any()):
        loss = loss + settings.region_weight * nn.functional.cross_entropy(
            output.region.float(), regions, ignore_index=NO_REGION
        )
    return loss


def _rate(step: int, steps: int) -> float:
    """Share of the highest learning rate at a step."""
    warm = max(1, round(0.03 * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _compared(settings: FitSettings) -> dict[str, object]:
    """The settings that decide the weights."""
    return {
        key: value
        for key, value in asdict(settings).items()
        if key not in {"save_every", "workers"}
    }


def _save(
    path: Path,
    network: ResNet,
    optimiser: torch.optim.Optimizer,
    step: int,
    settings: FitSettings,
) -> None:
    """Writes a checkpoint beside its place and renames it."""
    fresh = path.with_suffix(".part")
    torch.save(
        {
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
            "settings": _compared(settings),
        },
        fresh,
    )
    fresh.replace(path)


def _resume(
    path: Path, network: ResNet, optimiser: torch.optim.Optimizer, settings: FitSettings
) -> int:
    """Loads a checkpoint if there is one; returns the steps done."""
    if not path.is_file():
        return 0
    saved = torch.load(path, weights_only=True)
    if saved["settings"] != _compared(settings):
        raise ConfigError(
            f"{path} was made with other settings. Use those, or another folder: "
            f"{saved['settings']}"
        )
    network.load_state_dict(saved["network"])
    optimiser.load_state_dict(saved["optimiser"])
    return int(saved["step"])


def load_network(folder: Path) -> tuple[ResNet, dict[str, object]]:
    """The network of a run's last checkpoint, in evaluation mode, and the run's settings.

    Raises:
        ConfigError: There is no checkpoint.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        raise ConfigError(f"{path} is missing: train first.")
    saved = torch.load(path, weights_only=True)
    settings = NetworkSettings(**saved["settings"]["network"])
    network = build(settings, len(LABEL_NAMES), len(REGIONS))
    network.load_state_dict(saved["network"])
    return network.eval(), saved["settings"] | {"step": saved["step"]}
