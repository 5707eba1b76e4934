"""All witnesses together, and their table in the documentation."""

import re
from pathlib import Path

import pytest

from mrsift.infer.evidence import RULES, _held, combine, findings, header_opinion
from mrsift.infer.witness import Finding, Rule
from mrsift.labels import LABEL_NAMES

TABLE = Path(__file__).parents[3] / "docs" / "reference" / "header-evidence.md"


def test_every_rule_is_in_the_documentation_with_its_cap():
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([\d.]+) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    assert rows == [(rule.name, f"{rule.cap:g}") for rule in RULES]


def test_a_stripped_header_has_no_opinion(volume_info):
    assert header_opinion(volume_info()) is None
    assert header_opinion(volume_info(scanning_sequence=("SE",))) is None


def test_witnesses_say_what_they_saw(volume_info):
    info = volume_info(b=800, scanning_sequence=("EP",), series_description="ep2d_diff")
    witnesses = {witness.name: witness for witness in header_opinion(info).witnesses}
    assert witnesses["b-value"].found == "b = 800 s/mm2 from (0018,9087)"
    assert witnesses["b-value"].favours == ("DWI_HIGH",)
    assert witnesses["description"].favours == ("DWI_LOW", "DWI_HIGH")


def test_findings_are_held_to_the_cap():
    loud = Rule("loud", lambda _: Finding("x", {"ADC": 100.0, "T2W": -100.0}), 2.0)
    assert _held(loud, loud.look(None)).log_odds == {"ADC": 2.0, "T2W": -2.0}


def test_log_odds_add_up():
    rule = Rule("r", lambda _: None, 5.0)
    one = combine([(rule, Finding("a", {"ADC": 1.0}))])
    two = combine([(rule, Finding("a", {"ADC": 1.0})), (rule, Finding("b", {"ADC": 1.0}))])
    odds_one = one.probabilities["ADC"] / one.probabilities["UNKNOWN"]
    odds_two = two.probabilities["ADC"] / two.probabilities["UNKNOWN"]
    assert odds_two == pytest.approx(odds_one**2)


def test_a_lying_description_does_not_outweigh_physics(volume_info):
    info = volume_info(
        scanning_sequence=("SE",),
        echo_time_ms=104,
        repetition_time_ms=5660,
        series_description="t1_tse_tra gd",
    )
    assert header_opinion(info).label == "T2W"
    assert [rule.name for rule, _ in findings(info)][-1] == "description"


def test_labels_stay_in_order(volume_info):
    assert tuple(header_opinion(volume_info(b=50)).probabilities) == LABEL_NAMES
