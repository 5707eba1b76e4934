"""The volume cache: what inference sees, made once, made again where the source changed."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.config import PreprocessSettings
from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import read_voxels
from mrsift.errors import ConfigError, OutputError
from mrsift.preprocess import prepare
from mrsift.train.cache import build_cache
from tests.toy_data import toy_rows, write_volume

SETTINGS = PreprocessSettings(input_shape=(8, 16, 16), intensity="zscore")


@pytest.fixture
def rows(tmp_path: Path) -> tuple[DatasetRow, ...]:
    return toy_rows(tmp_path / "data", patients=3)


def rewrite(row: DatasetRow) -> None:
    """Another volume under the same name, at another time."""
    path = Path(row.root) / row.files[0]
    write_volume(path, "T2W", np.random.default_rng(99))
    os.utime(path, ns=(1, 1))


def test_it_holds_what_inference_sees(rows: tuple[DatasetRow, ...], tmp_path: Path) -> None:
    cache = build_cache(rows, SETTINGS, tmp_path / "cache")
    assert (len(cache), cache.made, cache.changed, cache.unreadable) == (6, 6, 0, ())
    for index, row in enumerate(rows):
        volume = read_voxels(row)
        expected = prepare(volume.voxels, volume.affine_lps_mm, SETTINGS)
        np.testing.assert_array_equal(cache[index], expected)
    assert isinstance(cache[0], np.memmap)


def test_what_is_there_is_not_made_again(rows: tuple[DatasetRow, ...], tmp_path: Path) -> None:
    build_cache(rows, SETTINGS, tmp_path / "cache")
    assert build_cache(rows, SETTINGS, tmp_path / "cache").made == 0
    other = replace(SETTINGS, clip_percentiles=(0.0, 100.0))
    assert build_cache(rows, other, tmp_path / "cache").made == 6
    assert build_cache(rows, SETTINGS, tmp_path / "cache").made == 0


def test_a_source_that_changed_is_prepared_anew(
    rows: tuple[DatasetRow, ...], tmp_path: Path
) -> None:
    before = build_cache(rows, SETTINGS, tmp_path / "cache")
    old = np.array(before[2])
    rewrite(rows[2])
    after = build_cache(rows, SETTINGS, tmp_path / "cache")
    assert (after.made, after.changed) == (1, 1)
    assert not np.array_equal(old, after[2])
    assert len(list((tmp_path / "cache").iterdir())) == 6, "the stale piece is gone"


def test_a_damaged_piece_is_made_anew(rows: tuple[DatasetRow, ...], tmp_path: Path) -> None:
    cache = build_cache(rows, SETTINGS, tmp_path / "cache")
    for index, content in enumerate((b"", b"\x93NUMPY\x01\x00", b"nonsense")):
        path = cache.files[index]
        assert path is not None
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="gone or damaged"):
            cache[index]
    path = cache.files[3]
    assert path is not None
    path.write_bytes(path.read_bytes()[:-100])
    assert build_cache(rows, SETTINGS, tmp_path / "cache").made == 4
    assert np.isfinite(cache[0]).all()


def test_what_cannot_be_read_is_named_and_left_out(
    rows: tuple[DatasetRow, ...], tmp_path: Path
) -> None:
    (Path(rows[1].root) / rows[1].files[0]).unlink()
    (Path(rows[4].root) / rows[4].files[0]).write_bytes(b"no image")
    cache = build_cache(rows, SETTINGS, tmp_path / "cache")
    assert [unreadable.row for unreadable in cache.unreadable] == [1, 4]
    for unreadable in cache.unreadable:
        assert rows[unreadable.row].files[0] in unreadable.reason
    assert cache.files[1] is None
    with pytest.raises(ConfigError, match="could not be read"):
        cache[1]


def test_workers_may_share_a_cache(rows: tuple[DatasetRow, ...], tmp_path: Path) -> None:
    barrier = threading.Barrier(4)

    def build(_: int) -> list[np.ndarray]:
        barrier.wait()
        cache = build_cache(rows, SETTINGS, tmp_path / "cache", jobs=2)
        return [np.array(cache[index]) for index in range(len(cache))]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(build, range(4)))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    assert all(path.suffix == ".npy" for path in (tmp_path / "cache").iterdir())


def test_a_cache_that_cannot_be_written_is_named(
    rows: tuple[DatasetRow, ...], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OutputError, match="cache"):
        build_cache(rows, SETTINGS, tmp_path / "cache")
