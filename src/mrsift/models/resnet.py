"""The ResNets, 2D and 3D, from 10 to 101 layers: stem, four stages of blocks, mean, heads.

Source:
    He et al. 2016, Deep Residual Learning for Image Recognition, table 1.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mrsift.config import Depth, NetworkSettings
from mrsift.errors import ConfigError
from mrsift.models.attention import GatedAttention
from mrsift.preprocess.resample import weights

Size = tuple[int, ...]
"""One number per axis: (slices, rows, columns), or (rows, columns)."""

CONVOLUTION = {2: nn.Conv2d, 3: nn.Conv3d}
NORMALISATION = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
MAXIMUM = {2: nn.MaxPool2d, 3: nn.MaxPool3d}

BLOCKS: dict[Depth, Size] = {
    10: (1, 1, 1, 1),
    14: (1, 2, 2, 1),
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
}
"""Layers with weights -> blocks in each stage."""

BOTTLENECK_DEPTHS = (50, 101)
EXPANSION = 4
"""A bottleneck gives this many times the channels that its middle works on."""


class Output(NamedTuple):
    """What a network says of n volumes.

    Attributes:
        logits: Shape (n, labels).
        region: Shape (n, regions); None where the network has no such head.
        features: Mean of the last stage over space, before dropout, shape (n, k); of several
            slices, their mean, weighted where the network has attention; of several looks, the
            mean over them.
    """

    logits: Tensor
    region: Tensor | None
    features: Tensor


def convolution(channels_in: int, channels: int, kernel: Size, stride: Size) -> list[nn.Module]:
    """A convolution that changes the size by its stride alone, and its normalisation."""
    return [
        CONVOLUTION[len(kernel)](
            channels_in,
            channels,
            kernel,  # type: ignore[arg-type]
            stride=stride,  # type: ignore[arg-type]
            padding=tuple(size // 2 for size in kernel),  # type: ignore[arg-type]
            bias=False,
        ),
        NORMALISATION[len(kernel)](channels),
    ]


class Block(nn.Module):
    """A residual branch and the shortcut around it, added.

    The shortcut is the identity where the shape stays, else a projection: a convolution of
    one voxel with the same stride (option B of He et al. 2016).
    """

    def __init__(self, residual: nn.Sequential, channels: tuple[int, int], stride: Size) -> None:
        """Puts a shortcut around a residual branch.

        Args:
            residual: Of `basic` or `bottleneck`.
            channels: That go in and come out.
            stride: Of the residual branch as a whole.
        """
        super().__init__()
        self.residual = residual
        self.shortcut: nn.Module = nn.Identity()
        if channels[0] != channels[1] or max(stride) > 1:
            self.shortcut = nn.Sequential(*convolution(*channels, (1,) * len(stride), stride))

    def forward(self, volume: Tensor) -> Tensor:
        """Shape (n, channels in, ...) to (n, channels out, ... over the stride)."""
        return torch.relu(self.residual(volume) + self.shortcut(volume))


def basic(channels_in: int, width: int, stride: Size) -> Block:
    """Two convolutions of 3 voxels; gives `width` channels."""
    one, three = (1,) * len(stride), (3,) * len(stride)
    residual = nn.Sequential(
        *convolution(channels_in, width, three, stride),
        nn.ReLU(inplace=True),
        *convolution(width, width, three, one),
    )
    return Block(residual, (channels_in, width), stride)


def bottleneck(channels_in: int, width: int, stride: Size, stride_at: str) -> Block:
    """Down to `width` channels, a convolution of 3 voxels, and up to four times `width`.

    Args:
        channels_in: That go in.
        width: That the middle works on.
        stride: Of the block.
        stride_at: `1x1` or `3x3`, the convolution that has the stride.
    """
    one, three = (1,) * len(stride), (3,) * len(stride)
    first, middle = (stride, one) if stride_at == "1x1" else (one, stride)
    residual = nn.Sequential(
        *convolution(channels_in, width, one, first),
        nn.ReLU(inplace=True),
        *convolution(width, width, three, middle),
        nn.ReLU(inplace=True),
        *convolution(width, EXPANSION * width, one, one),
    )
    return Block(residual, (channels_in, EXPANSION * width), stride)


def seen_at(volume: Tensor, share: float) -> Tensor:
    """A volume with fewer rows and columns, each pixel the mean over its area.

    Args:
        volume: Shape (..., rows, columns).
        share: Of the rows and columns, of which at least one is left; 1 leaves them as they are.
    """
    if share == 1.0:
        return volume
    down, across = (
        torch.tensor(weights(int(size), max(1, round(share * int(size))))).to(volume)
        for size in volume.shape[-2:]
    )
    return down @ volume @ across.T


class ResNet(nn.Module):
    """Stem, four stages, mean over space, dropout, and one linear head or two."""

    def __init__(self, settings: NetworkSettings, labels: int, regions: int = 0) -> None:
        """Builds the network with fresh weights.

        Args:
            settings: What it looks like.
            labels: Outputs of the first head.
            regions: Outputs of the second head; 0 for none.

        Raises:
            ConfigError: No ResNet has that depth or those dimensions, or it looks at nothing.
        """
        super().__init__()
        if settings.depth not in BLOCKS or settings.dimensions not in CONVOLUTION:
            raise ConfigError(
                f"No ResNet with {settings.depth} layers in {settings.dimensions} dimensions: "
                f"choose one of {', '.join(map(str, BLOCKS))}, and 2 or 3."
            )
        if not settings.looks or not all(0 < share <= 1 for share in settings.looks):
            raise ConfigError(
                f"network.looks is {list(settings.looks)}: expected one or more shares, each "
                "above 0 and at most 1."
            )
        self.settings = settings
        self.stem = _stem(settings)
        stages, channels = [], settings.width
        for index in range(len(BLOCKS[settings.depth])):
            stage, channels = _stage(settings, index, channels)
            stages.append(stage)
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(settings.dropout)
        self.label_head = nn.Linear(channels, labels)
        self.region_head = nn.Linear(channels, regions) if regions else None
        attends = settings.dimensions == 2 and settings.slice_pooling == "attention"
        self.attention_head = GatedAttention(channels) if attends else None
        self._initialise()

    def forward(self, volume: Tensor) -> Output:
        """Shape (n, channels, slices, rows, columns) to logits, region and features.

        A 2D network sees each slice alone, and the mean over the slices, or the mean weighted
        by attention, is its features; it also takes single images, shape (n, channels, rows,
        columns).
        """
        looks = [self._pooled(seen_at(volume, share)) for share in self.settings.looks]
        features = torch.stack(looks).mean(dim=0) if len(looks) > 1 else looks[0]  # (n, k)
        kept = self.dropout(features)
        region = self.region_head(kept) if self.region_head is not None else None
        return Output(self.label_head(kept), region, features)

    def _pooled(self, volume: Tensor) -> Tensor:
        """Mean of the last stage over space, shape (n, k)."""
        if self.settings.dimensions == 3:
            return self.stages(self.stem(volume)).mean(dim=(2, 3, 4))  # type: ignore[no-any-return]
        slices = volume.shape[2] if volume.dim() == 5 else 1
        images = volume.transpose(1, 2).flatten(0, 1) if volume.dim() == 5 else volume
        seen = self.image_features(images)
        seen = seen.reshape(-1, slices, seen.shape[1])  # (n, slices, k)
        if self.attention_head is None:
            return seen.mean(dim=1)
        weights = torch.softmax(self.attention_head(seen), dim=1)  # (n, slices)
        return (weights[..., None] * seen).sum(dim=1)

    def image_features(self, images: Tensor) -> Tensor:
        """What a 2D network sees in each image: (n, channels, rows, columns) to (n, k)."""
        maps: Tensor = self.stages(self.stem(images))  # (n, k, rows, columns)
        return maps.mean(dim=(2, 3))

    def _initialise(self) -> None:
        """He initialisation; each block starts as its shortcut.

        Source:
            Goyal et al. 2017, Accurate, Large Minibatch SGD, section 5.1: zero scale in the
            last normalisation of each residual branch.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for module in self.modules():
            if isinstance(module, Block):
                nn.init.zeros_(module.residual[-1].weight)  # type: ignore[arg-type]


def _stem(settings: NetworkSettings) -> nn.Sequential:
    """First convolution, and a maximum behind it where there is one."""
    kernel = settings.stem_kernel[-settings.dimensions :]
    stride = settings.stem_stride[-settings.dimensions :]
    layers = convolution(settings.channels, settings.width, kernel, stride)
    layers.append(nn.ReLU(inplace=True))
    if settings.stem_pool:
        layers.append(MAXIMUM[settings.dimensions](3, stride=2, padding=1))
    return nn.Sequential(*layers)


def _stage(settings: NetworkSettings, index: int, channels: int) -> tuple[nn.Sequential, int]:
    """One stage, and the channels that come out of it; its first block has the stride.

    Args:
        settings: Of the network.
        index: Of the stage, from 0.
        channels: That go in.
    """
    in_plane = 1 if index == 0 else 2
    stride: Size = (settings.slice_strides[index], in_plane, in_plane)[-settings.dimensions :]
    width = settings.width * 2**index
    blocks: list[nn.Module] = []
    for _ in range(BLOCKS[settings.depth][index]):
        if settings.depth in BOTTLENECK_DEPTHS:
            blocks.append(bottleneck(channels, width, stride, settings.bottleneck_stride))
            channels = EXPANSION * width
        else:
            blocks.append(basic(channels, width, stride))
            channels = width
        stride = (1,) * settings.dimensions
    return nn.Sequential(*blocks), channels
