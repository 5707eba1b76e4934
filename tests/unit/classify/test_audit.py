"""One printed number, one row of them, and what chance would do."""

import math

import numpy as np
import pytest
from scipy.stats import binom, chi2

from mrsift.classify.audit import Cell, combined, read_cell, row_chance, tail


def cell(text: str) -> Cell:
    found = read_cell(text)
    assert found is not None
    return found


def fits(text: str, most: int) -> list[int]:
    return [n for n in range(1, most + 1) if cell(text).votes(n) is not None]


@pytest.mark.parametrize(
    ("text", "votes", "slices"),
    [("0.984496", 127, 129), ("0.914729", 118, 129), ("0.967105", 147, 152), ("0.8625", 69, 80)],
)
def test_a_share_gives_its_votes(text: str, votes: int, slices: int) -> None:
    assert cell(text).votes(slices) == votes


def test_few_n_explain_six_digits() -> None:
    assert fits("0.984496", 419) == [129, 258, 387]
    assert fits("0.961224", 400) == []


def test_what_the_last_digit_leaves_open_is_open() -> None:
    assert cell("0.333").votes(3) == 1
    assert cell("0.334").votes(3) is None
    assert cell("0.4").votes(9) == 4  # 0.444
    assert cell("0.40").votes(9) is None


def test_a_number_between_two_digits_may_be_either() -> None:
    assert cell("0.1").votes(20) == 2
    assert cell("0.13").votes(8) == 1  # 0.125
    assert cell("0.12").votes(8) == 1


def test_a_double_is_read_to_the_digits_that_it_has() -> None:
    assert cell(repr(127 / 129)).votes(129) == 127
    assert cell(repr(127 / 129)).votes(128) is None


@pytest.mark.parametrize("text", ["0", "1", "1.000", "0.0"])
def test_no_vote_and_every_vote_tell_nothing(text: str) -> None:
    assert not cell(text).telling


def test_other_spellings() -> None:
    assert cell(".5") == Cell(".5", 5, 1)
    assert cell("9.5e-05") == Cell("9.5e-05", 95, 6)
    assert read_cell("  ") is None
    assert cell("1e-45").votes(600) is None


@pytest.mark.parametrize("text", ["1.2", "-0.1", "nan", "inf", "x", "50 %", "1e-999999999"])
def test_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|digits"):
        read_cell(text)


def test_tail_is_the_binomial_one_where_all_are_alike() -> None:
    chances = np.full((9, 3), 0.3)
    for least in range(10):
        assert tail(chances, least) == pytest.approx(binom.sf(least - 1, 9, 0.3))


def test_combined_is_fishers() -> None:
    chances = [0.01, 0.3, 1.0, 0.2]
    statistic = -2 * sum(map(math.log, chances))
    assert combined(chances) == pytest.approx(chi2.sf(statistic, 8))
    assert combined([1.0, 1.0]) == 1.0
    assert combined([1e-200] * 600) == 0.0


def test_chance_of_a_row_is_what_random_numbers_do() -> None:
    random = np.random.default_rng(0)
    cells = [cell("0.123"), cell("0.456")]
    bound = row_chance(cells, 2, 20, 20)
    drawn = random.integers(1, 1000, (4000, 2))
    found = np.mean(
        [
            any(all(Cell("", int(u), 3).votes(n) is not None for u in row) for n in range(1, 21))
            for row in drawn
        ]
    )
    assert found <= bound * 1.2
    assert found > bound / 3  # multiples of one n fit together, so the bound is not sharp
