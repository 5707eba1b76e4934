"""Tables of printed numbers, the published one of Su et al. 2022 among them."""

import math

import numpy as np
import pytest

from mrsift.classify.audit import ALL_SERIES, Cells, read_cell
from mrsift.classify.audit_table import audit
from mrsift.classify.audit_words import sentences, slices_words

EPOCHS = ("10", "20", "50", "100")

PRINTED = {
    "00001": ("0.984496", "1.000", "0.961224", "0.968992"),
    "00013": ("", "", "", "0.829457"),
    "00015": ("", "", "", "0.851974"),
    "00027": ("", "", "", "0.806184"),
    "00829": ("", "", "", "0.829638"),
    "00833": ("", "", "", "0.968992"),
    "00997": ("", "", "", "0.829457"),
    "01006": ("", "", "", "0.851974"),
}
"""Of the ten rows printed by Su et al. 2022 (table 2), the numbers whose patient we know."""

SLICES = {
    "00001": 129,
    "00013": 129,
    "00015": 304,
    "00027": 304,
    "00829": 27,
    "00833": 192,
    "00997": 36,
    "01006": 62,
}

IMPOSSIBLE = {
    ("00001", "50"),
    ("00027", "100"),
    ("00829", "100"),
    ("00833", "100"),
    ("00997", "100"),
    ("01006", "100"),
}


def cells(*texts: str) -> Cells:
    return tuple(read_cell(text) for text in texts)


def table(rows: dict[str, tuple[str, ...]]) -> dict[str, Cells]:
    return {patient: cells(*texts) for patient, texts in rows.items()}


def test_the_six_impossible_numbers_of_the_published_table() -> None:
    counts = {patient: {"T1wCE": n} for patient, n in SLICES.items()}
    found = audit(EPOCHS, table(PRINTED), counts)
    assert set(found.impossible) == IMPOSSIBLE
    assert found.kind == "votes"
    assert {row.patient: row.used for row in found.rows} == SLICES
    repeats = {row.patient: names for row in found.rows for names in row.repeats.values()}
    assert repeats == {"00833": ("00001",), "00997": ("00013",), "01006": ("00015",)}


def completed(seed: int) -> dict[str, tuple[str, ...]]:
    """The published table, with shares of the same n where we do not know what was printed."""
    random = np.random.default_rng(seed)
    rows = {}
    for patient, texts in {**PRINTED, "00037": ("",) * 4, "00826": ("",) * 4}.items():
        n = SLICES.get(patient, 80)
        whole = [k for k in range(1, n) if math.gcd(k, n) == 1]  # cannot be reduced: shows n
        rows[patient] = tuple(text or f"{random.choice(whole) / n:.6f}" for text in texts)
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_without_counts_a_full_table_of_that_kind_gives_n_and_the_same_six(seed: int) -> None:
    found = audit(EPOCHS, table(completed(seed)))
    assert set(found.impossible) == IMPOSSIBLE
    assert found.kind == "votes"
    assert {row.patient: row.used for row in found.rows} == {**SLICES, "00037": 80, "00826": 80}


@pytest.mark.parametrize(
    ("text", "n"), [("0.914729", 129), ("0.967105", 152), ("0.407407", 27), ("0.7125", 80)]
)
def test_the_published_numbers_whose_patient_is_not_known(text: str, n: int) -> None:
    found = audit(("100",), table({"a": (text,)}))
    assert found.rows[0].used == n
    assert n in found.rows[0].slices


def test_probabilities_are_called_that() -> None:
    random = np.random.default_rng(3)
    rows = {str(i): tuple(f"{value:.6f}" for value in random.random(4)) for i in range(87)}
    found = audit(EPOCHS, table(rows))
    assert found.kind == "other"
    assert sum(row.settled for row in found.rows) < 10
    assert "No vote shares of up to 600 slices" in sentences(found)[0]
    assert len(sentences(found)) == 1


def test_a_submission_of_one_column_is_enough() -> None:
    random = np.random.default_rng(4)
    slices = {f"{i:05}": int(n) for i, n in enumerate(random.integers(20, 200, 87))}
    rows = {p: (f"{random.integers(1, n) / n:.6f}",) for p, n in slices.items()}
    assert audit(("MGMT_value",), table(rows)).kind == "votes"


def test_too_few_digits_are_called_that() -> None:
    rows = {str(i): (f"{i / 40:.2f}",) for i in range(1, 40)}
    found = audit(("value",), table(rows))
    assert found.kind == "digits"
    assert "Too few digits" in sentences(found)[0]


def test_votes_beside_probabilities_are_mixed() -> None:
    random = np.random.default_rng(5)
    rows = {f"p{i}": tuple(f"{value:.6f}" for value in random.random(3)) for i in range(20)}
    rows |= {
        f"v{i}": tuple(f"{random.integers(9, 50) / 51:.6f}" for _ in range(3)) for i in range(5)
    }
    found = audit(EPOCHS[:3], table(rows))
    assert found.kind == "mixed"
    assert {row.patient for row in found.rows if row.settled} >= {f"v{i}" for i in range(5)}


def test_the_series_that_voted_is_found_among_the_counts() -> None:
    random = np.random.default_rng(6)
    counts, rows = {}, {}
    for i in range(12):
        known = {
            name: int(n)
            for name, n in zip(("FLAIR", "T1wCE"), random.integers(20, 250, 2), strict=True)
        }
        counts[str(i)] = known
        total = sum(known.values())
        rows[str(i)] = tuple(f"{random.integers(1, total) / total:.6f}" for _ in range(3))
    found = audit(EPOCHS[:3], table(rows), counts)
    assert found.sources[0].name == ALL_SERIES
    assert found.sources[0].fits == found.sources[0].of == 36
    assert not found.impossible
    assert all(ALL_SERIES in row.real for row in found.rows)
    assert "n is the slices of all series together: 36 of 36 numbers" in " ".join(sentences(found))


def test_counts_of_other_patients_explain_nothing() -> None:
    rows = table({"a": ("0.984496", "0.968992"), "b": ("0.703704", "0.407407")})
    found = audit(EPOCHS[:2], rows, {"a": {"T1w": 31}, "b": {"T1w": 40}})
    assert not found.impossible
    assert [row.used for row in found.rows] == [129, 27]
    assert "No column of the slice counts explains more" in " ".join(sentences(found))


def test_a_patient_whose_numbers_agree_on_another_series_has_no_misprints() -> None:
    counts = {str(i): {"T1wCE": 100 + i, "T2w": 77 + i} for i in range(8)}
    rows = {
        p: (f"{33 / known['T1wCE']:.6f}", f"{50 / known['T1wCE']:.6f}")
        for p, known in counts.items()
    }
    rows["3"] = (f"{33 / 80:.6f}", f"{51 / 80:.6f}")
    found = audit(EPOCHS[:2], table(rows), counts)
    assert found.sources[0].name == "T1wCE"
    assert not found.impossible
    assert found.rows[3].real == ("T2w",)


def test_a_row_of_none_and_all_votes_says_nothing() -> None:
    found = audit(EPOCHS[:2], table({"a": ("0.000", "1.000"), "b": ("", "")}))
    assert [slices_words(row) for row in found.rows] == ["any", "any"]
    assert not found.impossible
    assert found.kind == "digits"


def test_two_numbers_of_different_n_leave_open_which_is_wrong() -> None:
    found = audit(EPOCHS[:2], table({"a": (f"{300 / 499:.6f}", f"{200 / 487:.6f}")}))
    assert not found.rows[0].settled
    assert not found.impossible
