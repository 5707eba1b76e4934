"""The Parquet file: what is written is read, and nothing else is."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mrsift.dataset.table import Dataset, read_dataset, write_dataset
from mrsift.errors import ConfigError, OutputError
from tests.dataset_rows import row


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "data.parquet"
    rows = (
        row(1, "p1", site="north", extra={"reader_1": "ADC", "note": "ö, “x”"}, split="test"),
        row(2, "p2", None, frames=(3, 1, 2), index=4, field_strength_t=1.5, fold=0),
        row(3, "p3", "ADC", corrected=True, label_before="T2W"),
    )
    write_dataset(Dataset(rows, {"root": "/data"}), path)
    return path


def with_schema(path: Path, schema: str) -> None:
    table = pq.read_table(path)
    about = json.dumps({"schema": schema, "facts": {}})
    pq.write_table(table.replace_schema_metadata({"mrsift": about}), path)


def test_rows_come_back_as_they_were(written: Path) -> None:
    dataset = read_dataset(written)
    one, two, three = dataset.rows
    assert [(r.corrected, r.label_before) for r in (one, three)] == [(False, None), (True, "T2W")]
    assert dataset.facts == {"root": "/data"}
    assert one.extra == {"reader_1": "ADC", "note": "ö, “x”"}
    assert (one.site, one.split, one.frames, one.files) == ("north", "test", None, ("p1/1.nii",))
    assert (two.label, two.frames, two.index, two.fold) == (None, (3, 1, 2), 4, 0)
    assert (two.extra, two.field_strength_t) == ({}, 1.5)
    np.testing.assert_array_equal(two.affine_lps_mm, np.diag([3.0, 1.0, 1.0, 1.0]))


def test_other_programs_see_plain_columns(written: Path) -> None:
    table = pq.read_table(written)
    assert table.column("extra.reader_1").to_pylist() == ["ADC", None, None]
    assert table.column("label").to_pylist() == ["T2W", None, "ADC"]


def test_no_rows_is_a_data_set(tmp_path: Path) -> None:
    write_dataset(Dataset(()), tmp_path / "empty.parquet")
    assert read_dataset(tmp_path / "empty.parquet").rows == ()


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.parquet: no such file; make it with: mrsift"):
        read_dataset(tmp_path / "gone.parquet")


@pytest.mark.parametrize("kept", [0, 3, 400, -20])
def test_a_damaged_file_is_refused(written: Path, kept: int) -> None:
    written.write_bytes(written.read_bytes()[:kept])
    with pytest.raises(ConfigError, match="no Parquet file or is damaged"):
        read_dataset(written)


def test_damage_in_the_middle_is_refused(written: Path) -> None:
    content = bytearray(written.read_bytes())
    content[4:600] = bytes(596)
    written.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged"):
        read_dataset(written)


def test_another_parquet_file_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"label": ["T2W"]}), tmp_path / "other.parquet")
    with pytest.raises(ConfigError, match="no dataset of mrsift"):
        read_dataset(tmp_path / "other.parquet")


def test_a_file_of_a_newer_version_is_refused(written: Path) -> None:
    with_schema(written, "mrsift.dataset/2")
    with pytest.raises(ConfigError, match=r"has schema mrsift\.dataset/2, this mrsift reads"):
        read_dataset(written)


def test_a_missing_column_is_named(written: Path) -> None:
    pq.write_table(pq.read_table(written).drop_columns("patient"), written)
    with pytest.raises(ConfigError, match="column patient is missing"):
        read_dataset(written)


def test_a_file_from_before_corrections_were_marked_is_read(written: Path) -> None:
    pq.write_table(pq.read_table(written).drop_columns(["corrected", "label_before"]), written)
    assert [one.corrected for one in read_dataset(written).rows] == [False, False, False]


def test_a_split_of_another_name_is_refused(written: Path) -> None:
    table = pq.read_table(written)
    place = table.column_names.index("split")
    table = table.set_column(place, "split", pa.array(["holdout", None, None]))
    pq.write_table(table, written)
    with pytest.raises(ConfigError, match="holdout"):
        read_dataset(written)


def test_a_file_that_cannot_be_written_leaves_the_old_one(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(OutputError, match="nothing was written"):
        write_dataset(Dataset(()), written.parent / "none" / "data.parquet")
    assert written.read_bytes() == before


def test_without_pyarrow_it_says_what_to_install(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'mrsift\[train\]'"):
        read_dataset(written)
