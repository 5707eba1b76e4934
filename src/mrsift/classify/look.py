"""A trained network over one prepared study: what it sees in each slice, or in the volume."""

from dataclasses import dataclass

import numpy as np
import torch

from mrsift.classify.reading import Head, Seen
from mrsift.models.resnet import ResNet
from mrsift.types import Float32Array

SLICES_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Looker:
    """A network where it runs: on a GPU where there is one.

    Attributes:
        network: In evaluation mode.
        whole: It sees the volume at once.
        mirrored: Each study is looked at a second time, left for right.
    """

    network: ResNet
    whole: bool
    mirrored: bool

    def __call__(self, study: Float32Array) -> tuple[Seen, ...]:
        """Looks once, or twice.

        Args:
            study: Prepared, shape (channels, slices, rows, columns).
        """
        views = [study, study[..., ::-1]] if self.mirrored else [study]
        return tuple(self._look(view) for view in views)

    def _look(self, study: Float32Array) -> Seen:
        device = next(self.network.parameters()).device
        attention = self.network.attention_head
        with torch.inference_mode():
            if self.whole:
                volume = torch.from_numpy(np.ascontiguousarray(study)[None]).to(device)
                return Seen(self.network(volume).features.cpu().numpy(), None)
            parts = []
            for first in range(0, study.shape[1], SLICES_AT_ONCE):
                stack = study[:, first : first + SLICES_AT_ONCE].transpose(1, 0, 2, 3)
                images = torch.from_numpy(np.ascontiguousarray(stack)).to(device)
                parts.append(self.network.image_features(images))
            features = torch.cat(parts)
            scores = None if attention is None else attention(features).cpu().numpy()
            return Seen(features.cpu().numpy(), scores)


def make_looker(network: ResNet, *, whole: bool, mirrored: bool) -> Looker:
    """Puts a network where it runs best.

    Args:
        network: Of a checkpoint.
        whole: It sees the volume at once.
        mirrored: Each study is looked at a second time, left for right.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return Looker(network.to(device).eval(), whole, mirrored)


def head_of(network: ResNet) -> Head:
    """The linear layer at the end of a network, in NumPy."""
    linear = network.label_head
    return Head(
        linear.weight.detach().cpu().numpy().astype(np.float64),
        linear.bias.detach().cpu().numpy().astype(np.float64),
        network.settings.dropout,
    )
