"""The command as a user runs it: files in, table and files out, and an exit status."""

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import schemas
from tests.mr_series import T1_GRADIENT_ECHO, T2_SPIN_ECHO, write_series
from tests.ordinary_user import MRSIFT, run_as_ordinary_user

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flow") / "exam"
    write_series(folder, 1, **T2_SPIN_ECHO, SeriesDescription="t2_tse_tra", PatientName="Doe^Jane")
    write_series(folder, 2, **T1_GRADIENT_ECHO, SeriesDescription=None)
    write_series(folder, 3, ScanningSequence="EP", DiffusionBValue=800.0, SeriesDescription="=1+1")
    return folder


@pytest.fixture
def damaged(exam: Path, tmp_path: Path) -> Path:
    """One good series, one file that was cut off, one text."""
    folder = tmp_path / "damaged"
    write_series(folder, 1, **T2_SPIN_ECHO)
    whole = sorted(exam.glob("02-*.dcm"))[0].read_bytes()
    (folder / "cut.dcm").write_bytes(whole[: len(whole) - 400])
    (folder / "notes.txt").write_text("not an image")
    return folder


def run(*arguments: str | Path) -> Done:
    # Python's own view of the environment: readline, which pytest imports, adds COLUMNS to it.
    return subprocess.run(
        [MRSIFT, *arguments],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def rows_of(done: Done) -> list[str]:
    return [line for line in done.stdout.splitlines() if "×" in line and "slices×" not in line]


def test_a_folder_becomes_a_table_and_three_files(
    exam: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    outputs = {kind: tmp_path / f"out.{kind}" for kind in ("json", "csv", "html")}
    options = [part for kind, path in outputs.items() for part in (f"--{kind}", path)]
    done = run("identify", exam, "--model", tiny_bundle, *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(rows_of(done)) == 3
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        *("out.csv", "out.html", "out.json")
    ]
    value = schemas.parse(outputs["json"].read_text("utf-8"))
    volumes = value["studies"][0]["volumes"]
    assert value["bundle"]["name"] == "tiny"
    assert [item["series_description"] for item in volumes] == ["t2_tse_tra", None, "=1+1"]
    assert volumes[2]["b_value_s_per_mm2"] == 800.0
    with outputs["csv"].open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["label"] for line in lines] == [item["label"] for item in volumes]
    assert lines[2]["series_description"] == "'=1+1"
    html = outputs["html"].read_text("utf-8")
    roles = value["studies"][0]["roles"]
    assert roles
    assert html.count("<img ") == 3 * 3 + len(roles), (
        "three slices of each volume, one of each role"
    )
    assert html.count("</html>") == 1


def test_nothing_says_who_the_patient_is(exam: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("identify", exam, "--model", tiny_bundle, "--json", out, "--html", tmp_path / "html")
    said = done.stdout + done.stderr + out.read_text() + (tmp_path / "html").read_text()
    assert "Doe" not in said
    assert "Jane" not in said


def test_the_same_input_gives_the_same_output(exam: Path, tiny_bundle: Path) -> None:
    first, second = (
        run("identify", exam, "--model", tiny_bundle, "--json", "-", "--jobs", "2")
        for _ in range(2)
    )
    assert first.stdout == second.stdout
    schemas.parse(first.stdout)


def test_json_on_standard_output_stands_alone(exam: Path) -> None:
    for verb, extra in (("identify", ["--evidence", "header"]), ("show", [])):
        done = run(verb, exam, *extra, "--json", "-")
        assert (done.returncode, done.stderr) == (0, "")
        assert schemas.parse(done.stdout)["schema"] == f"mrsift.{verb}/1"


def test_show_tells_what_was_found(exam: Path, tmp_path: Path) -> None:
    done = run("show", exam, "--json", tmp_path / "show.json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = rows_of(done)
    assert "t2_tse_tra" in rows[0]
    assert "–" in rows[1]
    assert "b 800" in rows[2]
    assert "(0018,9087)" in rows[2]
    value = schemas.parse((tmp_path / "show.json").read_text())
    assert [len(series["volumes"]) for series in value["studies"][0]["series"]] == [1, 1, 1]


@pytest.mark.parametrize("evidence", ["both", "pixels", "header"])
@pytest.mark.parametrize("profile", ["prostate", "brain", "all"])
def test_profile_and_evidence_reach_the_answer(
    exam: Path, tiny_bundle: Path, evidence: str, profile: str
) -> None:
    done = run(
        *("identify", exam, "--model", tiny_bundle, "--json", "-"),
        *("--evidence", evidence, "--profile", profile),
    )
    study = schemas.parse(done.stdout)["studies"][0]
    assert study["profile"] == profile
    for volume in study["volumes"]:
        assert (volume["evidence"]["pixels"] is None) == (evidence == "header")
        if evidence == "pixels":
            assert volume["evidence"]["header"] is None


def test_a_profile_of_ones_own(exam: Path, tmp_path: Path) -> None:
    (tmp_path / "knee.toml").write_text('known = ["T1W"]\n')
    done = run(
        *("identify", exam, "--evidence", "header", "--json", "-"),
        *("--profile", tmp_path / "knee.toml"),
    )
    study = schemas.parse(done.stdout)["studies"][0]
    assert study["profile"] == "knee"
    assert {volume["label"] for volume in study["volumes"]} <= {"T1W", "UNKNOWN"}


def test_wrong_usage_found_on_the_way_is_2(exam: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('known = ["T3W"]\n')
    (tmp_path / "bad.mrsift").write_text("no zip")
    for options in (
        ["--profile", "pelvis"],
        ["--profile", tmp_path / "bad.toml"],
        ["--profile", tmp_path / "missing.toml"],
        ["--model", tmp_path / "bad.mrsift"],
        ["--model", tmp_path],
    ):
        done = run("identify", exam, *options, "--json", tmp_path / "out.json")
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("mrsift: ")
        assert not (tmp_path / "out.json").exists()


def test_skipped_files_are_listed_and_strict_makes_them_an_error(damaged: Path) -> None:
    lenient = run("identify", damaged, "--evidence", "header")
    assert lenient.returncode == 0
    assert "notes.txt" in lenient.stdout
    assert "cut.dcm" in lenient.stdout
    strict = run("identify", damaged, "--evidence", "header", "--strict")
    assert strict.returncode == 4
    assert strict.stdout == lenient.stdout
    assert strict.stderr == "mrsift: --strict, and MR files were skipped: 1\n"


def test_strict_does_not_mind_what_is_no_mr(damaged: Path) -> None:
    (damaged / "cut.dcm").unlink()
    assert run("identify", damaged, "--evidence", "header", "--strict").returncode == 0


@pytest.mark.parametrize("verb", ["identify", "show"])
def test_nothing_readable_is_3_and_outputs_say_why(verb: str, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    done = run(verb, folder)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    (folder / "text.dcm").write_text("hello")
    done = run(verb, folder, "--json", tmp_path / "out.json")
    assert done.returncode == 3
    value = schemas.parse((tmp_path / "out.json").read_text())
    assert [item["path"] for item in value["skipped"]] == ["text.dcm"]


def test_a_folder_that_may_not_be_read_is_3(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o000)
    done = run_as_ordinary_user([MRSIFT, "identify", tmp_path / "locked"])
    (tmp_path / "locked").chmod(0o700)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_paths_of_all_kinds_together(exam: Path) -> None:
    one_file = sorted(exam.glob("01-*.dcm"))[0]
    done = run("identify", exam, one_file, "--evidence", "header", "--json", "-")
    value = json.loads(done.stdout)
    schemas.check(value)
    assert len(value["studies"][0]["volumes"]) == 3
