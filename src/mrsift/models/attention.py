"""Which slices of a bag count: gated attention, for labels that only the whole bag has."""

import torch
from torch import Tensor, nn

HIDDEN = 128
"""Units of the two hidden layers; fewer where there are fewer features."""


class GatedAttention(nn.Module):
    """Features of slices -> a score of each; the softmax over a bag is its weights.

    Source:
        Ilse, Tomczak, Welling 2018, Attention-based Deep Multiple Instance Learning, eq. 9.
    """

    def __init__(self, features: int) -> None:
        """Two layers, one of which opens and closes the other.

        Args:
            features: Of a slice.
        """
        super().__init__()
        hidden = min(HIDDEN, features)
        self.content = nn.Linear(features, hidden)
        self.gate = nn.Linear(features, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Shape (..., features) to scores, shape (...)."""
        hidden = torch.tanh(self.content(features)) * torch.sigmoid(self.gate(features))
        return self.score(hidden).squeeze(-1)  # type: ignore[no-any-return]
