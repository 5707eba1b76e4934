"""Planes -> voxels, read when they are asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mrsift.errors import IngestError, UnreadablePixels
from mrsift.ingest.header import Instance, Plane
from mrsift.ingest.object_header import inflate_object
from mrsift.types import Float32Array

if TYPE_CHECKING:
    from pydicom import Dataset


def read_voxels(planes: Sequence[Plane]) -> Float32Array:
    """The voxels of one volume, after the Modality LUT.

    Args:
        planes: In slice order.

    Returns:
        Shape (slices, rows, columns).

    Raises:
        UnreadablePixels: A file is gone, cut off, or cannot be decoded.
    """
    voxels = np.empty((len(planes), planes[0].rows, planes[0].columns), np.float32)
    reader: _Reader | None = None
    for target, plane in zip(voxels, planes, strict=True):
        if reader is None or reader.instance is not plane.instance:
            reader = _Reader(plane.instance)
        stored = reader.plane(plane)
        slope, intercept = plane.rescale
        if plane.instance.lut is not None:
            target[...] = plane.instance.lut.apply(stored)
        elif (slope, intercept) == (1.0, 0.0):
            target[...] = stored
        else:
            with np.errstate(over="ignore"):  # beyond float32 is infinite, and set to 0 below
                target[...] = stored.astype(np.float64) * slope + intercept
    return voxels


class _Reader:
    """The frames of one object; holds at most one of them."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._frame_number = -1
        self._frame: NDArray[Any] = np.empty(0)
        self._inflated: bytes | None = None
        self._dataset: Dataset | None = None

    def plane(self, plane: Plane) -> NDArray[Any]:
        """Stored values of a plane, shape (rows, columns)."""
        tile = plane.tile
        frame = self._read(0 if tile is not None else plane.frame or 0)
        if tile is None:
            return frame
        rows = slice(tile.first_row, tile.first_row + tile.rows)
        return frame[rows, tile.first_column : tile.first_column + tile.columns]

    def _read(self, number: int) -> NDArray[Any]:
        if number != self._frame_number:
            layout = self.instance.layout
            try:
                frame = self._native(number) if layout.native else self._decoded(number)
            except UnreadablePixels:
                raise
            except IngestError as error:
                raise UnreadablePixels(str(error)) from error
            if frame.shape != (layout.rows, layout.columns):
                raise UnreadablePixels(
                    f"decodes to {' x '.join(map(str, frame.shape))} pixels, its header says "
                    f"{layout.rows} x {layout.columns}; the file is damaged"
                )
            self._frame, self._frame_number = frame, number
        return self._frame

    def _native(self, number: int) -> NDArray[Any]:
        layout = self.instance.layout
        start = layout.offset + number * layout.frame_bytes
        if layout.deflated:
            raw = self._inflate()[start : start + layout.frame_bytes]
        else:
            with self.instance.source.open() as stream:
                stream.seek(start)
                raw = stream.read(layout.frame_bytes)
        if len(raw) != layout.frame_bytes:
            raise UnreadablePixels(
                f"holds {len(raw):,} bytes of {layout.frame_bytes:,} of frame {number + 1}; "
                "it was cut off or changed after the scan"
            )
        stored = np.frombuffer(raw, layout.dtype).reshape(layout.rows, layout.columns)
        unused = 8 * layout.dtype.itemsize - layout.bits_stored
        if layout.dtype.kind in "iu" and 0 < unused < 8 * layout.dtype.itemsize:
            # Bits above those stored may hold anything (PS3.5 8.1.1), as old overlays did.
            return (stored << unused) >> unused
        return stored

    def _inflate(self) -> bytes:
        if self._inflated is None:
            self._inflated = inflate_object(self.instance.source.read())
        return self._inflated

    def _decoded(self, number: int) -> NDArray[Any]:
        from mrsift.ingest.decode import decode_frame, open_dataset

        if self._dataset is None:
            self._dataset = open_dataset(self.instance.source)
        return decode_frame(self._dataset, number)
