"""Which label was answered for which."""

import numpy as np
from numpy.typing import NDArray


def confusion_matrix(
    y_true: NDArray[np.integer], y_pred: NDArray[np.integer], labels: int
) -> NDArray[np.intp]:
    """Counts, rows the right label, columns the answer.

    Args:
        y_true: Shape (n,), index of the right label.
        y_pred: Shape (n,), index of the answer.
        labels: Number of labels.

    Returns:
        Shape (labels, labels), sums to n.
    """
    flat = np.asarray(y_true) * labels + np.asarray(y_pred)
    return np.bincount(flat, minlength=labels * labels).reshape(labels, labels)


def markdown_table(matrix: NDArray[np.integer], names: tuple[str, ...]) -> str:
    """The matrix for a card or a page; labels that never occur are left out as rows.

    Args:
        matrix: Of `confusion_matrix`.
        names: One per row and column.
    """
    lines = ["| is \\ called | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(str(count) if count else "." for count in row) + " |"
        for name, row in zip(names, matrix, strict=True)
        if row.any()
    ]
    return "\n".join(lines)
