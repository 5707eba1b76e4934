"""A trained network's outputs on many volumes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from mrsift.config import PreprocessSettings
from mrsift.models.resnet import ResNet
from mrsift.train.augmentation import apply, draw
from mrsift.train.pool import Pool
from mrsift.types import Float32Array

BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the network said.

    Attributes:
        logits: Shape (n, labels).
        region: Shape (n, regions).
        features: Shape (n, features).
    """

    logits: NDArray[np.float32]
    region: NDArray[np.float32]
    features: NDArray[np.float32]


def score(network: ResNet, volumes: Iterable[Float32Array]) -> Scores:
    """Runs the network.

    Args:
        network: In evaluation mode.
        volumes: Each of the network's input shape.
    """
    parts = []
    remaining = iter(volumes)
    with torch.inference_mode():
        while batch := list(islice(remaining, BATCH)):
            parts.append(network(torch.from_numpy(np.stack(batch)[:, None])))
    logits, region, features = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
    return Scores(logits, region, features)


def augmented(pool: Pool, settings: PreprocessSettings, seed: int) -> Iterator[Float32Array]:
    """Every volume of a pool once, augmented as in training.

    Scans differ from each other more than simulated ones do; calibration on augmented
    volumes leaves room for that.
    """
    for index in range(len(pool)):
        rng = np.random.default_rng((seed, index))
        drawn = draw(rng, settings.input_shape[0])
        yield apply(pool[index], drawn, settings, rng)
