"""Every setting, on one page: one frozen dataclass per room.

The defaults of `PreprocessSettings` are those of Sun et al. 2024; settings that must not drift
between training and inference travel inside the model bundle, which brings its own.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """How planes are grouped into volumes.

    Attributes:
        orientation_tolerance: Largest difference of a direction cosine within a volume.
        position_tolerance_mm: Planes closer than this are at one position.
        spacing_tolerance_mm: Largest deviation of one slice gap from the median gap.
        max_voxels: A volume that claims more is refused before memory is taken.
        max_member_bytes: Largest file read out of an archive.
        max_ratio: Largest accepted compression ratio of an archive member.
    """

    orientation_tolerance: float = 1e-3
    position_tolerance_mm: float = 1e-2
    spacing_tolerance_mm: float = 0.1
    max_voxels: int = 1_000_000_000
    max_member_bytes: int = 4_000_000_000
    max_ratio: float = 1000.0


@dataclass(frozen=True, slots=True)
class PreprocessSettings:
    """From a volume to the network's input; the same function in training and inference.

    Attributes:
        input_shape: (slices, rows, columns) of the network's input.
        intensity: `histogram` equalises over the foreground (Sun et al. 2024); `zscore`
            clips at percentiles, then subtracts the mean and divides by the deviation.
        clip_percentiles: Lower and upper percentile of the clip, for `zscore`.
        crop_background: Cut away the empty border before resizing.
        background_fraction: A border voxel is empty below this share of the 99th percentile.
    """

    input_shape: tuple[int, int, int] = (64, 128, 128)
    intensity: Literal["histogram", "zscore"] = "histogram"
    clip_percentiles: tuple[float, float] = (0.5, 99.5)
    crop_background: bool = True
    background_fraction: float = 0.03


@dataclass(frozen=True, slots=True)
class IdentifySettings:
    """How an answer is made from the evidence.

    Attributes:
        min_probability: Below it the answer is `UNKNOWN`.
        min_in_distribution: Below it the pixels are not listened to.
        conflict_probability: Pixels and header conflict when each gives its own label at
            least this probability.
        pixel_reliability: How often the pixels' opinion is about the image at all; the
            rest is spread over all labels, which bounds what the pixels can outvote.
        header_reliability: Same for the header.
    """

    min_probability: float = 0.5
    min_in_distribution: float = 0.001
    conflict_probability: float = 0.8
    pixel_reliability: float = 0.9
    header_reliability: float = 0.99


Depth = Literal[10, 14, 18, 34, 50, 101]


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What a network looks like; the defaults are the textbook's 3D ResNet-18.

    Kernels, strides and shapes are (slices, rows, columns); a 2D network takes the last two.

    Attributes:
        dimensions: 3, or 2 for a network that sees each slice alone.
        depth: Layers with weights: 10, 14, 18 and 34 of basic blocks, 50 and 101 of bottlenecks.
        channels: Of the input.
        width: Channels of the first stage; each stage has twice those of the one before.
        stem_kernel: Of the first convolution.
        stem_stride: Its stride.
        stem_pool: A 3 x 3 x 3 maximum with stride 2 follows the first convolution.
        slice_strides: What each stage divides the slices by. In plane, every stage but the
            first divides by 2.
        bottleneck_stride: Which convolution of a bottleneck has the stride: `1x1` as He et al.
            printed it, `3x3` as is usual since.
        dropout: Share of the pooled features that is dropped in training, before the heads.
    """

    dimensions: Literal[2, 3] = 3
    depth: Depth = 18
    channels: int = 1
    width: int = 64
    stem_kernel: tuple[int, int, int] = (7, 7, 7)
    stem_stride: tuple[int, int, int] = (2, 2, 2)
    stem_pool: bool = True
    slice_strides: tuple[int, int, int, int] = (1, 2, 2, 2)
    bottleneck_stride: Literal["1x1", "3x3"] = "3x3"
    dropout: float = 0.0
