"""What a header witness is, and how loudly it may speak.

A witness looks at one volume's header and says nothing (None) or gives a log-odds per
label, against the labels that it does not name. Loudness has four steps, so that the
table in the documentation can be read and so that no rule shouts by accident.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mrsift.types import VolumeInfo

DECISIVE = 8.0
"""The scanner states what the image is: a b-value, an ADC map, a phase image."""

STRONG = 5.0
"""Physics or a near-label leaves little choice: TE, TR and TI, AcquisitionContrast."""

FAIR = 3.0
"""Usually right. Text may not be louder than this: a description can lie."""

WEAK = 1.5
"""A nudge between neighbours."""


EPI_NAMES = ("ep", "re_b", "dwi", "se_epi", "fe_epi")
SPIN_NAMES = ("tse", "fse", "spc", "h2d", "tir", "fase", "se2d", "se3d")
GRADIENT_NAMES = ("fl2d", "fl3d", "tfl", "fi2d", "fi3d", "ffe", "tfe", "gre")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a witness saw in one header.

    Attributes:
        found: The attribute and its value, for people.
        log_odds: Label -> natural log-odds against the labels that are not named;
            negative where the finding speaks against a label.
    """

    found: str
    log_odds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named witness.

    Attributes:
        name: As in the report and in `docs/reference/header-evidence.md`.
        look: The function that reads a header.
        cap: Largest log-odds, up or down, that this witness may give to one label.
    """

    name: str
    look: Callable[[VolumeInfo], Finding | None]
    cap: float


def towards(log_odds: float, *labels: str) -> dict[str, float]:
    """The same log-odds for each of some labels.

    Args:
        log_odds: One of the four steps above, or its negative.
        labels: Who gets it.

    Returns:
        Label -> log-odds.
    """
    return dict.fromkeys(labels, log_odds)


def readout(info: VolumeInfo) -> str | None:
    """How the echoes were read.

    Args:
        info: Volume whose header is read.

    Returns:
        `epi`, `gradient`, `spin`, or None where the header does not say.

    Source:
        DICOM PS3.3 C.8.3.1.1 (Scanning Sequence), C.8.13.5 (Echo Pulse Sequence); the
        vendors' usual sequence names.
    """
    kinds = {kind.upper() for kind in info.header.scanning_sequence}
    name = (info.header.sequence_name or "").lower().lstrip("*")
    if "EP" in kinds or name.startswith(EPI_NAMES):
        return "epi"
    gradient = any(part in name for part in GRADIENT_NAMES)
    if kinds & {"GR", "GRADIENT", "BOTH"} or (gradient and not kinds):
        return "gradient"
    spin = any(part in name for part in SPIN_NAMES)
    return "spin" if spin or kinds & {"SE", "SPIN", "IR"} else None
