"""3D ResNet of basic blocks, with one head for the label and one for the body region."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

Size3 = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ResNet3dSettings:
    """What the network looks like.

    Attributes:
        widths: Channels of each stage; every stage but the first halves rows and columns.
        blocks: Basic blocks in each stage.
        slice_strides: What each stage divides the slices by. Two slices in the last stage make
            bfloat16 gradients of torch 2.13 on the CPU wrong (memory that was never written).
        stem_kernel: (slices, rows, columns) of the first convolution.
        stem_stride: Its stride.
        dropout: Share of the pooled features that is dropped in training.
        labels: Outputs of the first head.
        regions: Outputs of the second head.
    """

    widths: tuple[int, ...] = (16, 32, 64, 128)
    blocks: tuple[int, ...] = (1, 2, 2, 1)
    slice_strides: tuple[int, ...] = (1, 2, 2, 1)
    stem_kernel: Size3 = (3, 5, 5)
    stem_stride: Size3 = (2, 2, 2)
    dropout: float = 0.2
    labels: int = 9
    regions: int = 2


class Output(NamedTuple):
    """What the network says of n volumes.

    Attributes:
        logits: Shape (n, labels).
        region: Shape (n, regions).
        features: Mean of the last stage over space, before dropout, shape (n, widths[-1]).
    """

    logits: Tensor
    region: Tensor
    features: Tensor


class BasicBlock(nn.Module):
    """Two 3x3x3 convolutions and a shortcut around them.

    The shortcut is the identity where the shape stays, else a projection: a 1x1x1
    convolution with the same stride (He et al. 2016, option B).
    """

    def __init__(self, channels_in: int, channels: int, stride: Size3) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv3d(channels_in, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm3d(channels),
            nn.ReLU(inplace=True),
            nn.Conv3d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm3d(channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != (1, 1, 1) or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv3d(channels_in, channels, 1, stride=stride, bias=False),
                nn.BatchNorm3d(channels),
            )

    def forward(self, volume: Tensor) -> Tensor:
        """Shape (n, channels_in, D, H, W) to (n, channels, D, H, W) over the stride."""
        return torch.relu(self.residual(volume) + self.shortcut(volume))


class ResNet3d(nn.Module):
    """Stem, stages of basic blocks, mean over space, two linear heads."""

    def __init__(self, settings: ResNet3dSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.widths[0]
        depth, height, breadth = (size // 2 for size in settings.stem_kernel)
        self.stem = nn.Sequential(
            nn.Conv3d(
                1,
                width,
                settings.stem_kernel,
                stride=settings.stem_stride,
                padding=(depth, height, breadth),
                bias=False,
            ),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
        )
        stages: list[nn.Module] = []
        shapes = zip(settings.widths, settings.blocks, settings.slice_strides, strict=True)
        for index, (channels, count, slice_stride) in enumerate(shapes):
            in_plane = 2 if index > 0 else 1
            for block in range(count):
                stride = (slice_stride, in_plane, in_plane) if block == 0 else (1, 1, 1)
                stages.append(BasicBlock(width, channels, stride))
                width = channels
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(settings.dropout)
        self.label_head = nn.Linear(width, settings.labels)
        self.region_head = nn.Linear(width, settings.regions)
        self._initialise()

    def forward(self, volume: Tensor) -> Output:
        """Shape (n, 1, slices, rows, columns) to logits, region and features."""
        maps = self.stages(self.stem(volume))  # (n, widths[-1], D / 8, H / 16, W / 16)
        features = maps.mean(dim=(2, 3, 4))  # (n, widths[-1])
        kept = self.dropout(features)
        return Output(self.label_head(kept), self.region_head(kept), features)

    def _initialise(self) -> None:
        """He initialisation; each block starts as its shortcut.

        Source:
            Goyal et al. 2017, Accurate, Large Minibatch SGD, section 5.1: zero scale in the
            last normalisation of each residual branch.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for module in self.modules():
            if isinstance(module, BasicBlock):
                nn.init.zeros_(module.residual[-1].weight)  # type: ignore[arg-type]
