"""Laws of planned studies: plain values, the same again, whatever the seed."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.simulate.plan import from_record, to_record
from mrsift.simulate.recipe import load_recipe
from mrsift.simulate.study_plan import patient_of, plan_study

RECIPE = load_recipe("multi-site")
SEEDS = st.integers(0, 2**63 - 1)
INDICES = st.integers(0, 400)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, index=INDICES)
def test_a_plan_survives_json_and_is_drawn_alike_again(seed: int, index: int) -> None:
    plan = plan_study(RECIPE, seed, index)
    assert plan == plan_study(RECIPE, seed, index)
    for series in plan.series:
        for volume in series.volumes:
            assert from_record(json.loads(json.dumps(to_record(volume)))) == volume


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, index=INDICES)
def test_what_a_study_is_made_of_fits_together(seed: int, index: int) -> None:
    plan = plan_study(RECIPE, seed, index)
    assert 0 <= plan.patient <= index
    assert patient_of(RECIPE, seed, plan.patient) == plan.patient
    assert plan.scanner in plan.site.scanners
    assert [series.number for series in plan.series] == list(range(1, len(plan.series) + 1))
    acquired = {v.protocol.b for s in plan.series if s.kind == "DWI" for v in s.volumes}
    for series in plan.series:
        assert series.description is None or len(series.description) <= 64
        for volume in series.volumes:
            p = volume.protocol
            assert volume.subject.field_t == plan.scanner.field_strength_t == p.field_t
            if p.label == "ADC":
                assert {p.low_b, p.high_b} <= acquired
            if p.label in ("DWI_LOW", "DWI_HIGH"):
                assert (p.b >= 500) == (p.label == "DWI_HIGH")
