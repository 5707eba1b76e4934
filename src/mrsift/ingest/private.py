"""Private attributes of Siemens: the CSA headers (VB to VE)."""

import struct
from typing import Final

from mrsift.ingest.elements import Elements

_CSA_IMAGE_HEADER: Final = (0x0029, "SIEMENS CSA HEADER", 0x10)
_MAX_TAGS: Final = 128


def csa_image_header(elements: Elements) -> dict[str, tuple[str, ...]]:
    """The values of the CSA Image Header (0029,xx10), as texts.

    Args:
        elements: An object of Siemens.

    Returns:
        Name -> values; empty where there is no such header or it is damaged.

    Source:
        Layout as documented in nibabel, `doc/source/dicom/siemens_csa.rst`.
    """
    tag = elements.private(*_CSA_IMAGE_HEADER)
    raw = elements.raw(tag) if tag is not None else None
    if raw is None:
        return {}
    try:
        return _parse_csa(raw)
    except (struct.error, UnicodeDecodeError):  # cut off or overwritten when de-identified
        return {}


def _parse_csa(raw: bytes) -> dict[str, tuple[str, ...]]:
    version_2 = raw[:4] == b"SV10"
    position = 8 if version_2 else 0
    count, _ = struct.unpack_from("<II", raw, position)
    position += 8
    found: dict[str, tuple[str, ...]] = {}
    if not 0 < count <= _MAX_TAGS:
        return found
    odd_bytes = 0
    for number in range(count):
        name, _, _, _, n_items, _ = struct.unpack_from("<64si4siii", raw, position)
        position += 84
        values = []
        if number <= 1:
            odd_bytes = n_items  # version 1 adds this to the length of every item
        for _ in range(n_items):
            lengths = struct.unpack_from("<4i", raw, position)
            position += 16
            length = lengths[1] if version_2 else lengths[0] - odd_bytes
            length = max(0, min(length, len(raw) - position))
            value = raw[position : position + length].split(b"\0", 1)[0].decode("latin-1").strip()
            position += -(-length // 4) * 4
            if value:
                values.append(value)
        if values:
            found[name.split(b"\0", 1)[0].decode("ascii")] = tuple(values)
    return found
