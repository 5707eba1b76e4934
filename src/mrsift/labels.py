"""The sequence classes, their BIDS names and DICOM codes, and the profiles.

One table for the whole project. A label is written in capitals everywhere: in tables,
in bundles and in the code.
"""

from dataclasses import dataclass

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
class Profile:
    """Which labels count as known in a study.

    Attributes:
        name: `prostate`, `brain`, `all`, or the name in the user's own file.
        known: Labels that may be answered; every other becomes `UNKNOWN`.
        same_as: Labels answered as another one, e.g. `T2W_FS` as `T2W` in the brain.
    """

    name: str
    known: tuple[str, ...]
    same_as: tuple[tuple[str, str], ...] = ()


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("prostate", ("T2W", "T2W_FS", "DWI_LOW", "DWI_HIGH", "ADC")),
        Profile(
            "brain",
            ("T2W", "DWI_LOW", "DWI_HIGH", "ADC", "T1W", "T1W_CE", "FLAIR"),
            same_as=(("T2W_FS", "T2W"),),
        ),
        Profile("all", tuple(name for name in LABEL_NAMES if name != UNKNOWN)),
    )
}
