"""Simulated studies in which the right volume is easy to miss: what is answered and chosen."""

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

import mrsift
from mrsift.simulate.dicom import Part
from mrsift.types import Prediction, StudyReport
from tests import trap_studies as traps

Series = list[tuple[str, list[Part]]]


def identified(folder: Path, series: Series, **options) -> StudyReport:
    (study,) = mrsift.identify(traps.write(folder, series), **options)
    return study


def winner(study: StudyReport, role: str) -> Prediction:
    chosen = study.roles[role].volume_id
    return next(one for one in study.predictions if one.volume.volume_id == chosen)


def by_series(study: StudyReport, number: int) -> list[Prediction]:
    return [one for one in study.predictions if one.volume.series_number == number]


def why_not(study: StudyReport, role: str) -> dict[int | None, str]:
    numbers = {one.volume.volume_id: one.volume.series_number for one in study.predictions}
    return {numbers[volume]: reason for volume, reason in study.roles[role].runners_up}


def t2w() -> tuple[str, list[Part]]:
    return "t2_tse_tra", [traps.take(traps.T2_GRID, traps.T2W)]


def dwi(*b_values: float) -> tuple[str, list[Part]]:
    return "ep2d_diff", [traps.weighted(b) for b in b_values or (50.0, 800.0)]


def test_of_two_axial_t2w_the_finer_is_taken(tmp_path):
    coarse = traps.take(traps.COARSE_GRID, traps.T2W)
    study = identified(tmp_path, [("t2", [coarse]), t2w(), dwi(), ("ADC", [traps.adc()])])
    assert winner(study, "t2w_axial").volume.series_number == 2
    assert why_not(study, "t2w_axial")[1].startswith("coarser")
    assert study.missing_roles == ()


@pytest.mark.parametrize("spoilt_first", [True, False])
def test_of_repeats_the_one_without_motion_is_taken(tmp_path, spoilt_first):
    spoilt = ("t2_tse_tra", [traps.take(traps.T2_GRID, traps.T2W, 2, 0.5)])
    series = [spoilt, t2w()] if spoilt_first else [t2w(), spoilt]
    study = identified(tmp_path, [*series, dwi(), ("ADC", [traps.adc()])])
    assert winner(study, "t2w_axial").volume.series_number == (2 if spoilt_first else 1)
    assert study.roles["t2w_axial"].doubts == ()


def test_of_equal_repeats_the_last_is_taken_and_the_tie_is_told(tmp_path):
    again = ("t2_tse_tra", [traps.take(traps.T2_GRID, traps.T2W, 3)])
    study = identified(tmp_path, [t2w(), again, dwi(), ("ADC", [traps.adc()])])
    assert winner(study, "t2w_axial").volume.series_number == 2
    assert "series 1, series 2 are equal" in study.roles["t2w_axial"].doubts[0]


def test_acquired_comes_before_a_calculated_image_that_is_finer(tmp_path):
    fine = ("CALC_BVAL", [traps.calculated(finer=True)])
    study = identified(tmp_path, [t2w(), dwi(), ("ADC", [traps.adc()]), fine])
    chosen = winner(study, "dwi_high")
    assert (chosen.volume.series_number, chosen.calculated) == (2, False)
    assert why_not(study, "dwi_high") == {4: "calculated, not acquired"}


def test_a_calculated_image_whose_header_is_silent_is_unmasked(tmp_path):
    image = traps.calculated(1000.0)
    acquired = replace(image, protocol=replace(image.protocol, family="dwi"))
    series = [t2w(), dwi(), ("ADC", [traps.adc()]), ("tracew", [acquired])]
    study = identified(tmp_path, series)
    (found,) = by_series(study, 4)
    assert not found.volume.calculated
    assert found.calculated
    assert found.physics.kind == "calculated_from_dwi"
    assert winner(study, "dwi_high").volume.series_number == 2
    (adc,) = by_series(study, 3)
    assert adc.physics.b_values == (50.0, 800.0)


def test_an_adc_map_with_a_lying_name(tmp_path):
    study = identified(tmp_path, [t2w(), dwi(), ("t2_tse_tra", [traps.adc()])])
    adc = winner(study, "adc")
    assert adc.volume.series_number == 3
    assert "t2_tse_tra" in adc.conflict_reason
    assert winner(study, "t2w_axial").volume.series_number == 1


def test_diffusion_in_three_series_without_a_map(tmp_path):
    series = [t2w(), *(("d", [traps.weighted(b)]) for b in (50.0, 400.0, 800.0))]
    study = identified(tmp_path, series)
    assert winner(study, "dwi_high").volume.series_number == 4
    assert winner(study, "dwi_low").volume.series_number == 2
    assert study.missing_roles == ("adc",)
    assert study.missing_reasons["adc"].startswith("no volume is ADC")


def test_diffusion_in_three_series_with_the_highest_b_value_first(tmp_path):
    series = [t2w(), *(("d", [traps.weighted(b)]) for b in (800.0, 600.0, 50.0, 400.0))]
    study = identified(tmp_path, [*series, ("ADC", [traps.adc()])])
    assert winner(study, "dwi_high").volume.series_number == 2
    assert why_not(study, "dwi_high") == {3: "b 600"}
    assert winner(study, "dwi_low").volume.series_number == 4
    assert winner(study, "adc").physics.b_values == (50.0, 800.0)
    assert study.missing_roles == ()


def test_an_exponential_map_is_no_adc_whatever_it_is_called(tmp_path):
    lie = traps.adc(family="eadc")
    lie = replace(lie, protocol=replace(lie.protocol, family="adc"))
    study = identified(tmp_path, [t2w(), dwi(), ("ADC", [lie])])
    (found,) = by_series(study, 3)
    assert (found.label, found.header.label) == ("UNKNOWN", "ADC")
    assert found.conflict
    assert study.missing_roles == ("adc",)


def test_of_adc_and_exponential_each_is_known_for_what_it_is(tmp_path):
    maps = [("map 1", [traps.adc(family="eadc")]), ("map 2", [traps.adc()])]
    study = identified(tmp_path, [t2w(), dwi(), *maps])
    assert [by_series(study, number)[0].label for number in (3, 4)] == ["UNKNOWN", "ADC"]
    assert by_series(study, 3)[0].physics.favours == ("UNKNOWN",)


def test_swapped_b_values_are_put_right(tmp_path):
    low, high = traps.weighted(50.0), traps.weighted(800.0)
    swapped = [replace(low, protocol=high.protocol), replace(high, protocol=low.protocol)]
    study = identified(tmp_path, [t2w(), ("dwi", swapped), ("ADC", [traps.adc()])])
    labels = {one.volume.b_value.s_per_mm2: one for one in by_series(study, 2)}
    assert (labels[800.0].label, labels[50.0].label) == ("DWI_LOW", "DWI_HIGH")
    assert labels[50.0].physics.b_s_per_mm2 == pytest.approx(800, abs=60)
    assert all(one.conflict for one in labels.values())


def test_one_wrong_b_value_leaves_the_others_alone(tmp_path):
    high = traps.weighted(800.0)
    wrong = replace(high, protocol=replace(high.protocol, b=100.0))
    images = [traps.weighted(50.0), traps.weighted(400.0), wrong]
    study = identified(tmp_path, [t2w(), ("dwi", images), ("ADC", [traps.adc()])])
    found = {one.volume.b_value.s_per_mm2: one for one in by_series(study, 2)}
    assert [found[b].conflict for b in (50.0, 100.0, 400.0)] == [False, True, False]
    assert found[100.0].label == "DWI_HIGH"
    assert "a b-value is wrong" in by_series(study, 3)[0].physics.found


def test_a_localizer_named_t2_fills_no_role(tmp_path):
    study = identified(tmp_path, [("t2_tse_tra", traps.localizer()), dwi(), ("ADC", [traps.adc()])])
    assert study.missing_roles == ("t2w_axial",)
    assert "a localizer" in study.missing_reasons["t2w_axial"]


def test_a_volume_elsewhere_in_the_body_gives_way(tmp_path):
    far = ("t2_tse_tra", [traps.take(traps.FAR_GRID, traps.T2W)])
    series = [far, t2w(), dwi(), ("ADC", [traps.adc()])]
    study = identified(tmp_path / "both", series)
    assert winner(study, "t2w_axial").volume.series_number == 2
    assert why_not(study, "t2w_axial") == {1: "shares no space with the other roles"}
    study = identified(tmp_path / "alone", [far, dwi(), ("ADC", [traps.adc()])])
    assert study.missing_roles == ("t2w_axial",)
    assert "shares no space" in study.missing_reasons["t2w_axial"]


@pytest.mark.parametrize("evidence", ["both", "pixels"])
def test_contrast_agent_that_no_public_tag_names(tmp_path, evidence):
    agent = replace(traps.HEAD_T1W, label="T1W_CE", agent_late=1.0)
    series = [
        ("t1", [traps.head(agent, 3, says=traps.HEAD_T1W)]),
        ("t1", [traps.head(traps.HEAD_T1W, 4)]),
        ("flair", [traps.head(traps.HEAD_FLAIR, 5)]),
        ("t2", [traps.head(traps.HEAD_T2W, 6)]),
    ]
    folder = tmp_path
    head = replace(traps.STUDY, name="traps/head", patient="Simulated^Head", body_part="HEAD")
    for path in traps.write(folder, series, head).glob("S1/*.dcm"):
        dataset = pydicom.dcmread(path)
        block = dataset.private_block(0x0029, "SIMULATED AGENT", create=True)
        block.add_new(0x01, "LO", "gadolinium 7.5 ml")
        dataset.save_as(path)
    (study,) = mrsift.identify(folder, evidence=evidence, profile="brain")
    assert winner(study, "t1w_ce").volume.series_number == 1
    assert winner(study, "t1w").volume.series_number == 2
    (after,) = by_series(study, 1)
    assert (after.label, after.physics.kind) == ("T1W_CE", "enhancement")
    assert after.physics.favours == ("T1W_CE",)


def test_without_any_b_value_the_pixels_still_show_which_is_which(tmp_path):
    images = dwi(50.0, 400.0, 800.0)
    series = [t2w(), images, ("ADC", [traps.adc()]), ("calc", [traps.calculated(1000.0)])]
    study = identified(tmp_path, series, evidence="pixels", profile="prostate")
    (adc,) = by_series(study, 3)
    assert (adc.label, adc.physics.b_values) == ("ADC", ())
    labels = {one.volume.b_value.s_per_mm2: one.label for one in by_series(study, 2)}
    # The order shows, not where between them 500 lies: 400 may be called either.
    assert (labels[50.0], labels[800.0]) == ("DWI_LOW", "DWI_HIGH")
    assert by_series(study, 4)[0].calculated
    assert winner(study, "dwi_high").volume.b_value.s_per_mm2 == 800.0


def test_header_alone_compares_nothing(tmp_path):
    study = identified(tmp_path, [t2w(), dwi(), ("ADC", [traps.adc()])], evidence="header")
    assert all(one.physics is None for one in study.predictions)
    assert set(study.roles) == {"t2w_axial", "dwi_high", "adc", "dwi_low"}
