"""kill -9 in the middle of an epoch, then --resume: the same weights, bit for bit."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

from mrsift.cli.main import main
from mrsift.train.checkpoints import read_checkpoint
from tests.toy_data import toy_data

COMMAND = [sys.executable, "-c", "import sys; from mrsift.cli.main import main; sys.exit(main())"]
LIMIT_S = 120.0


def train(data: Path, out: Path) -> list[str]:
    """12 steps an epoch, one checkpoint every 3, and workers that must not outlive the run."""
    settings = ("training.batch=2", "training.save_every=3", "training.workers=1")
    changes = [word for setting in settings for word in ("--set", setting)]
    recipe = str(data.with_name("toy.toml"))
    options = ["--data", str(data), "--out", str(out), "--threads", "1"]
    return ["train", recipe, *options, *changes]


def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    data = toy_data(tmp_path / "data")
    assert main(train(data, tmp_path / "whole")) == 0

    last = tmp_path / "cut" / "checkpoints" / "last.ckpt"
    run = subprocess.Popen(
        [*COMMAND, *train(data, tmp_path / "cut")],
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    end = time.monotonic() + LIMIT_S
    while True:
        os.killpg(run.pid, signal.SIGSTOP)  # it must not go on while we look where it is
        reached = read_checkpoint(last)["global_step"] if last.is_file() else 0
        if reached >= 15 and reached % 12 != 0:  # in the middle of an epoch
            break
        os.killpg(run.pid, signal.SIGCONT)
        assert run.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL

    assert main(["train", "--resume", str(tmp_path / "cut")]) == 0
    whole = tmp_path / "whole"
    for name in ("last", "best"):
        one, other = (
            read_checkpoint(run / "checkpoints" / f"{name}.ckpt")["state_dict"]
            for run in (whole, tmp_path / "cut")
        )
        assert all(torch.equal(one[key], other[key]) for key in one)
    tables = [(run / "predictions.parquet").read_bytes() for run in (whole, tmp_path / "cut")]
    assert tables[0] == tables[1]
