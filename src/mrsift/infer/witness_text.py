"""The weakest witness: what people wrote into the description.

Words of the vendors and of clinics in several languages. A description is often copied
from the protocol before and is wrong more often than any other attribute, so it can
nudge, never decide.
"""

import re

from mrsift.infer.witness import FAIR, WEAK, Finding, towards
from mrsift.labels import B_HIGH_S_PER_MM2, UNKNOWN
from mrsift.types import VolumeInfo

_WORD = re.compile(r"[^\W_]+")
_PLUS_AGENT = re.compile(r"\+ ?(c|gd|km|ce|k)\b|\b(c|ce|kontr|contr) ?\+")
_B_VALUE = re.compile(r"(?<![a-z0-9])b[ _=-]?(\d{1,5})(?![\d.])(?![_ ,;/]*\d)", re.ASCII)


def split_words(*lines: str) -> frozenset[str]:
    """A table of words, written in lines."""
    return frozenset(word for line in lines for word in line.split())


WORDS: dict[str, frozenset[str]] = {
    "adc": split_words("adc dadc adcmap"),
    "dwi": split_words("dwi dw dti trace tracew isodwi bval resolve dwibs diff ddwi dwssh"),
    "flair": split_words("flair darkfluid"),
    "fs": split_words("fs fatsat spair spir chemsat fsat fettsat"),
    "stir": split_words("stir tirm"),
    "t1": split_words(
        "mprage bravo spgr fspgr vibe lava thrive ethrive flash twist disco tfe fame starvibe",
        "quick3d dce dyn dynamic dynamisch dynamique",
    ),
    "ce": split_words(
        "ce gd gad gado post km mdc mc inj contrast contraste contrasto kontrast kontrastmittel",
        "gadolinium postcontrast postgad postgd dotarem gadovist clariscan prohance multihance",
        "magnevist arterial arteriell portal portalvenous venous delayed dce",
    ),
    "native": split_words(
        "pre nativ native ohne without sans sin senza bez zonder precontrast plain unenhanced"
    ),
    "other": split_words(
        "pd pdw dp proton swi swan venobold hemo medic merge mfe tof mra mrv mip minip mnip sub",
        "asl pcasl pasl dsc cbf cbv rcbf rcbv mtt ttp tmax fa colfa bold fmri eadc expadc",
        "ktrans kep ivim cest trufi fiesta ciss truefisp fisp dess cine csi svs mrs phase",
        "b0map b1map t1map t2map mapit pwi perf perfusion fieldmap",
    ),
}
"""Claim -> whole words that make it, lower case."""

STEMS: dict[str, tuple[str, ...]] = {
    "adc": ("apparent diff", "表观扩散", "икд"),
    "dwi": ("diffus", "difus", "dyfuz", "difuz", "弥散", "扩散", "拡散", "диффуз", "дви"),
    "flair": ("flair", "dark fluid", "dark-fluid", "dark_fluid"),
    "fs": (
        *("fat sat", "fat_sat", "fat-sat", "fat supp", "fettges", "supresion gr", "supresión gr"),
        *("压脂", "脂肪抑制"),
    ),
    "t1": ("mp-rage", "mp_rage"),
    "ce": (
        *("post-contr", "post contr", "po kontr", "na contrast", "nach km", "sous gado"),
        *("增强", "造影", "с контраст", "pós"),  # noqa: RUF001
    ),
    "native": ("平扫", "単純", "w/o", "pre-contr", "pre contr", "no contrast", "non contrast"),
    "other": (
        *("t2*", "t2star", "t2_star", "subtr", "substr", "sottraz", "soustra", "proton dens"),
        *("field_map", "field map", "gre_field", "angio", "suscept", "exponential", "fractional"),
        *("functional", "mapping", "t1 map", "t2 map", "t1_map", "t2_map", "time of flight"),
    ),
}
"""Claim -> text that makes it anywhere, lower case."""


def words(text: str) -> set[str]:
    """The words of a text in lower case, cut at everything that is no letter or digit.

    Args:
        text: Any text of a header.

    Returns:
        `{"t2", "tse", "tra"}` for `t2_tse_tra`.
    """
    return set(_WORD.findall(text.lower()))


def claims(text: str) -> frozenset[str]:
    """What a description claims.

    Args:
        text: Series Description or Protocol Name.

    Returns:
        Keys of `WORDS`, and `t2`; empty where nothing is recognised.
    """
    lowered = text.lower()
    spoken = words(text)
    found = {claim for claim, known in WORDS.items() if spoken & known}
    found |= {claim for claim, stems in STEMS.items() if any(stem in lowered for stem in stems)}
    # Siemens joins words (`t2tsetra`), so T1 and T2 are looked for at the start of each.
    found |= {word[:2] for word in spoken if word[:2] in ("t1", "t2") and not word[2:3].isdigit()}
    if "haste" in lowered or "ssfse" in spoken:
        found.add("t2")
    if _PLUS_AGENT.search(lowered):
        found.add("ce")
    return frozenset(found)


def text_b_value(text: str) -> float | None:
    """A single b-value written in a description; lists and ranges do not count.

    Args:
        text: Series Description or Protocol Name.

    Returns:
        b in s/mm2, or None.
    """
    values = set(_B_VALUE.findall(text.lower()))
    return float(values.pop()) if len(values) == 1 else None


def _weighting(said: frozenset[str]) -> dict[str, float]:
    first, second = "", ""
    if "flair" in said:
        first, second = ("T1W", "T1W_CE") if "t1" in said else ("FLAIR", "")
    elif "t1" in said and "t2" not in said:
        if "native" in said:
            first = "T1W"
        else:
            first, second = ("T1W_CE", "T1W") if "ce" in said else ("T1W", "T1W_CE")
    elif "stir" in said:
        first = "T2W_FS"
    elif "t2" in said and "t1" not in said:
        first, second = ("T2W_FS", "") if "fs" in said else ("T2W", "T2W_FS")
    elif "ce" in said and "native" not in said:
        second = "T1W_CE"
    return {label: weight for label, weight in ((first, FAIR), (second, WEAK)) if label}


def description(info: VolumeInfo) -> Finding | None:
    """Series Description, else Protocol Name: all usual words, at most a nudge."""
    for text in (
        info.series_description,
        info.header.series_description,
        info.header.protocol_name,
    ):
        if not text:
            continue
        said = claims(text)
        if "other" in said:
            log_odds = towards(FAIR, UNKNOWN)
        elif "adc" in said:
            log_odds = towards(FAIR, "ADC")
        elif "dwi" in said:
            b = text_b_value(text)
            labels = ("DWI_LOW", "DWI_HIGH")
            log_odds = towards(FAIR, labels[b >= B_HIGH_S_PER_MM2]) if b else towards(FAIR, *labels)
        else:
            log_odds = _weighting(said)
        if log_odds:
            return Finding(f"description “{text}”", log_odds)
    return None
