"""Bundles whose labels are not the nine: answers, and every kind of output."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mrsift.bundle import write_bundle
from mrsift.cli.main import main
from mrsift.config import NetworkSettings
from mrsift.errors import BundleError, ConfigError
from mrsift.export.html_report import html_text
from mrsift.infer.identify import IdentifyOptions, identify
from mrsift.types import Prediction, Report
from tests import schemas
from tests.conftest import tiny_manifest, tiny_onnx
from tests.mr_series import T1_GRADIENT_ECHO, write_series

PROSTATE = ("T2W", "T2W_FS", "DWI_LOW", "DWI_HIGH", "ADC", "UNKNOWN")
PHASES = ("PLAIN", "EARLY_ARTERIAL", "LATE_ARTERIAL", "PORTAL-DELAYED")
MIXED = ("T2W", "动态增强", "UNKNOWN")

MakeBundle = Callable[..., Path]


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exam")
    write_series(folder, 1, ScanningSequence="EP", DiffusionBValue=1000.0)
    write_series(folder, 2, **T1_GRADIENT_ECHO, SeriesDescription="t1_vibe_dynamic")
    return folder


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    def make(labels: tuple[str, ...], **fields: object) -> Path:
        path = tmp_path / "site.mrsift"
        manifest = replace(tiny_manifest(labels, regions=False), **{"name": "site", **fields})
        onnx = tiny_onnx(0, len(labels), manifest.channels, regions=False)
        write_bundle(path, manifest, {"model.onnx": onnx, "card.md": b"# Random weights\n"})
        return path

    return make


def run(exam: Path, bundle: Path, **options: object) -> Report:
    return identify([exam], IdentifyOptions(model=bundle, **options))


def answers(report: Report) -> dict[int | None, Prediction]:
    return {one.volume.series_number: one for one in report.studies[0].predictions}


def test_some_of_the_nine_are_answered_with_the_header(exam: Path, make_bundle: MakeBundle) -> None:
    found = answers(run(exam, make_bundle(PROSTATE)))
    assert tuple(found[1].probabilities) == PROSTATE
    assert found[1].label == "DWI_HIGH"  # the b-value says so
    assert found[2].header is not None
    assert found[2].header.label == "UNKNOWN"  # T1-weighted, which this bundle does not have
    assert all(sum(one.probabilities.values()) == pytest.approx(1) for one in found.values())


def test_other_labels_are_answered_by_the_pixels_alone(exam: Path, make_bundle: MakeBundle) -> None:
    report = run(exam, make_bundle(PHASES, temperature=0.01))
    assert (report.studies[0].profile, report.studies[0].profile_reason) == (
        "site",
        "the model's own labels",
    )
    for one in answers(report).values():
        assert tuple(one.probabilities) == (*PHASES, "UNKNOWN")
        assert one.header is None
        assert not one.conflict
        assert one.pixels is not None
        assert one.label == one.pixels.label
        assert one.label in PHASES
        assert set(one.prediction_set) <= set(PHASES)


def test_an_unsure_answer_is_unknown_though_it_was_not_trained(
    exam: Path, make_bundle: MakeBundle
) -> None:
    for one in answers(run(exam, make_bundle(PHASES, temperature=1e6))).values():
        assert one.label == "UNKNOWN"
        assert one.probability == 0.0


@pytest.mark.parametrize("labels", [PROSTATE, PHASES, MIXED])
def test_every_output_has_the_labels_of_the_bundle(
    exam: Path, make_bundle: MakeBundle, labels: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = make_bundle(labels, temperature=0.01)
    out = bundle.parent
    outputs = [f"--{kind}={out / f'report.{kind}'}" for kind in ("json", "csv", "html")]
    assert main(["identify", str(exam), "--model", str(bundle), *outputs]) == 0
    table = capsys.readouterr().out
    every = labels if "UNKNOWN" in labels else (*labels, "UNKNOWN")

    written = schemas.parse((out / "report.json").read_text("utf-8"))
    volumes = written["studies"][0]["volumes"]
    assert all(tuple(volume["probabilities"]) == every for volume in volumes)
    rows = list(csv.DictReader(io.StringIO((out / "report.csv").read_text("utf-8-sig"))))
    columns = [name.removeprefix("p_") for name in rows[0] if name.startswith("p_")]
    assert columns == list(every)
    page = (out / "report.html").read_text("utf-8")
    assert all(label in page for label in every)
    for volume, row in zip(volumes, rows, strict=True):
        assert volume["label"] == row["label"]
        assert volume["label"] in table
    assert "site 0" in table


def test_a_profile_keeps_what_the_bundle_has_of_it(exam: Path, make_bundle: MakeBundle) -> None:
    report = run(exam, make_bundle(PROSTATE), profile="brain")
    assert report.studies[0].profile == "brain"
    with pytest.raises(ConfigError, match=r"holds none of the model's labels \(PLAIN"):
        run(exam, make_bundle(PHASES), profile="prostate")


def test_a_profile_of_ones_own_names_the_labels_of_the_bundle(
    exam: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    file = tmp_path / "late.toml"
    file.write_text('known = ["PORTAL-DELAYED"]')
    report = run(exam, make_bundle(PHASES, temperature=0.01), profile=str(file))
    assert {one.label for one in answers(report).values()} <= {"PORTAL-DELAYED", "UNKNOWN"}
    file.write_text('known = ["PORTAL_DELAYED"]')
    with pytest.raises(ConfigError, match="did you mean 'PORTAL-DELAYED'"):
        run(exam, make_bundle(PHASES), profile=str(file))


def test_a_model_with_other_sizes_than_its_manifest_is_refused(exam: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.mrsift"
    contents = {"model.onnx": tiny_onnx(labels=3, regions=False), "card.md": b"#"}
    write_bundle(path, tiny_manifest(PHASES, regions=False), contents)
    with pytest.raises(BundleError, match=r"logits of model.onnx has size \[3\].*says \[4\]"):
        run(exam, path)


def test_a_model_of_several_channels_is_refused(exam: Path, make_bundle: MakeBundle) -> None:
    bundle = make_bundle(PHASES, network=NetworkSettings(channels=4))
    with pytest.raises(BundleError, match=r"site 0: takes 4 volumes at once"):
        run(exam, bundle)


def test_the_report_of_nothing_still_names_labels(tmp_path: Path, make_bundle: MakeBundle) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    report = run(empty, make_bundle(PHASES))
    assert report.studies == ()
    assert "No MR volume could be read" in html_text(report)
