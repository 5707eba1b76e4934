"""One patient explained: the numbers are those of the run, and the maps are of this patient."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.classify.case import (
    Case,
    asked_words,
    check_words,
    lead_words,
    probability_words,
    ranking_words,
    spread_words,
    value_words,
)
from mrsift.classify.case_page import case_html
from mrsift.classify.case_pictures import picture_case, strongest_place, tint
from mrsift.classify.experiment import train_studies
from mrsift.classify.explain import explain_patient
from mrsift.classify.study_run import StudyRun
from mrsift.cli.main import main
from mrsift.dataset.table import Dataset, write_dataset
from mrsift.errors import ConfigError
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.predictions import read_predictions
from mrsift.models.saliency import SanityCheck
from mrsift.train.recipe import load_recipe
from mrsift.train.watch import Watch
from tests.toy_studies import UNITS, toy_cohort, toy_recipe


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module", params=UNITS)
def run(request: pytest.FixtureRequest, cohort: Path) -> StudyRun:
    recipe = load_recipe(toy_recipe(cohort.parent, request.param))
    return train_studies(recipe, cohort, cohort.parent / f"explained-{request.param}")


def explained(run: StudyRun, patient: str, tmp_path: Path) -> Case:
    return explain_patient(run, run.folder.dataset(), patient, tmp_path, Watch())


@pytest.fixture(scope="module")
def case(run: StudyRun, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return explained(run, "00003", tmp_path_factory.mktemp("cache"))


def test_the_numbers_are_those_of_the_run(run: StudyRun, case: Case) -> None:
    table = read_predictions(run.folder.predictions)
    row = int(np.flatnonzero(table.patient == "00003")[0])
    np.testing.assert_allclose(case.merged.probabilities, table.probabilities[row], atol=1e-6)
    assert case.answer == table.predicted[row]
    assert case.truth == "1"
    assert "|".join(case.members) == table.prediction_set[row]


def test_only_networks_that_did_not_learn_from_the_patient_answer(case: Case) -> None:
    assert (case.asked.networks, case.asked.of, case.asked.learned) == (1, 2, 0)
    assert "1 of the run's 2 networks answered: those that did not learn" in asked_words(case)


def test_a_patient_that_no_network_knows_is_answered_by_all(run: StudyRun, tmp_path: Path) -> None:
    case = explained(run, "00015", tmp_path)  # without a label
    assert (case.asked.networks, case.truth) == (2, None)
    assert not case.asked.known
    assert case.votes.answers == 2 * 3  # passes with dropout
    assert len(case.draws) == 2 * 3 * 2  # and mirrored


def test_maps_have_the_shape_of_the_patient(case: Case) -> None:
    shape = case.voxels.shape[1:]
    assert case.roles == ("flair", "t1w_ce")
    assert case.saliency.values.shape == case.votes.mean.shape == shape
    assert case.votes.deviation is not None
    assert case.votes.deviation.max() > 0
    if case.study.unit != "volume":
        assert case.slices is not None
        assert case.slices.shape == (1, len(case.places))
    assert (case.votes.attention is not None) == (case.study.unit == "bag")


def test_each_sequence_is_taken_away(case: Case) -> None:
    assert [role for role, _ in case.without] == ["flair", "t1w_ce"]
    assert all(abs(change) <= 1 for _, change in case.without)
    assert any(change != 0 for _, change in case.without) or case.value in (0, 1)


def test_the_page_stands_alone(case: Case) -> None:
    page = case_html(case, "toy")
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "a face can be reconstructed" in page
    assert "Research use only" in page
    assert "Grad-CAM" in page
    assert "not a probability that a voxel is tumour" in page
    assert page.count("<img") == page.count("data:image/jpeg;base64,")
    pictures = picture_case(case)
    assert page.count("<img") == sum(
        len(strip.shots) for strip in (*pictures.sequences, *pictures.maps)
    ) + len(pictures.planes)


def test_a_sequence_that_the_networks_do_not_see_is_shown(cohort: Path, tmp_path: Path) -> None:
    recipe = load_recipe(
        toy_recipe(cohort.parent, "slice", 0),
        [
            'study.roles=["t1w_ce"]',
            'study.reference_role="t1w_ce"',
            "study.mc_dropout=0",
            "study.tta=false",
        ],
    )
    run = train_studies(recipe, cohort, tmp_path / "run")
    trained = next(name for name, side in run.parts()[0].sides.items() if side == "train")
    case = explained(run, trained, tmp_path)
    assert case.roles == ("flair", "t1w_ce")
    assert case.seen == ("t1w_ce",)
    assert not case.without
    assert case.votes.deviation is None
    page = case_html(case, "toy")
    assert "they do not see FLAIR" in page
    assert "There is no map of uncertainty" in page
    assert "is no prediction" in asked_words(case)
    assert "There is one answer only" in spread_words(case)


def test_the_value_is_named_as_what_it_is(case: Case) -> None:
    said = value_words(case)
    assert f"{case.value:.3f}" in said
    wanted = {"slice": "neither a probability", "bag": "attention", "volume": "of the volume"}
    assert wanted[case.study.unit] in said


def test_what_is_said_first_is_what_can_be_ruled_out(case: Case) -> None:
    assert (
        lead_words(case) == "MGMT_value: the networks cannot tell; neither label can be ruled out."
    )
    sure = replace(case, merged=replace(case.merged, members=np.array([False, True])))
    assert lead_words(sure) == "MGMT_value: 1; 0 can be ruled out."
    assert "nothing calibrated" in probability_words(case)
    assert "as calibrated" in probability_words(replace(case, calibrated=True))


@pytest.mark.parametrize(
    ("estimate", "says"),
    [
        (Estimate(0.54, 0.49, 0.59, None, 582, 582, "delong"), "includes 0.50, which is chance"),
        (Estimate(0.9, 0.8, 0.97, None, 90, 90, "delong"), "0.50 is chance"),
        (None, "was not measured"),
    ],
)
def test_how_good_such_values_are_is_said(case: Case, estimate: Estimate | None, says: str) -> None:
    assert says in ranking_words(replace(case, ranking=estimate))


@pytest.mark.parametrize(
    ("last", "says"), [(0.9, "do not read it"), (0.1, "what was learnt"), (None, "is empty")]
)
def test_a_check_that_fails_is_said(case: Case, last: float | None, says: str) -> None:
    failed = replace(case, check=SanityCheck(("head", "stem"), (0.2, last)))
    assert says in check_words(failed)
    assert ('class="failed"' in case_html(failed, "toy")) == (last != 0.1)


def test_strange_names_cannot_write_html(case: Case) -> None:
    page = case_html(replace(case, patient="<b>", question="$a & <i>$"), "<run>")
    assert "<b>" not in page.split("<main>")[0].split("<header>")[1].replace("<b>Grad", "")
    assert "&lt;b&gt;" in page
    assert "&lt;run&gt;" in page


def test_colour_lies_where_the_map_is() -> None:
    grey = np.full((4, 4), 100, np.uint8)
    share = np.zeros((4, 4), np.float32)
    share[1, 2] = 1.0
    found = tint(grey, share, (255, 0, 0))
    assert (found[0, 0] == 100).all()
    assert found[1, 2, 0] > 180 > found[1, 2, 1]
    assert strongest_place(share[None]) == (0, 1, 2)


def test_the_command_writes_the_page(run: StudyRun, tmp_path: Path) -> None:
    out = tmp_path / "case.html"
    assert main(["classify", "explain", str(run.folder.path), "00003", "--out", str(out)]) == 0
    assert "Patient 00003" in out.read_text("utf-8")


def test_a_patient_of_another_cohort(run: StudyRun, tmp_path: Path) -> None:
    rows = [replace(row, patient="new", label=None) for row in run.folder.dataset().rows[:2]]
    write_dataset(Dataset(tuple(rows), {"cohort": "rsna-miccai"}), tmp_path / "new.parquet")
    out = tmp_path / "case.html"
    command = ["classify", "explain", str(run.folder.path), "new", "--out", str(out)]
    assert main([*command, "--data", str(tmp_path / "new.parquet")]) == 0
    assert "All 2 networks of the run answered: none has seen this patient" in out.read_text(
        "utf-8"
    )


def test_a_patient_that_is_not_there(run: StudyRun, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leading zeros count") as error:
        explained(run, "3", tmp_path)
    assert "'3'" not in str(error.value)
