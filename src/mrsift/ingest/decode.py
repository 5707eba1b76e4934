"""Compressed pixels, by pydicom and GDCM; imported only where an object needs it."""

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels.utils import pixel_array

from mrsift.errors import UnreadablePixels

if TYPE_CHECKING:
    from mrsift.ingest.source import Source

_DAMAGE: Final = (
    *(ValueError, KeyError, EOFError, IndexError, TypeError, OSError, struct.error),
    *(RuntimeError, NotImplementedError, AttributeError, OverflowError, MemoryError),
    *(BytesLengthException, InvalidDicomError),
)
"""What pydicom and its decoders raise on damaged objects."""

_one_at_a_time = threading.Lock()


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Odd values are not ours to judge; the lock, because filters belong to all threads."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_dataset(source: "Source") -> pydicom.Dataset:
    """Read a whole object with pydicom.

    Args:
        source: An object whose header was read before.

    Raises:
        UnreadablePixels: pydicom cannot parse it.
        IngestError: The file is gone.
    """
    stored = source.read()
    try:
        with _without_warnings():
            return pydicom.dcmread(io.BytesIO(stored), force=True)
    except _DAMAGE as error:
        raise UnreadablePixels(
            f"cannot be parsed to its end ({type(error).__name__}); the file is damaged"
        ) from error


def decode_frame(dataset: pydicom.Dataset, number: int) -> NDArray[Any]:
    """Decompress one frame.

    Args:
        dataset: The object.
        number: Zero-based frame.

    Returns:
        Stored values, shape (rows, columns).

    Raises:
        UnreadablePixels: The compressed data are damaged, or no decoder is installed.
    """
    try:
        with _without_warnings():
            return np.asarray(pixel_array(dataset, index=number))
    except _DAMAGE as error:
        meta = getattr(dataset, "file_meta", None) or pydicom.Dataset()
        syntax = meta.get("TransferSyntaxUID", "unknown")
        name = getattr(syntax, "name", str(syntax))
        raise UnreadablePixels(
            f"compressed pixels ({name}) cannot be decoded ({type(error).__name__}); "
            "export it uncompressed"
        ) from error
