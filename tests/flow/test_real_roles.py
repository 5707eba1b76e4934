"""Roles and physics of real studies, volume by volume."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

import mrsift
from mrsift.bundle import shipped_bundle_path
from mrsift.infer import runtime
from mrsift.infer.consistency import Weighted, explanations
from mrsift.infer.decide import Judge
from mrsift.infer.enhancement import compare
from mrsift.infer.identify import IdentifyOptions, identify
from mrsift.infer.look import look
from mrsift.infer.roles import choose_roles
from mrsift.infer.sample import take
from mrsift.ingest import scan
from mrsift.labels import LABEL_NAMES, PROFILES
from mrsift.types import Opinion, StudyReport, VolumeInfo
from tests.report_values import prediction


def name(info: VolumeInfo) -> tuple[int | None, float | None]:
    return info.series_number, info.b_value.s_per_mm2 if info.b_value else None


def names(study: StudyReport) -> dict[str, tuple[int | None, float | None]]:
    by_id = {one.volume.volume_id: name(one.volume) for one in study.predictions}
    return {role: by_id[choice.volume_id] for role, choice in study.roles.items()}


@pytest.fixture(scope="module")
def exams(shared_data: Path) -> dict[str, StudyReport]:
    folder = shared_data / "prostate" / "dicom"
    found = {}
    for exam in ("ProstateX-0000", "ProstateX-0001"):
        (found[exam],) = mrsift.identify(folder / f"{exam}.zip")
    return found


def test_roles_of_prostatex_0000(exams):
    study = exams["ProstateX-0000"]
    assert names(study) == {
        "t2w_axial": (4, None),
        "dwi_high": (6, 800.0),
        "adc": (7, None),
        "dwi_low": (6, 50.0),
    }
    assert study.missing_roles == ()
    assert list(study.missing_reasons) == ["t2w_fs"]
    why_not = {
        role: [reason for _, reason in choice.runners_up] for role, choice in study.roles.items()
    }
    assert why_not["t2w_axial"] == ["sagittal, not axial", "coronal, not axial"]
    assert why_not["dwi_high"] == ["calculated, not acquired"]
    assert why_not["dwi_low"] == ["b 400"]
    assert why_not["adc"] == []


def test_roles_of_prostatex_0001(exams):
    study = exams["ProstateX-0001"]
    assert names(study) == {
        "t2w_axial": (10, None),
        "dwi_high": (7, 800.0),
        "adc": (8, None),
        "dwi_low": (7, 50.0),
    }
    choice = study.roles["t2w_axial"]
    assert "series 6, series 10 are equal" in choice.doubts[0]
    by_id = {one.volume.volume_id: one.volume.series_number for one in study.predictions}
    why_not = [(by_id[volume_id], reason) for volume_id, reason in choice.runners_up]
    assert why_not == [
        (6, "an earlier scan, equal otherwise"),
        *[(number, "a localizer") for number in (1, 1, 1, 2, 2, 2, 3)],
        (4, "sagittal, not axial"),
        (5, "coronal, not axial"),
    ]


def test_a_calculated_image_that_physics_explains_is_no_conflict(shared_data):
    """Its pixels wear the mask of the map; networks took it for one."""
    scanned = scan([shared_data / "prostate" / "dicom" / "ProstateX-0001.zip"])
    (study,) = scanned.studies
    network = runtime.start(shipped_bundle_path("sim"), 1)
    seen, _ = look(scanned, network)
    volumes = [seen[info.volume_id] for info in study.volumes]
    (place,) = [i for i, one in enumerate(volumes) if one.info.series_number == 9]
    like_a_map = {label: 0.92 if label == "ADC" else 0.01 for label in LABEL_NAMES}
    volumes[place] = replace(volumes[place], pixels=Opinion(like_a_map), in_distribution=1.0)
    manifest = network.result().bundle.manifest
    judge = Judge(None, True, manifest.identify_settings, manifest)
    image = judge.report(study, volumes).predictions[place]
    assert (image.label, image.physics.kind) == ("DWI_HIGH", "calculated_from_dwi")
    assert not image.conflict
    assert image.pixels.label == "ADC"


def test_a_report_with_pictures_answers_what_one_without_does(exams, shared_data):
    path = shared_data / "prostate/dicom/ProstateX-0001.zip"
    (drawn,) = identify([path], IdentifyOptions(previews=True)).studies
    for one, other in zip(drawn.predictions, exams["ProstateX-0001"].predictions, strict=True):
        assert one.probabilities == other.probabilities
        assert (one.physics and one.physics.found) == (other.physics and other.physics.found)
    (adc,) = [one for one in drawn.predictions if one.label == "ADC"]
    assert adc.physics.pictures[0][0] == "map"


@pytest.mark.parametrize("exam", ["ProstateX-0000", "ProstateX-0001"])
def test_b_50_and_800_explain_the_map(exams, exam):
    by_name = {
        name(one.volume): one
        for one in exams[exam].predictions
        if one.volume.plane == "axial" and one.physics is not None
    }
    (adc,) = [one for one in by_name.values() if one.label == "ADC"]
    assert adc.physics.b_values == (50.0, 800.0)
    assert adc.physics.r == pytest.approx(0.9995, abs=0.0006)
    assert adc.physics.scale == pytest.approx(1e-6, rel=0.05)
    assert "unit 1e-6 mm2/s" in adc.physics.found
    for b in (50.0, 400.0, 800.0):
        (image,) = [one for key, one in by_name.items() if key[1] == b]
        assert image.physics.b_s_per_mm2 == pytest.approx(b, abs=30)
        assert not image.calculated
    (made,) = [one for key, one in by_name.items() if key[1] == 1000.0]
    assert made.physics.kind == "calculated_from_dwi"


def test_every_pair_of_prostatex_0001(shared_data):
    found = scan(shared_data / "prostate" / "dicom" / "ProstateX-0001.zip")
    values, images = None, {}
    for info in found.studies[0].volumes:
        if info.derived_kind == "ADC":
            values = found.read(info).voxels.reshape(-1)
        elif info.b_value is not None:
            b = info.b_value.s_per_mm2
            images[b] = Weighted(found.read(info).voxels.reshape(-1), b)
    r = {}
    for low, high in ((50, 400), (50, 800), (400, 800), (50, 1000)):
        best = explanations(values, [images[low], images[high]])[0]
        r[low, high] = round(best.r, 2)
    assert r[50, 800] == 1.0
    assert r[50, 400] == pytest.approx(0.82, abs=0.05)
    assert r[400, 800] == pytest.approx(0.85, abs=0.06)
    assert 0.9 < r[50, 1000] < 0.99  # made from the map, but no witness of it


def test_pixels_alone_find_map_and_images(shared_data):
    path = shared_data / "prostate" / "dicom" / "ProstateX-0000.zip"
    (study,) = mrsift.identify(path, evidence="pixels")
    physics = {name(one.volume): one for one in study.predictions if one.physics is not None}
    assert physics[7, None].label == "ADC"
    assert physics[7, None].physics.b_values == ()
    labels = {key[1]: one.label for key, one in physics.items() if key[0] == 6}
    assert labels == {50.0: "DWI_LOW", 400.0: "DWI_LOW", 800.0: "DWI_HIGH"}
    assert physics[8, 1000.0].physics.kind == "calculated_from_dwi"


def labelled(folder: Path, labels: Path) -> dict[str, StudyReport]:
    """Studies below a folder with the labels of its table, as if identified without error."""
    with labels.open() as table:
        truth = {row["path"]: row["label"] for row in csv.DictReader(table)}
    found = {}
    for study in scan(folder).studies:
        predictions = []
        for info in study.volumes:
            path = (Path(study.path) / Path(info.files[0]).name).relative_to(labels.parent)
            predictions.append(prediction(info, truth[path.as_posix()], 0.97))
        chosen = choose_roles(predictions, PROFILES["brain"].roles)
        found[Path(study.path).name] = StudyReport(
            None, study.path, "brain", "", tuple(predictions), chosen.roles, chosen.missing_roles
        )
    return found


def files(study: StudyReport) -> dict[str, str]:
    by_id = {one.volume.volume_id: one.volume.files[0] for one in study.predictions}
    return {role: Path(by_id[choice.volume_id]).name for role, choice in study.roles.items()}


def test_roles_of_brains_with_their_true_labels(shared_data):
    brain = shared_data / "brain"
    studies = labelled(brain / "open_ms", brain / "labels.csv")
    studies |= labelled(brain / "tcga", brain / "labels.csv")
    assert {folder: files(study) for folder, study in studies.items()} == {
        "patient01": {
            "flair": "study2_FLAIR.nii.gz",
            "t1w": "study1_T1W.nii.gz",
            "t2w": "study1_T2W.nii.gz",
        },
        "patient03": {
            "flair": "study1_FLAIR.nii.gz",
            "t1w": "study2_T1W.nii.gz",
            "t2w": "study1_T2W.nii.gz",
        },
        "patient07_mni": {
            "flair": "FLAIR.nii.gz",
            "t1w": "T1.nii.gz",
            "t1w_ce": "T1POST.nii.gz",
            "t2w": "T2.nii.gz",
        },
        "TCGA-FG-6692": {
            "flair": "flair.nii.gz",
            "t1w": "t1.nii.gz",
            "t1w_ce": "t1ce.nii.gz",
            "t2w": "t2.nii.gz",
        },
    }
    assert {folder: study.missing_roles for folder, study in studies.items()} == {
        "patient01": ("t1w_ce",),
        "patient03": ("t1w_ce",),
        "patient07_mni": (),
        "TCGA-FG-6692": (),
    }
    doubts = studies["patient01"].roles["t2w"].doubts
    assert any("no frame of reference" in doubt for doubt in doubts)


def test_enhancement_of_a_brain_on_one_grid(shared_data):
    found = scan(shared_data / "brain" / "open_ms" / "patient07_mni")
    values = {
        Path(info.files[0]).name: take(found.read(info).voxels, 64).voxels.reshape(-1)
        for info in found.studies[0].volumes
    }
    change = compare(values["T1.nii.gz"], values["T1POST.nii.gz"])
    assert change is not None
    assert change.direction == 1
    assert change.brighter > 10 * change.darker
    back = compare(values["T1POST.nii.gz"], values["T1.nii.gz"])
    assert back is not None
    assert back.direction == -1
    assert compare(values["T1.nii.gz"], values["T2.nii.gz"]) is None
    assert compare(values["T1.nii.gz"], values["FLAIR.nii.gz"]) is None
