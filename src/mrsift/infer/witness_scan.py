"""Witnesses from how the scan was prescribed: fat suppression, contrast, sequence name."""

from mrsift.infer.witness import FAIR, STRONG, WEAK, Finding, readout, towards
from mrsift.infer.witness_physics import nulls_fat
from mrsift.labels import UNKNOWN
from mrsift.types import VolumeInfo

FAT_SATURATION_OPTIONS = frozenset({"FS", "SFS", "FATSAT", "FAT_SAT", "SPIR", "SPAIR"})
"""Scan Options that mean fat; SP, SAT1, SAT2, SAT_GEMS are spatial bands and do not."""

SEQUENCE_NAMES: tuple[tuple[str, dict[str, float]], ...] = (
    ("spcir", {"FLAIR": FAIR}),
    ("spc", {"T2W": WEAK, "T2W_FS": WEAK}),
    ("h2d", {"T2W": FAIR, "T2W_FS": WEAK}),
    ("swi", {UNKNOWN: FAIR}),
    ("tof", {UNKNOWN: FAIR}),
    ("fi3d", {UNKNOWN: FAIR}),
    ("tfi", {UNKNOWN: FAIR}),
    ("me2d", {UNKNOWN: FAIR}),
    ("me3d", {UNKNOWN: FAIR}),
    ("de3d", {UNKNOWN: FAIR}),
    ("asl", {UNKNOWN: FAIR}),
    ("epfid", {UNKNOWN: FAIR}),
    ("fl3d", {"T1W": WEAK, "T1W_CE": WEAK}),
    ("dwi", {"DWI_LOW": FAIR, "DWI_HIGH": FAIR}),
    ("ep_b", {"DWI_LOW": FAIR, "DWI_HIGH": FAIR}),
)
"""Part of Sequence Name -> log-odds; the first that fits speaks."""

ACQUISITION_CONTRASTS: dict[str, tuple[str, ...]] = {
    "DIFFUSION": ("DWI_LOW", "DWI_HIGH"),
    "FLUID_ATTENUATED": ("FLAIR",),
    "STIR": ("T2W_FS",),
    "T1": ("T1W", "T1W_CE"),
    "T2": ("T2W", "T2W_FS"),
    "T2_STAR": (UNKNOWN,),
    "PROTON_DENSITY": (UNKNOWN,),
    "PERFUSION": (UNKNOWN,),
    "TIME_OF_FLIGHT": (UNKNOWN,),
    "TOF": (UNKNOWN,),
    "FLOW_ENCODED": (UNKNOWN,),
    "SUSCEPTIBILITY": (UNKNOWN,),
    "MAGNETIZATION_TRANSFER": (UNKNOWN,),
    "TAGGING": (UNKNOWN,),
    "ELASTOGRAPHY": (UNKNOWN,),
}


def fat_saturation(info: VolumeInfo) -> Finding | None:
    """Spectral fat saturation: Scan Options FS; diffusion EPI almost always carries it."""
    header = info.header
    if readout(info) == "epi" or info.b_value is not None:
        return None
    options = {option.upper() for option in header.scan_options}
    named = sorted(options & FAT_SATURATION_OPTIONS)
    if named:
        return Finding(f"ScanOptions {named[0]}", {"T2W_FS": FAIR, "T2W": -FAIR})
    spoken = header.spectrally_selected_suppression is not None or nulls_fat(info)
    if spoken or not header.scanning_sequence or info.image_component.lower() == "water":
        return None
    return Finding("ScanOptions without FS", {"T2W_FS": -WEAK})


def spectral_suppression(info: VolumeInfo) -> Finding | None:
    """Enhanced MR names what was suppressed."""
    value = (info.header.spectrally_selected_suppression or "").upper()
    if not value or readout(info) == "epi" or info.b_value is not None:
        return None
    found = f"SpectrallySelectedSuppression {value}"
    if value in ("FAT", "FAT_AND_WATER"):
        return Finding(found, {"T2W_FS": FAIR, "T2W": -STRONG})
    if value == "NONE" and not nulls_fat(info):
        return Finding(found, {"T2W_FS": -FAIR})
    return None


def acquisition_contrast(info: VolumeInfo) -> Finding | None:
    """Enhanced MR names the contrast: nearly a label, but set from the protocol."""
    value = (info.header.acquisition_contrast or "").upper()
    labels = ACQUISITION_CONTRASTS.get(value)
    if labels is None or info.derived_kind is not None:
        return None
    return Finding(f"AcquisitionContrast {value}", towards(STRONG, *labels))


def sequence_name(info: VolumeInfo) -> Finding | None:
    """The pulse sequence by name, where the name tells a contrast."""
    name = (info.header.sequence_name or "").lower()
    for part, log_odds in SEQUENCE_NAMES:
        if part in name:
            return Finding(f"SequenceName {info.header.sequence_name}", log_odds)
    return None


def contrast_agent(info: VolumeInfo) -> Finding | None:
    """A contrast agent tells T1W from T1W_CE; other contrasts keep their label with it."""
    agent = info.header.contrast_agent
    if agent is None:
        return None
    positions = info.header.number_of_temporal_positions or 0
    if agent and info.temporal_position == 0 and positions > 1:
        return Finding("first phase of a dynamic series with contrast agent", {"T1W": WEAK})
    if agent:
        return Finding("ContrastBolusAgent present", {"T1W_CE": FAIR, "T1W": -WEAK})
    return Finding("ContrastBolusAgent empty", {"T1W_CE": -FAIR})


def dynamic_phase(info: VolumeInfo) -> Finding | None:
    """Later phases of a fast gradient-echo series show contrast agent, the first does not."""
    positions = info.header.number_of_temporal_positions or 0
    if info.temporal_position is None or positions < 3 or readout(info) != "gradient":
        return None
    found = f"phase {info.temporal_position + 1} of {positions}"
    if info.temporal_position == 0:
        return Finding(found, {"T1W": WEAK})
    return Finding(found, {"T1W_CE": FAIR})
