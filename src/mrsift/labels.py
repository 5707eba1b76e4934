"""The sequence classes, their BIDS names and DICOM codes, and the profiles.

One table for the whole project. A label is written in capitals everywhere: in tables,
in bundles and in the code.
"""

from dataclasses import dataclass
from typing import Literal

B_HIGH_S_PER_MM2 = 500.0
"""Diffusion weighting from which a volume is `DWI_HIGH` (Sun et al. 2024)."""

UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Label:
    """One sequence class.

    Attributes:
        name: How mrsift writes it.
        meaning: One line for people.
        bids_suffix: Suffix of the BIDS file name, or None where BIDS has none.
        bids_entities: Entities that BIDS needs beside the suffix, e.g. `acq-fs`.
        dicom_code: Code value in the DCM scheme (PS3.16), or None where we use our own.
    """

    name: str
    meaning: str
    bids_suffix: str | None
    bids_entities: str
    dicom_code: str | None


LABELS: dict[str, Label] = {
    label.name: label
    for label in (
        Label("T2W", "T2-weighted, fat not suppressed", "T2w", "", "110805"),
        Label("T2W_FS", "T2-weighted, fat suppressed", "T2w", "acq-fs", "110805"),
        Label("DWI_LOW", "diffusion-weighted, b < 500 s/mm2", "dwi", "", "113043"),
        Label("DWI_HIGH", "diffusion-weighted, b >= 500 s/mm2", "dwi", "", "113043"),
        Label("ADC", "apparent diffusion coefficient map", "ADC", "", "113041"),
        Label("T1W", "T1-weighted before contrast", "T1w", "", "110804"),
        Label("T1W_CE", "T1-weighted after contrast", "T1w", "ce-", "110804"),
        Label("FLAIR", "T2-weighted with fluid nulled", "FLAIR", "", None),
        Label(UNKNOWN, "anything else, or not committed to", None, "", None),
    )
}
"""Label name -> `Label`, in the order used by every table and every model output."""

LABEL_NAMES: tuple[str, ...] = tuple(LABELS)


@dataclass(frozen=True, slots=True)
class Role:
    """What a downstream task needs one volume for.

    Attributes:
        name: Of the role, e.g. `t2w_axial`.
        labels: Labels that may fill it, the most wanted first.
        plane: The plane its slices must have; None for any.
        required: False for a role that is welcome but not missed.
        b_value: Which b-value is best: the highest, the lowest, the one nearest to a number
            in s/mm2; None where it does not matter.
        extent_mm: A volume shorter than this along any edge may not cover the organ.
    """

    name: str
    labels: tuple[str, ...]
    plane: Literal["axial", "sagittal", "coronal", "oblique"] | None = None
    required: bool = True
    b_value: Literal["highest", "lowest"] | float | None = None
    extent_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """Which labels count as known in a study, and which roles are to be filled.

    Attributes:
        name: `prostate`, `brain`, `all`, or the name in the user's own file.
        known: Labels that may be answered; every other becomes `UNKNOWN`.
        same_as: Labels answered as another one, e.g. `T2W_FS` as `T2W` in the brain.
        roles: In the order of the report.
    """

    name: str
    known: tuple[str, ...]
    same_as: tuple[tuple[str, str], ...] = ()
    roles: tuple[Role, ...] = ()


PROSTATE_MM = 30.0
"""Less than a healthy prostate measures from base to apex."""

BRAIN_MM = 90.0
"""Less than any edge of an adult brain."""

_PROSTATE_ROLES = (
    Role("t2w_axial", ("T2W",), "axial", extent_mm=PROSTATE_MM),
    Role("dwi_high", ("DWI_HIGH",), "axial", b_value="highest", extent_mm=PROSTATE_MM),
    Role("adc", ("ADC",), "axial", extent_mm=PROSTATE_MM),
    Role("dwi_low", ("DWI_LOW",), "axial", False, "lowest", PROSTATE_MM),
    Role("t2w_fs", ("T2W_FS",), None, False, extent_mm=PROSTATE_MM),
)

_BRAIN_ROLES = tuple(
    Role(name, (label,), extent_mm=BRAIN_MM)
    for name, label in (("flair", "FLAIR"), ("t1w", "T1W"), ("t1w_ce", "T1W_CE"), ("t2w", "T2W"))
)


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "prostate",
            ("T2W", "T2W_FS", "DWI_LOW", "DWI_HIGH", "ADC"),
            roles=_PROSTATE_ROLES,
        ),
        Profile(
            "brain",
            ("T2W", "DWI_LOW", "DWI_HIGH", "ADC", "T1W", "T1W_CE", "FLAIR"),
            same_as=(("T2W_FS", "T2W"),),
            roles=_BRAIN_ROLES,
        ),
        Profile("all", tuple(name for name in LABEL_NAMES if name != UNKNOWN)),
    )
}
