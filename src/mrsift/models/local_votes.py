"""What a network would answer if each place spoke for itself, and how far networks disagree there.

The last stage's maps are averaged over space and go through a linear head, so the logits are the
mean of one logit per place (Zhou et al. 2016). The softmax of a place's own logits is its vote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mrsift.models.resnet import ResNet
from mrsift.models.saliency import as_batch, to_input_shape
from mrsift.types import Float32Array, Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class LocalVotes:
    """Votes of places and of slices, over several answers.

    Attributes:
        mean: Mean vote for the label, shape of the input without channels, 0 to 1.
        deviation: Standard deviation of the vote over the answers; None with a single answer.
        resolution: (slices, rows, columns) that the last stage really has.
        slices: Vote of each slice alone, shape (answers, slices); None in 3D.
        attention: Weight of each slice, shape (answers, slices), sum 1; None without attention.
        answers: Networks, times passes with dropout where there are any.
    """

    mean: Float32Array
    deviation: Float32Array | None
    resolution: tuple[int, int, int]
    slices: Float64Array | None
    attention: Float64Array | None
    answers: int


def local_votes(
    networks: Sequence[ResNet],
    volume: Float32Array,
    label: int,
    passes: int = 0,
    seed: int = 0,
) -> LocalVotes:
    """Votes of every place for a label.

    Args:
        networks: Of one shape, in evaluation mode; at least one.
        volume: Input, shape (channels, slices, rows, columns).
        label: Index of the output.
        passes: Each network is asked so often with dropout before its head; 0 asks once without.
        seed: Of the dropout.

    Source:
        Zhou et al. 2016, Learning Deep Features for Discriminative Localization; Gal and
        Ghahramani 2016, Dropout as a Bayesian Approximation.
    """
    generator = torch.Generator().manual_seed(seed)
    places, slices, attention = [], [], []
    with torch.no_grad():
        for network in networks:
            maps = _last_maps(network, volume)  # (k, slices, rows, columns)
            weights = _attention(network, maps)
            for _ in range(max(passes, 1)):
                kept = _dropped(network, len(maps), generator) if passes else None
                seen = maps if kept is None else maps * kept.to(maps)[:, None, None, None]
                places.append(_vote(network, seen, label).cpu())
                slices.append(_vote(network, seen.mean(dim=(2, 3)), label).cpu())
                attention.append(weights)
    stacked = torch.stack(places)
    fine = to_input_shape(stacked.mean(dim=0, keepdim=True), volume.shape[-3:])[0]
    spread = None
    if len(places) > 1:
        spread = to_input_shape(stacked.std(dim=0, keepdim=True), volume.shape[-3:])[0].numpy()
    coarse = stacked.shape[1:]
    flat = networks[0].settings.dimensions == 2
    known = [weights for weights in attention if weights is not None]
    return LocalVotes(
        fine.numpy(),
        spread,
        (coarse[0], coarse[1], coarse[2]),
        torch.stack(slices).numpy().astype(np.float64) if flat else None,
        torch.stack(known).numpy().astype(np.float64) if known else None,
        len(places),
    )


def _last_maps(network: ResNet, volume: Float32Array) -> Tensor:
    """Maps of the last stage, shape (k, slices, rows, columns)."""
    batch = as_batch(volume, network)
    if network.settings.dimensions == 3:
        return network.stages(network.stem(batch))[0]  # type: ignore[no-any-return]
    maps: Tensor = network.stages(network.stem(batch[0].transpose(0, 1)))
    return maps.transpose(0, 1)


def _attention(network: ResNet, maps: Tensor) -> Tensor | None:
    if network.attention_head is None:
        return None
    scores = network.attention_head(maps.mean(dim=(2, 3)).T)
    return torch.softmax(scores, dim=0).cpu()


def _dropped(network: ResNet, channels: int, generator: torch.Generator) -> Tensor:
    """What one pass of dropout multiplies the features by."""
    keep = 1.0 - network.settings.dropout
    return (torch.rand(channels, generator=generator) < keep) / keep


def _vote(network: ResNet, maps: Tensor, label: int) -> Tensor:
    """Probability of the label from features (k, ...) as if nothing else were there."""
    logits = network.label_head(maps.movedim(0, -1))
    return torch.softmax(logits, dim=-1)[..., label]
