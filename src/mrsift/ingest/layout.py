"""How the pixels of an object are stored, checked against the bytes that are there."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mrsift.config import IngestSettings
from mrsift.errors import UnreadablePixels
from mrsift.ingest import tags
from mrsift.ingest.object_header import DEFLATED_LITTLE, NATIVE, Header

_PADDING_BYTES: Final = 64
_TRUSTED_BYTES: Final = 1 << 26
_COMPRESSED: Final = frozenset(
    f"1.2.840.10008.1.2.{suffix}"
    for suffix in ("4.50", "4.51", "4.57", "4.70", "4.80", "4.81", "4.90", "4.91", "5")
)
"""RLE, JPEG, JPEG-LS and JPEG 2000: what pydicom decodes with GDCM."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """Where and how the pixels lie.

    Attributes:
        native: Pixels lie there as numbers, frame after frame; else they are compressed.
        deflated: The whole data set is deflated; `offset` counts in the inflated one.
        offset: First byte of the pixel value.
        dtype: Of a stored pixel.
        bits_stored: Bits that count.
        rows: Of a stored frame (of the large image in a mosaic).
        columns: Of a stored frame.
        frames: In the object.
    """

    native: bool
    deflated: bool
    offset: int
    dtype: np.dtype[np.generic]
    bits_stored: int
    rows: int
    columns: int
    frames: int

    @property
    def frame_bytes(self) -> int:
        """Size of one stored frame, uncompressed."""
        return self.rows * self.columns * self.dtype.itemsize


def pixel_layout(header: Header, settings: IngestSettings) -> PixelLayout:
    """Describe the pixels, and refuse what cannot be decoded.

    Args:
        header: The object.
        settings: Limits.

    Raises:
        UnreadablePixels: They are missing, coloured, cut off, of another size than stated,
            or in an unknown coding.
    """
    top = header.elements
    rows, columns = top.integer(tags.ROWS) or 0, top.integer(tags.COLUMNS) or 0
    if header.pixel_tag is None or rows < 1 or columns < 1:
        raise UnreadablePixels("has no pixel data; export it again with its images")
    samples = top.integer(tags.SAMPLES_PER_PIXEL) or 1
    if samples != 1:
        raise UnreadablePixels(
            f"is a colour image ({samples} samples per pixel), not measured intensities; left out"
        )
    if (top.text(tags.PHOTOMETRIC_INTERPRETATION) or "").upper() == "PALETTE COLOR":
        raise UnreadablePixels("is a colour image (palette), not measured intensities; left out")
    layout = PixelLayout(
        native=header.transfer_syntax in NATIVE,
        deflated=header.transfer_syntax == DEFLATED_LITTLE,
        offset=header.pixel_offset,
        dtype=_dtype(header),
        bits_stored=top.integer(tags.BITS_STORED) or 0,
        rows=rows,
        columns=columns,
        frames=max(1, top.integer(tags.NUMBER_OF_FRAMES) or 1),
    )
    _check_size(header, layout, settings)
    return layout


def _dtype(header: Header) -> np.dtype[np.generic]:
    top = header.elements
    order = "<" if top.encoding.little else ">"
    if header.pixel_tag == tags.FLOAT_PIXEL_DATA:
        return np.dtype(f"{order}f4")
    if header.pixel_tag == tags.DOUBLE_FLOAT_PIXEL_DATA:
        return np.dtype(f"{order}f8")
    bits = top.integer(tags.BITS_ALLOCATED) or 0
    if bits not in (8, 16, 32):
        raise UnreadablePixels(f"has {bits} bits per pixel; only 8, 16 and 32 are read")
    sign = "i" if top.integer(tags.PIXEL_REPRESENTATION) == 1 else "u"
    return np.dtype(f"{order}{sign}{bits // 8}")


def _check_size(header: Header, layout: PixelLayout, settings: IngestSettings) -> None:
    size = f"{layout.frames} x {layout.rows} x {layout.columns}"
    if layout.rows * layout.columns * layout.frames > settings.max_voxels:
        raise UnreadablePixels(f"claims {size} pixels, more than {settings.max_voxels:,}; refused")
    expected, available = layout.frame_bytes * layout.frames, header.available_bytes
    if not layout.native:
        if header.transfer_syntax not in _COMPRESSED:
            raise UnreadablePixels(
                f"is compressed in an unknown way (transfer syntax {header.transfer_syntax[:64]});"
                " convert it to an uncompressed one"
            )
        if expected > _TRUSTED_BYTES and expected > settings.max_ratio * available:
            raise UnreadablePixels(
                f"claims {size} pixels in {available:,} compressed bytes; refused"
            )
        return
    if available < min(expected, header.pixel_bytes or expected):
        raise UnreadablePixels(
            f"is truncated: {available:,} bytes of pixel data, {expected:,} expected for "
            f"{size} pixels; copy it again"
        )
    stated = header.pixel_bytes
    if stated is None or not expected <= stated <= expected + _PADDING_BYTES:
        found = "of undefined length" if stated is None else f"of {stated:,} bytes"
        raise UnreadablePixels(
            f"has pixel data {found}, {expected:,} expected for {size} pixels; the file is damaged"
        )
