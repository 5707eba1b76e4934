"""What each epoch gave: a table, and a picture of it."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mrsift.errors import ConfigError
from mrsift.export.output_file import write_bytes, write_text

HISTORY = (
    "epoch",
    "step",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_balanced_accuracy",
    "learning_rate",
    "seconds",
)


def write_history(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """One line per epoch, with a heading."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HISTORY, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def write_curves(folder: Path, rows: Sequence[Mapping[str, Any]], best_epoch: int) -> None:
    """Loss and accuracy by epoch as `curves.png` and `curves.svg`; nothing before two epochs.

    Args:
        folder: Of the run.
        rows: Of the history.
        best_epoch: From 1; marked.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    if len(rows) < 2:
        return
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            "curves are drawn by matplotlib, which is not installed: pip install 'mrsift[train]'"
        ) from error
    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    losses, shares = figure.subplots(1, 2)
    losses.plot(epochs, [row["train_loss"] for row in rows], color="#8a8a8a", label="training")
    losses.plot(
        epochs, [row["validation_loss"] for row in rows], color="#1f5fa8", label="validation"
    )
    shares.plot(
        epochs, [row["train_accuracy"] for row in rows], color="#8a8a8a", label="training, accuracy"
    )
    shares.plot(
        epochs,
        [row["validation_balanced_accuracy"] for row in rows],
        color="#1f5fa8",
        label="validation, balanced accuracy",
    )
    for axes, name in ((losses, "loss"), (shares, "share right")):
        axes.axvline(best_epoch, color="#1f5fa8", linewidth=0.8, linestyle=":")
        axes.set(xlabel=f"epoch (dotted: the best, {best_epoch})", ylabel=name)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False)
    losses.set_ylim(bottom=0)
    shares.set_ylim(0, 1.02)
    for kind in ("png", "svg"):
        picture = io.BytesIO()
        with mpl.rc_context({"svg.hashsalt": "mrsift", "svg.fonttype": "none"}):
            figure.savefig(
                picture, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None
            )
        write_bytes(folder / f"curves.{kind}", picture.getvalue())
