"""Two processes that `torchrun` starts train one network together, on a CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

from mrsift.cli.main import main
from mrsift.dataset.table import Dataset, read_dataset, write_dataset
from mrsift.evaluate.predictions import read_predictions
from tests.ordinary_user import MRSIFT
from tests.toy_data import toy_data

TORCHRUN = [
    *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
]


def history(run: Path) -> list[dict[str, str]]:
    names, *rows = [line.split(",") for line in (run / "history.csv").read_text().splitlines()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_two_processes_take_the_steps_of_one_with_twice_the_batch(tmp_path: Path) -> None:
    """Without dropout and batch statistics they would be the same; here they are close."""
    data = toy_data(tmp_path / "data")
    dataset = read_dataset(data)
    odd = next(row for row in dataset.rows if row.split == "validation")
    # Seven volumes for validation, so that one process gets a volume that only fills up.
    write_dataset(Dataset(tuple(row for row in dataset.rows if row is not odd)), data)
    common = [
        *("train", str(data.with_name("toy.toml")), "--data", str(data), "--threads", "1"),
        *("--set", "network.dropout=0", "--set", "augmentation.plane=0"),
    ]
    done = subprocess.run(
        [
            *(*TORCHRUN, "--no-python", str(MRSIFT), *common),
            *("--out", str(tmp_path / "two"), "--set", "training.batch=2"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert main([*common, "--out", str(tmp_path / "one"), "--set", "training.batch=4"]) == 0

    facts = json.loads((tmp_path / "two" / "run.json").read_text())
    assert facts["processes"] == 2
    two, one = history(tmp_path / "two"), history(tmp_path / "one")
    assert [row["step"] for row in two] == [row["step"] for row in one]
    for row, other in zip(two, one, strict=True):
        assert abs(float(row["train_loss"]) - float(other["train_loss"])) < 0.25
    assert len(read_predictions(tmp_path / "two" / "predictions.parquet")) == 39
    said = [line for line in done.stderr.splitlines() if line.startswith("mrsift: epoch")]
    assert len(said) == 3, "only the first process speaks"
