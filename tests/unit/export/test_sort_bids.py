"""BIDS names: what goes where, and what stands beside it."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.ingest import load_volumes
from mrsift.types import VolumeInfo
from tests.dicom_builder import CORONAL, uid, volume, write
from tests.sorted_trees import names, sort

SIEMENS = (0x0019, "SIEMENS MR HEADER")


def series(folder: Path, number: int, **fields: object) -> None:
    write(folder, volume(SeriesInstanceUID=uid(number), SeriesNumber=number, **fields))


def dwi(
    folder: Path, number: int, *weights: tuple[float, tuple[float, float, float] | None]
) -> None:
    for place, (b, direction) in enumerate(weights):
        private = [(*SIEMENS, 0x0C, "IS", int(b))]
        private += [(*SIEMENS, 0x0E, "FD", list(direction))] if direction else []
        series(
            folder,
            number,
            value=100 * (place + 1),
            private=private,
            AcquisitionNumber=place + 1,
            first_instance=1 + 8 * place,
        )


def test_anatomical_images_are_named_by_plane_and_run(tmp_path: Path) -> None:
    series(tmp_path / "in", 1)
    series(tmp_path / "in", 2)
    series(tmp_path / "in", 3, orientation=CORONAL, step=(0.0, 3.0, 0.0))
    labels = {1: "T2W", 2: "T2W", 3: "T1W_CE"}
    sort(tmp_path / "in", tmp_path / "out", answer=lambda info: labels[info.series_number or 0])
    assert names(tmp_path / "out") == [
        "sub-001/ses-1/anat/sub-001_ses-1_acq-axial_run-1_T2w.nii.gz",
        "sub-001/ses-1/anat/sub-001_ses-1_acq-axial_run-2_T2w.nii.gz",
        "sub-001/ses-1/anat/sub-001_ses-1_acq-coronal_ce-contrast_T1w.nii.gz",
    ]


def test_all_b_values_of_a_series_are_one_file(tmp_path: Path) -> None:
    dwi(tmp_path / "in", 5, (800, (0.6, 0.0, 0.8)), (0, None), (50, (1.0, 0.0, 0.0)))
    sort(tmp_path / "in", tmp_path / "out")
    stem = tmp_path / "out/sub-001/ses-1/dwi/sub-001_ses-1_acq-axial_dwi"
    assert stem.with_suffix(".bval").read_text() == "0 50 800\n"
    bvec = np.loadtxt(stem.with_suffix(".bvec"))
    assert (bvec[:, 0] == 0).all()
    assert np.abs(bvec[:, 2]) == pytest.approx([0.6, 0.0, 0.8])
    image = nibabel.load(stem.with_suffix(".nii.gz"))
    assert image.shape == (8, 6, 8, 3)
    assert list(image.dataobj[0, 0, 0]) == [200, 300, 100]
    volumes = json.loads(stem.with_suffix(".json").read_text())["Mrsift"]["Volumes"]
    assert [one["Label"] for one in volumes] == ["DWI_LOW", "DWI_LOW", "DWI_HIGH"]


def test_the_mean_over_directions_is_a_file_of_its_own(tmp_path: Path) -> None:
    dwi(tmp_path / "in", 5, (0, None), (800, (0.6, 0.0, 0.8)), (800, (0.0, 0.0, 0.0)))
    sort(tmp_path / "in", tmp_path / "out")
    assert [name.rpartition("_acq-")[2] for name in names(tmp_path / "out")] == [
        *("axialTrace_dwi.nii.gz", "axial_dwi.nii.gz")
    ]


def test_without_directions_the_mean_stays_with_b_0(tmp_path: Path) -> None:
    dwi(tmp_path / "in", 5, (0, None), (800, (0.0, 0.0, 0.0)))
    sort(tmp_path / "in", tmp_path / "out")
    (bval,) = names(tmp_path / "out", ".bval")
    assert (tmp_path / "out" / bval).read_text() == "0 800\n"
    (bvec,) = names(tmp_path / "out", ".bvec")
    assert not np.loadtxt(tmp_path / "out" / bvec).any()


def test_what_was_derived_is_a_derivative(tmp_path: Path) -> None:
    series(tmp_path / "in", 1)
    series(
        tmp_path / "in",
        2,
        ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVALUE"],
        SeriesDescription="ep2d_CALC_BVAL",
        private=[(*SIEMENS, 0x0C, "IS", 1400)],
    )
    labels = {1: "ADC", 2: "DWI_HIGH"}
    sort(tmp_path / "in", tmp_path / "out", answer=lambda info: labels[info.series_number or 0])
    base = "derivatives/mrsift/sub-001/ses-1/dwi/sub-001_ses-1_acq-axial"
    assert names(tmp_path / "out") == [f"{base}_ADC.nii.gz", f"{base}_rec-calculated_dwi.nii.gz"]
    about = json.loads((tmp_path / "out/derivatives/mrsift/dataset_description.json").read_text())
    assert about["DatasetType"] == "derivative"


@pytest.mark.parametrize(
    ("fields", "label", "folder"),
    [
        ({}, "UNKNOWN", "unknown"),
        ({"SeriesDescription": "localizer"}, "T2W", "localizer"),
        ({}, "DWI_HIGH", "no-b-value"),
    ],
)
def test_what_bids_has_no_name_for_is_source_data(
    tmp_path: Path, fields: dict[str, str], label: str, folder: str
) -> None:
    series(tmp_path / "in", 7, **fields)
    outcome = sort(tmp_path / "in", tmp_path / "out", answer=lambda _: label)
    place = f"sourcedata/sub-001/ses-1/{folder}/sub-001_ses-1_series-007_acq-axial_{label}.nii.gz"
    assert names(tmp_path / "out") == [place]
    assert outcome.entries[0][0].remark


def test_a_volume_with_a_gap_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    planes = volume(SeriesNumber=3)
    write(tmp_path / "in", planes[:3] + planes[4:])
    sort(tmp_path / "in", tmp_path / "out")
    (name,) = names(tmp_path / "out")
    assert name.startswith("sourcedata/sub-001/ses-1/incomplete/")


def test_a_sidecar_says_only_what_all_its_volumes_say(tmp_path: Path) -> None:
    for b, name in ((50, "*ep_b50t"), (800, "*ep_b800t")):
        series(tmp_path / "in", 5, value=b, SequenceName=name, private=[(*SIEMENS, 0x0C, "IS", b)])
    sort(tmp_path / "in", tmp_path / "out")
    (sidecar,) = names(tmp_path / "out", "_dwi.json")
    facts = json.loads((tmp_path / "out" / sidecar).read_text())
    assert "SequenceName" not in facts
    assert facts["EchoTime"] == 0.08
    assert facts["RepetitionTime"] == 4.0


def test_a_sorted_tree_is_read_as_what_it_was(tmp_path: Path) -> None:
    dwi(tmp_path / "in", 5, (0, None), (800, (0.6, 0.0, 0.8)))
    before = load_volumes(tmp_path / "in")
    sort(tmp_path / "in", tmp_path / "out")
    after = load_volumes(tmp_path / "out/sub-001")
    b_values = [v.info.b_value.s_per_mm2 for v in after if v.info.b_value]
    assert b_values == [0.0, 800.0]
    for one, other in zip(before, after, strict=True):
        assert (one.voxels == other.voxels).all()
        assert one.affine_lps_mm == pytest.approx(other.affine_lps_mm, abs=1e-5)


def test_subjects_that_a_user_described_stay_described(tmp_path: Path) -> None:
    series(tmp_path / "a", 1)
    sort(tmp_path / "a", tmp_path / "out")
    table = tmp_path / "out/participants.tsv"
    assert table.read_text() == "participant_id\nsub-001\n"
    table.write_text("participant_id\tage\nsub-001\t63\n")
    series(tmp_path / "b", 2, StudyInstanceUID=uid("b"), PatientID="other")
    sort(tmp_path / "b", tmp_path / "out")
    assert table.read_text() == "participant_id\tage\nsub-001\t63\nsub-002\tn/a\n"


def test_a_nifti_with_directions_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    affine = np.array([[0, 0, 2, 1], [1.5, 0, 0, 2], [0, 1.5, 0, 3], [0, 0, 0, 1.0]])
    data = np.arange(2 * 3 * 4 * 2, dtype=np.int16).reshape(2, 3, 4, 2)
    nibabel.save(nibabel.Nifti1Image(data, affine), tmp_path / "in/d.nii")
    (tmp_path / "in/d.bval").write_text("0 1000")
    (tmp_path / "in/d.bvec").write_text("0 0.6\n0 0\n0 0.8\n")
    sort(tmp_path / "in", tmp_path / "out")

    def world(path: Path, image: nibabel.Nifti1Image) -> np.ndarray:
        axes = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
        vector = np.loadtxt(path)[:, 1]
        if np.linalg.det(axes) > 0:
            vector[0] *= -1
        return axes @ vector

    (bvec,) = names(tmp_path / "out", ".bvec")
    made = nibabel.load(tmp_path / "out" / bvec.replace(".bvec", ".nii.gz"))
    wanted = world(tmp_path / "in/d.bvec", nibabel.load(tmp_path / "in/d.nii"))
    assert world(tmp_path / "out" / bvec, made) == pytest.approx(wanted, abs=1e-5)


def test_no_label_of_anyone_elses_gets_lost(tmp_path: Path) -> None:
    def own(_: VolumeInfo) -> str:
        return "LIVER"

    series(tmp_path / "in", 1)
    sort(tmp_path / "in", tmp_path / "out", answer=own)
    assert names(tmp_path / "out")[0].endswith(
        "unknown/sub-001_ses-1_series-001_acq-axial_LIVER.nii.gz"
    )
