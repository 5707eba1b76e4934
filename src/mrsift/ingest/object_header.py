"""A file -> the header of its DICOM object, read no further than its pixels."""

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mrsift.errors import IngestError, NotDicom
from mrsift.ingest import tags
from mrsift.ingest.elements import PIXELS, UNDEFINED, Elements, Encoding, EndOfBuffer, walk

if TYPE_CHECKING:
    from mrsift.ingest.source import Source

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
NATIVE: Final = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED_LITTLE, EXPLICIT_BIG)
"""Transfer syntaxes whose pixels lie in the object as they are."""

_FIRST_READ_BYTES: Final = 1 << 15
_MAX_HEADER_BYTES: Final = 1 << 28
_MAX_INFLATED_BYTES: Final = 1 << 31
_PREAMBLE_BYTES: Final = 128


@dataclass(frozen=True, slots=True)
class Header:
    """An object's data elements and where its pixels are.

    Attributes:
        elements: All data elements before the pixels, file meta information included.
        transfer_syntax: UID, guessed where the file has no meta information.
        pixel_tag: Which pixel element it has, or None.
        pixel_offset: First byte of the pixel value, in the inflated object where deflated.
        pixel_bytes: Declared length; None where undefined (encapsulated).
        available_bytes: Bytes that are really there from `pixel_offset` on.
    """

    elements: Elements
    transfer_syntax: str
    pixel_tag: int | None
    pixel_offset: int
    pixel_bytes: int | None
    available_bytes: int


def read_header(source: "Source") -> Header:
    """Read one object up to its pixels.

    Args:
        source: A file, with or without preamble and meta information.

    Returns:
        Its header.

    Raises:
        NotDicom: It is empty or no DICOM object.
        IngestError: It is one, but damaged or cut off within the header.
    """
    if source.size == 0:
        raise NotDicom("the file is empty (0 bytes); export it again")
    with source.open() as stream:
        buffer = stream.read(_FIRST_READ_BYTES)
        if not looks_like_dicom(buffer):
            raise NotDicom("not a DICOM, NIfTI, NRRD or MetaImage file; remove it or convert it")
        while True:
            try:
                return parse_header(buffer, source.size)
            except EndOfBuffer:
                more = stream.read(3 * len(buffer))
                if not more or len(buffer) > _MAX_HEADER_BYTES:
                    raise IngestError(
                        f"the file ends within its header, after {len(buffer)} bytes; "
                        "it is truncated, export it again"
                    ) from None
                buffer += more


def looks_like_dicom(buffer: bytes) -> bool:
    """Whether the first bytes can be those of a DICOM object, with or without preamble."""
    if buffer[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"DICM":
        return True
    if len(buffer) < 8:
        return False
    group, element = struct.unpack_from("<HH", buffer)
    if group == 0x0800 and buffer[4:6].isalpha() and buffer[4:6].isupper():
        return True  # big endian, no meta information
    if group not in (0x0002, 0x0008) or element > 0x3000:
        return False
    explicit = buffer[4:6].isalpha() and buffer[4:6].isupper()
    length = struct.unpack_from("<I", buffer, 4)[0]
    return explicit or length < 0x10000


def _inflate(buffer: bytes) -> bytes:
    """Inflate a deflated data set.

    Args:
        buffer: Deflated bytes, possibly cut off.

    Raises:
        IngestError: The bytes are not deflated data.
    """
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return decompressor.decompress(buffer, _MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise IngestError(f"the deflated data set cannot be inflated ({error})") from error


def inflate_object(buffer: bytes) -> bytes:
    """A deflated object with its data set inflated; offsets are those of `read_header`."""
    start = _data_set_start(buffer)
    return buffer[:start] + _inflate(buffer[start:])


def _data_set_start(buffer: bytes) -> int:
    preamble = buffer[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"DICM"
    meta = Elements(buffer, Encoding(True, True))
    return walk(meta, _PREAMBLE_BYTES + 4 if preamble else 0, len(buffer), stop_group=0x0002)


def parse_header(buffer: bytes, size: int) -> Header:
    """Parse the first bytes of an object; see `read_header`."""
    start = _PREAMBLE_BYTES + 4 if buffer[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"DICM" else 0
    meta = Elements(buffer, Encoding(True, True))
    start = walk(meta, start, len(buffer), stop_group=0x0002)
    syntax = meta.text(tags.TRANSFER_SYNTAX_UID)
    if syntax == DEFLATED_LITTLE:
        if len(buffer) < size:
            raise EndOfBuffer
        buffer = buffer[:start] + _inflate(buffer[start:])
        size = len(buffer)
    if syntax is None:
        syntax = _guess_syntax(buffer, start)
    encoding = Encoding(syntax != IMPLICIT_LITTLE, syntax != EXPLICIT_BIG)
    if encoding.explicit and not buffer[start + 4 : start + 6].isalpha():
        encoding = Encoding(False, encoding.little)  # says explicit, is implicit
    elements = Elements(buffer, encoding)
    end = walk(elements, start, len(buffer))
    elements.entries.update(meta.entries)
    pixels = next((tag for tag in PIXELS if tag in elements), None)
    if pixels is None and (len(buffer) < size or len(buffer) - end > 1):
        raise EndOfBuffer
    if pixels is None:
        return Header(elements, syntax, None, end, None, max(0, size - end))
    _, offset, length = elements.entries.pop(pixels)
    declared = None if length == UNDEFINED else length
    return Header(elements, syntax, pixels, offset, declared, max(0, size - offset))


def _guess_syntax(buffer: bytes, start: int) -> str:
    group = buffer[start : start + 2]
    if group == b"\x00\x08":
        return EXPLICIT_BIG
    vr = buffer[start + 4 : start + 6]
    return EXPLICIT_LITTLE if vr.isalpha() and vr.isupper() else IMPLICIT_LITTLE
