"""A label that a person sets, through every output and every later run."""

import csv
import json
from pathlib import Path

import pytest

import mrsift
from mrsift.dataset.table import read_dataset
from tests import schemas
from tests.flow.test_cli import Done, run
from tests.mr_series import T2_SPIN_ECHO, write_series
from tests.shared_data import require_shared_data

NAME = "mrsift-corrections.csv"


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    for number in (1, 2):
        write_series(tmp_path / "exam", number, **T2_SPIN_ECHO, SeriesDescription="t2_tse_tra")
    return tmp_path / "exam"


def identify(path: Path, *options: str | Path) -> Done:
    return run("identify", path, "--evidence", "header", *options)


def sort(path: Path, out: Path) -> Done:
    return run("sort", path, out, "--layout", "label", "--evidence", "header")


def volumes(path: Path, tmp_path: Path, *options: str | Path) -> list[dict[str, object]]:
    out = tmp_path / "out.json"
    assert identify(path, "--json", out, *options).returncode == 0
    found: list[dict[str, object]] = schemas.parse(out.read_text())["studies"][0]["volumes"]
    return found


def test_a_correction_is_kept_honoured_and_marked(exam: Path, tmp_path: Path) -> None:
    first, second = (str(one["volume_id"]) for one in volumes(exam, tmp_path))
    out = {kind: tmp_path / f"x.{kind}" for kind in ("json", "csv", "html")}
    options = [part for kind, path in out.items() for part in (f"--{kind}", path)]
    done = identify(
        exam, "--set-label", f"{first}=T1W_CE", "--set-label", f"{second}=T2W", *options
    )
    assert done.returncode == 0
    assert NAME in done.stderr
    assert "by hand" in done.stdout
    assert "corrected, was T2W" in done.stdout
    assert "confirmed, was T2W" in done.stdout
    assert "2 set by hand" in done.stdout
    later = identify(exam)
    assert "corrected, was T2W" in later.stdout
    kept = volumes(exam, tmp_path)
    assert [one["label"] for one in kept] == ["T1W_CE", "T2W"]
    corrected = kept[0]["corrected"]
    assert isinstance(corrected, dict)
    assert (corrected["label_before"], corrected["source"]) == ("T2W", NAME)
    evidence = kept[0]["evidence"]
    assert isinstance(evidence, dict)
    assert evidence["header"]["label"] == "T2W"
    with out["csv"].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["corrected"] for row in rows] == ["true", "true"]
    assert rows[0]["label_before"] == "T2W"
    page = out["html"].read_text()
    assert "by hand" in page
    assert "corrected, was T2W" in page


def test_the_table_of_identify_can_be_corrected_and_given_back(exam: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.csv"
    identify(exam, "--csv", table)
    table.write_text(table.read_text("utf-8-sig").replace(",T2W,", ",FLAIR,", 1), "utf-8-sig")
    kept = volumes(exam, tmp_path, "--corrections", table)
    assert [one["label"] for one in kept] == ["FLAIR", "T2W"]
    assert not (exam / NAME).exists()


def test_one_table_that_is_not_there_yet_already_counts_instead(exam: Path, tmp_path: Path) -> None:
    first, second = (str(one["volume_id"]) for one in volumes(exam, tmp_path))
    (exam / NAME).write_text(f"volume_id,label\n'{second},ADC\n")
    table = tmp_path / "all.csv"
    done = identify(exam, "--corrections", table)
    assert done.returncode == 2  # a name that was mistyped is not an empty table
    given = ("--corrections", table, "--set-label", f"{first}=FLAIR")
    assert [one["label"] for one in volumes(exam, tmp_path, *given)] == ["FLAIR", "T2W"]
    kept = volumes(exam, tmp_path, "--corrections", table)
    assert [one["label"] for one in kept] == ["FLAIR", "T2W"]


def test_index_follows_corrections_over_a_table_and_says_so(exam: Path, tmp_path: Path) -> None:
    first = str(volumes(exam, tmp_path)[0]["volume_id"])
    identify(exam, "--set-label", f"{first}=ADC")
    table, out = tmp_path / "labels.csv", tmp_path / "data.parquet"
    table.write_text("path,label\n.,T2W\n")
    given = ("dataset", "index", exam, "--labels", table, "--out", out)
    done = run(*given)
    assert "1 correction to what is no class of the table, not followed" in done.stdout
    write_series(exam, 3, **T2_SPIN_ECHO)
    ids = [str(one["volume_id"]) for one in volumes(exam, tmp_path)]
    lines = [f"'{one},{'ADC' if number == 2 else 'T2W'}" for number, one in enumerate(ids)]
    table.write_text("\n".join(["volume_id,label", *lines]) + "\n")
    done = run(*given, "--strict")
    assert done.returncode == 5
    assert "1 label replaced by corrections" in done.stdout
    assert "1 label set by hand" in done.stdout
    rows = {row.volume_id: row for row in read_dataset(out).rows}
    assert (rows[first].label, rows[first].label_before) == ("ADC", "T2W")
    assert sum(row.corrected for row in rows.values()) == 1
    assert "1 label set by hand" in run("dataset", "check", out).stdout
    (exam / NAME).write_text("label\nT2W\n")
    assert "no correction used" in run(*given).stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{id}=T1_CE", "did you mean T1W_CE?"),
        ("0123456789abcdef=T2W", "there is no such volume here"),
        ("{id}", "is not VOLUME_ID=LABEL"),
    ],
)
def test_a_label_that_cannot_be_set_ends_with_2_and_keeps_nothing(
    exam: Path, tmp_path: Path, given: str, said: str
) -> None:
    volume_id = volumes(exam, tmp_path)[0]["volume_id"]
    done = identify(exam, "--set-label", given.format(id=volume_id))
    assert done.returncode == 2
    assert said in done.stderr
    assert not (exam / NAME).exists()


def test_a_bad_row_is_listed_and_strict_fails(exam: Path) -> None:
    (exam / NAME).write_text("volume_id,label\n0123456789abcdef,T2W\n")
    done = identify(exam, "--strict")
    assert done.returncode == 0
    assert "1 of 1 corrections name no volume" in done.stdout
    (exam / NAME).write_text("path,label\n.,T2_W\n")
    done = identify(exam, "--strict")
    assert done.returncode == 4
    assert "did you mean T2W?" in done.stdout


def test_roles_follow_corrections(tmp_path: Path) -> None:
    exam = require_shared_data() / "prostate/dicom/ProstateX-0001.zip"
    table = tmp_path / "all.csv"

    def study(*options: str | Path) -> dict[str, dict[str, object]]:
        out = tmp_path / "out.json"
        given = ("--profile", "prostate", "--corrections", table) if table.exists() else ()
        assert identify(exam, "--json", out, *given, *options).returncode == 0
        found: dict[str, dict[str, object]] = json.loads(out.read_text())["studies"][0]["roles"]
        return found

    before = study("--profile", "prostate")["t2w_axial"]["volume_id"]
    table.write_text(f"volume_id,label\n'{before},UNKNOWN\n")
    after = study()["t2w_axial"]["volume_id"]
    assert before != after


def test_python_follows_the_table_that_it_is_given(exam: Path, tmp_path: Path) -> None:
    (exam / NAME).write_text("path,label\n.,FLAIR\n")
    table = tmp_path / "all.csv"
    table.write_text("path,label\nexam,ADC\n")
    for given, label in ((None, "FLAIR"), (table, "ADC")):
        (study,) = mrsift.identify(exam, evidence="header", corrections=given)
        assert {one.label for one in study.predictions} == {label}
        assert all(one.correction for one in study.predictions)


def test_sort_follows_corrections(exam: Path, tmp_path: Path) -> None:
    volume_id = volumes(exam, tmp_path)[0]["volume_id"]
    (exam / NAME).write_text(f"volume_id,label\n'{volume_id},FLAIR\n")
    done = sort(exam, tmp_path / "out")
    assert done.returncode == 0
    assert done.stdout.count("set by hand") == 1
    with (tmp_path / "out/mrsift-manifest.csv").open(encoding="utf-8-sig", newline="") as file:
        marked = {(row["label"], row["by_hand"]) for row in csv.DictReader(file)}
    assert marked == {("FLAIR", "true"), ("T2W", "false")}
    assert (tmp_path / "out/FLAIR").is_dir()
