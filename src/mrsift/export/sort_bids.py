"""`--layout bids`: NIfTI with BIDS names, what BIDS wants beside them, and maps as derivatives.

    sub-001/ses-1/anat/sub-001_ses-1_acq-axial_T2w.nii.gz
    sub-001/ses-1/dwi/sub-001_ses-1_acq-axial_dwi.nii.gz   all b-values of a series, .bval, .bvec
    derivatives/mrsift/sub-001/ses-1/dwi/..._ADC.nii.gz    maps, and what was calculated from others
    sourcedata/sub-001/ses-1/unknown/...                   what BIDS has no name for

Source:
    Brain Imaging Data Structure 1.11, "Magnetic Resonance Imaging" and "Derivatives".
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mrsift.errors import IngestError
from mrsift.export.bids_sidecar import bids_json, bval_text
from mrsift.export.nifti_file import bvec_text, write_nifti
from mrsift.export.rows import series_key
from mrsift.export.sort_case import Case
from mrsift.export.sort_item import Entry, File, constant
from mrsift.ingest import Scan
from mrsift.labels import LABELS, UNKNOWN
from mrsift.types import Float64Array, Prediction, VolumeInfo

DERIVED = "derivatives/mrsift/"
DIFFUSION = ("DWI_LOW", "DWI_HIGH")


@dataclass(frozen=True, slots=True, eq=False)
class _Image:
    """One NIfTI file on the way to its name.

    Attributes:
        top: Before the subject's folder, e.g. `derivatives/mrsift/`.
        folder: After the session, e.g. `dwi`.
        entities: Between the session and `run-`.
        members: Its volumes.
        remark: Why it is where it is.
        directions: Of each member's diffusion gradient in LPS, where it is known.
    """

    top: str
    folder: str
    entities: str
    suffix: str
    members: tuple[Prediction, ...]
    remark: str = ""
    directions: tuple[Float64Array | None, ...] = ()

    @property
    def name(self) -> Hashable:
        """Equal for images that only a run number tells apart."""
        return (self.top, self.folder, self.entities, self.suffix)


def bids_entries(cases: Iterable[Case], found: Scan) -> list[Entry]:
    """Plan the images of the tree.

    Args:
        cases: Studies with their numbers.
        found: The scan that they come from.

    Returns:
        One entry per image, with its sidecars.
    """
    entries = []
    for case in cases:
        images = _images(case.report.predictions, found)
        count: dict[Hashable, int] = defaultdict(int)
        total: dict[Hashable, int] = defaultdict(int)
        for image in images:
            total[image.name] += 1
        for image in images:
            count[image.name] += 1
            run = ""
            if total[image.name] > 1:
                run = f"_run-{count[image.name]:0{len(str(total[image.name]))}d}"
            entries.append(_entry(case, image, run, found))
    return entries


def _images(predictions: Sequence[Prediction], found: Scan) -> list[_Image]:
    """Files of a study, in the order of their first volumes."""
    images = []
    series: dict[Hashable, list[Prediction]] = {}
    for one in predictions:
        if aside := _aside(one):
            images.append(aside)
        elif one.label in DIFFUSION:
            series.setdefault(_grid_of_series(one), []).append(one)
        else:
            images.append(_single(one))
    for members in series.values():
        images += _weighted(members, found)
    order = {one.volume.volume_id: place for place, one in enumerate(predictions)}
    return sorted(images, key=lambda image: order[image.members[0].volume.volume_id])


def _aside(one: Prediction) -> _Image | None:
    """Where a volume goes that must not be taken for its label; None for all others."""
    info = one.volume
    reason = ""
    if one.localizer:
        folder, reason = "localizer", "a localizer"
    elif not info.complete:
        folder, reason = "incomplete", "slices are missing"
    elif _suffix(one.label) is None:
        named = one.label != UNKNOWN
        folder, reason = "unknown", "BIDS has no name for it" if named else "not named"
    elif one.label in DIFFUSION and info.b_value is None:
        folder, reason = "no-b-value", "BIDS wants a b-value, and nothing says it"
    if not reason:
        return None
    number = "" if info.series_number is None else f"_series-{info.series_number:03d}"
    entities = f"{number}_acq-{_acquisition(one)}"
    return _Image("sourcedata/", folder, entities, one.label, (one,), remark=reason)


def _single(one: Prediction) -> _Image:
    entities = f"_acq-{_acquisition(one)}"
    if one.label == "T1W_CE":
        entities += "_ce-contrast"
    suffix = _suffix(one.label) or ""
    if one.label == "ADC":
        return _Image(DERIVED, "dwi", entities, suffix, (one,))
    return _Image("", "anat", entities, suffix, (one,))


def _weighted(members: Sequence[Prediction], found: Scan) -> list[_Image]:
    """The diffusion-weighted volumes of one grid of a series, as few files as can be."""
    turned = {one.volume.volume_id: _direction(one.volume, found) for one in members}
    directed = any(direction is not None for direction in turned.values())
    name = f"_acq-{_acquisition(members[0])}"
    kinds: dict[str, list[Prediction]] = {"raw": [], "trace": [], "calculated": []}
    for one in members:
        trace = directed and (one.volume.derived_kind or "").startswith("TRACE")
        kinds["calculated" if one.volume.calculated else "trace" if trace else "raw"].append(one)
    images = (
        _Image("", "dwi", name, "dwi", tuple(kinds["raw"])),
        _Image("", "dwi", f"{name}Trace", "dwi", tuple(kinds["trace"])),
        # Not `desc-`: beside that, BIDS 1.11 allows no b-values.
        _Image(DERIVED, "dwi", f"{name}_rec-calculated", "dwi", tuple(kinds["calculated"])),
    )
    return [
        replace(image, directions=tuple(turned[one.volume.volume_id] for one in image.members))
        for image in images
        if image.members
    ]


def _direction(info: VolumeInfo, found: Scan) -> Float64Array | None:
    try:
        return found.gradient(info)
    except IngestError:  # gone since the scan: reading its voxels will say so
        return None


def _grid_of_series(one: Prediction) -> Hashable:
    info = one.volume
    grid = (np.round(info.affine_lps_mm, 3) + 0.0).tobytes()
    component = (info.image_component, info.header.echo_time_ms)
    return (series_key(info), info.shape, grid, component)


def _suffix(label: str) -> str | None:
    return LABELS[label].bids_suffix if label in LABELS else None


def _acquisition(one: Prediction) -> str:
    """What tells images of one label apart, e.g. `axialFs`, letters only."""
    words: list[str] = [one.volume.plane]
    if one.label == "T2W_FS":
        words.append("fs")
    if one.volume.image_component != "magnitude":
        words += one.volume.image_component.split("_")
    letters = ["".join(c for c in word if c.isascii() and c.isalnum()) for word in words]
    return letters[0] + "".join(word.capitalize() for word in letters[1:])


def _entry(case: Case, image: _Image, run: str, found: Scan) -> Entry:
    infos = tuple(one.volume for one in image.members)
    name = f"{case.name}{image.entities}{run}_{image.suffix}"
    stem = f"{image.top}{case.folder}/{image.folder}/{name}"
    derived = image.top == DERIVED
    beside = {".json": bids_json(image.members, image.remark, derived=derived)}
    if image.suffix == "dwi":
        beside |= {".bval": bval_text(infos), ".bvec": bvec_text(infos, image.directions)}
    image_file = File(f"{stem}.nii.gz", lambda stream: write_nifti(stream, infos, found.read))
    sidecars = (File(stem + suffix, constant(text.encode())) for suffix, text in beside.items())
    return Entry(
        case=case.folder,
        volumes=infos,
        labels=tuple(one.label for one in image.members),
        by_hand=tuple(one.correction is not None for one in image.members),
        files=(image_file, *sidecars),
        remark=image.remark,
    )
