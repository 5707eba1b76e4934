"""Labels of patients from the challenge's folders to a submission, as a user meets them."""

import csv
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mrsift.classify.experiment import resume_studies, train_studies
from mrsift.cli.main import main
from mrsift.train.recipe import load_recipe
from mrsift.train.watch import Watch
from tests.toy_studies import toy_cohort, toy_recipe

PATIENTS = 12
SMALL = [
    "study.slices=12",
    "study.plane_shape=[24,24]",
    "study.folds=2",
    "study.repeats=1",
    "study.mc_dropout=3",
    "network.width=4",
    "network.stem_kernel=[3,3,3]",
    "training.max_epochs=2",
    "training.batch=4",
    "training.workers=0",
    "training.loggers=[]",
]
LOADS_NOTHING_HEAVY = """
import sys
from mrsift.cli.main import main
try:
    main(["classify", "predict", "--help"])
except SystemExit:
    pass
print([name for name in ("torch", "lightning", "pyarrow", "numpy") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def challenge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders and labels as the challenge has them, with a strong sign."""
    out = tmp_path_factory.mktemp("challenge") / "data"
    size = ["--set", "size.pixels=[32,36]", "--set", "size.slices=[10,12]"]
    sign = ["--set", "sign.auc=0.99", "--layout", "rsna-miccai"]
    many = ["--studies", str(PATIENTS), "--seed", "4"]
    assert main(["simulate", "glioma", str(out), *many, *size, *sign]) == 0
    return out


@pytest.fixture(scope="module")
def run(challenge: Path) -> Path:
    cohort, out = challenge.parent / "cohort.parquet", challenge.parent / "run"
    table = str(challenge / "train_labels.csv")
    layout = ["--layout", "rsna-miccai", "--labels", table, "--out", str(cohort)]
    assert main(["dataset", "index", str(challenge / "train"), *layout]) == 0
    changes = [word for one in SMALL for word in ("--set", one)]
    where = ["--data", str(cohort), "--out", str(out), "--threads", "1"]
    assert main(["train", "recipes/mgmt-volume.toml", *where, *changes]) == 0
    return out


def test_every_patient_of_the_challenge_is_tested_once(run: Path, challenge: Path) -> None:
    said = pq.read_table(run / "predictions.parquet").to_pydict()
    with (challenge / "train_labels.csv").open() as file:
        known = {row["BraTS21ID"]: row["MGMT_value"] for row in csv.DictReader(file)}
    assert dict(zip(said["patient"], said["label"], strict=True)) == known
    assert set(said["split"]) == {"test"}
    assert all(len(name) == 5 for name in said["patient"])
    assert {"p_0", "p_1", "value", "epistemic_sd"} <= set(said)


def test_a_submission_has_two_columns_to_the_letter(
    run: Path, challenge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, details = tmp_path / "submission.csv", tmp_path / "details.csv"
    ways = ["--out", str(out), "--details", str(details)]
    assert main(["classify", "predict", str(run), str(challenge / "train"), *ways]) == 0
    assert f"{PATIENTS} patients of {PATIENTS} have names of patients" in capsys.readouterr().err
    lines = out.read_text().splitlines()
    assert lines[0] == "BraTS21ID,MGMT_value"
    assert lines[1].startswith("00000,0.")
    assert len(lines) == 1 + PATIENTS
    with details.open() as file:
        rows = list(csv.DictReader(file))
    for line, row in zip(lines[1:], rows, strict=True):
        assert line == f"{row['BraTS21ID']},{row['value']}"
        assert float(row["p_0"]) + float(row["p_1"]) == pytest.approx(1, abs=1e-5)
        assert row["prediction_set"] == "0|1"
        assert row["networks"] == "2"
        assert float(row["epistemic_sd"]) > 0


def test_a_patient_who_lacks_a_sequence_is_named_and_not_in_the_submission(
    run: Path, challenge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, sequences in {
        "01001": ("FLAIR", "T1w", "T1wCE", "T2w"),
        "01002": ("FLAIR",),
    }.items():
        for name in sequences:
            target = tmp_path / "test" / number / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(challenge / "train" / "00000" / name)
    out, details = tmp_path / "submission.csv", tmp_path / "details.csv"
    ways = ["--out", str(out), "--details", str(details)]
    assert main(["classify", "predict", str(run), str(tmp_path / "test"), *ways]) == 0
    assert "left out: " in capsys.readouterr().err
    assert [line.partition(",")[0] for line in out.read_text().splitlines()] == [
        "BraTS21ID",
        "01001",
    ]
    with details.open() as file:
        last = list(csv.DictReader(file))[-1]
    assert last["BraTS21ID"] == "01002"
    assert "t1w_ce" in last["left_out"]
    assert last["value"] == ""


def test_verbs_of_volumes_refuse_a_run_on_studies(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(run), "--out", str(tmp_path / "a.mrsift")]) == 2
    assert "mrsift classify predict" in capsys.readouterr().err
    data = str(run.with_name("cohort.parquet"))
    assert main(["tune", "mgmt-honest", "--data", data, "--out", str(tmp_path / "t")]) == 2
    assert "fixed in advance" in capsys.readouterr().err
    assert main(["classify", "predict", str(tmp_path), data, "--out", str(tmp_path / "s.csv")]) == 2
    assert "no run of mrsift train" in capsys.readouterr().err


def test_a_run_that_was_cut_off_between_networks_ends_as_one_that_was_not(tmp_path: Path) -> None:
    cohort = toy_cohort(tmp_path / "data", patients=12, unknown=0)
    recipe = load_recipe(toy_recipe(tmp_path, "volume"), ["training.max_epochs=2"])

    def stop(line: str) -> None:
        if line.startswith("network 2 of 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_studies(recipe, cohort, tmp_path / "cut", watch=Watch(say=stop))
    assert not (tmp_path / "cut" / "predictions.parquet").exists()
    assert main(["train", "--resume", str(tmp_path / "cut"), "--threads", "1"]) == 0
    train_studies(recipe, cohort, tmp_path / "whole")
    tables = [pq.read_table(tmp_path / name / "predictions.parquet") for name in ("cut", "whole")]
    assert tables[0].equals(tables[1])
    again = resume_studies(tmp_path / "whole")
    assert pq.read_table(again.folder.predictions).equals(tables[1])


def test_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS_NOTHING_HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
