"""Halves of patients, and the label from facts beside the image."""

from pathlib import Path

import numpy as np
import pytest

from mrsift.classify.cohort import Study
from mrsift.classify.confounders import ALL, confounder_scores
from mrsift.classify.folds import Part
from mrsift.classify.leak import Interleaved, halves_of, leaking_part, read_leaks, write_leak
from mrsift.classify.sampling import Patients
from mrsift.dataset.table import DatasetRow
from mrsift.errors import ConfigError
from mrsift.evaluate.delong import area
from mrsift.evaluate.study_evidence import Leak


class Stacks(list):
    """Studies whose voxels say which study and slice they are of."""

    def slices_of(self, index: int, slices: np.ndarray, /) -> np.ndarray:
        return self[index][:, slices].swapaxes(0, 1)


def stack(number: int, slices: int) -> np.ndarray:
    voxels = np.zeros((2, slices, 3, 3), np.float32)
    return voxels + (100 * number + np.arange(slices))[None, :, None, None]


def patients() -> Patients:
    counts = (5, 1, 4, 6)
    studies = Stacks(stack(number, count) for number, count in enumerate(counts))
    return Patients(
        ("a", "b", "c", "d"),
        studies,
        np.array([0, 1, 1, -1]),
        tuple(np.arange(count) + 10 for count in counts),
    )


def test_halves_hold_every_slice_once() -> None:
    whole = patients()
    halves = halves_of(whole, whole.labels)
    assert halves.names == ("a/0", "a/1", "c/0", "c/1")  # b has one slice, d no label
    assert halves.labels.tolist() == [0, 0, 1, 1]
    studies = halves.studies
    assert isinstance(studies, Interleaved)
    seen = [studies[place][0, :, 0, 0].tolist() for place in range(len(studies))]
    assert seen == [[0, 2, 4], [1, 3], [200, 202], [201, 203]]
    assert [own.tolist() for own in halves.slices] == [[10, 12, 14], [11, 13], [10, 12], [11, 13]]
    assert studies.slices_of(1, np.array([1]))[0, 0, 0, 0] == 3


def test_a_leak_has_every_patient_on_both_sides() -> None:
    whole = patients()
    halves = halves_of(whole, whole.labels)
    part = leaking_part(halves, 0.5, 0)
    assert part.patients("train") == ("a/0", "c/0")
    assert len(part.patients("validation")) == 1
    assert len(part.patients("test")) == 1


def test_a_cohort_of_single_slices_cannot_leak() -> None:
    whole = patients()
    with pytest.raises(ConfigError, match="two slices"):
        halves_of(whole, np.array([-1, 1, -1, -1]))


def test_controls_come_back(tmp_path: Path) -> None:
    leak = Leak(np.array(["a", "b"], object), np.array([True, False]), np.array([0.9, 0.2]), True)
    write_leak(tmp_path, leak)
    (found,) = read_leaks(tmp_path)
    assert found.shuffled
    assert found.patient.tolist() == ["a", "b"]
    (tmp_path / "leak.npz").write_bytes(b"PK")
    with pytest.raises(ConfigError, match="damaged"):
        read_leaks(tmp_path)


def study(number: int, *, matrix: int, site: str = "north", plane: str = "axial") -> Study:
    row = DatasetRow(
        volume_id=f"{number}",
        root="/",
        files=(f"{number}.nii",),
        frames=None,
        index=None,
        shape=(20, matrix, matrix),
        affine_lps_mm=np.diag([5.0, 1.0, 1.0, 1.0]),
        patient=f"{number:03d}",
        label=str(number % 2),
        site=site,
        plane=plane,  # type: ignore[arg-type]
    )
    return Study(f"{number:03d}", row.label, site, {"t1w_ce": row}, None, None)


def parts(count: int, folds: int = 4) -> list[Part]:
    names = [f"{number:03d}" for number in range(count)]
    return [
        Part(
            0, fold, {n: "test" if k // 2 % folds == fold else "train" for k, n in enumerate(names)}
        )
        for fold in range(folds)
    ]


def judge(studies: list[Study]) -> dict[str, float]:
    labels = {one.patient: int(one.label or 0) for one in studies}
    found = confounder_scores(studies, labels, parts(len(studies)))
    return {
        name: area(
            np.array([scores[one.patient] for one in studies]),
            np.array([one.label == "1" for one in studies]),
        ).value
        for name, scores in found.items()
    }


def test_a_matrix_that_goes_with_the_label_is_found() -> None:
    rng = np.random.default_rng(1)
    sites = ["north", "south"]
    studies = [study(k, matrix=256 + 64 * (k % 2), site=sites[rng.integers(2)]) for k in range(40)]
    areas = judge(studies)
    assert areas["matrix size"] == 1.0
    assert areas[ALL] > 0.95
    assert set(areas) == {"matrix size", "site", ALL}  # the rest is the same for all


def test_facts_that_go_with_nothing_find_nothing() -> None:
    rng = np.random.default_rng(2)
    studies = [
        study(k, matrix=int(rng.integers(200, 300)), plane=["axial", "sagittal"][rng.integers(2)])
        for k in range(200)
    ]
    assert all(0.38 < value < 0.62 for value in judge(studies).values())


def test_where_all_is_the_same_there_is_nothing_to_say() -> None:
    assert judge([study(k, matrix=256) for k in range(16)]) == {}
