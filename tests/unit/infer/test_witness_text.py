"""Descriptions of all vendors and several languages."""

import pytest

from mrsift.infer.witness_text import description, text_b_value

SAID = {
    "t2_tse_tra": "T2W",
    "t2tsetra": "T2W",
    "SAG T2 CUBE": "T2W",
    "t2_haste_cor": "T2W",
    "HASTE loc": "T2W",
    "t2+cor": "T2W",
    "t2_tse_fs_tra": "T2W_FS",
    "T2 SPAIR ax": "T2W_FS",
    "AX T2 FAT SAT": "T2W_FS",
    "T2 压脂": "T2W_FS",
    "STIR sag": "T2W_FS",
    "t2_tirm_cor": "T2W_FS",
    "t2_tirm_tra_dark-fluid": "FLAIR",
    "Ax T2 FLAIR": "FLAIR",
    "3D FLAIR SPACE": "FLAIR",
    "t1_tirm_dark-fluid": "T1W",
    "SAG T1 FLAIR": "T1W",
    "t1_mprage_sag": "T1W",
    "AX 3D BRAVO": "T1W",
    "Ax LAVA": "T1W",
    "t1 tse nativ": "T1W",
    "T1 ohne KM": "T1W",
    "T1 sans gado": "T1W",
    "T1 平扫": "T1W",
    "t1_vibe_fs_tra_pre": "T1W",
    "t1 gd": "T1W_CE",
    "t1_vibe_tra_post": "T1W_CE",
    "T1 +C": "T1W_CE",
    "AX LAVA+C": "T1W_CE",
    "T1 mit KM": "T1W_CE",
    "t1+km": "T1W_CE",
    "T1 sous gado": "T1W_CE",
    "T1 mdc": "T1W_CE",
    "T1 增强": "T1W_CE",
    "T1 造影": "T1W_CE",
    "ep2d_diff_tra_DYNDIST_MIX_ADC": "ADC",
    "dADC": "ADC",
    "Apparent Diffusion Coefficient (mm2/s)": "ADC",
    "eADC": "UNKNOWN",
    "Exponential Apparent Diffusion Coefficient": "UNKNOWN",
    "Fractional Aniso.": "UNKNOWN",
    "SUB post-pre": "UNKNOWN",
    "MIP": "UNKNOWN",
    "T2* ax": "UNKNOWN",
    "PD TSE sag": "UNKNOWN",
    "tfl_3d PD ref_tra_1.5x1.5_t3": "UNKNOWN",
    "SWI_Images": "UNKNOWN",
    "3D TOF": "UNKNOWN",
    "gre_field_mapping": "UNKNOWN",
    "ep2d_bold_rest": "UNKNOWN",
    "ASL perfusion": "UNKNOWN",
    "DWI b1400": "DWI_HIGH",
    "dwi b_800 ax": "DWI_HIGH",
    "DWI b=50": "DWI_LOW",
}


@pytest.mark.parametrize("text", SAID)
def test_usual_words(volume_info, text):
    finding = description(volume_info(series_description=text))
    assert max(finding.log_odds, key=finding.log_odds.get) == SAID[text]


@pytest.mark.parametrize(
    "text",
    ["ep2d_diff_tra", "sSh_DWI", "TRACEW", "resolve 4scan", "difusión", "弥散", "DWI b0,500"],
)
def test_diffusion_without_one_b_value_stays_open(volume_info, text):
    finding = description(volume_info(series_description=text))
    assert set(finding.log_odds) == {"DWI_LOW", "DWI_HIGH"}
    assert finding.log_odds["DWI_LOW"] == finding.log_odds["DWI_HIGH"]


@pytest.mark.parametrize("text", ["", "localizer", "Series 4", "AAHead_Scout", "axial", "t1 t2"])
def test_words_that_say_nothing(volume_info, text):
    assert description(volume_info(series_description=text)) is None


def test_protocol_name_stands_in(volume_info):
    info = volume_info(series_description="Serie 3", protocol_name="t2_tse_sag")
    assert description(info).log_odds["T2W"] > 0


@pytest.mark.parametrize(
    ("text", "b"),
    [
        ("dwi b1400", 1400.0),
        ("b-800", 800.0),
        ("b=50", 50.0),
        ("b 50 and b 800", None),
        ("ep_b50_800", None),
        ("b0,500", None),
        ("3b", None),
        ("lab 12", None),
    ],
)
def test_one_b_value_in_text(text, b):
    assert text_b_value(text) == b
