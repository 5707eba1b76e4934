"""NIfTI-1 and NIfTI-2 files: header, geometry in LPS, and voxels of one volume.

The header is read with nibabel from its first bytes alone, so that a compressed file is
not decompressed to be listed. RAS ends here.

Source:
    NIfTI-1 Data Format, nifti1.h (2007): methods 2 (qform) and 3 (sform), xyzt_units.
"""

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, BinaryIO, cast

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, NotDicom, UnreadablePixels
from mrsift.ingest.research_header import ResearchHeader, check, geometry_fault
from mrsift.ingest.source import Source
from mrsift.types import Float64Array

_Header = Any  # Nifti1Header or Nifti2Header; their methods carry no types
_HEADER_BYTES = 540
_GZIP_MAGIC = b"\x1f\x8b"
_LABEL_INTENT = 1002
_UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # unknown, metre, millimetre, micrometre
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_DAMAGED = "compressed data are damaged"
_STREAM_ERRORS = (OSError, EOFError, zlib.error)


def read_header(source: Source, settings: IngestSettings) -> ResearchHeader:
    """Geometry and storage of a NIfTI file, from its header alone.

    Args:
        source: A `.nii` or `.nii.gz` file, wherever it lies.
        settings: Limits.

    Returns:
        The header; its stored axes are NIfTI's (i, j, k).

    Raises:
        NotDicom: It is no image of scalar intensities (no NIfTI, colour, a label map).
        IngestError: It is damaged, or its header cannot be true.
    """
    with _plain(source) as (stream, compressed):
        try:
            block = stream.read(_HEADER_BYTES)
        except _STREAM_ERRORS as error:
            raise IngestError(f"{_DAMAGED} ({error}); copy it again") from error
    header = _interpret(_parse(block))
    available = source.size if compressed else source.size - header.data_offset
    check(header, available, compressed, settings)
    return header


def is_compressed(source: Source) -> bool:
    """Whether reaching a later volume means decompressing all before it."""
    with source.open() as stream:
        return stream.read(2) == _GZIP_MAGIC


def copy_voxels(source: Source, header: ResearchHeader, target: IO[bytes]) -> None:
    """Write all voxels as stored, uncompressed, volume after volume.

    Raises:
        UnreadablePixels: The file ends early or its compressed data are damaged.
    """
    remaining = header.data_bytes
    with _plain(source) as (stream, _):
        _take(stream, header.data_offset)
        while remaining:
            chunk = _take(stream, min(remaining, 1 << 20))
            target.write(chunk)
            remaining -= len(chunk)


def read_stored(source: Source, header: ResearchHeader, index: int) -> bytes:
    """Bytes of one volume as stored, uncompressed.

    Raises:
        UnreadablePixels: The file ends early or its compressed data are damaged.
    """
    with _plain(source) as (stream, _):
        try:
            stream.seek(header.data_offset + index * header.volume_bytes)
        except _STREAM_ERRORS as error:
            raise UnreadablePixels(f"{_DAMAGED} ({error}); copy it again") from error
        return _take(stream, header.volume_bytes)


@contextmanager
def _plain(source: Source) -> Iterator[tuple[IO[bytes], bool]]:
    """The file's bytes, decompressed where they are, and whether they were compressed."""
    with ExitStack() as stack:
        stream: BinaryIO = stack.enter_context(source.open())
        compressed = stream.read(2) == _GZIP_MAGIC
        stream.seek(0)
        if compressed:
            yield cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=stream))), True
        else:
            yield stream, False


def _take(stream: IO[bytes], count: int) -> bytes:
    try:
        data = stream.read(count)
    except _STREAM_ERRORS as error:
        raise UnreadablePixels(f"{_DAMAGED} ({error}); copy it again") from error
    if len(data) < count:
        raise UnreadablePixels("ends before its last voxel; copy it again")
    return data


def _parse(block: bytes) -> _Header:
    """The fixed part of the header, in either version and byte order."""
    for order in ("<", ">"):
        length = int(np.frombuffer(block[:4].ljust(4, b"\0"), f"{order}i4")[0])
        if length == 348 and len(block) >= 348:
            if block[344:347] == b"ni1":
                raise IngestError("is half of a .hdr/.img pair; convert it to one .nii file")
            if block[344:347] == b"n+1":
                return nibabel.Nifti1Header(block[:348], order, check=False)
        if length == 540 and len(block) >= 540 and block[4:7] == b"n+2":
            return nibabel.Nifti2Header(block[:540], order, check=False)
    raise NotDicom("is no NIfTI file (its first bytes do not say so); check its name or copy it")


def _interpret(raw: _Header) -> ResearchHeader:
    count = int(raw["dim"][0])
    sizes = [int(x) for x in raw["dim"][1 : max(count, 0) + 1]]
    if not 2 <= count <= 7 or min(sizes) < 1:
        raise IngestError(f"has impossible dimensions {sizes}; write it again")
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    if len(sizes) > 4:
        raise NotDicom(f"has {len(sizes)} dimensions (vectors or tensors), no image intensities")
    if int(raw["intent_code"]) == _LABEL_INTENT:
        raise NotDicom("is a label map (its intent code says so), no image intensities")
    dtype, slope, intercept = _storage(raw)
    affine, remarks = _affine_ras(raw)
    i, j, k = [*sizes, 1][:3]
    offset = float(raw["vox_offset"])
    return ResearchHeader(
        size=(i, j, k),
        volumes=sizes[3] if len(sizes) == 4 else 1,
        is_4d=len(sizes) == 4,
        affine_lps_mm=_RAS_TO_LPS @ affine,
        dtype=dtype,
        slope=slope,
        intercept=intercept,
        # Some writers leave it 0; the data still stand behind header and extension flag.
        data_offset=int(max(offset, len(raw.binaryblock) + 4)) if math.isfinite(offset) else 352,
        remarks=remarks,
    )


def _storage(raw: _Header) -> "tuple[np.dtype[np.generic], float, float]":
    """Stored type, slope and intercept."""
    try:
        dtype = raw.get_data_dtype()
        slope, intercept = raw.get_slope_inter()
    except (HeaderDataError, KeyError) as error:
        raise IngestError(f"has an unknown voxel type or scale ({error}); convert it") from error
    if dtype.names is not None:
        raise NotDicom("is a colour image, no MR intensities")
    if dtype.itemsize == 0:  # "none" and "binary"
        raise IngestError("names no voxel type that can be read; convert it")
    if dtype.kind == "c":
        raise IngestError("holds complex numbers; write its magnitude to a file of its own")
    return dtype, 1.0 if slope is None else float(slope), float(intercept or 0.0)


def _affine_ras(raw: _Header) -> tuple[Float64Array, tuple[str, ...]]:
    """The affine in RAS mm, by sform, else by qform, else by spacing alone."""
    candidates = []
    try:
        sform, _ = raw.get_sform(coded=True)
        if sform is not None:
            candidates.append(sform)
        qform, _ = raw.get_qform(coded=True)
        if qform is not None:
            candidates.append(qform)
    except (HeaderDataError, ValueError, np.linalg.LinAlgError) as error:
        if not candidates:
            raise IngestError(f"has an orientation that is not a rotation ({error})") from error
    remarks: tuple[str, ...] = ()
    if not candidates:
        candidates.append(raw.get_base_affine())
        remarks = ("the file has no orientation; axes are assumed to be the patient's",)
    best = next((a for a in candidates if geometry_fault(a) is None), candidates[0])
    if best is not candidates[0]:
        remarks = ("sform is sheared or damaged; qform is used",)
    unit = _UNIT_MM.get(int(raw["xyzt_units"]) & 0x07, 1.0)
    return np.diag([unit, unit, unit, 1.0]) @ np.asarray(best, np.float64), remarks
