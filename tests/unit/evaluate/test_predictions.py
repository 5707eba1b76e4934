"""The predictions table: what is refused, and what survives a file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mrsift.errors import ConfigError, OutputError
from mrsift.evaluate.cases import answer_names, find_cases, is_outside, split_rows
from mrsift.evaluate.predictions import (
    Predictions,
    from_table,
    make_predictions,
    read_predictions,
    to_table,
    write_predictions,
)

ROWS = {
    "volume_id": ["1", "2", "3"],
    "patient": ["a", "a", "b"],
    "label": ["X", None, "Z"],
    "predicted": ["X", "Y", "UNKNOWN"],
    "probabilities": [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]],
    "split": ["test", "train", "test"],
    "field_strength_t": [1.5, None, 3.0],
    "reader_1": ["X", "Y", ""],
}


def made(**changes: object) -> Predictions:
    return make_predictions(("X", "Y"), ROWS | changes)


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    written = made()
    write_predictions(written, tmp_path / "p.parquet")
    read = read_predictions(tmp_path / "p.parquet")
    assert read.names == written.names
    assert to_table(read).equals(to_table(written))
    assert read.readers["reader_1"].tolist() == ["X", "Y", None]
    np.testing.assert_array_equal(read.field_strength_t, [1.5, np.nan, 3.0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.parquet"]


def test_columns_stand_in_the_order_of_the_contract() -> None:
    assert to_table(made()).column_names == [
        *("volume_id", "patient", "site", "vendor", "model", "field_strength_t", "plane"),
        *("split", "fold", "label", "p_X", "p_Y", "predicted", "in_distribution"),
        *("prediction_set", "source_path_hash", "reader_1"),
    ]


def test_columns_that_may_be_empty_may_be_absent() -> None:
    table = to_table(made()).select(["volume_id", "patient", "label", "predicted", "p_X", "p_Y"])
    read = from_table(table)
    assert split_rows(read.split).keys() == {"all"}
    assert np.isnan(read.in_distribution).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"probabilities": [[0.9, 0.2], [0.2, 0.8], [0.5, 0.5]]}, "sum to 1"),
        ({"probabilities": [[-0.1, 1.1], [0.2, 0.8], [0.5, 0.5]]}, "sum to 1"),
        ({"probabilities": [[np.nan, 1], [0.2, 0.8], [0.5, 0.5]]}, "sum to 1"),
        ({"probabilities": [[1.0], [1.0], [1.0]]}, "p_<label>"),
        ({"volume_id": ["1", "2", "1"]}, "occurs twice"),
        ({"patient": ["a", None, "b"]}, "patient has empty cells"),
        ({"split": ["test", "dev", "test"]}, "'dev'"),
        ({"predicted": ["X", "Y", "Q"]}, "'Q' is no label"),
        ({"label": ["X"]}, "differ in length"),
    ],
)
def test_what_is_no_predictions_table_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        made(**changes)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ConfigError, match="no column patient"):
        from_table(to_table(made()).drop_columns(["patient"]))
    with pytest.raises(ConfigError, match="p_<label>"):
        from_table(pa.table({"volume_id": ["1"]}))


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.parquet"):
        read_predictions(tmp_path / "missing.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(ConfigError, match=r"text\.parquet: is no Parquet"):
        read_predictions(tmp_path / "text.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(ConfigError, match=r"other\.parquet: predictions: no column"):
        read_predictions(tmp_path / "other.parquet")


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nothing was written"):
        write_predictions(made(), tmp_path / "nowhere" / "p.parquet")


def test_a_foreign_label_is_left_out_unless_unknown_was_trained() -> None:
    cases = find_cases(made())
    assert (cases.unlabelled, cases.outside, cases.rows.tolist()) == (1, 1, [0])
    names = ("X", "UNKNOWN")
    trained = make_predictions(names, ROWS | {"predicted": ["X", "X", "UNKNOWN"]})
    cases = find_cases(trained)
    assert cases.names == names
    assert cases.rows.tolist() == [0, 2]
    assert (cases.y_true[1], cases.y_pred[1]) == (1, 1)
    assert is_outside(trained).tolist() == [False, False, True]


def test_unknown_is_a_column_of_the_matrix_only_where_it_was_answered() -> None:
    assert answer_names(made()) == ("X", "Y", "UNKNOWN")
    assert answer_names(made(predicted=["X", "Y", "Y"])) == ("X", "Y")
