"""The residual blocks of a network as a figure, drawn from its modules."""

from typing import TYPE_CHECKING, Any

from torch import nn

from mrsift.evaluate.figures import BLUE, INK, ORANGE, SOFT
from mrsift.models.resnet import Block, ResNet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _STEP = 2.8, 0.5, 0.86
_SHORTCUT = 3.6
_TEXT = 9.5


def block_figure(network: ResNet, stage: int = 1) -> "Figure":
    """The first block of a stage, whose shape changes, and the second, whose shape stays.

    Args:
        network: With two blocks or more in that stage.
        stage: From 0.
    """
    from matplotlib.figure import Figure

    blocks = list(network.stages[stage].children())[:2]
    steps = max(len(_rows(block)) for block in blocks)
    figure = Figure(figsize=(8.4, 1.2 + 0.62 * steps), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, block, name in zip(
        axes,
        blocks,
        ("convolution block: shape changes", "identity block: shape stays"),
        strict=True,
    ):
        assert isinstance(block, Block)
        _draw(axis, block, steps)
        axis.set_title(name, fontsize=_TEXT + 1.5, color=INK)
    return figure


def layer_words(part: nn.Module) -> str | None:
    """A layer in words; None for one that is written behind the layer before it."""
    if isinstance(part, nn.Conv2d | nn.Conv3d):
        size = "×".join(map(str, part.kernel_size))
        alike = len(set(part.stride)) == 1
        steps = part.stride[:1] if alike else part.stride
        step = "" if max(steps) == 1 else f", stride {'×'.join(map(str, steps))}"
        return f"{size}, {part.in_channels} → {part.out_channels}{step}"
    return None


def _rows(block: nn.Module) -> list[tuple[str, str]]:
    """(convolution, what follows it) of the residual branch, from the modules."""
    assert isinstance(block, Block)
    return _branch(block.residual)


def _branch(branch: nn.Module) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for part in branch.children():
        words = layer_words(part)
        if words is not None:
            rows.append((words, ""))
        elif rows:
            named = "normalisation" if "BatchNorm" in type(part).__name__ else type(part).__name__
            before = rows[-1][1]
            rows[-1] = (rows[-1][0], f"{before}, {named}" if before else named)
    return rows


def _draw(axis: "Axes", block: Block, steps: int) -> None:
    rows = _branch(block.residual)
    shortcut = _branch(block.shortcut)
    top = steps * _STEP
    axis.set_xlim(-_WIDTH / 2 - 0.9, _SHORTCUT + 1.5)
    axis.set_ylim(-1.75, top + 0.75)
    axis.set_axis_off()
    axis.text(
        0, top + 0.5, "x", ha="center", va="center", fontsize=_TEXT + 2, color=INK, style="italic"
    )
    arrow = {"arrowstyle": "-|>", "color": SOFT, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    low = top + 0.32
    for place, (words, after) in enumerate(rows):
        middle = top - place * (top / len(rows)) - top / len(rows) / 2
        axis.annotate("", (0, middle + _HEIGHT / 2), (0, low), arrowprops=arrow)
        _box(axis, (0, middle), words, BLUE)
        if after:
            axis.text(
                0.12, middle - _HEIGHT / 2 - 0.05, after, fontsize=_TEXT - 2, color=SOFT, va="top"
            )
        low = middle - _HEIGHT / 2
    plus = -0.55
    axis.annotate("", (0, plus + 0.2), (0, low), arrowprops=arrow)
    axis.annotate("", (0, -1.4), (0, plus - 0.22), arrowprops=arrow)
    axis.plot([0.0, _SHORTCUT, _SHORTCUT], [top + 0.2, top + 0.2, plus], color=SOFT, linewidth=1.1)
    axis.annotate("", (0.24, plus), (_SHORTCUT, plus), arrowprops=arrow)
    ring = {"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": INK}
    axis.text(0, plus, "+", ha="center", va="center", fontsize=_TEXT + 5, color=INK, bbox=ring)
    formula: dict[str, Any] = {"fontsize": _TEXT, "color": INK, "style": "italic", "va": "center"}
    axis.text(-0.14, plus + 0.36, "F(x)", ha="right", **formula)
    summand = "projection of x" if shortcut else "x"
    axis.text(0.3, plus - 0.3, f"H(x) = F(x) + {summand}", **formula)
    axis.text(0, -1.58, "ReLU(H(x))", ha="center", **formula)
    _draw_shortcut(axis, shortcut, (top + plus) / 2)


def _draw_shortcut(axis: "Axes", shortcut: list[tuple[str, str]], middle: float) -> None:
    quiet: dict[str, Any] = {"fontsize": _TEXT - 2, "color": SOFT, "va": "top"}
    if not shortcut:
        axis.text(
            _SHORTCUT - 0.12, middle, "identity", ha="right", fontsize=_TEXT, color=INK, va="center"
        )
        return
    words, after = shortcut[0]
    _box(axis, (_SHORTCUT, middle), words, ORANGE)
    axis.text(_SHORTCUT + 0.1, middle - _HEIGHT / 2 - 0.05, after, **quiet)
    axis.text(_SHORTCUT + 0.1, middle + _HEIGHT / 2 + 0.08, "projection", fontsize=_TEXT, color=INK)


def _box(axis: "Axes", place: tuple[float, float], words: str, color: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    axis.add_patch(
        FancyBboxPatch(
            (x - _WIDTH / 2, y - _HEIGHT / 2),
            _WIDTH,
            _HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="white",
            edgecolor=color,
            linewidth=1.4,
            zorder=3,
        )
    )
    axis.text(x, y, words, ha="center", va="center", fontsize=_TEXT - 1.3, color=INK, zorder=4)
