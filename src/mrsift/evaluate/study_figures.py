"""The figures of a study run; where chance alone lies is drawn into every curve."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mrsift.evaluate.chance import Band
from mrsift.evaluate.figures import BLUE, INK, ORANGE, SOFT, blank_figure, literal, quiet
from mrsift.evaluate.intervals import Estimate, wilson_interval
from mrsift.evaluate.study_areas import CurveBand, LabelArea
from mrsift.evaluate.study_controls import EpochTable
from mrsift.evaluate.study_evidence import Curve, Permutation
from mrsift.types import Float64Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHANCE = "#b9c0c9"
"""Of the band in which chance alone lies."""

NAMED_ROWS = 32
"""With more patients the picture of the epochs has no room for names and numbers."""


def curves_figure(labels: tuple[LabelArea, ...]) -> "Figure":
    """ROC and precision against recall of each label, with what chance gives."""
    figure = blank_figure(8.6, 3.9 * len(labels))
    axes = figure.subplots(len(labels), 2, squeeze=False)
    for (roc, precision), found in zip(axes, labels, strict=True):
        _banded(roc, found.roc)
        roc.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
        roc.set_xlabel("1 - specificity")
        roc.set_ylabel("sensitivity")
        _banded(precision, found.precision)
        precision.axhline(found.base_rate, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
        precision.set_xlabel("recall")
        precision.set_ylabel("precision")
        for axis in (roc, precision):
            axis.set_xlim(0, 1.005)
            axis.set_ylim(0, 1.02)
            axis.set_title(literal(found.label), fontsize=10)
            quiet(axis)
        roc.legend(frameon=False, labelcolor=INK, loc="lower right", fontsize=8.5)
    return figure


def areas_figure(rows: Mapping[str, Estimate], band: Band | None) -> "Figure":
    """Areas with their intervals, one line each, over the band of chance.

    Args:
        rows: What it is -> AUC; one that is NaN has a name and no point.
        band: Of all patients.
    """
    figure = blank_figure(6.4, 0.9 + 0.3 * len(rows))
    axis = figure.subplots()
    if band:
        axis.axvspan(band.low, band.high, color=CHANCE, alpha=0.45, linewidth=0)
    axis.axvline(0.5, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    for height, found in enumerate(rows.values()):
        if not np.isnan(found.low):
            axis.plot([found.low, found.high], [height, height], color=BLUE, linewidth=1.8)
        axis.plot([found.value], [height], "o", color=BLUE, markersize=5)
    axis.set_yticks(range(len(rows)), [literal(name) for name in rows])
    axis.invert_yaxis()
    lows = [found.low for found in rows.values() if not np.isnan(found.low)]
    axis.set_xlim(max(0.0, min([0.35, *lows]) - 0.03), 1.005)
    axis.set_xlabel("AUC, 95 % interval; grey: chance alone, all patients")
    quiet(axis)
    axis.tick_params(axis="y", length=0)
    return figure


def permutation_figure(found: Permutation) -> "Figure":
    """Areas under shuffled labels, and the one with the labels as they are."""
    figure = blank_figure(6.4, 2.9)
    axis = figure.subplots()
    edges = np.linspace(*_span(found.areas, found.observed), 41).tolist()
    axis.hist(found.areas, edges, color=CHANCE, label=f"{len(found.areas)} shuffles of the labels")
    axis.axvline(found.observed, color=BLUE, linewidth=2, label="labels as they are")
    axis.set_xlabel("AUC")
    axis.set_ylabel("shuffles")
    axis.legend(frameon=False, labelcolor=INK, fontsize=8.5)
    quiet(axis)
    return figure


def training_figure(
    curves: tuple[Curve, ...], permuted: tuple[Curve, ...], majority: float, patients: int
) -> "Figure":
    """Accuracy and loss by epoch; a line per network, and their mean.

    Args:
        curves: Of the run.
        permuted: Of trainings with shuffled labels; may be empty.
        majority: Share of the more frequent label.
        patients: That the chance band of the accuracy is for.
    """
    figure = blank_figure(8.6, 3.5)
    shares, losses = figure.subplots(1, 2)
    low, high = wilson_interval(majority * patients, patients)
    shares.axhspan(low, high, color=CHANCE, alpha=0.45, linewidth=0, label="always the majority")
    for axis, measure in ((shares, "accuracy"), (losses, "loss")):
        for side, color in (("train", SOFT), ("validation", BLUE)):
            column = f"{side}_{measure}"
            if measure == "accuracy" and side == "validation":
                column = "validation_balanced_accuracy"
            _lines(axis, curves, column, (color, "-", side))
        _lines(axis, permuted, f"train_{measure}", (ORANGE, "--", "train, labels shuffled"))
        axis.set_xlabel("epoch")
        axis.set_ylabel(measure)
        axis.xaxis.get_major_locator().set_params(integer=True)
        quiet(axis)
    shares.set_ylim(0, 1.02)
    losses.set_ylim(bottom=0)
    shares.legend(frameon=False, labelcolor=INK, fontsize=8.5, loc="lower right")
    return figure


def epochs_figure(table: EpochTable) -> "Figure":
    """Patients x epochs as a picture; each cell is the patient's value."""
    rows, columns = table.value.shape
    named = rows <= NAMED_ROWS
    figure = blank_figure(1.6 + 0.75 * columns, 1.1 + (0.24 * rows if named else 6.2))
    axis = figure.subplots()
    picture = axis.imshow(table.value, cmap="RdBu_r", vmin=0, vmax=1, aspect="auto")
    axis.set_xticks(range(columns), [str(epoch) for epoch in table.epochs])
    axis.set_xlabel("epochs")
    if named:
        axis.set_yticks(range(rows), [literal(name) for name in table.patient])
        for row, column in np.argwhere(~np.isnan(table.value)):
            value = table.value[row, column]
            dark = abs(value - 0.5) > 0.33
            axis.text(
                column,
                row,
                f"{value:.2f}",
                ha="center",
                va="center",
                fontsize=7.5,
                color="#ffffff" if dark else "#16191d",
            )
    else:
        axis.set_yticks([])
        axis.set_ylabel(f"{rows} patients")
    bar = figure.colorbar(picture, ax=axis, shrink=0.6, label="value of the last label")
    bar.ax.yaxis.label.set(color=SOFT, fontsize=8.5)
    bar.ax.tick_params(labelsize=8, colors=INK)
    bar.outline.set_visible(False)
    quiet(axis, grid=False)
    axis.tick_params(length=0)
    return figure


def epoch_areas_figure(areas: Mapping[int, tuple[Estimate, Band]]) -> "Figure":
    """AUC after so many epochs, over the band of chance."""
    figure = blank_figure(4.6, 3.1)
    axis = figure.subplots()
    epochs = list(areas)
    bands = [band for _, band in areas.values()]
    axis.fill_between(
        epochs,
        [band.low for band in bands],
        [band.high for band in bands],
        color=CHANCE,
        alpha=0.45,
        linewidth=0,
    )
    for epoch, (found, _) in areas.items():
        if not np.isnan(found.low):
            axis.plot([epoch, epoch], [found.low, found.high], color=BLUE, linewidth=1.8)
    axis.plot(epochs, [found.value for found, _ in areas.values()], "o-", color=BLUE, markersize=5)
    axis.set_ylim(0, 1.02)
    axis.set_xlabel("epochs")
    axis.set_ylabel("AUC of patients")
    quiet(axis)
    return figure


def _banded(axis: "Axes", curve: CurveBand) -> None:
    axis.fill_between(
        curve.grid,
        curve.low,
        curve.high,
        color=CHANCE,
        alpha=0.45,
        linewidth=0,
        label="chance alone, 95 %",
    )
    axis.plot(curve.x, curve.y, color=BLUE, linewidth=1.8, label="out of fold")


def _lines(
    axis: "Axes", curves: tuple[Curve, ...], column: str, look: tuple[str, str, str]
) -> None:
    """One thin line per network, and the mean over the networks that reached an epoch."""
    color, style, label = look
    there = [curve for curve in curves if column in curve.columns]
    if not there:
        return
    longest = max((curve.epoch for curve in there), key=len)
    values = np.full((len(there), len(longest)), np.nan)
    for row, curve in enumerate(there):
        values[row, : len(curve.epoch)] = curve.columns[column]
        if len(there) > 1:
            axis.plot(
                curve.epoch,
                curve.columns[column],
                color=color,
                linewidth=0.6,
                alpha=0.4,
                linestyle=style,
            )
    known = ~np.isnan(values).all(axis=0)
    axis.plot(
        longest[known],
        np.nanmean(values[:, known], axis=0),
        color=color,
        linewidth=1.8,
        linestyle=style,
        label=label,
    )


def _span(areas: Float64Array, observed: float) -> tuple[float, float]:
    low, high = min(float(areas.min()), observed, 0.4), max(float(areas.max()), observed, 0.6)
    return max(0.0, low - 0.02), min(1.0, high + 0.02)
