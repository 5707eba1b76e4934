"""Roles handed to the programs that they are meant for, where these are installed.

pip install picai_prep
pip install --no-deps monai-deploy-app-sdk; pip install holoscan-cu13 "tritonclient[http]"
"""

import json
from pathlib import Path

import pytest
import SimpleITK

from mrsift.export.downstream import monai_deploy_rules, picai_paths, picai_settings
from mrsift.export.resample import resample_onto
from mrsift.infer.roles import choose_roles
from mrsift.ingest import Scan, scan
from mrsift.labels import PROFILES
from mrsift.types import StudyReport
from tests import trap_studies as traps
from tests.report_values import prediction


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scan, StudyReport]:
    folder = tmp_path_factory.mktemp("exam")
    series = [
        ("t2_tse_tra", [traps.take(traps.T2_GRID, traps.T2W)]),
        ("dwi", [traps.weighted(50.0), traps.weighted(800.0)]),
        ("ADC", [traps.adc()]),
    ]
    found = scan(traps.write(folder, series))
    labels = ["T2W", "DWI_LOW", "DWI_HIGH", "ADC"]
    (study,) = found.studies
    predictions = tuple(
        prediction(info, label, 0.97) for info, label in zip(study.volumes, labels, strict=True)
    )
    chosen = choose_roles(predictions, PROFILES["prostate"].roles)
    report = StudyReport(
        study.study_instance_uid, study.path, "prostate", "", predictions, chosen.roles
    )
    return folder, found, report


def test_picai_prep_converts_what_it_is_given(exam, tmp_path):
    mha2nnunet = pytest.importorskip("picai_prep.mha2nnunet", reason="pip install picai_prep")
    _, found, study = exam
    paths = picai_paths(study, "001", "1")
    volumes = {one.volume.volume_id: found.read(one.volume) for one in study.predictions}
    for volume_id, path in paths.items():
        target = tmp_path / "mha" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        SimpleITK.WriteImage(volumes[volume_id].to_simpleitk(), str(target))
    settings = picai_settings([("001", "1", paths)], "Task001_Roles")
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    converter = mha2nnunet.MHA2nnUNetConverter(
        output_dir=tmp_path / "nnunet",
        scans_dir=tmp_path / "mha",
        mha2nnunet_settings=tmp_path / "settings.json",
    )
    converter.convert()
    made = sorted((tmp_path / "nnunet" / "Task001_Roles" / "imagesTr").glob("*.nii.gz"))
    assert [path.name for path in made] == [f"001_1_000{n}.nii.gz" for n in range(3)]
    images = [SimpleITK.ReadImage(str(path)) for path in made]
    assert {image.GetSize() for image in images} == {(96, 96, 14)}
    reference = volumes[study.roles["t2w_axial"].volume_id]
    ours = resample_onto(volumes[study.roles["adc"].volume_id], reference, "bspline")
    theirs = SimpleITK.GetArrayFromImage(images[1])
    inside = ours.voxels > 0
    assert abs(theirs - ours.voxels)[inside].mean() < 0.05 * ours.voxels[inside].mean()


def test_monai_deploy_selects_the_series_of_every_role(exam):
    selector = pytest.importorskip(
        "monai.deploy.operators.dicom_series_selector_operator", reason="monai-deploy-app-sdk"
    )
    loader = pytest.importorskip("monai.deploy.operators.dicom_data_loader_operator")
    core = pytest.importorskip("monai.deploy.core")
    folder, _, study = exam
    rules, shared = monai_deploy_rules(study)
    assert set(shared) == {"dwi_high", "dwi_low"}
    fragment = core.Fragment()
    studies = loader.DICOMDataLoaderOperator(fragment, input_folder=folder).load_data_to_studies(
        folder
    )
    operator = selector.DICOMSeriesSelectorOperator(fragment, rules=json.dumps(rules))
    (selected,) = operator.filter(rules, studies)
    uids = {
        one.selection_name: str(one.series.SeriesInstanceUID) for one in selected.selected_series
    }
    by_id = {one.volume.volume_id: one.volume for one in study.predictions}
    assert uids == {
        role: by_id[choice.volume_id].series_instance_uid for role, choice in study.roles.items()
    }
