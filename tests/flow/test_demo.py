"""What `make demo` shows: the two studies that ship, with the bundle that ships."""

from pathlib import Path

import pytest

from mrsift.infer.identify import IdentifyOptions, identify
from mrsift.types import Prediction, Report

DEMO = Path(__file__).resolve().parents[2] / "src" / "mrsift" / "assets" / "demo"

PELVIS = {
    (2, None): ["T2W"],
    (3, None): ["T2W_FS"],
    (4, 50.0): ["DWI_LOW"],
    (4, 400.0): ["DWI_LOW"],
    (4, 1000.0): ["DWI_HIGH"],
    (5, None): ["ADC"],
    (6, None): ["T1W"],
}
HEAD = {(1, None): ["T1W"], (2, None): ["FLAIR"], (3, None): ["T2W"], (4, None): ["T1W_CE"]}


@pytest.fixture(scope="module")
def report() -> Report:
    return identify([DEMO], IdentifyOptions(profile="all"))


def labels(predictions: tuple[Prediction, ...]) -> dict[tuple[int | None, float | None], list[str]]:
    """(series number, b-value) -> labels, localizers left out."""
    found: dict[tuple[int | None, float | None], list[str]] = {}
    for one in predictions:
        b = one.volume.b_value
        # A map carries the b-values of what it was made from, if any.
        key = (one.volume.series_number, b.s_per_mm2 if b and one.label != "ADC" else None)
        if not one.localizer:
            found.setdefault(key, []).append(one.label)
    return found


def study(report: Report, name: str) -> tuple[Prediction, ...]:
    return next(
        one.predictions for one in report.studies if name in one.predictions[0].volume.files[0]
    )


def test_everything_is_read(report: Report) -> None:
    assert report.skipped == ()
    assert len(report.studies) == 2


def test_every_volume_is_named_rightly(report: Report) -> None:
    assert labels(study(report, "pelvis")) == PELVIS
    assert labels(study(report, "head")) == HEAD


def test_the_localizer_is_three_volumes(report: Report) -> None:
    planes = sorted(one.volume.plane for one in study(report, "pelvis") if one.localizer)
    assert planes == ["axial", "coronal", "sagittal"]


def test_the_description_that_lies_is_reported(report: Report) -> None:
    (liar,) = [one for one in study(report, "pelvis") if one.volume.series_number == 3]
    assert liar.volume.series_description == "t1_tse_tra"
    assert liar.conflict
    assert "t1_tse_tra" in (liar.conflict_reason or "")


def test_the_studies_are_small() -> None:
    files = [path for path in DEMO.rglob("*") if path.is_file()]
    assert files
    assert sum(path.stat().st_size for path in files) < 10_000_000
