"""From a folder to a report, through ingest, preprocessing, network, evidence and fusion."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLosslessSV1

import mrsift
from mrsift.config import IdentifySettings
from mrsift.errors import BundleError, ConfigError, IngestError
from mrsift.infer.identify import IdentifyOptions, identify
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.types import Prediction, Report
from tests.mr_series import T1_GRADIENT_ECHO, T2_SPIN_ECHO, write_series


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exam")
    write_series(folder, 1, SeriesDescription="t2_tse_tra", BodyPartExamined="PROSTATE")
    write_series(folder, 2, **T2_SPIN_ECHO, SeriesDescription="t1_vibe_tra gd")
    write_series(folder, 3, **T1_GRADIENT_ECHO)
    write_series(folder, 4, ScanningSequence="EP", DiffusionBValue=1000.0)
    write_series(folder / "other", 1, study="b", slices=2)
    return folder


def run(exam: Path, bundle: Path | None, **options) -> Report:
    return identify([exam], IdentifyOptions(model=bundle, **options))


def first_study(report: Report) -> dict[int | None, Prediction]:
    study = max(report.studies, key=lambda study: len(study.predictions))
    return {one.volume.series_number: one for one in study.predictions}


def test_every_volume_gets_an_answer_with_its_evidence(exam, tiny_bundle):
    report = run(exam, tiny_bundle)
    assert (report.bundle.name, report.skipped) == ("tiny", ())
    assert [len(study.predictions) for study in report.studies] in ([4, 1], [1, 4])
    for study in report.studies:
        for one in study.predictions:
            assert one.label in LABEL_NAMES
            assert one.probability == one.probabilities[one.label]
            assert sum(one.probabilities.values()) == pytest.approx(1.0)
            assert sum(one.pixels.probabilities.values()) == pytest.approx(1.0)
            assert 0.0 <= one.in_distribution <= 1.0
            assert one.prediction_set
    assert first_study(report)[4].header.label == "DWI_HIGH"


def test_jobs_do_not_change_the_answers(exam, tiny_bundle):
    one, two = (first_study(run(exam, tiny_bundle, jobs=jobs)) for jobs in (1, 3))
    assert list(one) == list(two)
    for number, prediction in one.items():
        assert prediction.label == two[number].label
        for label in LABEL_NAMES:
            assert prediction.probabilities[label] == pytest.approx(
                two[number].probabilities[label], abs=1e-4
            )


def test_header_alone_needs_no_network(exam):
    report = run(exam, None, evidence="header", profile="all")
    found = first_study(report)
    assert {number: one.label for number, one in found.items()} == {
        1: "T2W",
        2: "T2W",
        3: "T1W",
        4: "DWI_HIGH",
    }
    assert report.bundle.name == "none"
    assert all(one.pixels is None for one in found.values())


def test_a_lying_description_is_reported_and_not_followed(exam):
    lied_about = first_study(run(exam, None, evidence="header", profile="all"))[2]
    assert lied_about.label == "T2W"
    assert lied_about.conflict
    assert "t1_vibe_tra gd" in lied_about.conflict_reason
    assert "T2W" in lied_about.conflict_reason


def test_pixels_alone_use_nothing_of_the_header(exam, tmp_path, tiny_bundle):
    write_series(tmp_path, 2, SeriesDescription="localizer ADC", BodyPartExamined="HEAD")
    told = first_study(run(exam, tiny_bundle, evidence="pixels", profile="all"))[2]
    untold = first_study(run(tmp_path, tiny_bundle, evidence="pixels"))[2]
    assert told.header is untold.header is None
    assert not told.conflict
    assert not untold.localizer
    assert dict(told.pixels.probabilities) == dict(told.probabilities)
    for label in LABEL_NAMES:
        assert told.pixels.probabilities[label] == pytest.approx(
            untold.pixels.probabilities[label], abs=1e-5
        )


def test_profiles(exam):
    chosen = run(exam, None, evidence="header")
    study = max(chosen.studies, key=lambda study: len(study.predictions))
    assert (study.profile, study.profile_reason) == ("prostate", "the header says 'prostate'")
    assert first_study(chosen)[3].label == UNKNOWN  # T1W is not known to that profile
    named = run(exam, None, evidence="header", profile="brain")
    assert {study.profile_reason for study in named.studies} == {"asked for"}


def test_pixels_unlike_training_are_not_listened_to(exam, tiny_bundle):
    deaf = IdentifySettings(min_in_distribution=1.1)
    report = identify([exam], IdentifyOptions(model=tiny_bundle, profile="all"), deaf)
    found = first_study(report)
    assert found[2].label == "T2W"  # by its header
    assert found[2].pixels is not None  # still shown
    pixels = identify([exam], IdentifyOptions(model=tiny_bundle, evidence="pixels"), deaf)
    assert {one.label for one in first_study(pixels).values()} == {UNKNOWN}


def test_previews_only_on_request(exam, tiny_bundle):
    assert first_study(run(exam, tiny_bundle))[1].previews == ()
    for evidence in ("both", "header"):
        pictures = first_study(run(exam, tiny_bundle, evidence=evidence, previews=True))[1].previews
        assert len(pictures) == 3
        assert all(picture.dtype == np.uint8 for picture in pictures)


def test_a_volume_that_cannot_be_decoded_is_skipped_and_the_rest_identified(tmp_path, tiny_bundle):
    write_series(tmp_path, 1)
    cut = write_series(tmp_path, 2)[3]
    cut.write_bytes(cut.read_bytes()[:-200])
    for path in write_series(tmp_path, 3):  # looks well until the pixels are decoded
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
        dataset.PixelData = encapsulate([b"\xff\xd8 no picture"])
        dataset["PixelData"].is_undefined_length = True
        dataset.save_as(path)
    report = run(tmp_path, tiny_bundle)
    shapes = {number: one.volume.shape for number, one in first_study(report).items()}
    assert shapes == {1: (6, 24, 24), 2: (5, 24, 24)}
    assert [skipped.path for skipped in report.skipped] == ["02-003.dcm", "03-000.dcm"]
    assert all(skipped.is_mr for skipped in report.skipped)
    assert "(and 5 more files)" in report.skipped[1].reason
    assert "obody" not in " ".join(skipped.reason for skipped in report.skipped)


def test_progress_is_told_to_the_end(exam, tiny_bundle):
    told: list[tuple[str, int, int | None]] = []
    identify(
        [exam],
        IdentifyOptions(model=tiny_bundle),
        on_progress=lambda doing, done, total: told.append((doing, done, total)),
    )
    assert told[-1] == ("identifying", 5, 5)
    assert {doing for doing, _, _ in told} == {"reading headers", "identifying"}


def test_what_is_not_there_is_said(tmp_path, exam, tiny_bundle):
    with pytest.raises(IngestError):
        run(tmp_path / "nothing", tiny_bundle)
    with pytest.raises(BundleError):
        run(exam, tmp_path / "nothing.mrsift")
    with pytest.raises(ConfigError):
        run(exam, tiny_bundle, profile="prostat")


def test_the_python_interface(exam, tiny_bundle):
    studies = mrsift.identify(exam, model=tiny_bundle, profile="all")
    assert sorted(len(study.predictions) for study in studies) == [1, 4]
    volumes = mrsift.load_volumes(exam)
    assert len(volumes) == 5
    assert {volume.voxels.dtype for volume in volumes} == {np.dtype(np.float32)}
    assert {"identify", "load_volumes"} <= set(dir(mrsift))
    with pytest.raises(AttributeError, match="no attribute 'identfy'"):
        mrsift.identfy  # noqa: B018


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import mrsift", ("numpy", "openvino", "pydicom")),
        ("import mrsift; mrsift.identify(EXAM, evidence='header')", ("openvino", "torch")),
        ("import mrsift; mrsift.identify(EXAM, model=BUNDLE)", ("torch", "openvino_telemetry")),
    ],
)
def test_what_is_not_imported(exam, tiny_bundle, code, absent):
    program = (
        f"import sys; EXAM = {str(exam)!r}; BUNDLE = {str(tiny_bundle)!r}\n{code}\n"
        f"print([name for name in {absent!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_headers_of_a_real_exam(shared_data):
    archive = shared_data / "prostate" / "dicom" / "ProstateX-0001.zip"
    report = identify([archive], IdentifyOptions(evidence="header"))
    (study,) = report.studies
    assert len(study.predictions) == 17
    assert study.profile == "prostate"
    labels = [one.label for one in study.predictions if one.volume.series_number not in (1, 2, 3)]
    assert sorted(labels) == sorted(
        ["T2W"] * 4 + ["DWI_LOW"] * 2 + ["DWI_HIGH"] * 2 + ["ADC", "UNKNOWN"]
    )
    assert {one.label for one in study.predictions if one.volume.series_number in (1, 2, 3)} == {
        "T2W"
    }
    assert not any(one.conflict for one in study.predictions)
