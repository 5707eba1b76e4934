"""The networks by name, with their size: `python -m mrsift.models.catalogue` prints the table."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mrsift.config import Depth, NetworkSettings
from mrsift.models.resnet import ResNet

DEFAULT = NetworkSettings(
    depth=14,
    width=16,
    stem_kernel=(3, 5, 5),
    stem_pool=False,
    # Two slices in the last stage make bfloat16 gradients of torch 2.13 on the CPU wrong
    # (memory that was never written); three or more do not.
    slice_strides=(1, 2, 1, 1),
    dropout=0.2,
    looks=(1.0, 0.7),
)
"""The network of the recipe `default` and of the bundles that ship, at 12 x 160 x 160."""

DEPTHS: tuple[Depth, ...] = (10, 18, 34, 50, 101)
"""Those in the table; 14 is the shipped network's own."""


def build(settings: NetworkSettings, labels: int, regions: int = 0) -> ResNet:
    """A network with fresh weights, which follow from torch's random generator.

    Args:
        settings: What it looks like.
        labels: Outputs of the first head.
        regions: Outputs of the second head; 0 for none.

    Raises:
        ConfigError: No ResNet has that depth or those dimensions.
    """
    return ResNet(settings, labels, regions)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: E.g. `ResNet-50, 2D`.
        shape: Of one input: (channels, [slices,] rows, columns).
        labels: Outputs of its head.
        parameters: Numbers that training changes.
        multiply_adds: Multiplications of convolutions and heads for one input.
    """

    name: str
    shape: tuple[int, ...]
    labels: int
    parameters: int
    multiply_adds: int


def measure(
    name: str, settings: NetworkSettings, shape: tuple[int, ...], labels: int, regions: int = 0
) -> Row:
    """Counts parameters and multiply-adds of a network by running it without numbers.

    Args:
        name: For the table.
        settings: What it looks like.
        shape: Of one input, without its channels.
        labels: Outputs of the first head.
        regions: Of the second.
    """
    with torch.device("meta"):  # shapes only: no memory, no arithmetic
        network = build(settings, labels, regions).eval()
        volume = torch.empty(1, settings.channels, *shape)
    counts: list[int] = []

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        # Each output number costs one multiplication per weight of its channel.
        weight = module.get_parameter("weight")
        counts.append(output.numel() * (weight.numel() // len(weight)))

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d | nn.Linear):
            module.register_forward_hook(count)
    network(volume)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Row(name, (settings.channels, *shape), labels, parameters, sum(counts))


def parameter_and_flop_table() -> list[Row]:
    """Every network at the sizes that the papers and the shipped bundle use."""
    rows = [
        measure("shipped bundles", DEFAULT, (12, 160, 160), 9, 2),
    ]
    for depth in DEPTHS:
        settings = NetworkSettings(depth=depth)
        rows.append(measure(f"ResNet-{depth}, 3D", settings, (64, 128, 128), 6))
    for depth in DEPTHS:
        settings = NetworkSettings(dimensions=2, depth=depth, channels=3)
        rows.append(measure(f"ResNet-{depth}, 2D", settings, (224, 224), 1000))
    for depth in DEPTHS[-2:]:
        settings = NetworkSettings(dimensions=2, depth=depth, channels=3, bottleneck_stride="1x1")
        name = f"ResNet-{depth}, 2D, stride on the first 1x1"
        rows.append(measure(name, settings, (224, 224), 1000))
    return rows


def main() -> None:
    """Prints the table in Markdown."""
    print("| network | input | labels | parameters | multiply-adds |")
    print("|---|---|---|---|---|")
    for row in parameter_and_flop_table():
        shape = " × ".join(map(str, row.shape))
        print(
            f"| {row.name} | {shape} | {row.labels} | {row.parameters / 1e6:.2f} M "
            f"| {row.multiply_adds / 1e9:.2f} × 10⁹ |"
        )


if __name__ == "__main__":
    main()
