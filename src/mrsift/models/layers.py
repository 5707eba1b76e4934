"""What every stage of a network sees, not the last one alone."""

import torch
from torch import Tensor, nn

from mrsift.models.resnet import Output, ResNet


def with_every_stage(network: ResNet, volume: Tensor) -> Output:
    """The network's output, with the means of all stages over space as its features.

    Args:
        network: 2D or 3D.
        volume: Shape (n, channels, slices, rows, columns).

    Returns:
        `features` has shape (n, sum of the channels of the stages), first stage first; those
        of a 2D network are means over the slices, those of several looks means over the looks.

    Source:
        Lambert et al. 2023, Multi-layer Aggregation as a Key to Feature-Based OOD Detection
        (arXiv 2307.15647): no single layer tells every kind of stranger.
    """
    means: list[Tensor] = []

    def keep(_stage: nn.Module, _inputs: tuple[Tensor, ...], maps: Tensor) -> None:
        mean = maps.flatten(2).mean(dim=2)  # (n or n * slices, channels)
        means.append(mean.reshape(volume.shape[0], -1, mean.shape[1]).mean(dim=1))

    handles = [stage.register_forward_hook(keep) for stage in network.stages]
    try:
        output: Output = network(volume)
    finally:
        for handle in handles:
            handle.remove()
    stages = len(network.stages)  # the first look's come first
    over_looks = [torch.stack(means[stage::stages]).mean(dim=0) for stage in range(stages)]
    return output._replace(features=torch.cat(over_looks, dim=1))
