"""A person has the last word, and what the evidence says stays."""

from mrsift.infer.correct import apply_corrections
from mrsift.ingest.corrections import SetLabel
from tests.report_values import opinion, prediction, volume


def test_the_label_holds_and_the_evidence_stays() -> None:
    one = prediction(volume(1, "t2"), "T1W", 0.8, conflict=True, conflict_reason="they differ")
    other = prediction(volume(2, "t2"), "T2W", 0.9)
    said = {one.volume.volume_id: SetLabel("T2W_FS", "table.csv")}
    found, untouched = apply_corrections([one, other], said)
    assert (found.label, found.probability) == ("T2W_FS", 1.0)
    assert found.probabilities["T2W_FS"] == 1.0
    assert sum(found.probabilities.values()) == 1.0
    assert found.prediction_set == ("T2W_FS",)
    assert found.pixels == opinion("T1W", 0.8)
    assert not found.conflict
    assert found.correction
    assert (found.correction.label_before, found.correction.probability_before) == ("T1W", 0.8)
    assert found.correction.source == "table.csv"
    assert untouched is other
