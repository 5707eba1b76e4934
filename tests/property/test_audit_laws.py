"""Laws of the audit, for any shares."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mrsift.classify.audit import MOST_SLICES, read_cell
from mrsift.classify.audit_table import audit

MANY = settings(max_examples=300, deadline=None)
FEW = settings(max_examples=40, deadline=None)


@st.composite
def shares(draw: st.DrawFn) -> tuple[int, int]:
    """(votes, slices)."""
    slices = draw(st.integers(1, MOST_SLICES))
    return draw(st.integers(0, slices)), slices


@given(shares(), st.integers(0, 18))
@MANY
def test_a_share_is_found_however_it_was_rounded(share: tuple[int, int], digits: int) -> None:
    votes, slices = share
    cell = read_cell(f"{votes / slices:.{digits}f}")
    assert cell is not None
    found = cell.votes(slices)
    assert found is not None
    if 10**digits > slices:
        assert found == votes


@given(shares())
@MANY
def test_a_share_is_found_in_what_a_program_prints(share: tuple[int, int]) -> None:
    votes, slices = share
    cell = read_cell(repr(votes / slices))
    assert cell is not None
    assert cell.votes(slices) == votes


@given(st.integers(0, 10**6), st.integers(1, 2000))
@MANY
def test_what_is_found_is_within_half_a_unit_of_the_last_digit(units: int, slices: int) -> None:
    cell = read_cell(f"{units / 10**6:.6f}")
    assert cell is not None
    votes = cell.votes(slices)
    within = [k for k in range(slices + 1) if abs(2 * k * 10**6 - 2 * units * slices) <= slices]
    assert votes is None if not within else votes in within


@given(st.lists(shares(), min_size=1, max_size=4), st.integers(5, 9))
@FEW
def test_a_patient_without_misprints_has_no_impossible_number(
    drawn: list[tuple[int, int]], digits: int
) -> None:
    slices = drawn[0][1]
    texts = [f"{min(votes, slices) / slices:.{digits}f}" for votes, _ in drawn]
    cells = tuple(read_cell(text) for text in texts)
    found = audit([str(i) for i in range(len(cells))], {"a": cells})
    assert not found.impossible
    row = found.rows[0]
    assume(row.telling)
    assert slices in row.slices
    assert row.used is not None
    assert row.used <= slices
