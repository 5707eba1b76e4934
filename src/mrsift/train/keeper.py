"""Keeps a run: history, best and last checkpoint, and why it ended.

Checkpoints are written within an epoch, and after it with its validation, never between the two:
a run that resumes finds itself in the middle of an epoch or at the start of one.
"""

import time
from collections import deque
from collections.abc import Collection
from typing import Any

import lightning
from lightning.pytorch.callbacks import Checkpoint, EarlyStopping

from mrsift.config import TrainingSettings
from mrsift.train.curves import HISTORY, write_history
from mrsift.train.module import SequenceModule
from mrsift.train.run_folder import RunFolder
from mrsift.train.watch import Watch, spoken_time

WARM_UP_STEPS = 2
"""Steps that the pace leaves out: memory is taken and code is chosen in them."""


class RunKeeper(Checkpoint):
    """The one callback that writes; Lightning calls it after early stopping.

    Attributes:
        history: One row per epoch, with the columns of `HISTORY`.
        best_epoch: From 1; 0 where validation never ran.
        stopped_because: None while the run goes on.
        seconds: Spent in this run, by all processes that went on with it.
    """

    def __init__(
        self,
        folder: RunFolder,
        settings: TrainingSettings,
        watch: Watch,
        kept_epochs: Collection[int] = (),
    ) -> None:
        super().__init__()
        self._kept_epochs = kept_epochs
        self.history: list[dict[str, Any]] = []
        self.best_epoch = 0
        self.stopped_because: str | None = None
        self.seconds = 0.0
        self._best: float | None = None
        self._folder = folder
        self._settings = settings
        self._watch = watch
        self._since = time.monotonic()
        self._mark = time.monotonic()
        self._steps: deque[float] = deque(maxlen=1000)

    @property
    def seconds_per_step(self) -> float:
        """Mean of the last steps of this process, without the first; 0 before them."""
        steady = list(self._steps)[WARM_UP_STEPS:] or list(self._steps)
        return sum(steady) / max(len(steady), 1)

    def on_train_start(self, _trainer: lightning.Trainer, _module: Any) -> None:
        """Starts the clock."""
        self._since = self._mark = time.monotonic()

    def on_train_epoch_start(self, _trainer: lightning.Trainer, _module: Any) -> None:
        """Starts the clock of the first step."""
        self._mark = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: Any,  # noqa: ARG002
        outputs: Any,  # noqa: ARG002
        batch: Any,  # noqa: ARG002
        batch_idx: int,
    ) -> None:
        """Counts the step, and writes where it is time."""
        now = time.monotonic()
        self._steps.append(now - self._mark)
        self._mark = now
        step, per_epoch = trainer.global_step, int(trainer.num_training_batches)
        most = (trainer.max_epochs or 1) * per_epoch
        self._watch.progress(f"step {step} of at most {most}", step, most)
        if self._settings.max_steps is not None and step >= self._settings.max_steps:
            self.stopped_because = f"training.max_steps={self._settings.max_steps}"
            trainer.should_stop = True
        elif batch_idx + 1 < per_epoch and (batch_idx + 1) % self._settings.save_every == 0:
            self._save(trainer, self._folder.last)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Writes what the epoch gave."""
        module: SequenceModule = pl_module
        epoch = trainer.current_epoch + 1
        train_loss, train_accuracy = module.take_tally()
        self._take_time()
        self.history.append(
            {
                "epoch": epoch,
                "step": trainer.global_step,
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "validation_loss": module.validation["loss"],
                "validation_balanced_accuracy": module.validation["balanced_accuracy"],
                "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
                "seconds": round(self.seconds, 3),
            }
        )
        if self.stopped_because is None:
            self.stopped_because = self._end(trainer, epoch)
        if self._improved(module.validation[self._settings.monitor]):
            self.best_epoch = epoch
            self._save(trainer, self._folder.best, weights_only=True)
        if epoch in self._kept_epochs:
            self._save(trainer, self._folder.at_epoch(epoch), weights_only=True)
        self._save(trainer, self._folder.last)
        if trainer.is_global_zero:
            write_history(self._folder.path / "history.csv", self.history)
            self._watch.say(self._line(trainer))
        self._log(trainer)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        self._take_time()
        return {
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best": self._best,
            "stopped_because": self.stopped_because,
            "seconds": self.seconds,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from what `state_dict` gave."""
        self.history = list(state_dict["history"])
        self.best_epoch = state_dict["best_epoch"]
        self._best = state_dict["best"]
        self.stopped_because = state_dict["stopped_because"]
        self.seconds = state_dict["seconds"]

    def _save(self, trainer: lightning.Trainer, path: Any, *, weights_only: bool = False) -> None:
        trainer.save_checkpoint(path, weights_only=weights_only)

    def _end(self, trainer: lightning.Trainer, epoch: int) -> str | None:
        """Why the run ends with this epoch; None where it goes on."""
        for callback in trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(callback, EarlyStopping) and callback.wait_count >= callback.patience:
                return f"no better {callback.monitor} in {callback.patience} epochs"
        return f"training.max_epochs={epoch}" if epoch == trainer.max_epochs else None

    def _improved(self, value: float) -> bool:
        """Whether validation is better than ever, and remembers it."""
        better = self._best is None or (
            value < self._best if self._settings.monitor == "loss" else value > self._best
        )
        if better:
            self._best = value
        return better

    def _take_time(self) -> None:
        now = time.monotonic()
        self.seconds += now - self._since
        self._since = now

    def _line(self, trainer: lightning.Trainer) -> str:
        """The epoch for people."""
        row = self.history[-1]
        left = ((trainer.max_epochs or 0) - row["epoch"]) * self.seconds / row["epoch"]
        end = self.stopped_because
        return (
            f"epoch {row['epoch']} of at most {trainer.max_epochs}: "
            f"loss {row['train_loss']:.3f}, validation loss {row['validation_loss']:.3f}, "
            f"balanced accuracy {row['validation_balanced_accuracy']:.3f}; "
            f"{self.seconds_per_step:.3f} s a step, "
            + (f"ends: {end}" if end else f"at most {spoken_time(left)} left")
        )

    def _log(self, trainer: lightning.Trainer) -> None:
        """The same numbers for TensorBoard and MLflow."""
        values = {name: float(self.history[-1][name]) for name in HISTORY if name not in {"step"}}
        for logger in trainer.loggers:
            logger.log_metrics(values, step=trainer.global_step)


def finished(state: dict[str, Any]) -> bool:
    """Whether a checkpoint is that of a run that has ended."""
    return bool(state["callbacks"][RunKeeper.__qualname__]["stopped_because"])
