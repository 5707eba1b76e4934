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

    Args:
        network: 2D or 3D; its mode and gradients are left as they were.
        volume: Input, shape (channels, slices, rows, columns) or (slices, rows, columns).
        label: Index of the output.
        stage: Index of the stage; earlier ones are finer and less specific.

    Source:
        Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks.
    """
    batch = torch.from_numpy(np.ascontiguousarray(volume, dtype=np.float32))
    batch = batch.reshape(1, -1, *volume.shape[-3:])
    with _maps_of(network, stage) as kept, torch.enable_grad():
        logit = network(batch.requires_grad_()).logits[0, label]
        maps = kept[0]
        (gradient,) = torch.autograd.grad(logit, maps)
    if network.settings.dimensions == 2:  # (slices, k, rows, columns) -> (1, k, slices, ...)
        maps, gradient = (value.transpose(0, 1)[None] for value in (maps, gradient))
    weights = gradient.mean(dim=(2, 3, 4), keepdim=True)
    coarse = torch.relu((weights * maps).sum(dim=1, keepdim=True)).detach()
    fine = nn.functional.interpolate(
        coarse, size=volume.shape[-3:], mode="trilinear", align_corners=False
    )[0, 0]
    highest = float(fine.max())
    slices, rows, columns = coarse.shape[2:]
    return Saliency((fine / highest if highest > 0 else fine).numpy(), (slices, rows, columns))


@contextmanager
def _maps_of(network: ResNet, stage: int) -> Iterator[list[Tensor]]:
    """Keeps what a stage gives, with the network in evaluation mode."""
    kept: list[Tensor] = []
    was_training = network.training
    network.eval()
    handle = network.stages[stage].register_forward_hook(
        lambda _module, _inputs, output: kept.append(output)
    )
    try:
        yield kept
    finally:
        handle.remove()
        network.train(was_training)


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
    parts: list[tuple[str, nn.Module]] = [("head", other.label_head)]
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
            module.weight.data.normal_(0.0, (2.0 / fan_in) ** 0.5, generator=generator)
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
