"""Weights of one shape -> weights of another that do the same as far as they can."""

from collections.abc import Mapping

import torch
from torch import Tensor


def inflate(weight: Tensor, shape: torch.Size, *, first_layer: bool) -> Tensor | None:
    """A weight at the shape that a network wants.

    A kernel of rows and columns is repeated over the slices and divided by their number, so
    that a volume of equal slices gives what the image gave. The first layer's channels are
    added up and spread evenly, so that equal channels give what they gave.

    Args:
        weight: Any parameter or statistic.
        shape: Wanted.
        first_layer: Whether its second axis is the channels of the input.

    Returns:
        The weight, or None where it cannot be made to fit.

    Source:
        Carreira and Zisserman 2017, Quo Vadis, Action Recognition? (I3D), section 2.4.
    """
    if weight.dim() == 4 and len(shape) == 5:
        weight = weight.unsqueeze(2).expand(-1, -1, shape[2], -1, -1) / shape[2]
    if first_layer and weight.dim() == len(shape) > 1 and weight.shape[1] != shape[1]:
        channels = [-1, shape[1], *([-1] * (len(shape) - 2))]
        weight = weight.sum(dim=1, keepdim=True).expand(channels) / shape[1]
    return weight if weight.shape == shape else None


def fold_bias(weights: dict[str, Tensor]) -> None:
    """Takes the bias out of projections that have one, as MONAI's do.

    The normalisation behind takes the mean away, and so a constant that is added before;
    what is left is to move its running mean.

    Args:
        weights: By our names; changed in place.
    """
    for name in [name for name in weights if name.endswith(".shortcut.0.bias")]:
        bias = weights.pop(name)
        mean = name.replace(".shortcut.0.bias", ".shortcut.1.running_mean")
        if mean in weights:
            weights[mean] = weights[mean] - bias


def pad_shortcuts(body: Mapping[str, Tensor], taken: set[str]) -> dict[str, Tensor]:
    """Projections that a file has nothing for, made to act as what it had in their place.

    MedicalNet's networks of 18 and 34 layers skip voxels and fill new channels with zeros
    (option A of He et al. 2016). A projection with ones on its diagonal does just that.

    Args:
        body: The network's weights by name.
        taken: Names that came from the file.

    Returns:
        Name -> weight, for every projection of which nothing was taken.
    """
    made = {}
    for name, weight in body.items():
        if not name.endswith(".shortcut.0.weight") or name in taken:
            continue
        norm = name.replace(".shortcut.0.weight", ".shortcut.1.")
        if {norm + "weight", norm + "running_mean"} & taken:
            continue
        projection = torch.zeros_like(weight)
        kept = torch.arange(min(weight.shape[:2]))
        projection[kept, kept] = 1.0
        made[name] = projection
        for what, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0)):
            made[norm + what] = torch.full_like(body[norm + what], value)
        # The normalisation adds a little to the variance before it divides by its root.
        made[norm + "running_var"] = torch.full_like(body[norm + "running_var"], 1.0 - 1e-5)
    return made
