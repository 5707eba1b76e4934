"""Enhanced multi-frame objects -> one set of attributes per frame.

A frame's attributes stand in functional groups: in its own, else in the shared ones, else in
the object itself. They are laid over each other, so that a frame is then read exactly like a
classic single-frame object.

Source:
    DICOM PS3.3 C.7.6.16 and C.8.13.
"""

from collections.abc import Iterator

from mrsift.ingest import tags
from mrsift.ingest.elements import Elements


def frame_views(elements: Elements) -> Iterator[Elements]:
    """The attributes of each frame.

    Args:
        elements: An object with functional groups.

    Yields:
        One per item of the Per-Frame Functional Groups Sequence; nothing where there is none.
    """
    if tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE not in elements:
        return
    frames = elements.items(tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    shared = elements.first(tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    ground = dict(elements.entries)
    if shared is not None:
        ground |= _flattened(shared)
    for frame in frames:
        view = Elements(elements.buffer, elements.encoding)
        view.entries = ground | _flattened(frame)
        yield view


def _flattened(groups: Elements) -> dict[int, tuple[bytes, int, int]]:
    """The attributes of all public functional groups of one item side by side."""
    entries: dict[int, tuple[bytes, int, int]] = {}
    for macro in groups.entries:
        if (macro >> 16) % 2 == 0:
            for item in groups.items(macro)[:1]:
                entries |= item.entries
    return entries
