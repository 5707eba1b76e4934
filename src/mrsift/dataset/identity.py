"""What a volume is counted under: patient and vendor, in one spelling and without names."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from mrsift.types import VolumeInfo

_DIGITS: Final = 10
_BIDS_SUBJECT: Final = re.compile(r"(?:^|[/!_])(sub-[A-Za-z0-9]+)(?=[/!_.])")
_IMAGE_SUFFIX: Final = re.compile(r"(?i)\.(nii(\.gz)?|nrrd|nhdr|mha|mhd|dcm|zip|tar|tar\.gz|tgz)$")
_VENDORS: Final = (
    ("siemens", "Siemens"),
    ("philips", "Philips"),
    ("general electric", "GE"),
    ("ge medical", "GE"),
    ("ge healthcare", "GE"),
    ("canon", "Canon"),
    ("toshiba", "Canon"),  # sold its scanners to Canon in 2016
    ("united imaging", "United Imaging"),
    ("uih", "United Imaging"),
    ("hitachi", "Fujifilm"),  # sold its scanners to Fujifilm in 2021
    ("fujifilm", "Fujifilm"),
)


def patient_pseudonym(identity: Sequence[str]) -> str:
    """A short name for a patient that shows nothing of who it is.

    The same identity always gives the same name, also in another data set. It is a pseudonym:
    whoever knows an identity can compute its name.

    Args:
        identity: What `Scan.patient` says; not empty.

    Returns:
        `p-` and 10 hex digits.
    """
    return "p-" + _short_hash("patient", *identity)


def patient_of_place(info: VolumeInfo, *, by_folders: bool) -> tuple[str, str]:
    """The best guess where no header names a patient.

    Args:
        info: A volume.
        by_folders: It lies in a folder named by its class, and in there in a folder or file
            named by its patient.

    Returns:
        (name, where it came from): the `sub-` of BIDS; the folder or file; else one for each study.
    """
    file = info.files[0]
    if subject := _BIDS_SUBJECT.search(file):
        return subject[1], "sub- in the path"
    parts = file.replace("!", "/").split("/")
    if by_folders and len(parts) > 1:
        return _IMAGE_SUFFIX.sub("", parts[1]), "the folder or file below the class"
    study = info.study_instance_uid or file[: max(file.rfind("/"), file.rfind("!"), 0)]
    return "study-" + _short_hash("study", study), "the study, one patient each"


def vendor_name(text: str | None) -> str | None:
    """A manufacturer in one spelling.

    Args:
        text: From a header or a label table, e.g. `SIEMENS`, `Siemens Skyra 3T`.

    Returns:
        The vendor; the text as it stands where it is none that is known.
    """
    plain = " ".join((text or "").split())
    low = plain.lower()
    if low == "ge" or low.startswith("ge "):
        return "GE"
    return next((name for word, name in _VENDORS if word in low), plain or None)


def _short_hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(("mrsift", *parts)).encode()).hexdigest()[:_DIGITS]
