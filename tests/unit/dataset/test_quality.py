"""What is noteworthy about a series, and the table it stands in."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mrsift.dataset.quality import (
    SeriesQuality,
    foreground_share,
    look_at_slices,
    quality_path,
    series_quality,
    slice_gaps,
    write_quality,
)
from mrsift.ingest import scan
from tests.mr_series import write_series


def test_slices_without_anything_bright_are_blank() -> None:
    voxels = np.zeros((5, 20, 20), np.float32)
    voxels[1:4, 5:15, 5:15] = 100.0
    assert foreground_share(voxels, 0.03).tolist() == [0, 0.25, 0.25, 0.25, 0]
    seen = look_at_slices(voxels)
    assert (seen.blank, seen.lowest, seen.highest) == (2, 0.0, 100.0)


def test_a_single_bright_voxel_is_seen_where_percentiles_are_equal() -> None:
    voxels = np.zeros((2, 40, 40), np.float32)
    voxels[1, 3, 3] = 5.0
    assert foreground_share(voxels, 0.03).tolist() == [0, 1 / 1600]


def test_a_constant_volume_is_all_background() -> None:
    assert not foreground_share(np.full((3, 4, 4), 7.0, np.float32), 0.03).any()


@pytest.mark.parametrize(
    ("lost", "gaps"),
    [((), ()), ((3,), ((2, 1),)), ((3, 4, 7), ((2, 2), (4, 1)))],
)
def test_gaps_say_where_slices_are_missing(
    tmp_path: Path, lost: tuple[int, ...], gaps: tuple[tuple[int, int], ...]
) -> None:
    files = write_series(tmp_path / "s", 1, slices=10)
    for place in lost:
        files[place].unlink()
    found = scan(tmp_path)
    info = found.studies[0].volumes[0]
    planes = found.planes(info)
    assert slice_gaps(info, planes) == gaps
    quality = series_quality("p", "flair", "s", info, planes)
    assert (quality.slices, quality.missing_slices) == (10 - len(lost), len(lost))
    assert (quality.plane, quality.numbered) == ("axial", "ascending")


def test_the_table_has_a_line_for_each_series_and_runs_no_formula(tmp_path: Path) -> None:
    rows = [
        SeriesQuality("p2", "t1w", "p2/T1w", used=False, remark="=1+1"),
        SeriesQuality("00001", "t2w", "00001/T2w", used=True, slices=3, lowest=0.5),
    ]
    path = quality_path(tmp_path / "cohort.parquet")
    write_quality(rows, path)
    with path.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert path.name == "cohort.quality.csv"
    assert (first["patient"], first["used"], first["slices"]) == ("00001", "yes", "3")
    assert (second["used"], second["remark"], second["slices"]) == ("no", "'=1+1", "")
