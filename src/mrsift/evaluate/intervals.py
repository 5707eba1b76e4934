"""What k of n says about the rate behind it."""

import math

Z_95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""


def wilson_interval(successes: int, total: int) -> tuple[float, float]:
    """95 % interval of a rate.

    Args:
        successes: k, 0 to `total`.
        total: n; 0 gives (0, 1): nothing is known.

    Returns:
        Lower and upper bound, 0 to 1.

    Source:
        Wilson 1927, J Am Stat Assoc 22:209-212.
    """
    if total == 0:
        return 0.0, 1.0
    rate, z2 = successes / total, Z_95**2
    middle = (rate + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * math.sqrt(rate * (1 - rate) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)
