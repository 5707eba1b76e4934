"""Patients with one label each, from folders to prepared arrays, by the command line."""

import json
import shutil
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid

from mrsift.cli.main import main
from tests.cohort_folders import write_cohort, write_patient
from tests.shared_data import require_shared_data

pytest.importorskip("pyarrow")

from mrsift.classify.cohort import studies_of
from mrsift.classify.prepared import prepare_studies
from mrsift.config import StudySettings
from mrsift.dataset.table import read_dataset

HEAD = Path(__file__).resolve().parents[2] / "src" / "mrsift" / "assets" / "demo" / "head"
SIMULATE = ["simulate", "glioma", "--studies", "4", "--seed", "5", "--layout", "rsna-miccai"]
TINY = ["--set", "size.pixels=[24,32]", "--set", "size.slices=[5,6]"]
TASK_1 = "BraTS21ID,MGMT_value\n"


def index(path: Path, out: Path, *more: str) -> int:
    return main(["dataset", "index", str(path), "--out", str(out), *more])


def test_a_simulated_cohort_goes_from_folders_to_arrays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, table = tmp_path / "sim", tmp_path / "cohort.parquet"
    assert main([SIMULATE[0], SIMULATE[1], str(root), *SIMULATE[2:], *TINY]) == 0
    labels = root / "train_labels.csv"
    assert index(root, table, "--layout", "rsna-miccai", "--labels", str(labels)) == 0
    assert "16 (4)" in capsys.readouterr().out  # volumes (patients)
    assert (tmp_path / "cohort.quality.csv").read_text().count("\n") == 17
    assert main(["dataset", "split", str(table), "--folds", "2"]) == 0
    assert main(["dataset", "check", str(table), "--read"]) == 0
    studies = studies_of(read_dataset(table))
    truth = dict(line.split(",") for line in labels.read_text().split()[1:])
    assert {study.patient: study.label for study in studies} == truth
    assert {study.fold for study in studies} == {0, 1}
    settings = StudySettings(slices=6, plane_shape=(24, 24))
    prepared = prepare_studies(studies, settings, tmp_path / "cache")
    assert [prepared[place].shape for place in range(4)] == [(4, 6, 24, 24)] * 4


def test_numbers_without_zeros_and_excluded_patients(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_cohort(tmp_path / "data", {"00002": 0, "00109": 1, "00011": 1})
    labels = tmp_path / "integers.csv"
    labels.write_text(TASK_1 + "2,0\n109,1\n11,1\n")
    flags = ["--layout", "rsna-miccai", "--labels", str(labels)]
    assert index(root, tmp_path / "a.parquet", *flags) == 0
    told = capsys.readouterr().out
    assert "1 patient left out, as the organisers of the challenge advise" in told
    assert "not there" not in told
    rows = read_dataset(tmp_path / "a.parquet").rows
    assert {row.patient: row.label for row in rows} == {"00002": "0", "00011": "1"}
    assert index(root, tmp_path / "b.parquet", *flags, "--keep-all") == 0
    kept = read_dataset(tmp_path / "b.parquet").rows
    assert {row.patient for row in kept} == {"00002", "00011", "00109"}


def test_a_test_set_has_no_labels_and_strict_minds_missing_sequences(tmp_path: Path) -> None:
    write_patient(tmp_path / "test" / "00013")
    table = tmp_path / "test.parquet"
    assert index(tmp_path, table, "--layout", "rsna-miccai", "--strict") == 0
    assert {row.label for row in read_dataset(table).rows} == {None}
    shutil.rmtree(tmp_path / "test" / "00013" / "T1wCE")
    report = tmp_path / "said.json"
    flags = ["--layout", "rsna-miccai", "--strict", "--json", str(report)]
    assert index(tmp_path, table, *flags) == 5
    kinds = {one["kind"] for one in json.loads(report.read_text())["findings"]}
    assert {"missing_sequence", "no_labels"} <= kinds


def write_demonstration_head(folder: Path, patient: str) -> None:
    """The demonstration head as an exam of this patient."""
    folder.mkdir(parents=True)
    for number, file in enumerate(sorted(HEAD.rglob("*.dcm"))):
        slice_ = pydicom.dcmread(file)
        slice_.PatientID = patient
        for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            slice_[name].value = generate_uid(entropy_srcs=[patient, slice_[name].value])
        slice_.file_meta.MediaStorageSOPInstanceUID = slice_.SOPInstanceUID
        slice_.save_as(folder / f"{number}.dcm")


def test_other_folders_by_what_their_volumes_are(tmp_path: Path) -> None:
    for patient in ("anna", "bert"):
        write_demonstration_head(tmp_path / "data" / patient, patient)
    labels = tmp_path / "labels.csv"
    labels.write_text("patient,label,site\nanna,II,north\nbert,IV,south\n")
    table = tmp_path / "cohort.parquet"
    assert index(tmp_path / "data", table, "--roles", "brain", "--labels", str(labels)) == 0
    rows = read_dataset(table).rows
    assert {row.patient: (row.label, row.site) for row in rows} == {
        "anna": ("II", "north"),
        "bert": ("IV", "south"),
    }


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "--labels is missing"),
        (["--keep-all", "--roles", "brain"], "--keep-all goes with"),
        (["--layout", "rsna-miccai", "--corrections", "x.csv"], "--corrections goes with"),
        (["--roles", "brain", "--labels", "folders"], "give a CSV of patients"),
        (["--layout", "rsna-miccai", "--labels", "gone.csv"], "gone.csv: label table cannot"),
        (["--layout", "rsna-miccai"], "no folder of a patient"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    (tmp_path / "data").mkdir()
    assert index(tmp_path / "data", tmp_path / "out.parquet", *flags) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_nothing_readable_leaves_the_quality_table(tmp_path: Path) -> None:
    (tmp_path / "data" / "00001" / "FLAIR").mkdir(parents=True)
    table = tmp_path / "cohort.parquet"
    assert index(tmp_path / "data", table, "--layout", "rsna-miccai") == 3
    assert not table.exists()
    assert "no volume in the folder" in (tmp_path / "cohort.quality.csv").read_text()


def test_real_gliomas_and_lesions_in_the_layout_and_by_role(tmp_path: Path) -> None:
    brain = require_shared_data() / "brain"
    layout = tmp_path / "layout"
    for patient, folder, names in (
        ("00000", "tcga/TCGA-FG-6692", ("flair", "t1", "t1ce", "t2")),
        ("00001", "open_ms/patient07_mni", ("FLAIR", "T1", "T1POST", "T2")),
    ):
        for sequence, name in zip(("FLAIR", "T1w", "T1wCE", "T2w"), names, strict=True):
            target = layout / patient / sequence
            target.mkdir(parents=True)
            (target / "image.nii.gz").symlink_to(brain / folder / f"{name}.nii.gz")
    (tmp_path / "l.csv").write_text(TASK_1 + "0,1\n1,0\n")
    table = tmp_path / "layout.parquet"
    flags = ["--layout", "rsna-miccai", "--labels", str(tmp_path / "l.csv")]
    assert index(layout, table, *flags) == 0
    prepared = prepare_studies(
        studies_of(read_dataset(table)),
        StudySettings(slices=24, plane_shape=(64, 64)),
        tmp_path / "cache",
    )
    assert [prepared[place].shape for place in range(2)] == [(4, 24, 64, 64)] * 2
    assert all(place.present.all() for place in prepared.places)

    (tmp_path / "p.csv").write_text("patient,label\nTCGA-FG-6692,1\npatient01,0\n")
    table = tmp_path / "roles.parquet"
    flags = ["--roles", "brain", "--labels", str(tmp_path / "p.csv")]
    assert index(brain, table, *flags) == 0
    rows = read_dataset(table).rows
    said = {row.patient: row.label for row in rows if row.label}
    assert said  # which sequences are found without a header depends on the model that ships
    assert said.items() <= {"TCGA-FG-6692": "1", "patient01": "0"}.items()
    assert {row.extra["role"] for row in rows} <= {"flair", "t1w", "t1w_ce", "t2w"}
