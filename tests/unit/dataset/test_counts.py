"""Counts as papers print them."""

import io

from rich.console import Console

from mrsift.dataset.counts import Count, count_by_side, count_table
from mrsift.dataset.finding import Finding
from mrsift.dataset.terminal import print_counts, print_findings, print_volumes
from tests.dataset_rows import row

ROWS = (
    row(1, "a", "T2W", split="train"),
    row(2, "a", "T2W", split="train"),
    row(3, "b", "T2W", split="test"),
    row(4, "a", "ADC", split="train"),
    row(5, "c", None, split="validation"),
)


def printed(show: object, *arguments: object) -> str:
    console = Console(file=io.StringIO(), width=100)
    show(*arguments, console)  # type: ignore[operator]
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_classes_against_sides_in_the_order_of_an_experiment() -> None:
    table = count_by_side(ROWS)
    assert table.columns == ("train", "validation", "test", "all")
    assert dict(table.lines) == {
        "ADC": (Count(1, 1), Count(0, 0), Count(0, 0), Count(1, 1)),
        "T2W": (Count(2, 1), Count(0, 0), Count(1, 1), Count(3, 2)),
        "no label": (Count(0, 0), Count(1, 1), Count(0, 0), Count(1, 1)),
        "all": (Count(3, 1), Count(1, 1), Count(1, 1), Count(5, 3)),
    }


def test_folds_are_in_the_order_of_numbers() -> None:
    rows = [row(i, f"p{i}", fold=i) for i in (10, 2, 0)]
    table = count_table("class", rows, lambda one: str(one.label), lambda one: str(one.fold))
    assert table.columns == ("0", "2", "10", "all")


def test_the_table_shows_volumes_and_patients() -> None:
    text = printed(print_counts, count_by_side(ROWS))
    assert [line.split() for line in text.splitlines()][2] == [
        "T2W",
        "2",
        "(1)",
        "–",
        "1",
        "(1)",
        "3",
        "(2)",
    ]


def test_many_columns_show_volumes_alone() -> None:
    table = count_table("side", ROWS, lambda one: str(one.split), lambda one: str(one.label))
    lines = [line.split() for line in printed(print_volumes, table).splitlines()]
    assert lines[0] == ["side", "ADC", "None", "T2W", "all", "patients"]
    assert lines[1:5] == [
        ["train", "1", "–", "2", "3", "1"],
        ["validation", "–", "1", "–", "1", "1"],
        ["test", "–", "–", "1", "1", "1"],
        ["all", "1", "1", "3", "5", "3"],
    ]


def test_few_names_are_shown_and_the_rest_is_counted() -> None:
    finding = Finding("error", "gone", "5 files gone", tuple("abcde"))
    words = " ".join(printed(print_findings, [finding]).split())
    assert words == "✗ 5 files gone a b c and 2 more --json FILE lists all of them."


def test_names_from_files_cannot_steer_the_terminal() -> None:
    finding = Finding("note", "x", "said", ("\x1b[2Jname",))
    assert "\x1b" not in printed(print_findings, [finding])
