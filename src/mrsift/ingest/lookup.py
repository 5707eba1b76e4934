"""The Modality LUT where it is a table; slope and intercept stand in `header.Plane`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.ingest import tags
from mrsift.ingest.elements import Elements
from mrsift.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """Stored value -> measured value.

    Attributes:
        first: Stored value of the first entry; lower ones map to it, too.
        values: Shape (entries,).
    """

    first: int
    values: Float32Array

    def apply(self, stored: NDArray[np.generic]) -> Float32Array:
        """The measured values, of the same shape."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.values) - 1)
        return self.values[index]


def modality_lut(top: Elements) -> LookupTable | None:
    """The Modality LUT Sequence of an object; None where it has none, or an incomplete one.

    Source:
        DICOM PS3.3 C.11.1.
    """
    item = top.first(tags.MODALITY_LUT_SEQUENCE)
    if item is None:
        return None
    descriptor = item.numbers(tags.LUT_DESCRIPTOR, "US")
    values = item.numbers(tags.LUT_DATA, "US")
    if len(descriptor) != 3 or not values:
        return None
    first = int(descriptor[1])
    if top.integer(tags.PIXEL_REPRESENTATION) == 1 and first >= 1 << 15:
        first -= 1 << 16
    entries = int(descriptor[0]) or 1 << 16
    return LookupTable(first, np.array(values[:entries], np.float32))
