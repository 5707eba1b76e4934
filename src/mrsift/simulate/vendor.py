"""How scanners of five makers describe a sequence and a b-value in the header.

Source:
    The vendors' DICOM conformance statements as collected by dcm2niix; PS3.3 C.8.3.
"""

from typing import Literal

from pydicom.dataset import Dataset

from mrsift.simulate.protocol import Protocol

Vendor = Literal["siemens", "ge", "philips", "canon", "uih"]

_EQUIPMENT: dict[str, tuple[str, str, str]] = {
    "siemens": ("SIEMENS", "Simulated Siemens-like", "syngo MR E11"),
    "ge": ("GE MEDICAL SYSTEMS", "Simulated GE-like", "27"),
    "philips": ("Philips Medical Systems", "Simulated Philips-like", "5.7.1"),
    "canon": ("CANON_MEC", "Simulated Canon-like", "V6.0"),
    "uih": ("UIH", "Simulated UIH-like", "V10"),
}
_MAPS = {"adc": "ADC", "eadc": "EADC", "fa": "FA", "calculated": "CALC_BVALUE"}

_DIXON = {
    "water_only": ("WATER", "W"),
    "fat_only": ("FAT", "F"),
    "in": ("IN_PHASE", "IP"),
    "opposed": ("OPP_PHASE", "OP"),
}


def equipment(ds: Dataset, vendor: Vendor) -> None:
    """General Equipment module; the model name says that it is simulated."""
    ds.Manufacturer, ds.ManufacturerModelName, ds.SoftwareVersions = _EQUIPMENT[vendor]
    ds.InstitutionName = "mrsift simulator"


def _image_type(vendor: Vendor, p: Protocol) -> list[str]:
    if p.family in _MAPS:
        ge = vendor == "ge"
        kind = ["SECONDARY", "PROCESSED"] if ge else ["PRIMARY", "DIFFUSION"]
        return ["DERIVED", *kind, _MAPS[p.family]]
    if p.family == "subtraction":
        return ["DERIVED", "PRIMARY", "M", "SUB"]
    if p.sequence == "epi":
        kind = ["TRACEW" if p.b > 0 and p.direction_factor == 1.0 else "NONE"]
        return ["ORIGINAL", "PRIMARY", "DIFFUSION", *kind]
    words = _DIXON.get(p.fat_suppression)
    if words is None:
        return ["ORIGINAL", "PRIMARY", "M", "ND"]
    if vendor == "philips":
        return ["ORIGINAL", "PRIMARY", words[1], words[1], "DERIVED"]
    return ["DERIVED", "PRIMARY", "M", "DIXON", words[0 if vendor == "siemens" else 1]]


def _sequence_name(p: Protocol) -> str:
    """Siemens sequence names, e.g. `*tse2d1_15`."""
    if p.family in ("adc", "eadc", "fa", "calculated"):
        return f"*ep_b{p.low_b:.0f}_{p.high_b:.0f}"
    if p.sequence == "epi":
        return f"*ep_b{p.b:.0f}{'t' if p.b > 0 else ''}"
    if p.sequence in ("gre", "mprage"):
        return f"*{'tfl' if p.sequence == 'mprage' else 'fl'}{p.dimension}d1"
    if p.sequence == "bssfp":
        return f"*tfi{p.dimension}d1"
    if p.ti_ms > 0:
        return f"*tir{p.dimension}d1_15"
    return f"*{'h2d1_180' if p.family == 'haste' else f'tse{p.dimension}d1_15'}"


def contrast_header(ds: Dataset, vendor: Vendor, p: Protocol) -> None:
    """MR Image module: the sequence, its times and its options."""
    gradient = p.sequence in ("gre", "mprage", "gre_epi", "bssfp")
    planar = p.sequence in ("epi", "gre_epi")
    ds.ImageType = _image_type(vendor, p)
    # Philips names the excitation, not the read-out
    spin = "GR" if gradient else "SE"
    names = ["EP" if planar and vendor != "philips" else spin]
    if p.ti_ms > 0:
        names.append("IR")
    ds.ScanningSequence = names
    turbo = not gradient and not planar and (p.tr_ms > 1000 or p.ti_ms > 0)
    ds.SequenceVariant = ["SK", "SP"] if gradient or turbo else ["SK"]
    options = []
    if p.fat_suppression in ("fatsat", "spair"):
        options.append("FS")
    if turbo or planar:
        options.append("PFP")
    ds.ScanOptions = options
    ds.MRAcquisitionType = "3D" if p.dimension == 3 else "2D"
    ds.RepetitionTime = round(p.tr_ms, 3)
    ds.EchoTime = round(p.te_ms, 3)
    if p.ti_ms > 0:
        ds.InversionTime = round(p.ti_ms, 3)
    ds.EchoTrainLength = 15 if turbo else (64 if planar else 1)
    ds.FlipAngle = round(p.flip_deg, 2)
    ds.NumberOfAverages = 1
    ds.InPlanePhaseEncodingDirection = "COL"
    ds.PixelBandwidth = 200 if not planar else 1500
    if vendor == "siemens":
        ds.SequenceName = _sequence_name(p)
    if p.agent_early + p.agent_late > 0:
        ds.ContrastBolusAgent = "Gadolinium, simulated"


def diffusion_header(ds: Dataset, vendor: Vendor, p: Protocol) -> None:
    """The b-value where the vendor keeps it."""
    if p.sequence != "epi" or p.family in ("eadc", "fa"):
        return
    b = p.high_b if p.family == "adc" else p.b
    if p.family == "adc" and vendor != "siemens":
        return
    if vendor == "siemens":  # also on the map, as real ones have it
        ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", str(int(b)))
    elif vendor == "ge":
        value = [str(int(1e9 + b)), "8", "0", "0"]
        ds.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", value)
    elif vendor == "philips":
        ds.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(
            0x03, "FL", float(b)
        )
        ds.DiffusionBValue = float(b)
    elif vendor == "canon":
        if b > 0:
            ds.DiffusionBValue = float(b)
    else:
        ds.private_block(0x0065, "Image Private Header", create=True).add_new(0x09, "FD", float(b))
