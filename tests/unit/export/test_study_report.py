"""The report of a run on patients: its sentence, its files, and nothing without an interval."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from mrsift.evaluate.study import StudyEvaluation, evaluate_study
from mrsift.evaluate.study_evidence import Permutation, StudyEvidence
from mrsift.export.evaluation_run import Run
from mrsift.export.study_report import write_study_report
from mrsift.export.study_tables import of_patients, study_tables
from mrsift.export.study_words import study_result
from tests.study_values import study_evidence, study_predictions


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyEvaluation]:
    """Of a run without signal that left everything a run can leave."""
    table = study_predictions(40)
    found = evaluate_study(table, study_evidence(table), draws=100)
    folder = tmp_path_factory.mktemp("study") / "report"
    write_study_report(
        folder, Run(Path("runs/m"), None, table, {"tuned_on": "nothing"}), found, None
    )
    return folder, found


def test_the_page_opens_with_the_sentence(report: tuple[Path, StudyEvaluation]) -> None:
    folder, found = report
    page = (folder / "index.html").read_text("utf-8")
    assert f'<p class="lead">{study_result(found)}</p>' in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="https?:', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "LEAK, on purpose" in page
    assert "volume" not in re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)


def test_every_file_is_there(report: tuple[Path, StudyEvaluation]) -> None:
    folder, _ = report
    tables = {path.stem for path in (folder / "tables").iterdir()}
    assert {"side-by-side", "areas", "folds", "answers", "permutation", "leak"} <= tables
    assert {"confounders", "sites", "epochs", "epoch-areas", "labels-test", "sets"} <= tables
    figures = {path.name for path in (folder / "figures").iterdir()}
    for name in ("curves", "areas", "permutation", "training", "epochs", "epoch-areas"):
        assert {f"{name}.png", f"{name}.svg"} <= figures
    numbers = json.loads((folder / "evaluation.json").read_text("utf-8"))
    assert numbers["schema"] == "mrsift.evaluation/1"
    assert numbers["study"]["verdict"] == "none"
    assert numbers["study"]["area"]["low"] < 0.5 < numbers["study"]["area"]["high"]


def test_table_2_has_every_patient_in_full(report: tuple[Path, StudyEvaluation]) -> None:
    folder, found = report
    with (folder / "tables" / "epochs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert found.controls.epochs is not None
    # A quote keeps leading zeros in a spreadsheet.
    names = [row["Patient"].removeprefix("'") for row in rows]
    assert names == found.controls.epochs.patient.tolist()
    assert names[0] == "00000"
    printed = np.array([[float(row[f"{n} epochs"]) for n in (10, 20, 50, 100)] for row in rows])
    np.testing.assert_allclose(printed, found.controls.epochs.value, atol=1e-6)


def test_no_number_stands_without_its_interval(report: tuple[Path, StudyEvaluation]) -> None:
    _, found = report
    for name, table in study_tables(found).items():
        for row in table.rows:
            for cell in row:
                if hasattr(cell, "low") and not np.isnan(cell.value):
                    assert not np.isnan(cell.low), (name, row[0])


@pytest.mark.parametrize(
    ("distance", "patients", "begins"),
    [
        (0.0, 400, "No signal above chance was found in n = 400 (AUC 0."),
        (3.0, 120, "Signal above chance was found in n = 120 (AUC 0.9"),
        (-1.0, 400, "No signal above chance was found in n = 400: answers are worse than chance"),
        (0.0, 8, "Nothing can be said of signal: n = 8 is too few"),
    ],
)
def test_sentences(distance: float, patients: int, begins: str) -> None:
    found = evaluate_study(
        study_predictions(patients, distance=distance), StudyEvidence(), draws=50
    )
    assert study_result(found).startswith(begins)
    assert "95 %" in study_result(found)
    assert "chance alone 0." in study_result(found)


def test_the_sentence_has_permuted_labels_where_they_were_permuted() -> None:
    null = Permutation(np.linspace(0.45, 0.55, 199), 0.5, "retrained", 0)
    found = evaluate_study(study_predictions(200), StudyEvidence(permutation=null), draws=50)
    assert re.search(
        r"95 % 0\.\d\d to 0\.\d\d; permuted labels 0\.45 to 0\.55\)\.$", study_result(found)
    )


def test_a_table_of_volumes_becomes_one_of_patients(report: tuple[Path, StudyEvaluation]) -> None:
    _, found = report
    for table in study_tables(found).values():
        assert table.columns.count("Patients") <= 1
        assert "Volumes" not in table.columns
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert of_patients(table) == table
