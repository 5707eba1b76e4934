"""A glioma patient and one with multiple sclerosis: index, predict, explain; not looked at.

The networks have seen toys only, so what they say of these patients means nothing; that the page
says so is part of the test. Nothing of the images outlives it.
"""

import csv
from pathlib import Path

import pytest

from mrsift.classify.experiment import train_studies
from mrsift.cli.main import main
from mrsift.train.recipe import load_recipe
from tests.shared_data import require_shared_data
from tests.toy_studies import toy_cohort, toy_recipe

PATIENTS = {
    "00900": ("tcga/TCGA-FG-6692", ("flair", "t1", "t1ce", "t2")),
    "00901": ("open_ms/patient07_mni", ("FLAIR", "T1", "T1POST", "T2")),
}
FOLDERS = ("FLAIR", "T1w", "T1wCE", "T2w")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both patients in the folders of the challenge, as links."""
    brain = require_shared_data() / "brain"
    root = tmp_path_factory.mktemp("layout")
    for patient, (folder, names) in PATIENTS.items():
        for sequence, name in zip(FOLDERS, names, strict=True):
            target = root / patient / sequence
            target.mkdir(parents=True)
            (target / "image.nii.gz").symlink_to(brain / folder / f"{name}.nii.gz")
    return root


@pytest.fixture(scope="module")
def cohort(layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = tmp_path_factory.mktemp("index") / "cohort.parquet"
    command = ["dataset", "index", str(layout), "--layout", "rsna-miccai", "--out", str(table)]
    assert main(command) == 0
    return table


@pytest.fixture(scope="module", params=["bag", "volume"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    recipe = load_recipe(toy_recipe(folder, request.param))
    return train_studies(recipe, toy_cohort(folder / "data"), folder / "run").folder.path


def test_both_patients_are_predicted(cohort: Path, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "submission.csv"
    assert main(["classify", "predict", str(run), str(cohort), "--out", str(out)]) == 0
    with out.open(newline="", encoding="utf-8") as file:
        rows = {row["BraTS21ID"]: float(row["MGMT_value"]) for row in csv.DictReader(file)}
    assert set(rows) == set(PATIENTS)
    assert all(0 <= value <= 1 for value in rows.values())


@pytest.mark.parametrize("patient", PATIENTS)
def test_both_patients_are_explained(cohort: Path, run: Path, patient: str, tmp_path: Path) -> None:
    out = tmp_path / "case.html"
    command = ["classify", "explain", str(run), patient, "--data", str(cohort), "--out", str(out)]
    assert main(command) == 0
    page = out.read_text("utf-8")
    for title in ("FLAIR", "T1w", "T1w with contrast agent", "T2w"):
        assert f"<figcaption>{title}</figcaption>" in page
    assert "they do not see T1w, T2w" in page
    assert "All 2 networks of the run answered: none has seen this patient." in page
    assert "MGMT_value: the networks cannot tell" in page
    assert "a face can be reconstructed" in page
    assert str(cohort.parent) not in page
