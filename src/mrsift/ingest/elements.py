"""Bytes -> the data elements of a DICOM object.

Only the place of each value is noted; a value is decoded when it is asked for. For the headers
of one exam this is several times faster than pydicom, whose import alone takes longer than
reading them (see `bench/`); a test compares every value with pydicom's. Pixels in compressed
transfer syntaxes are left to pydicom.

Source:
    DICOM PS3.5, chapters 6, 7, 10 and annex A.
"""

import math
import struct
from dataclasses import dataclass
from typing import Final

from mrsift.errors import IngestError
from mrsift.ingest import tags
from mrsift.ingest.character_set import decode_text

UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_LONG_VR: Final = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
PIXELS: Final = (tags.FLOAT_PIXEL_DATA, tags.DOUBLE_FLOAT_PIXEL_DATA, tags.PIXEL_DATA)
"""Where an object's header ends."""

_NUMBER_FORMAT: Final = {
    "US": "H",
    "SS": "h",
    "UL": "I",
    "SL": "i",
    "FL": "f",
    "FD": "d",
    "OW": "H",
    "UV": "Q",
    "SV": "q",
}
_MAX_DEPTH: Final = 16


class EndOfBuffer(Exception):
    """The walk needs bytes that have not been read."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How data elements are written.

    Attributes:
        explicit: The VR stands beside every value.
        little: Little endian.
    """

    explicit: bool
    little: bool


class Elements:
    """The data elements of an object or of one item of a sequence.

    Attributes:
        entries: Tag -> (VR or b"", first byte, length in bytes) within `buffer`.
        encoding: How the values are written.
    """

    __slots__ = ("_blocks", "_sequences", "buffer", "encoding", "entries")

    def __init__(self, buffer: bytes, encoding: Encoding) -> None:
        self.buffer = buffer
        self.encoding = encoding
        self.entries: dict[int, tuple[bytes, int, int]] = {}
        self._sequences: dict[int, list[Elements]] = {}
        self._blocks: dict[tuple[int, str], list[int]] | None = None

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def raw(self, tag: int) -> bytes | None:
        """The value as stored, or None where it is absent or empty."""
        entry = self.entries.get(tag)
        if entry is None or entry[2] == 0:
            return None
        return self.buffer[entry[1] : entry[1] + entry[2]]

    def text(self, tag: int) -> str | None:
        """The value as text without padding, or None where it is absent or empty."""
        raw = self.raw(tag)
        if raw is None:
            return None
        return decode_text(raw, self.raw(tags.SPECIFIC_CHARACTER_SET)) or None

    def texts(self, tag: int) -> tuple[str, ...]:
        """The values as texts; empty where there is none."""
        text = self.text(tag)
        return () if text is None else tuple(part.strip() for part in text.split("\\"))

    def numbers(self, tag: int, binary_vr: str | None = None) -> tuple[float, ...]:
        """The values as numbers; empty where there is none or one of them is no number.

        Args:
            tag: Attribute.
            binary_vr: VR to assume where the file is silent (implicit VR, or UN) and the
                length fits; text otherwise.
        """
        raw = self.raw(tag)
        if raw is None:
            return ()
        vr = self.entries[tag][0].decode("latin-1")
        if vr in ("", "UN", "OB"):
            vr = binary_vr or tags.BINARY_VR.get(tag, "")
        form = _NUMBER_FORMAT.get(vr)
        if form is not None:
            order = "<" if self.encoding.little else ">"
            count = len(raw) // struct.calcsize(form)
            if count:
                values = struct.unpack_from(f"{order}{count}{form}", raw)
                return tuple(float(value) for value in values)
        try:
            return tuple(float(part) for part in raw.strip(b" \0").split(b"\\"))
        except ValueError:
            return ()

    def number(self, tag: int, binary_vr: str | None = None) -> float | None:
        """The first value as a finite number, or None."""
        values = self.numbers(tag, binary_vr)
        return values[0] if values and math.isfinite(values[0]) else None

    def integer(self, tag: int) -> int | None:
        """The first value as a whole number, or None."""
        value = self.number(tag)
        return None if value is None else int(value)

    def items(self, tag: int) -> "list[Elements]":
        """The items of a sequence; empty where it is absent or no sequence."""
        if tag not in self._sequences:
            entry = self.entries.get(tag)
            if entry is None or entry[0] not in (b"SQ", b"UN", b"") or entry[2] == 0:
                return []
            # A sequence in UN is written in implicit little endian (PS3.5 6.2.2).
            encoding = Encoding(False, True) if entry[0] == b"UN" else self.encoding
            end = entry[1] + entry[2]
            try:
                self._sequences[tag] = _walk_items(
                    self.buffer, entry[1], end, encoding, 1, open_ended=False
                )[0]
            except EndOfBuffer:
                return []
        return self._sequences[tag]

    def first(self, *path: int) -> "Elements | None":
        """The first item reached by following sequences one inside the other, or None."""
        found: Elements = self
        for tag in path:
            inner = found.items(tag)
            if not inner:
                return None
            found = inner[0]
        return found

    def private(self, group: int, creator: str, element: int) -> int | None:
        """Tag of a private attribute, with its block looked up by the private creator.

        Args:
            group: Odd group number.
            creator: Private creator, compared without case and padding.
            element: Last two hex digits of the element.

        Returns:
            The tag where the attribute is present, else None.
        """
        for block in self.private_blocks().get((group, creator.casefold()), ()):
            tag = (group << 16) + (block << 8) + element
            if tag in self.entries:
                return tag
        return None

    def private_blocks(self) -> dict[tuple[int, str], list[int]]:
        """(group, private creator in small letters) -> blocks that it reserves."""
        if self._blocks is None:
            self._blocks = {}
            for tag in self.entries:
                if tag & 0x10000 and 0x10 <= tag & 0xFFFF <= 0xFF:
                    creator = decode_text(self.raw(tag) or b"", None).casefold()
                    self._blocks.setdefault((tag >> 16, creator), []).append(tag & 0xFF)
        return self._blocks


def walk(
    into: Elements,
    position: int,
    end: int,
    *,
    stop_group: int | None = None,
    depth: int = 0,
    open_ended: bool = False,
) -> int:
    """Note every data element from `position` on.

    Args:
        into: Receives them.
        position: First byte.
        end: Where the bytes, or the item, end.
        stop_group: Stop before the first element of another group.
        depth: Of nesting.
        open_ended: An item that ends with its delimiter, not at `end`.

    Returns:
        Where the walk ended.

    Raises:
        EndOfBuffer: More bytes are needed.
        IngestError: Sequences are nested too deep or hold something else than items.
    """
    buffer, entries = into.buffer, into.entries
    explicit, order = into.encoding.explicit, "<" if into.encoding.little else ">"
    short, long = struct.Struct(f"{order}HH2sH").unpack_from, struct.Struct(f"{order}I").unpack_from
    plain = struct.Struct(f"{order}HHI").unpack_from
    while position + 8 <= end:
        if explicit:
            group, element, vr, length = short(buffer, position)
            value = position + 8
            if vr in _LONG_VR:
                if value + 4 > end:
                    raise EndOfBuffer
                length = long(buffer, value)[0]
                value += 4
        else:
            group, element, length = plain(buffer, position)
            vr, value = b"", position + 8
        if stop_group is not None and group != stop_group:
            return position
        tag = (group << 16) + element
        if tag == _ITEM_END:
            return position + 8
        if depth == 0 and tag in PIXELS:
            entries[tag] = (vr, value, length)
            return value
        if length == UNDEFINED and vr in (b"OB", b"OW"):  # the compressed pixels of an icon
            position = _skip_fragments(buffer, value, end, order)
            continue
        if length == UNDEFINED:
            inner = Encoding(False, True) if vr == b"UN" else into.encoding
            items, position = _walk_items(buffer, value, end, inner, depth + 1, open_ended=True)
            entries[tag] = (b"SQ", value, position - value)
            into._sequences[tag] = items
            continue
        position = value + length
        if position > end:
            raise EndOfBuffer
        entries[tag] = (vr, value, length)
    if open_ended:
        raise EndOfBuffer
    return position


def _skip_fragments(buffer: bytes, position: int, end: int, order: str) -> int:
    """Where encapsulated pixels inside a sequence end."""
    unpack = struct.Struct(f"{order}HHI").unpack_from
    while position + 8 <= end:
        group, element, length = unpack(buffer, position)
        position += 8
        if (group << 16) + element == _SEQUENCE_END:
            return position
        position += length
    raise EndOfBuffer


def _walk_items(
    buffer: bytes, position: int, end: int, encoding: Encoding, depth: int, *, open_ended: bool
) -> tuple[list[Elements], int]:
    """The items of a sequence, up to its delimiter if `open_ended`, and where it ended."""
    if depth > _MAX_DEPTH:
        raise IngestError(f"sequences are nested more than {_MAX_DEPTH} deep; the file is damaged")
    unpack = struct.Struct("<HHI" if encoding.little else ">HHI").unpack_from
    items: list[Elements] = []
    while position + 8 <= end:
        group, element, length = unpack(buffer, position)
        tag = (group << 16) + element
        position += 8
        if tag == _SEQUENCE_END:
            return items, position
        if tag != _ITEM:
            raise IngestError(f"a sequence holds {tags.tag_text(tag)} in place of an item")
        item = Elements(buffer, encoding)
        stop = end if length == UNDEFINED else position + length
        if stop > end:
            raise EndOfBuffer
        position = walk(item, position, stop, depth=depth, open_ended=length == UNDEFINED)
        if length != UNDEFINED:
            position = stop
        items.append(item)
    if open_ended:
        raise EndOfBuffer
    return items, position
