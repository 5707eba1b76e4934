"""TE, TR, TI, flip angle and readout."""

import pytest

from mrsift.infer.evidence import header_opinion
from mrsift.infer.witness import readout
from mrsift.infer.witness_physics import ernst_angle_deg, inversion, nulls_fat

PROTOCOLS = {
    "prostate T2 TSE": (("SE",), 104, 5660, None, 160, "T2W"),
    "HASTE": (("SE",), 92, 1400, None, 120, "T2W"),
    "T2 SPACE": (("SE",), 200, 1700, None, 120, "T2W"),
    "T1 spin echo": (("SE",), 12, 550, None, 90, "T1W"),
    "T1 TSE": (("SE",), 11, 750, None, 150, "T1W"),
    "proton density": (("SE",), 30, 3000, None, 150, "UNKNOWN"),
    "MPRAGE": (("GR", "IR"), 2.9, 2300, 900, 9, "T1W"),
    "T1-FLAIR": (("SE", "IR"), 9, 2000, 860, 150, "T1W"),
    "T2-FLAIR": (("SE", "IR"), 90, 9000, 2500, 150, "FLAIR"),
    "3D FLAIR": (("SE", "IR"), 388, 5000, 1650, 120, "FLAIR"),
    "FLAIR without TI": (("SE", "IR"), 120, 9000, None, 150, "FLAIR"),
    "VIBE": (("GR",), 1.4, 4.1, None, 12, "T1W"),
    "2D FLASH": (("GR",), 2.5, 200, None, 70, "T1W"),
    "SPGR": (("GR",), 3.0, 8.0, None, 12, "T1W"),
    "T2*": (("GR",), 20, 600, None, 20, "UNKNOWN"),
    "SWI": (("GR",), 20, 27, None, 15, "UNKNOWN"),
    "proton-density reference": (("GR",), 1.53, 800, None, 14, "UNKNOWN"),
    "balanced": (("GR",), 1.8, 3.6, None, 60, "UNKNOWN"),
    "functional": (("EP", "GR"), 30, 2000, None, 90, "UNKNOWN"),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_usual_protocols(volume_info, name):
    kinds, echo, repetition, inversion_time, flip, label = PROTOCOLS[name]
    variant = ("SS", "SP") if name == "balanced" else ("SK", "SP")
    info = volume_info(
        scanning_sequence=kinds,
        sequence_variant=variant,
        echo_time_ms=echo,
        repetition_time_ms=repetition,
        inversion_time_ms=inversion_time,
        flip_angle_deg=flip,
    )
    assert header_opinion(info).label == label


@pytest.mark.parametrize(
    ("field_t", "inversion_ms", "expected"),
    [
        (1.5, 150, True),
        (3.0, 220, True),
        (0.35, 95, True),
        (3.0, 110, False),
        (1.5, 900, False),
        (None, 180, True),
        (3.0, 0, False),
        (3.0, None, False),
    ],
)
def test_fat_is_null_by_field(volume_info, field_t, inversion_ms, expected):
    info = volume_info(magnetic_field_strength_t=field_t, inversion_time_ms=inversion_ms)
    assert nulls_fat(info) is expected


def test_stir_is_fat_suppressed(volume_info):
    info = volume_info(
        scanning_sequence=("SE", "IR"),
        echo_time_ms=60,
        repetition_time_ms=4500,
        inversion_time_ms=220,
        magnetic_field_strength_t=3.0,
    )
    assert header_opinion(info).label == "T2W_FS"


def test_diffusion_with_inverted_fat_is_no_stir(volume_info):
    info = volume_info(
        b=900, scanning_sequence=("EP", "IR"), echo_time_ms=70, inversion_time_ms=220
    )
    assert inversion(info) is None
    assert header_opinion(info).label == "DWI_HIGH"


def test_spin_echo_epi_without_b_stays_open(volume_info):
    info = volume_info(scanning_sequence=("EP", "SE"), echo_time_ms=70, repetition_time_ms=5000)
    opinion = header_opinion(info)
    assert opinion.probability < 0.5
    assert opinion.probabilities["T2W"] < 0.05


def test_philips_diffusion_looks_like_a_spin_echo(volume_info):
    times = {"scanning_sequence": ("SE",), "echo_time_ms": 65, "repetition_time_ms": 8000}
    philips = {**times, "manufacturer": "Philips Medical Systems"}
    assert header_opinion(volume_info(**philips)).label == "T2W"
    dti = header_opinion(volume_info(**philips, series_description="dti_ax"))
    assert dti.probabilities["DWI_LOW"] + dti.probabilities["DWI_HIGH"] > 0.6
    assert header_opinion(volume_info(**times, series_description="dti_ax")).label == "T2W"


def test_ernst_angle():
    assert ernst_angle_deg(1000.0) == pytest.approx(68.4, abs=0.1)
    assert ernst_angle_deg(5.0) == pytest.approx(5.7, abs=0.1)


@pytest.mark.parametrize(
    ("kinds", "name", "expected"),
    [
        (("EP",), None, "epi"),
        (("SE", "EP"), None, "epi"),
        ((), "*ep_b50t", "epi"),
        ((), "*tse2d1_25", "spin"),
        ((), "*h2d1_205", "spin"),
        ((), "*fl3d1_ns", "gradient"),
        (("GR", "IR"), None, "gradient"),
        (("IR",), None, "spin"),
        (("RM",), None, None),
        ((), None, None),
    ],
)
def test_readout(volume_info, kinds, name, expected):
    assert readout(volume_info(scanning_sequence=kinds, sequence_name=name)) == expected


@pytest.mark.parametrize("value", [0.0, -5.0])
def test_impossible_times_are_silence(volume_info, value):
    info = volume_info(scanning_sequence=("SE",), echo_time_ms=value, repetition_time_ms=500)
    assert header_opinion(info) is None
