"""Text of DICOM values."""

import warnings
from typing import Final

_CHARACTER_SETS: Final = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}


def decode_text(raw: bytes, character_set: bytes | None) -> str:
    """Text of a value, without padding."""
    raw = raw.strip(b" \0\t\r\n")
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    names = (character_set or b"").decode("ascii", "replace").replace("\0", "").split("\\")
    name = names[0].strip()
    if len(names) == 1 and name in _CHARACTER_SETS:
        return raw.decode(_CHARACTER_SETS[name], "replace").strip()
    from pydicom.charset import convert_encodings, decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unknown character sets come out as question marks
        encodings = convert_encodings([part.strip() for part in names])
        return str(decode_bytes(raw, encodings, set())).strip()
