"""What a site writes into SeriesDescription: six habits of naming."""

from typing import Literal

from mrsift.simulate.protocol import Protocol
from mrsift.types import Plane

Style = Literal["siemens", "ge", "philips", "canon", "uih", "german"]

_PLANES: dict[Style, dict[str, str]] = {
    "siemens": {"axial": "tra", "sagittal": "sag", "coronal": "cor"},
    "ge": {"axial": "Ax", "sagittal": "Sag", "coronal": "Cor"},
    "philips": {"axial": "ax", "sagittal": "sag", "coronal": "cor"},
    "canon": {"axial": "Axial", "sagittal": "Sagittal", "coronal": "Coronal"},
    "uih": {"axial": "tra", "sagittal": "sag", "coronal": "cor"},
    "german": {"axial": "transversal", "sagittal": "sagittal", "coronal": "coronar"},
}

# Kind of series -> its name in each style, in the order of `Style`; {p} is the plane,
# {b} the b-values joined by "_".
_ORDER: tuple[Style, ...] = ("siemens", "ge", "philips", "canon", "uih", "german")
_NAMES: dict[str, tuple[str, ...]] = {
    "localizer": ("localizer", "3-Pl Loc", "Survey", "Locator", "scout", "Planung"),
    "tse": ("t2_tse_{p}", "{p} T2 FSE", "T2W_TSE_{p}", "{p} FSE T2", "t2_fse_{p}", "T2 {p}"),
    "space": (
        "t2_space_{p}_iso",
        "{p} CUBE T2",
        "VISTA_T2_{p}",
        "{p} 3D MPV T2",
        "t2_matrix3d_{p}",
        "T2 3D {p}",
    ),
    "haste": (
        "t2_haste_{p}",
        "{p} SSFSE",
        "T2W_SSh_{p}",
        "{p} FASE",
        "t2_ssfse_{p}",
        "T2 schnell {p}",
    ),
    "fatsat": (
        "t2_tse_fs_{p}",
        "{p} T2 FSE FS",
        "T2W_SPIR_{p}",
        "{p} FSE T2 FatSat",
        "t2_fse_{p}_fs",
        "T2 fs {p}",
    ),
    "stir": ("t2_tirm_{p}", "{p} STIR", "STIR_{p}", "{p} STIR", "stir_{p}", "TIRM {p}"),
    "water_only": (
        "t2_tse_dixon_{p}_W",
        "WATER: {p} T2 FLEX",
        "T2W_mDIXON_{p}",
        "{p} T2 WFS water",
        "t2_fse_wfi_{p}_W",
        "T2 Dixon Wasser {p}",
    ),
    "dwi": ("ep2d_diff_b{b}_{p}", "{p} DWI b{b}", "DWI_{b}_{p}", "{p} DWI {b}", "dwi_b{b}", "DWI"),
    "adc": (
        "ep2d_diff_b{b}_{p}_ADC",
        "Apparent Diffusion Coefficient (mm2/s)",
        "dADC_{p}",
        "{p} ADC",
        "dwi_b{b}_ADC",
        "ADC Karte",
    ),
    "calculated": (
        "ep2d_diff_b{b}_{p}_CALC_BVAL",
        "DW_Synthetic: {p} B-{b}",
        "cDWI_{b}_{p}",
        "{p} cDWI {b}",
        "dwi_calc_b{b}",
        "DWI berechnet",
    ),
    "t1": ("t1_tse_{p}", "{p} T1 FSE", "T1W_TSE_{p}", "{p} SE T1", "t1_fse_{p}", "T1 {p}"),
    "vibe": (
        "t1_vibe_{p}",
        "{p} LAVA",
        "THRIVE_{p}",
        "{p} Quick3D",
        "t1_quick3d_{p}",
        "T1 3D {p}",
    ),
    "mprage": (
        "t1_mprage_{p}",
        "{p} BRAVO",
        "T1W_3D_TFE_{p}",
        "{p} 3D FFE T1",
        "t1_gre_fsp_3d_{p}",
        "T1 MPR {p}",
    ),
    "flair": (
        "t2_tirm_dark-fluid_{p}",
        "{p} T2 FLAIR",
        "FLAIR_{p}",
        "{p} FLAIR",
        "t2_fse_flair_{p}",
        "FLAIR {p}",
    ),
}
_AFTER = {
    "siemens": "{}_KM",
    "ge": "{} +C",
    "philips": "{}_GD",
    "canon": "{} CE",
    "uih": "{}_ce",
    "german": "{} nach KM",
}
_FAT_SATURATED = {
    "siemens": "{}_fs",
    "ge": "{} FS",
    "philips": "{}_SPIR",
    "canon": "{} FatSat",
    "uih": "{}_fs",
    "german": "{} fs",
}


def series_name(style: Style, p: Protocol, plane: Plane, b_values: tuple[float, ...]) -> str:
    """The name a site of this style gives a series.

    Args:
        style: The habit.
        p: What was measured.
        plane: Of the slices.
        b_values: Of all volumes in the series, s/mm2; those behind a map for a map.

    Returns:
        At most 64 characters, as DICOM allows.
    """
    kind = _kind(p)
    template = _NAMES[kind][_ORDER.index(style)] if kind in _NAMES else f"{p.family} {{p}}"
    b = (p.b,) if p.family == "calculated" else b_values
    name = template.format(p=_PLANES[style][plane], b="_".join(f"{v:g}" for v in b))
    if p.label in ("T1W", "T1W_CE", "FLAIR") and p.fat_suppression in ("fatsat", "water_only"):
        name = _FAT_SATURATED[style].format(name)
    if p.label == "T1W_CE":
        name = _AFTER[style].format(name)
    return name[:64]


def _kind(p: Protocol) -> str:
    """Row of the table of names; the family where it has none."""
    if p.label == "T2W_FS":
        return "fatsat" if p.fat_suppression == "spair" else p.fat_suppression
    if p.label in ("DWI_LOW", "DWI_HIGH"):
        return "calculated" if p.family == "calculated" else "dwi"
    if p.label in ("T1W", "T1W_CE"):
        if p.sequence == "mprage":
            return "mprage"
        return "vibe" if p.sequence == "gre" else "t1"
    if p.label == "FLAIR":
        return "flair"
    return "tse" if p.family in ("in", "opposed") else p.family
