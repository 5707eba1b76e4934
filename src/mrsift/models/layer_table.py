"""Table 1 of He et al. 2016 and Su et al. 2022, made from our networks.

    python -m mrsift.models.layer_table

Sizes are those that an image of 224 x 224 has on its way through; layers and multiply-adds are
counted in the modules that run.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mrsift.config import Depth, NetworkSettings
from mrsift.models.catalogue import build, measure
from mrsift.models.resnet import Block

DEPTHS: tuple[Depth, ...] = (34, 50, 101)
SIDE = 224
CLASSES = 1000
PRINTED = {34: 3.6, 50: 3.8, 101: 7.6}
"""Multiply-adds in 10^9 as both papers print them, with the stride on the first 1x1."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One row of the table for one network.

    Attributes:
        name: E.g. `stage 2`.
        size: Rows of what comes out; the columns are as many.
        parts: E.g. `7×7, 64, stride 2`, or one per convolution of a block.
        times: Blocks of that kind; None where it is no block.
    """

    name: str
    size: int
    parts: tuple[str, ...]
    times: int | None = None

    @property
    def words(self) -> str:
        """The row as it is printed."""
        joined = " · ".join(self.parts)
        return joined if self.times is None else f"[{joined}] × {self.times}"


def network_settings(depth: Depth, stride: str = "1x1") -> NetworkSettings:
    """The network for images of the papers.

    Args:
        depth: Layers with weights.
        stride: `1x1` or `3x3`, the convolution of a bottleneck that has the stride.
    """
    return NetworkSettings(
        dimensions=2,
        depth=depth,
        channels=3,
        bottleneck_stride=stride,  # type: ignore[arg-type]
    )


def layers(settings: NetworkSettings, side: int = SIDE, labels: int = CLASSES) -> list[Layer]:
    """The rows of one network, from what runs.

    Args:
        settings: Of a 2D network.
        side: Rows and columns of its input.
        labels: Outputs.
    """
    with torch.device("meta"):  # shapes only: no memory, no arithmetic
        network = build(settings, labels).eval()
        image = torch.empty(1, settings.channels, side, side)
    sizes: dict[nn.Module, int] = {}

    def note(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        sizes[module] = output.shape[-1]

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.Sequential):
            module.register_forward_hook(note)
    network(image)
    rows = [Layer("stem", sizes[part], (_words(part),)) for part in _counted(network.stem)]
    for number, stage in enumerate(network.stages, start=1):
        assert isinstance(stage, nn.Sequential)
        block = stage[-1]
        assert isinstance(block, Block)
        parts = tuple(_words(part, stride=False) for part in _counted(block.residual))
        rows.append(Layer(f"stage {number}", sizes[stage], parts, len(stage)))
    head = f"mean over space · linear {network.label_head.in_features} → {labels} · softmax"
    return [*rows, Layer("head", 1, (head,))]


def _counted(part: nn.Module) -> Iterator[nn.Module]:
    """What a table names: convolutions and maxima, without normalisations."""
    return (m for m in part.modules() if isinstance(m, nn.Conv2d | nn.MaxPool2d))


def _words(part: nn.Module, *, stride: bool = True) -> str:
    """`7×7, 64, stride 2`."""
    if isinstance(part, nn.Conv2d):
        text = "×".join(map(str, part.kernel_size)) + f", {part.out_channels}"
        step = part.stride[0]
    else:
        assert isinstance(part, nn.MaxPool2d)
        text, step = f"{part.kernel_size}×{part.kernel_size} maximum", int(part.stride)  # type: ignore[arg-type]
    return f"{text}, stride {step}" if stride else text


def multiply_adds(depth: Depth, stride: str) -> int:
    """Of one image of the papers' size."""
    return measure("", network_settings(depth, stride), (SIDE, SIDE), CLASSES).multiply_adds


def markdown() -> str:
    """The table, and the multiply-adds with the stride in either place."""
    columns = [layers(network_settings(depth)) for depth in DEPTHS]
    lines = [
        "| layer | output | " + " | ".join(f"{depth} layers" for depth in DEPTHS) + " |",
        "|---" * (2 + len(DEPTHS)) + "|",
    ]
    for row in zip(*columns, strict=True):
        first = row[0]
        words = [layer.words for layer in row]
        lines.append(f"| {first.name} | {first.size} × {first.size} | {' | '.join(words)} |")
    for stride, where in (("1x1", "first 1×1"), ("3x3", "3×3")):
        counts = [f"{multiply_adds(depth, stride) / 1e9:.2f} × 10⁹" for depth in DEPTHS]
        lines.append(f"| multiply-adds, stride on the {where} | | {' | '.join(counts)} |")
    printed = [f"{PRINTED[depth]} × 10⁹" for depth in DEPTHS]
    lines.append(f"| as both papers print them | | {' | '.join(printed)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Prints the table in Markdown."""
    print(markdown(), end="")


if __name__ == "__main__":
    main()
