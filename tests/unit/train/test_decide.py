"""Reliabilities and threshold follow from what was right; the bundle keeps them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.bundle import Bundle, write_bundle
from mrsift.config import IdentifySettings
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.train.decide import main
from mrsift.train.header_trials import HEADERS, SeenStudy, with_header
from mrsift.train.operating_point import (
    LEAST_HEADER_RELIABILITY,
    MOST_PIXEL_RELIABILITY,
    RELIABILITIES,
    Trial,
    choose_threshold,
    fit_reliabilities,
    losses_of,
    nearest_to_prior,
    sweep,
)
from mrsift.types import Opinion
from tests.bundle_values import CONTENTS, manifest
from tests.conftest import tiny_manifest, tiny_onnx

SETTINGS = IdentifySettings()


def sure(label: str, probability: float = 0.98) -> Opinion:
    rest = (1 - probability) / (len(LABEL_NAMES) - 1)
    return Opinion({name: probability if name == label else rest for name in LABEL_NAMES})


def made(rng: np.random.Generator, pixels_right: float, header_right: float) -> list[Trial]:
    """Two opinions, each as often right as asked, both sure."""
    found = []
    for number in range(300):
        label, wrong = (str(name) for name in rng.choice(LABEL_NAMES[:8], 2, replace=False))
        pixels = sure(label if rng.random() < pixels_right else wrong)
        header = sure(label if rng.random() < header_right else wrong)
        found.append(Trial(pixels, header, None, label, number // 10))
    return found


@pytest.mark.parametrize(("pixels", "header"), [(0.99, 0.7), (0.7, 0.99)])
def test_who_errs_more_is_believed_less(pixels: float, header: float) -> None:
    tried = made(np.random.default_rng(1), pixels, header)
    fitted = fit_reliabilities(tried, tried, SETTINGS)
    assert (fitted.pixel_reliability > fitted.header_reliability) == (pixels > header)
    assert losses_of(tried, tried, fitted).sum() <= losses_of(tried, tried, SETTINGS).sum()


def test_simulated_studies_are_believed_within_bounds() -> None:
    tried = made(np.random.default_rng(3), 1.0, 0.5)
    fitted = fit_reliabilities(tried, tried, SETTINGS)
    assert fitted.pixel_reliability == MOST_PIXEL_RELIABILITY
    assert fitted.header_reliability == LEAST_HEADER_RELIABILITY


def test_what_was_held_before_stays_where_studies_do_not_speak_against_it() -> None:
    tried = made(np.random.default_rng(2), 0.9, 0.99)[:20]  # two studies
    fitted = fit_reliabilities(tried, tried, SETTINGS)
    best = min(
        losses_of(tried, tried, replace(SETTINGS, pixel_reliability=p, header_reliability=h)).sum()
        for p in RELIABILITIES
        for h in RELIABILITIES
    )
    assert losses_of(tried, tried, fitted).sum() >= best
    losses = np.array([[1.0, 1.2, 0.9], [1.1, 1.1, 0.9], [3.0, 3.0, 3.0]])
    assert nearest_to_prior(losses, np.array([2.0, 1.0, 0.0])) == 1
    assert nearest_to_prior(losses[:, :1], np.array([2.0, 1.0, 0.0])) == 0


def test_a_trusted_b_value_decides_between_low_and_high() -> None:
    trial = Trial(sure("DWI_LOW"), sure("DWI_LOW"), 800.0, "DWI_HIGH")
    found = dict(zip(LABEL_NAMES, trial.probabilities(SETTINGS), strict=True))
    assert found["DWI_LOW"] == 0
    assert found["DWI_HIGH"] > 0.9


def doubtful(right: Sequence[float], wrong: Sequence[float]) -> list[Trial]:
    """Answers of these probabilities from pixels alone, right and wrong, all of known volumes."""
    trials = [Trial(sure("ADC", p), None, None, "ADC") for p in right]
    return trials + [Trial(sure("ADC", p), None, None, "FLAIR") for p in wrong]


def test_coverage_falls_and_the_threshold_weighs_errors_against_silence() -> None:
    swept = sweep(doubtful([0.95] * 8 + [0.62] * 2, [0.42] * 4), SETTINGS)
    coverages = [kept.coverage for kept in swept]
    assert coverages == sorted(coverages, reverse=True)
    assert choose_threshold(swept, 0.3) == 0.45  # above every error, and not a step further
    assert choose_threshold(swept, 0.5) == 0.5  # as good
    assert next(k.risk for k in swept if k.threshold == 0.45) == 0


def test_an_answer_for_what_is_unknown_is_an_error_and_silence_is_not() -> None:
    trials = [Trial(sure("T2W", 0.55), None, None, UNKNOWN)] * 3
    trials += [Trial(sure("T2W", 0.9), None, None, "T2W")]
    swept = {kept.threshold: kept for kept in sweep(trials, SETTINGS)}
    assert (swept[0.5].risk, swept[0.6].risk) == (0.75, 0.0)
    assert swept[0.6].cost == 0


def test_headers_of_others_and_no_headers(simulated: SeenStudy) -> None:
    as_written, stripped, lying, others = (with_header(simulated, h, 0) for h in HEADERS)
    infos = [volume.info for volume in simulated.volumes]
    assert [volume.info for volume in as_written] == infos
    assert all(volume.info.header.echo_time_ms is None for volume in stripped)
    own = [(v.info.series_description, v.info.header.echo_time_ms) for v in as_written]
    told = [(v.info.series_description, v.info.header.echo_time_ms) for v in lying]
    for label, (text, echo), (claimed, kept) in zip(simulated.labels, own, told, strict=True):
        assert echo == kept
        assert claimed in {
            t for (t, _), name in zip(own, simulated.labels, strict=True) if name != label
        }
        assert claimed != text
    for one, other in zip(as_written, others, strict=True):
        assert one.info.affine_lps_mm is other.info.affine_lps_mm
        assert one.info.header != other.info.header


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decide")


@pytest.fixture(scope="module")
def command(folder: Path) -> Path:
    """The whole command on one small study, with a bundle of random weights."""
    bundle = folder / "tiny.mrsift"
    contents = {"model.onnx": tiny_onnx(), "card.md": b"# Random weights\n"}
    write_bundle(bundle, tiny_manifest(), contents)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mrsift.train.header_trials.SIZES", ())
        main(["--bundle", str(bundle), "--studies", str(folder / "studies"), "--count", "1"])
    return bundle


@pytest.fixture(scope="module")
def simulated(command: Path, folder: Path) -> SeenStudy:
    """That study again, as the command saw it."""
    from mrsift.infer.runtime import Network
    from mrsift.train.header_trials import look_at_studies, simulated_studies

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mrsift.train.header_trials.SIZES", ())
        found, truth = simulated_studies(folder / "studies", 1, 11)
    (study,) = look_at_studies(found, truth, Network(Bundle.load(command)))
    assert len(study.volumes) == len({v.info.volume_id for v in study.volumes}) > 2
    return study


def test_the_bundle_brings_what_was_fitted(command: Path) -> None:
    found = Bundle.load(command)
    point = found.manifest.operating_point
    assert point is not None
    assert point.made_by == "python -m mrsift.train.decide --count 1 --seed 11"
    assert replace(found.manifest, operating_point=None).temperature == 1.0
    assert found.onnx == tiny_onnx()


def test_nothing_else_of_a_bundle_changes(tmp_path: Path) -> None:
    from mrsift.bundle import OperatingPoint
    from mrsift.train.decide import write_operating_point

    path = tmp_path / "a.mrsift"
    write_bundle(path, manifest(), CONTENTS)
    before = Bundle.load(path)
    write_operating_point(path, OperatingPoint(0.4, 0.8, 0.9, "a command"))
    after = Bundle.load(path)
    assert (after.onnx, after.card, after.manifest.files) == (
        before.onnx,
        before.card,
        before.manifest.files,
    )
