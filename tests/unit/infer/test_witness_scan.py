"""Fat suppression, contrast agent, near-labels and sequence names."""

import pytest

from mrsift.infer.evidence import header_opinion
from mrsift.infer.witness_scan import (
    contrast_agent,
    dynamic_phase,
    fat_saturation,
    sequence_name,
    spectral_suppression,
)

T2 = {"scanning_sequence": ("SE",), "echo_time_ms": 90.0, "repetition_time_ms": 4000.0}
T1 = {
    "scanning_sequence": ("GR",),
    "echo_time_ms": 1.4,
    "repetition_time_ms": 4.0,
    "flip_angle_deg": 12.0,
}


@pytest.mark.parametrize("options", [("FS",), ("PFP", "FS"), ("FAST_GEMS", "FS"), ("PFP", "SFS")])
def test_fat_saturation(volume_info, options):
    assert header_opinion(volume_info(**T2, scan_options=options)).label == "T2W_FS"


@pytest.mark.parametrize("options", [("SAT1",), ("SP",), ("SAT_GEMS",), ("PFP",), ()])
def test_spatial_saturation_is_not_fat_saturation(volume_info, options):
    opinion = header_opinion(volume_info(**T2, scan_options=options))
    assert opinion.label == "T2W"
    assert opinion.probability > 0.8


def test_fat_saturation_of_diffusion_does_not_make_it_t2(volume_info):
    info = volume_info(b=0, scanning_sequence=("EP",), scan_options=("PFP", "FS"), echo_time_ms=63)
    assert fat_saturation(info) is None
    opinion = header_opinion(info)
    assert opinion.label == "DWI_LOW"
    assert opinion.probabilities["T2W_FS"] < 0.01


def test_fat_saturation_does_not_make_t1_into_t2(volume_info):
    assert header_opinion(volume_info(**T1, scan_options=("FS",))).label == "T1W"


def test_spectral_suppression(volume_info):
    fat = header_opinion(volume_info(**T2, spectrally_selected_suppression="FAT"))
    none = header_opinion(volume_info(**T2, spectrally_selected_suppression="NONE"))
    assert (fat.label, none.label) == ("T2W_FS", "T2W")
    epi = volume_info(scanning_sequence=("EP",), spectrally_selected_suppression="FAT")
    assert spectral_suppression(epi) is None


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("FLUID_ATTENUATED", "FLAIR"),
        ("STIR", "T2W_FS"),
        ("T1", "T1W"),
        ("T2", "T2W"),
        ("T2_STAR", "UNKNOWN"),
        ("PROTON_DENSITY", "UNKNOWN"),
        ("PERFUSION", "UNKNOWN"),
    ],
)
def test_acquisition_contrast(volume_info, value, label):
    assert header_opinion(volume_info(acquisition_contrast=value)).label == label


def test_acquisition_contrast_unknown_is_silence(volume_info):
    assert header_opinion(volume_info(acquisition_contrast="UNKNOWN")) is None


def test_contrast_agent_tells_t1_from_t1_ce(volume_info):
    assert header_opinion(volume_info(**T1)).label == "T1W"
    assert header_opinion(volume_info(**T1, contrast_agent=False)).label == "T1W"
    assert header_opinion(volume_info(**T1, contrast_agent=True)).label == "T1W_CE"


def test_contrast_agent_leaves_other_contrasts(volume_info):
    assert header_opinion(volume_info(**T2, contrast_agent=True)).label == "T2W"
    assert contrast_agent(volume_info()) is None


def test_first_phase_of_a_dynamic_series_is_before_contrast(volume_info):
    dynamic = {**T1, "contrast_agent": True, "number_of_temporal_positions": 30}
    assert header_opinion(volume_info(**dynamic, temporal_position=0)).label == "T1W"
    assert header_opinion(volume_info(**dynamic, temporal_position=9)).label == "T1W_CE"


def test_functional_series_are_no_contrast_phases(volume_info):
    info = volume_info(
        scanning_sequence=("EP", "GR"), temporal_position=5, number_of_temporal_positions=200
    )
    assert dynamic_phase(info) is None


@pytest.mark.parametrize(
    ("name", "favours"),
    [
        ("*spcir_278ns", {"FLAIR"}),
        ("*h2d1_205", {"T2W", "T2W_FS"}),
        ("*fi3d1r", {"UNKNOWN"}),
        ("*swi3d1r", {"UNKNOWN"}),
        ("*fl3d1", {"T1W", "T1W_CE"}),
        ("*ep_b800t", {"DWI_LOW", "DWI_HIGH"}),
    ],
)
def test_sequence_names(volume_info, name, favours):
    finding = sequence_name(volume_info(sequence_name=name))
    assert {label for label, value in finding.log_odds.items() if value > 0} == favours


def test_sequence_names_that_say_nothing(volume_info):
    assert sequence_name(volume_info(sequence_name="*tse2d1_25")) is None
    assert sequence_name(volume_info()) is None
