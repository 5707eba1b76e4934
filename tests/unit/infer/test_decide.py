"""A judge hears pixels, header and physics: who is alone against the other two."""

from collections.abc import Callable

import pytest

from mrsift.config import IdentifySettings
from mrsift.infer.decide import Judge, Seen
from mrsift.infer.witness import FAIR, STRONG, towards
from mrsift.labels import PROFILES
from mrsift.types import PhysicsEvidence, VolumeInfo
from tests.report_values import opinion

JUDGE = Judge(None, use_header=True, settings=IdentifySettings(), manifest=None)
Make = Callable[..., VolumeInfo]


def physics(label: str, strength: float, conflict: str | None = None) -> PhysicsEvidence:
    odds = towards(strength, label)
    return PhysicsEvidence("adc_from_dwi", ("x",), 0.99, 1e-6, "found", (), odds, conflict=conflict)


@pytest.mark.parametrize(
    ("evidence", "conflict"),
    [
        (None, True),
        (physics("DWI_LOW", STRONG), False),
        (physics("DWI_LOW", FAIR), True),
        (physics("DWI_LOW", STRONG, "the header says b 0, but"), True),
        (physics("T2W", STRONG), True),
    ],
)
def test_pixels_alone_against_header_and_clear_physics_are_no_conflict(
    volume_info: Make, evidence: PhysicsEvidence | None, conflict: bool
) -> None:
    info = volume_info(b=0, scanning_sequence=("EP",))
    seen = Seen(info, opinion("T2W", 0.99))
    found = JUDGE.predict(seen, PROFILES["all"], evidence)
    assert found.conflict == conflict
    assert found.pixels is not None
    assert found.pixels.label == "T2W"
