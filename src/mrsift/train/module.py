"""The network while it learns: loss, optimiser, and what is counted on the way."""

import math
from collections.abc import Sequence
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mrsift.errors import ConfigError
from mrsift.models.resnet import Output, ResNet
from mrsift.train.batches import NO_REGION, Batch
from mrsift.train.recipe import Recipe
from mrsift.train.teachers import Teacher, taught

TAUGHT = 0.5
"""Share of the loss that teachers have; the labels have the rest."""


class SequenceModule(lightning.LightningModule):
    """What Lightning's trainer trains.

    Attributes:
        network: With the weights.
        validation: What the last validation gave: `loss`, `balanced_accuracy`.
    """

    def __init__(
        self,
        network: ResNet,
        recipe: Recipe,
        steps: int,
        counts: NDArray[np.intp],
        teachers: Sequence[Teacher] = (),
    ) -> None:
        """Takes a network to train.

        Args:
            network: Its weights change.
            recipe: Of the run.
            steps: Of the whole run, for the learning rate.
            counts: Training volumes of each class, shape (labels,).
            teachers: Networks whose answers are learnt beside the labels; no checkpoint holds them.
        """
        super().__init__()
        self.network = network
        self.validation: dict[str, float] = {}
        self._recipe = recipe
        self._steps = steps
        self._teachers = tuple(teachers)  # in no module list, so that they are not saved
        weights = counts.sum() / (len(counts) * np.maximum(counts, 1))
        self._weights = (
            torch.tensor(weights, dtype=torch.float32)
            if recipe.training.balance == "loss"
            else None
        )
        self._tally = torch.zeros(3, dtype=torch.float64)  # sum of losses, right answers, volumes
        self._confusion = torch.zeros(len(counts), len(counts), dtype=torch.int64)
        self._validation_loss = torch.zeros((), dtype=torch.float64)

    def training_step(self, batch: Batch, _batch_index: int) -> Tensor:
        """The loss of one step.

        Raises:
            ConfigError: It is no longer a number.
        """
        volumes, labels, regions, _ = batch
        # Dropout follows from the step, so that a resumed run drops the same.
        seed = (self._recipe.training.seed, self.global_step, self.global_rank)
        torch.manual_seed(hash(seed) & 0x7FFFFFFF)
        output: Output = self.network(self._laid_out(volumes))
        answers = taught(self._teachers, volumes) if self._teachers else None
        loss = self._loss(output, labels, regions, answers)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ConfigError(
                f"the loss is {value} at step {self.global_step + 1}; the last checkpoint is "
                "whole. Train with a lower optimiser.learning_rate, or with training.precision=32"
            )
        right = int((output.logits.detach().argmax(dim=1) == labels).sum())
        self._tally += torch.tensor([value * len(labels), right, len(labels)], dtype=torch.float64)
        return loss

    def validation_step(self, batch: Batch, _batch_index: int) -> None:
        """Counts answers; what only fills up a batch is left out."""
        volumes, labels, _, counted = batch
        logits = self.network(self._laid_out(volumes)).logits[counted].float()
        labels = labels[counted]
        loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
        self._validation_loss += loss.double().cpu()
        flat = labels * len(self._confusion) + logits.argmax(dim=1)
        counts = torch.bincount(flat, minlength=self._confusion.numel()).cpu()
        self._confusion += counts.reshape(self._confusion.shape)

    def on_validation_epoch_end(self) -> None:
        """Turns the counts of all processes into the two numbers that are monitored."""
        confusion = self._over_processes(self._confusion)
        loss = self._over_processes(self._validation_loss) / confusion.sum()
        present = confusion.sum(dim=1) > 0
        recall = confusion.diagonal()[present] / confusion.sum(dim=1)[present]
        self.validation = {"loss": float(loss), "balanced_accuracy": float(recall.mean())}
        for name, value in self.validation.items():
            self.log(f"validation_{name}", value, rank_zero_only=True)
        self._confusion.zero_()
        self._validation_loss.zero_()

    def take_tally(self) -> tuple[float, float]:
        """Mean loss and share of right answers in training since the last call."""
        losses, right, volumes = self._over_processes(self._tally).tolist()
        self._tally.zero_()
        return losses / max(volumes, 1), right / max(volumes, 1)

    def configure_optimizers(self) -> Any:
        """The optimiser, and its learning rate at every step."""
        settings = self._recipe.optimiser
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.name]
        # Lightning cannot clip for an optimiser that does all in one call, in mixed precision.
        clips_mixed = settings.clip_norm > 0 and self._recipe.training.precision != "32"
        optimiser = kind(
            self.network.parameters(),
            settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=not clips_mixed,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate)
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """What was counted in the epoch so far goes along."""
        checkpoint["tally"] = self._tally.clone()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes up the count again."""
        self._tally = checkpoint["tally"].clone()

    def _loss(
        self, output: Output, labels: Tensor, regions: Tensor, answers: Tensor | None
    ) -> Tensor:
        """Cross-entropy of the label, of the teachers' answers and of the body region."""
        settings = self._recipe.training
        weights = None if self._weights is None else self._weights.to(labels.device)
        loss = nn.functional.cross_entropy(
            output.logits.float(), labels, weights, label_smoothing=settings.label_smoothing
        )
        if answers is not None:
            imitation = nn.functional.cross_entropy(output.logits.float(), answers)
            loss = (1 - TAUGHT) * loss + TAUGHT * imitation
        if output.region is not None and bool((regions != NO_REGION).any()):
            loss = loss + settings.region_weight * nn.functional.cross_entropy(
                output.region.float(), regions, ignore_index=NO_REGION
            )
        return loss

    def _rate(self, step: int) -> float:
        """Share of the highest learning rate at a step."""
        settings = self._recipe.optimiser
        warm = round(settings.warmup * self._steps)
        if step < warm:
            return (step + 1) / warm
        if settings.schedule == "constant":
            return 1.0
        return 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, self._steps - warm)))

    def _laid_out(self, volumes: Tensor) -> Tensor:
        """Channels last, which convolutions in 3D are faster with."""
        if self.network.settings.dimensions == 3:
            return volumes.contiguous(memory_format=torch.channels_last_3d)
        return volumes

    def _over_processes(self, counts: Tensor) -> Tensor:
        """The sum over all that train together."""
        summed = self.trainer.strategy.reduce(counts.to(self.device), reduce_op="sum")
        return torch.as_tensor(summed).cpu()
