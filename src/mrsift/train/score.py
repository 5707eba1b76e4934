"""A trained network's outputs on many volumes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from mrsift.config import AugmentationSettings, PreprocessSettings
from mrsift.models.layers import with_every_stage
from mrsift.models.resnet import ResNet
from mrsift.train.augmentation import apply, draw
from mrsift.train.batches import Volumes
from mrsift.types import Float32Array

BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the network said.

    Attributes:
        logits: Shape (n, labels).
        region: Shape (n, regions); None where the network has no such head.
        features: Means of every stage over space, shape (n, features).
    """

    logits: NDArray[np.float32]
    region: NDArray[np.float32] | None
    features: NDArray[np.float32]


def score(network: ResNet, volumes: Iterable[Float32Array]) -> Scores:
    """Runs the network, on a GPU where there is one.

    Args:
        network: In evaluation mode.
        volumes: One or more, each of the network's input shape.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    parts = []
    remaining = iter(volumes)
    with torch.inference_mode():
        while batch := list(islice(remaining, BATCH)):
            volumes_in = torch.from_numpy(np.stack(batch)[:, None]).to(device)
            output = with_every_stage(network, volumes_in)
            parts.append([None if value is None else value.cpu().numpy() for value in output])
    network.to("cpu")
    logits, region, features = (
        None if column[0] is None else np.concatenate(column) for column in zip(*parts, strict=True)
    )
    assert logits is not None
    assert features is not None
    return Scores(logits, region, features)


def augmented(
    volumes: Volumes,
    places: Sequence[int],
    preprocess: PreprocessSettings,
    augmentation: AugmentationSettings,
    seed: int,
) -> Iterator[Float32Array]:
    """Each volume once, augmented as in training.

    Scans differ from each other more than simulated ones do; calibration on augmented
    volumes leaves room for that.
    """
    for index in places:
        rng = np.random.default_rng((seed, index))
        drawn = draw(rng, augmentation, preprocess.input_shape[0])
        yield apply(volumes[index], drawn, preprocess, rng)
