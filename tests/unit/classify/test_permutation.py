"""Heads on frozen features, with labels as they are and shuffled."""

from pathlib import Path

import numpy as np
import pytest

from mrsift.classify.frozen import FrozenFeatures, read_features, write_features
from mrsift.classify.heads import fit_logistic, head_scores, make_heads, mean_area
from mrsift.classify.permutation import (
    PermutationFile,
    begin,
    observed_area,
    permute_heads,
    read_permutation,
    shuffled,
)
from mrsift.errors import ConfigError
from mrsift.train.watch import Watch

PATIENTS, FOLDS = 60, 3


def frozen(signal: float, *, repeats: int = 1) -> tuple[FrozenFeatures, np.ndarray]:
    """Features of every patient by every network; the first of 8 knows the label."""
    rng = np.random.default_rng(4)
    y_true = rng.permutation(np.arange(PATIENTS) % 2)
    networks = repeats * FOLDS
    features = rng.normal(size=(networks, PATIENTS, 8))
    features[..., 0] += signal * y_true
    sides = np.zeros((networks, PATIENTS), np.int8)
    for network in range(networks):
        mixed = np.random.default_rng(network // FOLDS).permutation(PATIENTS)
        sides[network, mixed[network % FOLDS :: FOLDS]] = 2
    names = tuple(f"{number:03d}" for number in range(PATIENTS))
    folds = np.tile(np.arange(FOLDS), repeats)
    values = FrozenFeatures(
        names, features.astype(np.float32), sides, np.repeat(np.arange(repeats), FOLDS), folds
    )
    return values, y_true


def test_features_come_back_as_they_were_written(tmp_path: Path) -> None:
    values, _ = frozen(0.0, repeats=2)
    write_features(tmp_path / "features.npz", values)
    found = read_features(tmp_path / "features.npz")
    assert found.patients == values.patients
    for name in ("features", "sides", "repeats", "folds"):
        np.testing.assert_array_equal(getattr(found, name), getattr(values, name))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"nonsense"])
def test_damaged_features_are_called_that(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "features.npz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged"):
        read_features(path)
    with pytest.raises(ConfigError, match="missing"):
        read_features(tmp_path / "other.npz")


def test_a_head_sees_only_whom_its_network_learnt_from() -> None:
    values, y_true = frozen(0.0)
    heads = make_heads(values, np.ones(PATIENTS, bool))
    before = head_scores(heads, y_true, 2)
    turned = y_true.copy()
    turned[5] = 1 - turned[5]
    network = int(np.flatnonzero(heads.test[:, 5])[0])
    after = head_scores(heads, turned, 2)
    same = heads.test[network]  # those whom patient 5's own network is asked about
    np.testing.assert_allclose(after[same], before[same])
    assert not np.allclose(after[~same], before[~same])


def test_reduction_knows_no_label_and_no_test_patient() -> None:
    values, _ = frozen(0.0)
    heads = make_heads(values, np.ones(PATIENTS, bool))
    far = values.features.copy()
    far[0, values.sides[0] == 2] *= 100
    moved = make_heads(
        FrozenFeatures(values.patients, far, values.sides, values.repeats, values.folds),
        np.ones(PATIENTS, bool),
    )
    train = heads.train[0]
    np.testing.assert_allclose(moved.features[0][train], heads.features[0][train])


def test_repeats_are_averaged() -> None:
    values, y_true = frozen(1.0, repeats=2)
    everyone = np.ones(PATIENTS, bool)
    both = head_scores(make_heads(values, everyone), y_true, 2)
    alone = []
    for repeat in range(2):
        mine = values.repeats == repeat
        one = FrozenFeatures(
            values.patients,
            values.features[mine],
            values.sides[mine],
            values.repeats[mine],
            values.folds[mine],
        )
        alone.append(head_scores(make_heads(one, everyone), y_true, 2))
    np.testing.assert_allclose(both, np.mean(alone, axis=0))


def permuted(signal: float, times: int, folder: Path):
    values, y_true = frozen(signal)
    heads = make_heads(values, np.ones(PATIENTS, bool))
    keep = PermutationFile(folder, "frozen")
    begun = begin(keep, observed_area(heads, y_true, 2), 0)
    return permute_heads(heads, y_true, 2, begun, (keep, times, Watch()))


def test_signal_reaches_the_floor_and_none_does_not(tmp_path: Path) -> None:
    for name in ("strong", "none"):
        (tmp_path / name).mkdir()
    strong = permuted(3.0, 39, tmp_path / "strong")
    assert strong.p == strong.floor == 1 / 40
    assert strong.band.high < 0.8
    nothing = permuted(0.0, 39, tmp_path / "none")
    assert nothing.p > 0.05
    assert nothing.band.low < nothing.observed < nothing.band.high


def test_a_test_that_was_cut_off_goes_on_to_the_same_shuffles(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    permuted(0.0, 8, tmp_path / "a")
    again = permuted(0.0, 21, tmp_path / "a")
    at_once = permuted(0.0, 21, tmp_path / "b")
    np.testing.assert_array_equal(again.areas, at_once.areas)
    found = read_permutation(tmp_path / "a")
    assert found is not None
    assert len(found.areas) == 21
    assert len(permuted(0.0, 5, tmp_path / "a").areas) == 21  # none is thrown away


def test_another_seed_or_other_labels_begin_anew(tmp_path: Path) -> None:
    permuted(0.0, 4, tmp_path)
    keep = PermutationFile(tmp_path, "frozen")
    kept = keep.read()
    assert kept is not None
    assert len(begin(keep, kept.observed, 0).areas) == 4
    assert len(begin(keep, kept.observed, 1).areas) == 0
    assert len(begin(keep, kept.observed + 0.01, 0).areas) == 0


def test_retrained_shuffles_are_shown_once_there_are_enough(tmp_path: Path) -> None:
    permuted(0.0, 4, tmp_path)
    keep = PermutationFile(tmp_path, "retrained")
    begun = begin(keep, 0.5, 0)
    for times, shown in ((1, "frozen"), (19, "retrained")):
        keep.write(type(begun)(np.full(times, 0.5), 0.5, "retrained", 0))
        found = read_permutation(tmp_path)
        assert found is not None
        assert found.how == shown


def test_a_damaged_file_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "permutation-frozen.json").write_text('{"schema": "mrsift.permutation/1"}')
    with pytest.raises(ConfigError, match="damaged"):
        read_permutation(tmp_path)


def test_shuffles_keep_how_many_there_are_of_each_label() -> None:
    y_true = np.array([0] * 30 + [1] * 10)
    mixed = [shuffled(y_true, 0, number) for number in range(3)]
    assert all(np.bincount(one).tolist() == [30, 10] for one in mixed)
    assert not np.array_equal(mixed[0], mixed[1])
    np.testing.assert_array_equal(shuffled(y_true, 0, 1), mixed[1])


def test_a_head_that_learnt_one_label_says_that_one() -> None:
    said = fit_logistic(np.zeros((4, 2)), np.ones(4, np.intp), np.zeros((3, 2)), 2)
    assert said.tolist() == [[0.0, 1.0]] * 3


def test_the_area_of_several_labels_is_their_mean() -> None:
    y_true = np.arange(30) % 3
    assert mean_area(np.eye(3)[y_true], y_true) == 1.0
    assert mean_area(np.full((30, 3), 1 / 3), y_true) == 0.5
