"""b-values, maps and image components."""

import pytest

from mrsift.infer.evidence import header_opinion
from mrsift.infer.witness_kind import (
    b_value,
    derived_map,
    diffusion_directionality,
    diffusion_image,
    image_component,
    quantity,
)


@pytest.mark.parametrize(
    ("b", "label"), [(0, "DWI_LOW"), (499.9, "DWI_LOW"), (500, "DWI_HIGH"), (2000, "DWI_HIGH")]
)
def test_b_value_decides_low_or_high(volume_info, b, label):
    opinion = header_opinion(volume_info(b=b, scanning_sequence=("EP",)))
    assert opinion.label == label
    assert opinion.probability > 0.98


@pytest.mark.parametrize("kind", ["ADC", "EADC", "FA"])
def test_a_map_does_not_have_the_b_value_of_its_sources(volume_info, kind):
    assert b_value(volume_info(b=800, derived_kind=kind)) is None


def test_b_zero_on_a_spin_echo_is_hardly_evidence(volume_info):
    info = volume_info(
        b=0,
        scanning_sequence=("SE", "IR"),
        repetition_time_ms=9000,
        echo_time_ms=120,
        inversion_time_ms=2500,
    )
    assert header_opinion(info).label == "FLAIR"


@pytest.mark.parametrize(
    ("image_type", "label"),
    [
        (("DERIVED", "PRIMARY", "DIFFUSION", "ADC", "DIS2D"), "ADC"),
        (("DERIVED", "SECONDARY", "EADC"), "UNKNOWN"),
        (("DERIVED", "PRIMARY", "DIFFUSION", "FA", "ND"), "UNKNOWN"),
        (("DERIVED", "PRIMARY", "PROJECTION IMAGE", "MIP"), "UNKNOWN"),
        (("ORIGINAL", "PRIMARY", "T2* MAP"), "UNKNOWN"),
        (("DERIVED", "PRIMARY", "SUBTRACTION"), "UNKNOWN"),
    ],
)
def test_maps_by_image_type(volume_info, image_type, label):
    assert header_opinion(volume_info(image_type=image_type)).label == label


@pytest.mark.parametrize("kind", ["EADC", "RA", "CBF", "MIP", "SWI"])
def test_maps_by_what_ingest_found(volume_info, kind):
    assert header_opinion(volume_info(derived_kind=kind)).label == "UNKNOWN"


def test_an_adc_map_by_name_alone_is_not_decided(volume_info):
    info = volume_info(
        derived_kind="ADC", image_type=("DERIVED", "SECONDARY"), series_description="ADC"
    )
    opinion = header_opinion(info)
    assert opinion.label == "ADC"
    assert 0.8 < opinion.probability < 0.95


def test_ordinary_image_types_say_nothing(volume_info):
    info = volume_info(image_type=("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"))
    assert derived_map(info) is None
    assert diffusion_image(info) is None


def test_a_trace_image_without_b_is_diffusion_and_rather_high(volume_info):
    opinion = header_opinion(
        volume_info(image_type=("DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"), derived_kind="TRACE")
    )
    assert opinion.label == "DWI_HIGH"
    assert opinion.probabilities["DWI_HIGH"] + opinion.probabilities["DWI_LOW"] > 0.95


def test_an_adc_map_is_no_diffusion_image(volume_info):
    info = volume_info(image_type=("DERIVED", "DIFFUSION", "ADC"), derived_kind="ADC")
    assert diffusion_image(info) is None
    assert diffusion_directionality(info) is None


@pytest.mark.parametrize("code", ["113041", "DCM:113041"])
def test_quantity_code(volume_info, code):
    assert header_opinion(volume_info(quantity_code=code)).label == "ADC"


def test_unknown_quantity_codes_say_nothing(volume_info):
    assert quantity(volume_info(quantity_code="999999")) is None


@pytest.mark.parametrize("component", ["phase", "imaginary", "fat", "subtraction", "field_map"])
def test_components_that_are_no_label(volume_info, component):
    assert header_opinion(volume_info(image_component=component)).label == "UNKNOWN"


def test_dixon_components_tell_fat_suppression(volume_info):
    t2 = {"scanning_sequence": ("SE",), "echo_time_ms": 90, "repetition_time_ms": 4000}
    assert header_opinion(volume_info(**t2, image_component="water")).label == "T2W_FS"
    assert header_opinion(volume_info(**t2, image_component="in_phase")).label == "T2W"
    assert header_opinion(volume_info(**t2, image_component="opposed_phase")).label == "T2W"


def test_magnitude_says_nothing(volume_info):
    assert image_component(volume_info()) is None


def test_directionality_none_says_nothing(volume_info):
    assert diffusion_directionality(volume_info(diffusion_directionality="NONE")) is None
    assert diffusion_directionality(volume_info(diffusion_directionality="ISOTROPIC")) is not None
