"""Where a network looked: Grad-CAM, and the check that what it shows was learnt."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from mrsift.models.resnet import ResNet
from mrsift.types import Float32Array

LAST_STAGE = -1

MOST_SIMILAR = 0.5
"""Maps of a random network that rank voxels more like the trained one's do not show learning."""


@dataclass(frozen=True, slots=True, eq=False)
class Saliency:
    """Where a network looked for one answer.

    Attributes:
        values: Shape of the input, 0 (adds nothing) to 1 (adds most).
        resolution: (slices, rows, columns) that the network has there; `values` is interpolated
            from so many numbers and shows nothing finer.
    """

    values: Float32Array
    resolution: tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class SanityCheck:
    """How alike the maps of a trained network and of randomised ones are.

    Attributes:
        layers: What is random: each entry adds to the ones before it, from the head down.
        similarity: Rank correlation of the maps with the trained network's, -1 to 1, mean over
            the volumes; None where every map of the trained network was empty.
    """

    layers: tuple[str, ...]
    similarity: tuple[float | None, ...]

    @property
    def passed(self) -> bool:
        """Whether the map of the wholly random network is another one.

        A map that hardly changes shows the image, not what was learnt from it.
        """
        last = self.similarity[-1]
        return last is not None and abs(last) < MOST_SIMILAR


def grad_cam(
    network: ResNet, volume: Float32Array, label: int, stage: int = LAST_STAGE
) -> Saliency:
    """Grad-CAM: the maps of a stage, weighted by what they add to a label's logit.

    A 2D network's slices are images of their own: each has its own weights, so what attention
    leaves out has no map. All slices share one scale. Of several looks, the map is of the first.

    Args:
        network: 2D or 3D; its mode and gradients are left as they were.
        volume: Input, shape (channels, slices, rows, columns) or (slices, rows, columns).
        label: Index of the output.
        stage: Index of the stage; earlier ones are finer and less specific.

    Source:
        Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks.
    """
    with _maps_of(network, stage) as kept, torch.enable_grad():
        logit = network(as_batch(volume, network)).logits[0, label]
        maps = kept[0]
        (gradient,) = torch.autograd.grad(logit, maps)
    if network.settings.dimensions == 2:  # (slices, k, rows, columns) -> (1, k, slices, ...)
        maps, gradient = (value.transpose(0, 1)[None] for value in (maps, gradient))
    own = (3, 4) if network.settings.dimensions == 2 else (2, 3, 4)
    weights = gradient.mean(dim=own, keepdim=True)
    coarse = torch.relu((weights * maps).sum(dim=1, keepdim=True)).detach()
    fine = to_input_shape(coarse[0], volume.shape[-3:])[0]
    highest = float(fine.max())
    slices, rows, columns = coarse.shape[2:]
    values = (fine / highest if highest > 0 else fine).cpu().numpy()
    return Saliency(values, (slices, rows, columns))


def as_batch(volume: Float32Array, network: ResNet) -> Tensor:
    """One input, shape ([channels,] slices, rows, columns), as a batch of one for a network."""
    batch = torch.from_numpy(np.ascontiguousarray(volume, dtype=np.float32))
    batch = batch.reshape(1, -1, *volume.shape[-3:])
    return batch.to(network.label_head.weight.device)


def to_input_shape(coarse: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Maps of a stage at the input's shape, interpolated.

    Args:
        coarse: Shape (maps, slices, rows, columns).
        shape: (slices, rows, columns) of the input.
    """
    return nn.functional.interpolate(
        coarse[None], size=shape, mode="trilinear", align_corners=False
    )[0]


@contextmanager
def _maps_of(network: ResNet, stage: int) -> Iterator[list[Tensor]]:
    """Keeps what a stage gives, with the network in evaluation mode.

    Gradients begin there: nothing before the stage is kept for them, so that many slices fit
    into memory.
    """
    kept: list[Tensor] = []
    was_training = network.training
    asked = [parameter for parameter in network.parameters() if parameter.requires_grad]

    def keep(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[-1]

    network.eval().requires_grad_(False)
    handle = network.stages[stage].register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()
        network.train(was_training)
        for parameter in asked:
            parameter.requires_grad_()


def randomised_weights_check(
    network: ResNet, volumes: Sequence[Float32Array], labels: Sequence[int], seed: int = 0
) -> SanityCheck:
    """Compares the maps with those of networks whose weights are random, from the head down.

    Args:
        network: Trained; it is not changed.
        volumes: Inputs, each as for `grad_cam`; a dozen is enough.
        labels: One index per volume.
        seed: Of the random weights.

    Source:
        Adebayo et al. 2018, Sanity Checks for Saliency Maps: cascading randomisation.
    """
    trained = [grad_cam(network, *pair).values for pair in zip(volumes, labels, strict=True)]
    other = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    last = len(other.stages)
    head = [part for part in (other.label_head, other.attention_head) if part is not None]
    parts: list[tuple[str, nn.Module]] = [("head", nn.ModuleList(head))]
    parts += [(f"stage {last - index}", part) for index, part in enumerate(reversed(other.stages))]
    parts.append(("stem", other.stem))
    names, similarity = [], []
    for name, part in parts:
        _randomise(part, generator)
        names.append(name)
        found = [
            _similarity(before, grad_cam(other, *pair).values)
            for before, pair in zip(trained, zip(volumes, labels, strict=True), strict=True)
        ]
        defined = [value for value in found if value is not None]
        similarity.append(float(np.mean(defined)) if defined else None)
    return SanityCheck(tuple(names), tuple(similarity))


def _randomise(part: nn.Module, generator: torch.Generator) -> None:
    """Puts fresh weights into every convolution and linear layer; normalisations pass through."""
    for module in part.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d | nn.Linear):
            fan_in = module.weight[0].numel()
            fresh = torch.empty(module.weight.shape)  # drawn on the CPU: the same on every device
            fresh.normal_(0.0, (2.0 / fan_in) ** 0.5, generator=generator)
            module.weight.data.copy_(fresh)
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            module.reset_running_stats()
            module.reset_parameters()


def _similarity(trained: Float32Array, random: Float32Array) -> float | None:
    """Spearman's correlation; 0 where the random map is empty, None where the trained one is."""
    if np.ptp(trained) == 0:
        return None
    if np.ptp(random) == 0:
        return 0.0
    return float(spearmanr(trained, random, axis=None).statistic)
