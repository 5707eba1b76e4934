"""Groups of samples -> parts of wanted size, each with its share of every class."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mrsift.types import Float64Array

_PASSES: Final = 10
_EMPTY: Final = 1000.0
_ABSENT: Final = 10.0


def stratify(
    counts: Float64Array, ratios: Float64Array, present: NDArray[np.bool_], seed: int
) -> NDArray[np.intp]:
    """Give each group to a part, so that every column is shared out as the ratios say.

    Groups are placed one by one, those with the rarest columns first, where the squared
    deviations from the wanted shares, each over the wanted share, grow least. Then each is taken
    out and placed again until nothing moves. A column that enough groups have is in every part.

    Args:
        counts: How much of each column a group has, shape (groups, columns), >= 0; every column
            has something, and columns of equal weight count alike.
        ratios: Shape (parts,), above 0, sum 1.
        present: Which columns must be in every part if enough groups have them, shape (columns,).
        seed: Decides between equals.

    Returns:
        Part of each group, shape (groups,). The same for the same rows in the same order.

    Source:
        The order is that of Sechidis et al., On the Stratification of Multi-Label Data, 2011; the
        least-cost placement of whole groups is the idea of StratifiedGroupKFold of scikit-learn.
    """
    groups, parts = len(counts), len(ratios)
    having = counts > 0
    must = present & (having.sum(axis=0) >= parts)
    shares = np.column_stack([counts / counts.sum(axis=0), np.full(groups, 1 / groups)])
    rng = np.random.default_rng(seed)
    rarest = np.where(having, having.sum(axis=0), groups + 1).min(axis=1, initial=groups + 1)
    order = np.lexsort((rng.permutation(groups), -counts.sum(axis=1), rarest))

    placed = np.full(groups, -1)
    held = np.zeros((parts, shares.shape[1]))
    holders = np.zeros((parts, counts.shape[1]))
    members = np.zeros(parts)
    for _ in range(_PASSES):
        moved = False
        for group in order:
            old = placed[group]
            if old >= 0:
                held[old] -= shares[group]
                holders[old] -= having[group]
                members[old] -= 1
            own = shares[group]
            growth = (2 * (held - ratios[:, None]) @ own + own @ own) / ratios
            # A column or a whole part that is empty is filled before shares are looked at.
            growth -= _ABSENT * ((holders == 0) & must & having[group]).sum(axis=1)
            growth -= _EMPTY * (members == 0)
            new = int(np.argmin(np.round(growth, 12)))
            if old >= 0 and growth[new] > growth[old] - 1e-9:
                new = int(old)
            placed[group] = new
            held[new] += shares[group]
            holders[new] += having[group]
            members[new] += 1
            moved |= new != old
        if not moved:
            break
    return placed
