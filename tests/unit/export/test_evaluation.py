"""Parts of an evaluation report: numbers in words, LaTeX, CSV, JSON, the ledger, galleries."""

import csv
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mrsift.evaluate.figures import confusion_figure
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.summary import evaluate
from mrsift.export.evaluation_figures import inline_svg, svg_file, svg_text
from mrsift.export.evaluation_gallery import Seen, example_rows, make_gallery, wrong_rows
from mrsift.export.evaluation_json import to_json
from mrsift.export.evaluation_ledger import Look, record
from mrsift.export.evaluation_run import Run, set_sha256
from mrsift.export.evaluation_tables import Table, all_tables
from mrsift.export.evaluation_text import csv_text, latex_text
from mrsift.export.evaluation_words import estimate_words, main_result, percent, three
from tests.simulated_predictions import NAMES, simulated_predictions

NAN = math.nan
MINUS = "\N{MINUS SIGN}"


def estimate(value: float, low: float, high: float, method: str) -> Estimate:
    return Estimate(value, low, high, 104, 105, 101, method)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (estimate(0.990476, 0.948, 0.9983, "wilson"), "0.990 (0.948 to 0.998)"),
        (estimate(1.0, 0.9718, 1.0, "bound"), "1.000 (≥ 0.972)"),
        (estimate(0.0, 0.0, 0.0282, "bound"), "0.000 (≤ 0.028)"),
        (estimate(0.5, 0.4, 0.6, "bound"), "0.500 (0.400 to 0.600)"),
        (estimate(0.5, NAN, NAN, "none"), "0.500 (no interval)"),
        (estimate(NAN, NAN, NAN, "none"), "–"),
        (estimate(-0.03, -0.07, 0.01, "bootstrap"), f"{MINUS}0.030 ({MINUS}0.070 to 0.010)"),
    ],
)  # fmt: skip
def test_numbers_in_words(found: Estimate, words: str) -> None:
    assert estimate_words(found) == words


def test_rounding_never_claims_perfection() -> None:
    assert [three(value) for value in (0.9999, 1.0, 0.0001, 0.0)] == [
        *("0.999", "1.000", "<0.001", "0.000")
    ]
    assert percent(0.0286) == "2.9 %"


def test_the_main_result_says_the_bound_where_nothing_went_wrong() -> None:
    table = simulated_predictions(40, difficulty=0.0)
    table = table.rows(table.label == table.predicted)
    said = main_result(evaluate(table, draws=20))
    patients = len(set(table.patient[table.split == "test"]))
    assert f"all {(table.split == 'test').sum()} volumes of {patients} patients" in said
    assert percent(1 - 0.05 ** (1 / patients)) in said


def test_latex_takes_any_name() -> None:
    table = Table("t", r"50 % of a_b", "", ("A & B", "x"), (("#1_{~^\\$}", 3),))
    text = latex_text(table)
    assert r"50 \% of a\_b" in text
    assert r"\begin{tabular}[t]{@{}r@{}}A\\\& B\end{tabular} & x \\" in text
    assert r"\#1\_\{\textasciitilde{}\textasciicircum{}\textbackslash{}\$\} & 3 \\" in text


def test_latex_has_intervals_below_their_numbers() -> None:
    cells = (estimate(-0.05, -0.1, 0.2, "bootstrap"), estimate(NAN, NAN, NAN, "none"))
    text = latex_text(Table("t", "T", "", ("A", "Kappa", "PPV"), (("a", *cells),)))
    number = r"\begin{tabular}[t]{@{}r@{}}$-$0.050\\\scriptsize $-$0.100 to 0.200\end{tabular}"
    assert rf"a & {number} & -- \\" in text


def test_csv_has_all_digits_and_no_formula() -> None:
    found = estimate(1 / 3, 0.1, 0.5, "wilson")
    table = Table("t", "", "", ("Site", "Accuracy"), (("=1+1", found), ("b", "–")))
    header, first, second = csv.reader(io.StringIO(csv_text(table)))
    assert header == ["Site", "Accuracy", *(f"Accuracy {p}" for p in PARTS)]
    assert first == ["'=1+1", repr(1 / 3), "0.1", "0.5", "104 of 105", "101", "wilson"]
    assert second == ["b", "–", *[""] * 5]


PARTS = ("low", "high", "counts", "patients", "method")


def test_json_has_no_number_that_is_none() -> None:
    text = to_json("s/1", {"a": estimate(NAN, 0.0, 1.0, "none"), "b": np.array([1, 2])})
    read = json.loads(text)
    assert read["schema"] == "s/1"
    assert read["a"]["value"] is None
    assert read["b"] == [1, 2]


def test_every_table_is_square() -> None:
    for table in all_tables(evaluate(simulated_predictions(60), draws=20)).values():
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.name


def test_a_label_with_signs_of_formulas_and_markup_is_drawn_as_it_is() -> None:
    scores = evaluate(simulated_predictions(30), draws=20).main
    odd = type(scores)(
        ("$x^$", "<b>&", *scores.names[2:]), scores.matrix, 1, 1, scores.overall, scores.labels
    )
    svg = svg_text(confusion_figure({"a": odd}))
    assert "$x^$" in svg
    assert "&lt;b&gt;&amp;" in svg
    assert "<b>" not in svg
    inline = inline_svg(svg, 'a "title"', "p")
    assert "var(--ink)" in inline
    assert 'aria-label="a &quot;title&quot;"' in inline
    assert 'fill="#ffffff"' in svg_file(svg)


def run_at(path: Path) -> Run:
    return Run(path, None, simulated_predictions(20), {})


def test_looks_of_two_runs_at_once_both_count(tmp_path: Path) -> None:
    run = run_at(tmp_path / "p.parquet")
    with ThreadPoolExecutor(8) as pool:
        looks = list(pool.map(lambda _: record(run, Look("evaluate", "ab", 3)), range(16)))
    assert sorted(look.times for look in looks) == list(range(1, 17))
    assert {look.runs for look in looks} == {1}


def test_looks_at_other_volumes_do_not_count(tmp_path: Path) -> None:
    run = run_at(tmp_path / "p.parquet")
    record(run, Look("evaluate", "other", 3))
    assert record(run, Look("evaluate", "ab", 3)).times == 1
    assert record(run, Look("compare", "ab", 3)).times == 2


def test_a_ledger_cut_off_in_a_line_goes_on(tmp_path: Path) -> None:
    run = run_at(tmp_path / "p.parquet")
    record(run, Look("evaluate", "ab", 3))
    ledger = tmp_path / "p.parquet.scored.csv"
    ledger.write_bytes(ledger.read_bytes()[:-9])
    record(run, Look("evaluate", "ab", 3))
    assert record(run, Look("evaluate", "ab", 3)).times == 3


def test_the_name_of_a_set_is_of_its_volumes_and_labels() -> None:
    table = simulated_predictions(20)
    name = set_sha256(table)
    assert set_sha256(table.rows(np.arange(len(table))[::-1])) == name
    assert set_sha256(table.rows(np.arange(len(table)) > 0)) != name
    other = simulated_predictions(20, seed=99, difficulty=3.0)
    assert set_sha256(other) == name  # what was answered is no part of the set


def test_every_error_is_shown_the_surest_first() -> None:
    table = simulated_predictions(60, difficulty=3.0)
    wrong = wrong_rows(table)
    assert set(wrong) == set(np.flatnonzero(table.label != table.predicted))
    sure = table.probabilities[wrong].max(axis=1)
    assert (np.diff(sure) <= 0).all()


def test_examples_are_right_and_from_several_sites() -> None:
    table = simulated_predictions(60)
    rows = example_rows(table)
    assert (table.label[rows] == table.predicted[rows]).all()
    for name in NAMES:
        mine = rows[table.label[rows] == name]
        assert len(mine) == 4
        assert len(set(table.site[mine])) == 3


def test_pictures_that_are_gone_are_counted_and_nothing_fails() -> None:
    table = simulated_predictions(60, difficulty=3.0)
    there = set(table.volume_id[::2])
    black = Seen(np.zeros((8, 9), np.uint8), ("10×8×9",))
    gallery = make_gallery(table, lambda name: black if name in there else None, None)
    items = (*gallery.examples, *gallery.errors)
    assert gallery.missing == sum(item.picture is None for item in items) > 0
    pictured = [item for item in items if item.picture]
    assert pictured
    assert all("10×8×9" in " ".join(item.facts) for item in pictured)
    assert make_gallery(table, None, None).examples == ()
