"""Roles and physics in words: on the terminal, in the CSV and in the page."""

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest

from mrsift.export.csv_table import csv_text
from mrsift.export.html_report import html_text
from mrsift.export.json_report import identify_json
from mrsift.export.role_rows import physics_lines, role_rows
from mrsift.export.terminal import open_console
from mrsift.export.terminal_table import print_report
from mrsift.infer.roles import choose_roles
from mrsift.labels import PROFILES
from mrsift.types import PhysicsEvidence, Report, RoleChoice, StudyReport
from tests import schemas
from tests.report_values import BUNDLE, pelvis, prediction, volume


def with_physics() -> StudyReport:
    """The pelvis with its roles, and an ADC map that is explained."""
    study = pelvis()
    images = [one for one in study.predictions if one.volume.b_value and not one.calculated]
    rng = np.random.default_rng(1)
    slice_ = rng.integers(0, 255, (128, 84), dtype=np.uint8)
    explained = PhysicsEvidence(
        "adc_from_dwi",
        tuple(one.volume.volume_id for one in images),
        0.9994,
        1.02e-6,
        "b 50 and 800 explain it, r 0.999; unit 1e-6 mm2/s",
        (50.0, 800.0),
        {"ADC": 8.0},
        points=rng.uniform(0, 2, (400, 2)).astype(np.float32),
        pictures=(("map", slice_), ("from the images", slice_)),
    )
    fits = PhysicsEvidence(
        "adc_from_dwi", (), 0.99, 1e-6, "its signal is that of b 50", (50.0,), {"DWI_LOW": 3.0}
    )
    predictions = tuple(
        replace(one, physics=explained)
        if one.label == "ADC"
        else (replace(one, physics=fits) if one in images else one)
        for one in study.predictions
    )
    chosen = choose_roles(predictions, PROFILES["prostate"].roles)
    return replace(
        study,
        predictions=predictions,
        roles=chosen.roles,
        missing_roles=chosen.missing_roles,
        missing_reasons=chosen.missing_reasons,
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return Report(BUNDLE, (with_physics(),), ())


def printed(report: Report) -> str:
    stream = io.StringIO()
    print_report(report, open_console(stream))
    return stream.getvalue()


def test_the_terminal_names_every_role_and_what_physics_found(report):
    text = printed(report)
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "series 3, t2_tse_tra" in lines["t2w_axial"]
    assert "calculated, not acquired" in lines["dwi_high"]
    assert "b 50" in lines["dwi_low"]
    assert "physics series 7, ep2d_diff_tra_DYNDIST_ADC: b 50 and 800 explain it" in text
    assert "its signal is that of b 50" not in text  # the map's line is enough


def test_missing_roles_and_doubts_stand_out():
    study = with_physics()
    rest = tuple(one for one in study.predictions if one.label != "ADC")
    doubtful = [replace(one, probability=0.6) if one.label == "T2W" else one for one in rest]
    chosen = choose_roles(doubtful, PROFILES["prostate"].roles)
    study = replace(
        study,
        predictions=tuple(doubtful),
        roles=chosen.roles,
        missing_roles=chosen.missing_roles,
        missing_reasons=chosen.missing_reasons,
    )
    text = printed(Report(BUNDLE, (study,), ()))
    assert re.search(r"adc +missing +no volume is ADC", text)
    assert "! T2W with probability 0.60 only" in text
    page = html_text(Report(BUNDLE, (study,), ()))
    assert 'class="role missing unfilled"' in page
    assert '<p class="doubt">T2W with probability 0.60 only</p>' in page


def test_a_study_without_roles_shows_none():
    report = Report(BUNDLE, (pelvis(),), ())
    assert "role " not in printed(report)
    assert 'class="roles"' not in html_text(report)


def test_the_csv_says_which_role_a_volume_fills(report):
    lines = list(csv.DictReader(io.StringIO(csv_text(report).removeprefix("\ufeff"))))
    filled = {line["role"]: line for line in lines if line["role"]}
    assert set(filled) == {"t2w_axial", "dwi_high", "adc", "dwi_low", "t2w_fs"}
    assert filled["adc"]["physics"].startswith("b 50 and 800 explain it")


def test_the_json_follows_the_schema(report):
    value = identify_json(report)
    schemas.check(value)
    study = value["studies"][0]
    assert study["roles"]["dwi_high"]["runners_up"][0]["reason"] == "calculated, not acquired"
    (adc,) = [one for one in study["volumes"] if one["label"] == "ADC"]
    assert adc["evidence"]["physics"]["favours"] == ["ADC"]
    assert adc["evidence"]["physics"]["b_values_s_per_mm2"] == [50.0, 800.0]


def test_the_page_shows_roles_with_links_that_lead_somewhere(report):
    page = html_text(report)
    anchors = set(re.findall(r'<article id="([^"]+)"', page))
    links = re.findall(r'class="picture" href="#([^"]*)"', page)
    assert len(links) == 5
    assert set(links) <= anchors


def test_the_page_plots_what_physics_found(report):
    page = html_text(report)
    assert page.count("<svg") == 1
    dots = re.search(r'class="dots" d="([^"]+)"', page)[1]
    places = [tuple(map(float, dot)) for dot in re.findall(r"M([\d.]+) ([\d.]+)h0", dots)]
    assert len(places) > 380
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in places)
    assert page.count("<figcaption>from the images</figcaption>") == 1


def test_runners_up_are_grouped_by_reason(report):
    (row,) = [row for row in role_rows(report.studies[0]) if row.role == "t2w_axial"]
    assert ("a localizer", "series 1") in row.runners_up
    assert row.label == "T2W"


def test_hostile_text_stays_text():
    info = volume(1, "<script>alert(1)</script>")
    one = prediction(info, "T2W", 0.9)
    choice = RoleChoice(info.volume_id, "<b>why</b>\x1b[31m", ((info.volume_id, "=1+1"),), ("<i>",))
    study = StudyReport("1", "p", "own", "asked for", (one,), {"<r>": choice})
    report = Report(BUNDLE, (study,), ())
    page = html_text(report)
    assert "<script>" not in page
    assert "<b>why" not in page
    assert "<r>" not in page
    assert "\x1b" not in printed(report)


def test_images_that_contradict_their_header_are_told():
    study = with_physics()
    odd = PhysicsEvidence(
        "adc_from_dwi",
        (),
        0.99,
        1e-6,
        "its signal is that of b 800",
        log_odds={"DWI_LOW": 3.0, "DWI_HIGH": 3.0},
        conflict="the header says b 50",
    )
    changed = replace(study.predictions[3], physics=odd)
    assert len(physics_lines([changed])) == 1
    assert physics_lines([study.predictions[3]]) == []


def test_a_hundred_volumes_stay_below_five_megabytes():
    study = with_physics()
    many = tuple(
        replace(
            one,
            volume=replace(one.volume, volume_id=f"{number:016x}", series_number=number),
        )
        for number in range(100)
        for one in study.predictions[6:8]
    )
    chosen = choose_roles(many, PROFILES["prostate"].roles)
    page = html_text(Report(BUNDLE, (replace(study, predictions=many, roles=chosen.roles),), ()))
    assert page.count("<article") > 90
    assert len(page.encode()) < 5_000_000


def test_a_series_that_repeats_itself_is_told_of_once():
    first, second, third = with_physics().predictions[:3]
    ids = [one.volume.volume_id for one in (first, second)]

    def alike(other: str) -> PhysicsEvidence:
        return PhysicsEvidence("repetition", (other,), 0.995, 0.0, "one of 3 volumes alike")

    changed = [
        replace(first, physics=alike(ids[1])),
        replace(second, physics=alike(ids[0])),
        replace(third, physics=alike(ids[0])),
    ]
    assert len(physics_lines(changed)) == 1
