"""Networks whose answers a network learns beside the labels, so that it ends as their mean.

Source:
    Hinton, Vinyals, Dean 2015, Distilling the Knowledge in a Neural Network, arXiv:1503.02531.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mrsift.errors import ConfigError
from mrsift.labels import LABEL_NAMES
from mrsift.models.resnet import ResNet
from mrsift.models.weights import network_of_bundle


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A trained network, and what it looks at.

    Attributes:
        network: In evaluation mode.
        input_shape: (slices, rows, columns).
    """

    network: ResNet
    input_shape: tuple[int, int, int]


def teachers_of(bundles: Sequence[Path]) -> tuple[Teacher, ...]:
    """Networks of bundles.

    Args:
        bundles: With weights; of the labels of mrsift, and of intensities as z-scores.

    Returns:
        One for each.

    Raises:
        ConfigError: One knows other labels, or looks at other intensities.
        BundleError: One is damaged or has no weights.
    """
    found = []
    for path in bundles:
        network, manifest = network_of_bundle(path)
        if tuple(manifest.labels) != LABEL_NAMES or manifest.preprocess.intensity != "zscore":
            raise ConfigError(f"{path}: a teacher knows the labels of mrsift and sees z-scores")
        found.append(Teacher(network, manifest.preprocess.input_shape))
    return tuple(found)


def taught(teachers: Sequence[Teacher], volumes: Tensor) -> Tensor:
    """What the teachers say of the volumes that the network sees.

    Args:
        teachers: At least one.
        volumes: Shape (n, 1, slices, rows, columns), z-scores.

    Returns:
        Mean of their probabilities, shape (n, labels).
    """
    answers = []
    with torch.no_grad():
        for teacher in teachers:
            seen = nn.functional.interpolate(volumes, teacher.input_shape, mode="trilinear")
            spread, mean = torch.std_mean(seen, dim=(1, 2, 3, 4), keepdim=True, correction=0)
            seen = (seen - mean) / spread.clamp(min=1e-6)
            answers.append(teacher.network.to(volumes.device)(seen).logits.float().softmax(dim=1))
    return torch.stack(answers).mean(dim=0)
