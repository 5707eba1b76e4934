"""Volumes in a few words, where reasons speak of them."""

from mrsift.types import VolumeInfo


def volume_name(info: VolumeInfo) -> str:
    """A volume in two or three words, e.g. `series 6 b 800`, or its file without DICOM."""
    if info.series_number is None:
        name = info.files[0].rpartition("!")[2].rpartition("/")[2] if info.files else "a volume"
        return name if info.index is None else f"{name} index {info.index}"
    words = f"series {info.series_number}"
    return f"{words} b {info.b_value.s_per_mm2:g}" if info.b_value else words
