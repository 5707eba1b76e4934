"""Compressed pixels, by pydicom and GDCM; imported only where an object needs it."""

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array

from mrsift.errors import UnreadablePixels

if TYPE_CHECKING:
    from mrsift.ingest.source import Source


def open_dataset(source: "Source") -> pydicom.Dataset:
    """Read a whole object with pydicom.

    Args:
        source: An object whose header was read before.

    Raises:
        UnreadablePixels: pydicom cannot parse it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # values that are odd but not ours to judge
            return pydicom.dcmread(io.BytesIO(source.read()), force=True)
    except (ValueError, KeyError, EOFError, NotImplementedError, AttributeError) as error:
        raise UnreadablePixels(f"cannot be parsed ({type(error).__name__}); damaged") from error


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(pixel_array(dataset, index=number))
    except (
        *(ValueError, KeyError, EOFError, IndexError, TypeError),
        *(RuntimeError, NotImplementedError, AttributeError, OSError),
    ) as error:
        syntax = dataset.file_meta.get("TransferSyntaxUID", "unknown")
        name = getattr(syntax, "name", str(syntax))
        raise UnreadablePixels(
            f"compressed pixels ({name}) cannot be decoded ({type(error).__name__}); "
            "export it uncompressed"
        ) from error
