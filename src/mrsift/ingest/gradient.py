"""The direction of a diffusion gradient in patient coordinates, where a header says it safely.

Vendors write it in different frames. What cannot be brought into patient coordinates for sure
is not known: a wrong direction ruins a tractography, a missing one is noticed.

Source:
    DICOM PS3.3 C.8.13.5.9 (patient coordinates); FSL's bvecs: image axes, the first one turned
    where the determinant of the affine is positive. GE, Canon and UIH as compared with dcm2niix
    in `tests/conformance`.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from mrsift.ingest import tags
from mrsift.ingest.diffusion import direction, uih_tag
from mrsift.ingest.elements import Elements
from mrsift.ingest.enhanced import frame_views
from mrsift.ingest.header import Instance, Plane
from mrsift.ingest.object_header import read_header
from mrsift.types import Float64Array

_ALIGNED = 0.999
"""Cosine from which an image axis counts as a patient axis."""


def gradient_lps(plane: Plane) -> Float64Array | None:
    """The gradient direction of a plane.

    Args:
        plane: Of a diffusion-weighted volume; its object's header is read once more.

    Returns:
        Unit vector in LPS; None where there is none, or where its frame is not known for sure.

    Raises:
        IngestError: The object cannot be read any more.
    """
    if plane.direction is None or not any(plane.direction):
        return None
    views = _views(plane.instance)
    view = views[plane.frame or 0] if len(views) > 1 else views[0]
    stored = direction(view)
    turn = _frame(view, np.array(plane.orientation, float).reshape(2, 3))
    if stored is None or turn is None or not np.linalg.norm(stored) > 0:
        return None
    turned: Float64Array = turn @ (np.array(stored) / np.linalg.norm(stored))
    return turned


def gradient_of_bvec(
    vectors: Sequence[float], index: int, axes_lps: Float64Array
) -> Float64Array | None:
    """The gradient direction of one volume of a NIfTI file.

    Args:
        vectors: All numbers of its `.bvec`, three rows of one number per volume.
        index: Which volume.
        axes_lps: Shape (3, 3), columns are the stored axes i, j, k in LPS, any length.

    Returns:
        Unit vector in LPS; None where all three are 0.
    """
    count = len(vectors) // 3
    stored = np.array([vectors[index], vectors[count + index], vectors[2 * count + index]])
    axes = axes_lps / np.linalg.norm(axes_lps, axis=0)
    if np.linalg.det(axes) > 0:
        stored[0] = -stored[0]
    turned = axes @ stored
    length = float(np.linalg.norm(turned))
    return turned / length if length > 0 else None


@lru_cache(maxsize=1)
def _views(instance: Instance) -> list[Elements]:
    """The attributes of each frame; the volumes of a large object are asked for in turn."""
    top = read_header(instance.source).elements
    return list(frame_views(top)) or [top]


def _frame(view: Elements, orientation: Float64Array) -> Float64Array | None:
    """What turns the stored direction into LPS, shape (3, 3); None where that is not known."""
    item = view.first(tags.DIFFUSION_GRADIENT_DIRECTION_SEQUENCE) or view
    if len(item.numbers(tags.DIFFUSION_GRADIENT_ORIENTATION)) == 3:
        return np.eye(3)
    image = np.column_stack([*orientation, np.cross(orientation[0], orientation[1])])
    if (view.text(tags.IMAGE_COMMENTS) or "").lower().lstrip().startswith("b="):  # Canon
        return np.eye(3) if np.abs(image).max(axis=0).min() > _ALIGNED else None
    for group, creator, element in (
        (0x0019, "SIEMENS MR HEADER", 0x0E),
        (0x2005, "Philips MR Imaging DD 001", 0xB0),
    ):
        if view.private(group, creator, element) is not None:
            return np.eye(3)
    if uih_tag(view, 0x37) is not None:
        return image
    if view.private(0x0019, "GEMS_ACQU_01", 0xBB) is not None:
        axial = abs(image[2, 2]) > max(abs(image[0, 2]), abs(image[1, 2]))
        columns = view.text(tags.IN_PLANE_PHASE_ENCODING_DIRECTION) == "COL"
        return image @ np.diag([-1.0, -1.0, 1.0]) if axial and columns else None
    return None
