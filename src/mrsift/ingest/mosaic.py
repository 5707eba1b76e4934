"""Objects whose slices lie side by side in one large image: Siemens mosaic, UIH grid.

Source:
    Siemens: https://nipy.org/nibabel/dicom/dicom_mosaic.html. UIH: its DICOM conformance
    statement; slice count in (0065,xx50), one item per slice in (0065,xx51).
"""

import math
from dataclasses import dataclass

import numpy as np

from mrsift.errors import IngestError
from mrsift.ingest import tags
from mrsift.ingest.diffusion import uih_tag
from mrsift.ingest.elements import Elements
from mrsift.ingest.private import csa_image_header

_MAX_TILES = 4096


@dataclass(frozen=True, slots=True)
class Tile:
    """One slice of a mosaic.

    Attributes:
        first_row: In the large image.
        first_column: In the large image.
        rows: Of the slice.
        columns: Of the slice.
        position_mm: Image Position (Patient) of the slice, LPS.
    """

    first_row: int
    first_column: int
    rows: int
    columns: int
    position_mm: tuple[float, ...]


def tiles(
    view: Elements, tokens: tuple[str, ...], shape: tuple[int, int]
) -> tuple[Tile, ...] | None:
    """The slices of a mosaic or grid.

    Args:
        view: Attributes of the object.
        tokens: Image Type.
        shape: Rows and columns of the large image.

    Returns:
        In the order in which they lie; None for an ordinary image.

    Raises:
        IngestError: It is a mosaic, but does not say how many slices it holds or where.
    """
    grid = uih_tag(view, 0x50)
    if grid is not None and (count := int(view.number(grid, "") or 0)) > 1:
        return _grid(view, count, shape)
    if "MOSAIC" in tokens:
        return _mosaic(view, shape)
    return None


def _mosaic(view: Elements, shape: tuple[int, int]) -> tuple[Tile, ...]:
    csa = csa_image_header(view)
    tag = view.private(0x0019, "SIEMENS MR HEADER", 0x0A)
    stated = csa.get("NumberOfImagesInMosaic", ("",))[0]
    count: float | None = float(stated) if stated.isdigit() else None
    if count is None and tag is not None:
        count = view.number(tag, "US")
    step = view.number(tags.SPACING_BETWEEN_SLICES) or view.number(tags.SLICE_THICKNESS)
    if count is None or count < 1 or step is None:
        raise IngestError(
            "Siemens mosaic without the number or spacing of its slices (private attributes "
            "removed?); export it again with them"
        )
    orientation = np.array(view.numbers(tags.IMAGE_ORIENTATION_PATIENT)).reshape(2, 3)
    normal = np.cross(orientation[0], orientation[1])
    stated_normal = np.array([float(x) for x in csa.get("SliceNormalVector", ())])
    if stated_normal.shape == (3,) and stated_normal @ normal < 0:
        normal = -normal  # the slices lie in the order in which the protocol numbers them
    rows, columns, per_side = _tile_size(int(count), shape)
    spacing = np.array(view.numbers(tags.PIXEL_SPACING))
    # The stated position is that of a slice as large as the mosaic around the same centre.
    border = np.array([(shape[1] - columns) / 2 * spacing[1], (shape[0] - rows) / 2 * spacing[0]])
    first = np.array(view.numbers(tags.IMAGE_POSITION_PATIENT)) + border @ orientation
    positions = [tuple((first + k * step * normal).tolist()) for k in range(int(count))]
    return _laid_out(positions, (rows, columns), per_side)


def _grid(view: Elements, count: int, shape: tuple[int, int]) -> tuple[Tile, ...]:
    tag = uih_tag(view, 0x51)
    items = view.items(tag) if tag is not None else []
    positions = [item.numbers(tags.IMAGE_POSITION_PATIENT) for item in items[:count]]
    if len(positions) < count or any(len(position) != 3 for position in positions):
        raise IngestError(
            f"UIH grid of {count} slices without the position of each in (0065,xx51); "
            "export it again with private attributes"
        )
    rows, columns, per_side = _tile_size(count, shape)
    return _laid_out(positions, (rows, columns), per_side)


def _tile_size(count: int, shape: tuple[int, int]) -> tuple[int, int, int]:
    per_side = math.isqrt(count - 1) + 1
    if count > _MAX_TILES or shape[0] % per_side or shape[1] % per_side:
        raise IngestError(
            f"mosaic of {shape[0]} x {shape[1]} pixels cannot hold {count} equal slices; "
            "the file is damaged or was resized"
        )
    return shape[0] // per_side, shape[1] // per_side, per_side


def _laid_out(
    positions: list[tuple[float, ...]], size: tuple[int, int], per_side: int
) -> tuple[Tile, ...]:
    return tuple(
        Tile(k // per_side * size[0], k % per_side * size[1], *size, position)
        for k, position in enumerate(positions)
    )
