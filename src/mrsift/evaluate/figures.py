"""The figures of a report, drawn with matplotlib; nothing is written here.

Each function returns a Figure of its own, made without pyplot, so that no window, no global
state and no display is needed. Text, lines and background have fixed colours (`INK`, `SOFT`,
`LINE`) that a page may exchange for those of its theme.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mrsift.errors import ConfigError
from mrsift.evaluate.calibration import BINS, Reliability
from mrsift.evaluate.groups import Group
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.scores import Scores
from mrsift.evaluate.strangers import Strangers
from mrsift.evaluate.uncertainty import Selective

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

INK, SOFT, LINE = "#16191d", "#5b6470", "#d9dde2"
BLUE, ORANGE, RED = "#2a6fc9", "#c96a12", "#c4372c"

_SMALL = 8.5
_TEXT = 9.5


def confusion_figure(splits: Mapping[str, Scores], unit: str = "volumes") -> "Figure":
    """Confusion matrices side by side; colour is the share of the row, the number the count.

    Args:
        splits: Name -> scores, one panel each.
        unit: What is counted.
    """
    labels = max(len(scores.names) for scores in splits.values())
    side = 1.5 + 0.46 * labels
    figure = blank_figure(side * len(splits), side)
    axes = figure.subplots(1, len(splits), squeeze=False)[0]
    for axis, (name, scores) in zip(axes, splits.items(), strict=True):
        _confusion_panel(axis, scores)
        axis.set_title(f"{name}, {scores.volumes} {unit}", fontsize=_TEXT + 1)
    return figure


def reliability_figure(curves: Mapping[str, Reliability], unit: str = "volumes") -> "Figure":
    """Confidence against accuracy, and how many volumes stand behind each point.

    Args:
        curves: Name of the split -> its curve.
        unit: What is counted.
    """
    figure = blank_figure(4.6, 4.6)
    top, low = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
    top.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    edges = (np.arange(BINS) + 0.5) / BINS
    width = 0.8 / BINS / len(curves)
    for place, (name, curve) in enumerate(curves.items()):
        color = (BLUE, ORANGE)[place % 2]
        filled = curve.counts > 0
        top.plot(curve.confidence[filled], curve.accuracy[filled], color=color, linewidth=1)
        area = 12 + 140 * curve.counts[filled] / curve.counts.sum()
        top.scatter(
            curve.confidence[filled], curve.accuracy[filled], s=area, color=color, label=name
        )
        offset = (place - (len(curves) - 1) / 2) * width
        low.bar(edges + offset, curve.counts / curve.counts.sum(), width, color=color)
    top.set_ylabel("share that is right")
    top.legend(frameon=False, labelcolor=INK, loc="upper left", fontsize=_TEXT)
    low.set_ylabel(f"share of\n{unit}")
    low.set_xlabel("probability of the answer")
    for axis in (top, low):
        axis.set_xlim(0, 1.02)
        axis.set_ylim(0, 1.04)
        quiet(axis)
    return figure


def risk_figure(selective: Selective) -> "Figure":
    """Share wrong among the surest answers."""
    figure = blank_figure(4.6, 3.1)
    axis = figure.subplots()
    axis.step(selective.coverage, selective.risk, where="post", color=BLUE, linewidth=1.6)
    axis.axhline(selective.risk[-1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axis.set_xlim(0, 1.0)
    axis.set_ylim(0, max(float(selective.risk.max()) * 1.25, 0.01))
    axis.set_xlabel("share of volumes kept, surest first")
    axis.set_ylabel("share of these that is wrong")
    quiet(axis)
    return figure


def strangers_figure(found: Strangers) -> "Figure":
    """Distribution of each score for known volumes and for strangers."""
    figure = blank_figure(4.6, 1.1 + 1.35 * len(found.values))
    axes = figure.subplots(len(found.values), 1, squeeze=False)[:, 0]
    edges = np.linspace(0, 1, 31)
    for axis, (name, (known, others)) in zip(axes, found.values.items(), strict=True):
        for values, color, label in ((known, BLUE, "known"), (others, ORANGE, "strangers")):
            weights = np.full(len(values), 1 / len(values))
            axis.hist(values, edges, weights=weights, color=color, alpha=0.55, label=label)
        axis.set_xlabel(name, labelpad=1)
        axis.set_ylabel("share")
        axis.set_xlim(0, 1)
        quiet(axis)
    axes[0].legend(frameon=False, labelcolor=INK, fontsize=_TEXT, ncols=2)
    return figure


def groups_figure(groups: tuple[Group, ...], names: Mapping[str, str]) -> "Figure":
    """Accuracy of every group with its interval, one line each.

    Args:
        groups: In the order of the page.
        names: Column -> what it is called.
    """
    figure = blank_figure(5.2, 0.9 + 0.27 * (len(groups) + len({g.column for g in groups})))
    axis = figure.subplots()
    height, ticks, texts = 0.0, [], []
    column = ""
    for group in groups:
        if group.column != column:
            column = group.column
            ticks.append(height)
            texts.append(names[column].upper())
            height += 1
        accuracy = group.overall["accuracy"]
        if accuracy.method != "none":
            axis.plot([accuracy.low, accuracy.high], [height, height], color=BLUE, linewidth=1.8)
        axis.plot([accuracy.value], [height], "o", color=BLUE, markersize=5)
        ticks.append(height)
        texts.append(literal(f"{group.value}  ({group.volumes})"))
        height += 1
    axis.set_yticks(ticks, texts)
    axis.invert_yaxis()
    lows = [g.overall["accuracy"].low for g in groups if g.overall["accuracy"].method != "none"]
    axis.set_xlim(max(0.0, min([0.9, *lows]) - 0.02), 1.005)
    axis.set_xlabel("accuracy, 95 % interval")
    quiet(axis)
    axis.tick_params(axis="y", length=0)
    return figure


def differences_figure(differences: Mapping[str, Estimate], names: Mapping[str, str]) -> "Figure":
    """Differences of two models with their intervals, and the line where there is none.

    Args:
        differences: Measure -> second minus first.
        names: Measure -> what it is called.
    """
    figure = blank_figure(5.6, 0.9 + 0.34 * len(differences))
    axis = figure.subplots()
    axis.axvline(0, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    for height, found in enumerate(differences.values()):
        if found.method == "bootstrap":
            axis.plot([found.low, found.high], [height, height], color=BLUE, linewidth=1.8)
        axis.plot([found.value], [height], "o", color=BLUE, markersize=5)
    axis.set_yticks(range(len(differences)), [names[name] for name in differences])
    axis.invert_yaxis()
    axis.margins(y=0.12)
    axis.set_xlabel("second minus first, 95 % interval")
    quiet(axis)
    axis.tick_params(axis="y", length=0)
    return figure


def _confusion_panel(axis: "Axes", scores: Scores) -> None:
    from matplotlib.colors import to_rgb

    matrix = scores.matrix
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    count = len(scores.names)
    for row in range(count):
        for column in range(count):
            share, color = shares[row, column], to_rgb(BLUE if row == column else RED)
            # Errors are few; without a floor nobody would see them.
            alpha = 0.0 if share == 0 else 0.25 + 0.75 * share
            axis.add_patch(_cell(row, column, (*color, alpha)))
            if matrix[row, column]:
                axis.text(
                    column,
                    row,
                    str(matrix[row, column]),
                    ha="center",
                    va="center",
                    fontsize=_SMALL,
                    color="#ffffff" if alpha > 0.6 else INK,
                )
    axis.set_xlim(-0.5, count - 0.5)
    axis.set_ylim(count - 0.5, -0.5)
    axis.set_aspect("equal")
    names = [literal(name) for name in scores.names]
    axis.set_xticks(range(count), names, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(count), names)
    axis.set_xlabel("answer")
    axis.set_ylabel("right label")
    quiet(axis, grid=False)
    axis.tick_params(length=0)


def _cell(row: int, column: int, color: tuple[float, float, float, float]) -> "Rectangle":
    from matplotlib.patches import Rectangle

    return Rectangle(
        (column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor=LINE, linewidth=0.7
    )


def literal(text: str) -> str:
    """Text of a user, in which a dollar sign starts no formula."""
    return text.replace("$", r"\$")


def blank_figure(width: float, height: float) -> "Figure":
    """A figure of so many inches without background.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            "figures need matplotlib, which is not installed: pip install 'mrsift[train]'"
        ) from error
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_facecolor("none")
    return figure


def quiet(axis: "Axes", *, grid: bool = True) -> None:
    """Thin grey frame, two sides of it, text in the ink of the page."""
    axis.patch.set_facecolor("none")
    for side, spine in axis.spines.items():
        spine.set_visible(side in ("left", "bottom") and grid)
        spine.set_color(LINE)
    axis.tick_params(colors=INK, labelsize=_SMALL, color=LINE)
    for text in (axis.xaxis.label, axis.yaxis.label):
        text.set_color(SOFT)
        text.set_fontsize(_TEXT)
    axis.title.set_color(INK)
    if grid:
        axis.grid(color=LINE, linewidth=0.6)
        axis.set_axisbelow(True)
