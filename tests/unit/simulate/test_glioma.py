"""The planted sign is worth what it says, in the score, in the image's tissue, and on disk."""

import csv
from pathlib import Path

import numpy as np
import pydicom
import pytest
from scipy.stats import mannwhitneyu

from mrsift.errors import ConfigError
from mrsift.simulate.anatomy import Subject
from mrsift.simulate.data_set import write_data_set
from mrsift.simulate.glioma import draw_patient, separation
from mrsift.simulate.grid import Grid
from mrsift.simulate.recipe import load_recipe
from mrsift.simulate.tissue import codes

TINY = ("size.pixels=[24,32]", "size.slices=[3,4]")


@pytest.mark.parametrize("auc", [0.5, 0.75, 0.99])
def test_the_score_and_what_is_visible_of_it_have_the_auc(auc: float) -> None:
    rng = np.random.default_rng(8)
    patients = [draw_patient(rng, auc, 0.5) for _ in range(8000)]
    classes = np.array([p.positive for p in patients])
    for seen in ([p.score for p in patients], [p.necrotic_share for p in patients]):
        values = np.array(seen)
        wins = mannwhitneyu(values[classes], values[~classes]).statistic
        found = wins / (classes.sum() * (~classes).sum())
        assert found == pytest.approx(auc, abs=0.015)


def test_a_strong_sign_is_plain_and_a_weak_one_is_not() -> None:
    rng = np.random.default_rng(9)
    for auc, least, most in ((0.99, 0.0, 0.25), (0.5, 0.35, 1.0)):
        shares = np.array([draw_patient(rng, auc, 0.5).necrotic_share for _ in range(4000)])
        doubtful = np.mean(np.abs(shares - 0.525) < 0.15)  # neither solid nor hollow
        assert least <= doubtful < most
        assert shares.min() >= 0.15
        assert shares.max() <= 0.9


def test_known_distances() -> None:
    assert separation(0.5) == 0
    assert separation(0.75) == pytest.approx(0.954, abs=1e-3)
    assert separation(0.99) == pytest.approx(3.290, abs=1e-3)


def test_the_rendered_tumour_shows_the_share() -> None:
    grid = Grid("axial", (0, 0, 10), (40, 60, 52), (3, 3.2, 3.2), 3.0)
    shares, found = [0.2, 0.4, 0.6, 0.8], []
    for i, share in enumerate(shares):
        tissue = Subject((3, i), "head", necrotic_share=share).render(grid, 1).tissue
        core = float((tissue == codes()["necrosis"]).sum())
        rim = float((tissue == codes()["enhancing_rim"]).sum())
        assert core + rim > 150
        found.append((core / (core + rim)) ** (1 / 3))
    assert found == sorted(found)
    assert found == pytest.approx(shares, abs=0.15)


def test_the_layout_of_the_challenge(tmp_path: Path) -> None:
    recipe = load_recipe("glioma", [*TINY, "sign.blank=0.3"])
    done = write_data_set(tmp_path / "out", recipe, 3, 1, rsna=True)
    assert (done.studies, done.patients, done.volumes) == (3, 3, 12)
    with (tmp_path / "out" / "train_labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["BraTS21ID"] for row in rows] == ["00000", "00001", "00002"]
    assert {row["MGMT_value"] for row in rows} <= {"0", "1"}
    blank = 0
    for row in rows:
        folder = tmp_path / "out" / "train" / row["BraTS21ID"]
        assert {p.name for p in folder.iterdir()} == {"FLAIR", "T1w", "T1wCE", "T2w"}
        for series in folder.iterdir():
            images = [pydicom.dcmread(path) for path in series.iterdir()]
            assert {p.name for p in series.iterdir()} == {
                f"Image-{ds.InstanceNumber}.dcm" for ds in images
            }
            assert {ds.PatientID for ds in images} == {row["BraTS21ID"]}
            blank += not any(ds.pixel_array.any() for ds in images)
    assert 0 < blank < 12


def test_only_recipes_with_a_sign_fit_that_layout(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="glioma"):
        write_data_set(tmp_path / "a", load_recipe("brain"), 1, 1, rsna=True)
    recipe = load_recipe("glioma", ["contents.head.T2W=2"])
    with pytest.raises(ConfigError, match="one each"):
        write_data_set(tmp_path / "b", recipe, 1, 1, rsna=True)
    assert not any(tmp_path.iterdir())
