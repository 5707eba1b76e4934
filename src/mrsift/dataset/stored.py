"""Arrays that were prepared and stored as `.npy` -> memory maps, from any thread."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# NumPy parses the header with `ast`, whose recursion counter all threads share in Python
# before 3.11.8 (python/cpython#106905): two at once may end in a SystemError.
_ONE_AT_A_TIME = threading.Lock()


def memory_map(path: Path) -> NDArray[Any] | None:
    """A memory map; None where there is no whole file."""
    try:
        with _ONE_AT_A_TIME:
            stored: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return stored
