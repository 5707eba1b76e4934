"""Whether a header says where its plane lies in the patient."""

import math
from typing import Final

from mrsift.errors import IngestError
from mrsift.ingest import tags
from mrsift.ingest.elements import Elements

_ORTHONORMAL_TOLERANCE: Final = 5e-3


def check_placement(view: Elements) -> None:
    """Refuse a plane that cannot be placed in a volume.

    Args:
        view: Attributes of the plane.

    Raises:
        IngestError: Position, orientation or pixel spacing is missing or cannot be true.
    """
    position = view.numbers(tags.IMAGE_POSITION_PATIENT)
    orientation = view.numbers(tags.IMAGE_ORIENTATION_PATIENT)
    spacing = view.numbers(tags.PIXEL_SPACING)
    missing = [
        name
        for name, values, count in (
            ("ImagePositionPatient", position, 3),
            ("ImageOrientationPatient", orientation, 6),
            ("PixelSpacing", spacing, 2),
        )
        if len(values) != count
    ]
    if missing:
        raise IngestError(
            f"geometry is missing or unreadable ({', '.join(missing)}), so it cannot be placed "
            "in a volume; export it again with it"
        )
    if not all(map(math.isfinite, position)):
        raise IngestError("ImagePositionPatient is not finite; the header is damaged")
    if not all(math.isfinite(x) and x > 0 for x in spacing):
        raise IngestError(
            f"PixelSpacing is {spacing[0]:g} x {spacing[1]:g} mm, must be above 0; "
            "the header is damaged"
        )
    row, column = orientation[:3], orientation[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    dot = sum(a * b for a, b in zip(row, column, strict=True))
    off = max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(dot))
    if not off <= _ORTHONORMAL_TOLERANCE:  # also where it is not a number
        raise IngestError(
            "ImageOrientationPatient is not two perpendicular unit vectors "
            f"(off by {off:.2g}, at most {_ORTHONORMAL_TOLERANCE:g}); the header is damaged"
        )
