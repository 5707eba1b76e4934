"""What BIDS wants beside an image: `.json`, `.bval`, and the files of the whole tree.

Source:
    Brain Imaging Data Structure 1.11, "Magnetic Resonance Imaging" and "Agnostic files".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mrsift import __version__
from mrsift.types import Prediction, VolumeInfo

BIDS_VERSION = "1.11.0"

README = """\
This tree was made by mrsift from MR studies. Which file holds which label, with
its SHA-256, stands in mrsift-manifest.csv. The key from sub- and ses- to the original studies
is not part of the tree.

sourcedata/ holds images that BIDS has no name for: localizers, incomplete volumes, volumes
that mrsift did not name, and diffusion-weighted ones without a known b-value.

Names come from an automatic classification. Research use only; not a medical device.
"""

DERIVED_README = """\
Maps and calculated images among the studies, as the scanners wrote them; sorted by mrsift.
"""

DESCRIPTIONS = {
    "ADC": "Map of the apparent diffusion coefficient as the scanner wrote it",
    "DWI_LOW": "Diffusion-weighted image that was calculated, not acquired",
    "DWI_HIGH": "Diffusion-weighted image that was calculated, not acquired",
}

_SECONDS = {
    "RepetitionTime": "repetition_time_ms",
    "EchoTime": "echo_time_ms",
    "InversionTime": "inversion_time_ms",
}
_FACTS = {
    "Manufacturer": "manufacturer",
    "ManufacturersModelName": "manufacturer_model_name",
    "MagneticFieldStrength": "magnetic_field_strength_t",
    "BodyPart": "body_part_examined",
    "SeriesDescription": "series_description",
    "ProtocolName": "protocol_name",
    "SequenceName": "sequence_name",
    "ImageType": "image_type",
    "ScanningSequence": "scanning_sequence",
    "SequenceVariant": "sequence_variant",
    "ScanOptions": "scan_options",
    "MRAcquisitionType": "mr_acquisition_type",
    "FlipAngle": "flip_angle_deg",
}
_JOINED = ("ScanningSequence", "SequenceVariant", "ScanOptions")


def bids_json(members: Sequence[Prediction], remark: str = "", *, derived: bool = False) -> str:
    """The sidecar of an image: what all its headers say, and what mrsift says of each volume.

    Args:
        members: Volumes of the image, in its order.
        remark: Why it is where it is.
        derived: It belongs to the derivatives, where BIDS wants to know more.
    """
    facts = [_facts(member.volume) for member in members]
    said = {
        name: value
        for name, value in facts[0].items()
        if value not in (None, "", ()) and all(other[name] == value for other in facts)
    }
    if derived:
        said |= {"Description": DESCRIPTIONS[members[0].label], "SkullStripped": False}
    own: dict[str, Any] = {
        "Version": __version__,
        "Volumes": [_volume(member) for member in members],
    }
    if remark:
        own["Remark"] = remark
    return json.dumps(said | {"Mrsift": own}, indent=1) + "\n"


def _facts(info: VolumeInfo) -> dict[str, Any]:
    facts: dict[str, Any] = {"Modality": info.modality or "MR"}
    for name, field in _FACTS.items():
        facts[name] = getattr(info.header, field)
    for name, field in _SECONDS.items():
        stored = getattr(info.header, field)
        facts[name] = None if stored is None or stored <= 0 else round(stored / 1000, 9)
    facts |= {name: "\\".join(facts[name]) for name in _JOINED}
    facts["SeriesNumber"] = info.series_number
    return facts


def _volume(member: Prediction) -> Mapping[str, Any]:
    info = member.volume
    found: dict[str, Any] = {
        "VolumeId": info.volume_id,
        "Label": member.label,
        "Probability": round(member.probability, 4),
        "SetByHand": member.correction is not None,
    }
    if info.b_value is not None:
        found["BValueSource"] = info.b_value.source
    if info.calculated:
        found["Calculated"] = True
    if info.remarks:
        found["Remarks"] = list(info.remarks)
    return found


def bval_text(infos: Iterable[VolumeInfo]) -> str:
    """The text of a `.bval`: one b-value in s/mm2 per volume.

    Args:
        infos: Each with a b-value.
    """
    values = [info.b_value.s_per_mm2 for info in infos if info.b_value is not None]
    return " ".join(f"{b:g}" for b in values) + "\n"


def description_json(kind: str) -> str:
    """`dataset_description.json` of the tree (`raw`) or of its maps (`derivative`)."""
    names = {"raw": "Studies sorted by mrsift", "derivative": "Maps found by mrsift"}
    found = {
        "Name": names[kind],
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": kind,
        "GeneratedBy": [{"Name": "mrsift", "Version": __version__}],
    }
    return json.dumps(found, indent=1) + "\n"


def participants_text(stored: str, subjects: Iterable[str]) -> str:
    """`participants.tsv` with a line for each subject; lines and columns that are there stay.

    Args:
        stored: The file as it is, empty where it is not there.
        subjects: E.g. `sub-001`.
    """
    lines = stored.splitlines() or ["participant_id"]
    columns = len(lines[0].split("\t"))
    there = {line.split("\t")[0] for line in lines[1:]}
    new = [subject for subject in dict.fromkeys(subjects) if subject not in there]
    lines += ["\t".join([subject, *["n/a"] * (columns - 1)]) for subject in new]
    return "\n".join(lines) + "\n"
