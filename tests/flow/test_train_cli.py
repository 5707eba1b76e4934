"""Training verbs as a user meets them: the whole sequence, and what goes wrong."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mrsift.cli import watch
from mrsift.cli.main import main
from mrsift.errors import ConfigError
from tests.toy_data import toy_data

LOADS_NOTHING_HEAVY = """
import sys
from mrsift.cli.main import main
try:
    main(["train", "--help"])
except SystemExit:
    pass
print([name for name in ("torch", "lightning", "optuna", "numpy") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_data(tmp_path_factory.mktemp("toy"))


def arguments(data: Path, out: Path) -> list[str]:
    recipe = str(data.with_name("toy.toml"))
    return ["train", recipe, "--data", str(data), "--out", str(out), "--threads", "1"]


def test_from_data_to_a_bundle_that_answers(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, bundle = tmp_path / "a", tmp_path / "site.mrsift"
    changes = ["--set", "training.max_epochs=8", "--set", "augmentation.plane=0"]
    assert main([*arguments(data, run), *changes]) == 0
    said = capsys.readouterr().err
    assert len(re.findall(r"^mrsift: epoch \d of at most 8: ", said, re.MULTILINE)) == 8
    assert " test " not in said, "nothing of the test split is shown"
    assert json.loads((run / "run.json").read_text())["command"].startswith("mrsift")

    assert main(["export", str(run), "--out", str(bundle)]) == 0
    out = tmp_path / "answers.json"
    assert main(["identify", str(data.parent), "--model", str(bundle), "--json", str(out)]) == 0
    volumes = json.loads(out.read_text())["studies"][0]["volumes"]
    right = [volume["label"] in volume["files"][0] for volume in volumes]
    assert sum(right) / len(right) > 0.9  # by chance half

    assert (
        main(
            [
                "adapt",
                str(bundle),
                "--data",
                str(data),
                "--out",
                str(tmp_path / "b"),
                "--set",
                "training.max_epochs=1",
                "--threads",
                "1",
            ]
        )
        == 0
    )
    assert (tmp_path / "b" / "predictions.parquet").is_file()


def test_a_search_from_the_command_line(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = str(data.with_name("toy.toml"))
    changes = ["--set", "training.max_epochs=1", "--threads", "1", "--trials", "1"]
    assert main(["tune", recipe, "--data", str(data), *changes]) == 0
    assert (tmp_path / "runs" / "tune-toy" / "best.toml").is_file()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["train"], "RECIPE, --data, --out missing"),
        (["train", "quick", "--data", "DATA"], "--out missing"),
        (["train", "--resume", "DIR", "--set", "a.b=1"], "leave --set out"),
        (["train", "quick", "--resume", "DIR"], "leave RECIPE out"),
        (["train", "--resume", "DIR"], "is no run of mrsift train"),
        (["train", "quikc", "--data", "DATA", "--out", "DIR/a"], "did you mean quick?"),
        (["train", "quick", "--data", "RECIPE", "--out", "DIR/a"], "no Parquet file"),
        (["train", "quick", "--data", "DATA", "--out", "DIR/a"], "no training volume of class"),
        (["train", "RECIPE", "--data", "DATA", "--out", "DIR/a", "--set", "training.batc=1"],
         "did you mean batch?"),
        (["tune", "adapt", "--data", "DATA", "--out", "DIR/a"], "no [[tune]]"),
        (["export", "DIR", "--out", "DIR/a.mrsift"], "is no run"),
        (["adapt", "DIR/none", "--data", "DATA", "--out", "DIR/a"], "no such bundle"),
        (["adapt", "RECIPE", "--data", "DATA", "--out", "DIR/a"], "neither a folder nor a .mrsift"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_writes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], says: str
) -> None:
    places = {"DATA": str(data), "RECIPE": str(data.with_name("toy.toml")), "DIR": str(tmp_path)}
    words = [re.sub("DATA|RECIPE|DIR", lambda name: places[name[0]], word) for word in given]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "NEEDED", ("torch", "no_such_library"))
    with pytest.raises(ConfigError, match=r"no_such_library not installed.*mrsift\[train\]"):
        watch.require_training()


def test_a_terminal_shows_a_bar_below_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with watch.watching() as told:
        told.progress("step 3 of at most 9", 3, 9)
        told.say("epoch 1 of at most 3: [loss] 0.5")
    shown = terminal.getvalue()
    assert "epoch 1 of at most 3: [loss] 0.5" in shown
    assert "step 3 of at most 9" in shown


def test_help_of_training_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS_NOTHING_HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
