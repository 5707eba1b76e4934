"""Going on from a bundle with real volumes: every patient left out once, and a second bundle."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from bench import left_out, locked_ledger
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


OPTIONS = tuple(part for text in SMALL for part in ("--set", text))


@dataclass(frozen=True)
class Begun:
    """A pool, a bundle trained from it, and a data set to go on with."""

    runs: Path
    start: Path
    data: Path

    def given(self, subjects: int = 2) -> list[str]:
        """Arguments of both commands."""
        pool = ["--runs", str(self.runs), "--subjects", str(subjects), "--threads", "1"]
        return [*pool, "--data", str(self.data), "--start-from", str(self.start)]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """Made once, and everything small enough to train in a second."""
    folder = tmp_path_factory.mktemp("begun")
    runs = ["--runs", str(folder), "--subjects", "2", "--threads", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default, "SUBJECTS_PER_SHARD", 1)
        patch.setattr(default, "VALIDATION_EVERY", 2)
        patch.setattr(with_real, "OVERRIDES", (*with_real.OVERRIDES, *SMALL))
        patch.setattr(with_real, "SIMULATED", 8)
        default.main(["pool", *runs, *OPTIONS])
        default.main(["fit", *runs, *OPTIONS, "--set", "training.max_steps=1"])
        default.main(["bundle", *runs, *OPTIONS, "--out", str(folder / "start")])
        yield Begun(folder, folder / "start", _data(folder))


def _data(folder: Path) -> Path:
    """A data set of three patients of two sites with two volumes each, as NIfTI."""
    scans = folder / "scans"
    scans.mkdir()
    lines = [["path", "patient", "label", "accept", "body_part", "site"]]
    for patient, site in ((901, "north"), (902, "south"), (903, "south")):
        for number, volume in enumerate(draw_subject(3, patient)[:2]):
            name = f"{patient}_{number}.nii.gz"
            affine = np.diag([-1.0, -1, 1, 1]) @ volume.affine_lps_mm[:, [2, 1, 0, 3]]
            nib.save(nib.Nifti1Image(volume.voxels.transpose(2, 1, 0), affine), scans / name)
            lines.append([name, f"p{patient}", volume.label, volume.label, "pelvis", site])
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    table = folder / "data.parquet"
    command = ["dataset", "index", str(scans), "--labels", str(folder / "labels.csv")]
    assert main([*command, "--out", str(table)]) == 0
    return table


@pytest.mark.parametrize(
    ("by", "groups"),
    [("patient", ["p901", "p902", "p903"]), ("site", ["north", "south", "south"])],
)
def test_each_is_left_out_once_and_the_locked_are_counted(
    begun: Begun, by: str, groups: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked_ledger, "LEDGER", tmp_path / "locked.csv")
    monkeypatch.setattr(left_out, "locked_patients", lambda: {"p902", "p903"})
    out = tmp_path / "out.csv"
    left_out.main([*begun.given(), "--out", str(out), "--by", by])
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["left_out"] for row in rows] == [group for group in groups for _ in "12"]
    assert all(0 < float(row["p_with_real"]) <= 1 for row in rows)
    with locked_ledger.LEDGER.open() as file:
        before, after = csv.DictReader(file)
    for line, network in ((before, "simulated"), (after, "with_real")):
        right = sum(row[network] == row["accept"] for row in rows if row["patient"] != "p901")
        assert (line["volumes"], line["right"]) == ("4", str(right))
        assert line["evidence"] == f"one volume, {network}, {by} left out"
        assert line["sha256"] == Bundle.load(begun.start).id.sha256[:16]

    # The runs are there now, and are not taken for those of another pool.
    default.main(["pool", *begun.given()[:2], "--start", "3", "--subjects", "4", *OPTIONS])
    with pytest.raises(SystemExit, match=rf"without-{by}-0: began .* with other volumes"):
        left_out.main([*begun.given(subjects=4), "--out", str(out), "--by", by])


def test_volumes_that_are_nearly_the_same_are_shown_once(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = read_dataset(begun.data).rows
    monkeypatch.setattr(with_real, "MOST_ALIKE", 1)
    kinds = [(row.patient, row.label, row.plane) for row in with_real._unlike(once * 2)]
    assert sorted(kinds) == sorted({(row.patient, row.label, row.plane) for row in once})


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("preprocess.input_shape=[12, 40, 40]", r"\(24, 48, 48\).*\(12, 40, 40\)"),
        ("network.looks=[1.0]", r"looks \(1\.0, 0\.7\).*\(1\.0,\)"),
    ],
)
def test_a_bundle_of_another_network_is_no_start(
    begun: Begun, tmp_path: Path, other: str, said: str
) -> None:
    with pytest.raises(SystemExit, match=said):
        left_out.main([*begun.given(), "--out", str(tmp_path / "out.csv"), "--set", other])


def test_without_simulated_volumes_nothing_is_trained(begun: Begun, tmp_path: Path) -> None:
    given = [str(tmp_path / "none") if word == str(begun.runs) else word for word in begun.given()]
    with pytest.raises(SystemExit, match=r"--runs: .*none holds no pool .*default pool"):
        left_out.main([*given, "--out", str(tmp_path / "new" / "out.csv")])
    assert not (tmp_path / "none").exists()


def test_the_second_bundle_is_halfway_and_says_whose_images_it_saw(
    begun: Begun, tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path / "second")]
    with pytest.raises(SystemExit, match="licence"):
        with_real.main(["bundle", *begun.given(), *out])
    told = ["--version", "2", "--sources", "nobody's, drawn"]
    with_real.main(["bundle", *begun.given(), *out, *told])
    second = Bundle.load(tmp_path / "second")
    last = RunFolder(begun.runs / "with-real" / "all")
    after = read_checkpoint(last.best)["state_dict"]
    before = network_of_bundle(begun.start)[0].state_dict()
    for name, weight in network_of_bundle(tmp_path / "second")[0].state_dict().items():
        mean = (before[name].double() + after[f"network.{name}"].double()) / 2
        if weight.is_floating_point():
            np.testing.assert_allclose(weight, mean, rtol=1e-3, atol=1e-6)
    assert (second.id.name, second.id.version) == ("sim-and-real", "2")
    assert "6 of 3 patients" in second.card
    assert "nobody's, drawn" in second.card
    assert "No patient image" not in second.card
