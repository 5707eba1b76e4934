"""Going on from a bundle with other volumes: every patient left out once, then a second bundle."""

import csv
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mrsift.bundle import Bundle
from mrsift.cli.main import main
from mrsift.dataset.table import read_dataset
from mrsift.models.weights import network_of_bundle
from mrsift.simulate import draw_subject
from mrsift.train import default, with_real
from mrsift.train.checkpoints import read_checkpoint
from mrsift.train.run_folder import RunFolder

SMALL = (
    "preprocess.input_shape=[24, 48, 48]",
    "preprocess.source_shape=[24, 60, 60]",
    "network.width=4",
    "training.batch=8",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set of three patients of two sites with two volumes each, as NIfTI."""
    folder = tmp_path / "scans"
    folder.mkdir()
    lines = [["path", "patient", "label", "accept", "body_part", "site"]]
    for patient, site in ((901, "north"), (902, "south"), (903, "south")):
        for number, volume in enumerate(draw_subject(3, patient)[:2]):
            name = f"{patient}_{number}.nii.gz"
            affine = np.diag([-1.0, -1, 1, 1]) @ volume.affine_lps_mm[:, [2, 1, 0, 3]]
            nib.save(nib.Nifti1Image(volume.voxels.transpose(2, 1, 0), affine), folder / name)
            lines.append([name, f"p{patient}", volume.label, volume.label, "pelvis", site])
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    table = tmp_path / "data.parquet"
    command = ["dataset", "index", str(folder), "--labels", str(tmp_path / "labels.csv")]
    assert main([*command, "--out", str(table)]) == 0
    return table


def test_compare_and_bundle(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default, "SUBJECTS_PER_SHARD", 1)
    monkeypatch.setattr(default, "VALIDATION_EVERY", 2)
    monkeypatch.setattr(with_real, "OVERRIDES", (*with_real.OVERRIDES, *SMALL))
    monkeypatch.setattr(with_real, "SIMULATED", 8)
    runs = ["--runs", str(tmp_path), "--subjects", "2", "--threads", "1"]
    options = [part for text in SMALL for part in ("--set", text)]
    start, out = tmp_path / "start", tmp_path / "out.csv"
    default.main(["pool", *runs, *options])
    default.main(["fit", *runs, *options, "--set", "training.max_steps=1"])
    default.main(["bundle", *runs, *options, "--out", str(start)])

    common = [*runs, "--data", str(data), "--start-from", str(start)]
    with_real.main(["compare", *common, "--out", str(out)])
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["left_out"] for row in rows] == [p for p in ("p901", "p902", "p903") for _ in "12"]
    assert all(0 < float(row["p_with_real"]) <= 1 for row in rows)
    with_real.main(["compare", *common, "--out", str(out), "--by", "site"])
    with out.open() as file:
        rows = list(csv.DictReader(file))
    once = read_dataset(data).rows
    with monkeypatch.context() as patched:
        patched.setattr(with_real, "MOST_ALIKE", 1)
        kinds = [(row.patient, row.label, row.plane) for row in with_real._unlike(once * 2)]
    assert sorted(kinds) == sorted({(row.patient, row.label, row.plane) for row in once})
    assert [row["left_out"] for row in rows] == ["north"] * 2 + ["south"] * 4

    other = ["--set", "preprocess.input_shape=[12, 40, 40]"]
    with pytest.raises(SystemExit, match=r"\(24, 48, 48\).*\(12, 40, 40\)"):
        with_real.main(["compare", *common, "--out", str(out), *other])
    other = ["--set", "network.looks=[1.0]"]
    with pytest.raises(SystemExit, match=r"looks \(1\.0, 0\.7\).*\(1\.0,\)"):
        with_real.main(["compare", *common, "--out", str(out), *other])

    told = ["--version", "2", "--sources", "nobody's, drawn"]
    with pytest.raises(SystemExit, match="licence"):
        with_real.main(["bundle", *common, "--out", str(tmp_path / "second")])
    with_real.main(["bundle", *common, "--out", str(tmp_path / "second"), *told])
    second = Bundle.load(tmp_path / "second")
    last = RunFolder(tmp_path / "with-real" / "all")
    after = read_checkpoint(last.best)["state_dict"]
    before = network_of_bundle(start)[0].state_dict()
    for name, weight in network_of_bundle(tmp_path / "second")[0].state_dict().items():
        mean = (before[name].double() + after[f"network.{name}"].double()) / 2
        if weight.is_floating_point():
            np.testing.assert_allclose(weight, mean, rtol=1e-3, atol=1e-6)
    assert (second.id.name, second.id.version) == ("sim-and-real", "2")
    assert "6 of 3 patients" in second.card
    assert "nobody's, drawn" in second.card
    assert "No patient image" not in second.card
