"""A folder and labels become rows; everything that does not fit is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.dataset.identity import patient_of_place, patient_pseudonym, vendor_name
from mrsift.dataset.index import Index, index_findings, index_folder, root_of
from mrsift.dataset.labelling import relative_to_root
from mrsift.dataset.table import DatasetRow
from mrsift.dataset.voxels import pixel_sha256, read_voxels, source_stamp
from mrsift.errors import IngestError
from mrsift.ingest import scan
from mrsift.ingest.label_table import LabelRow, read_label_table
from mrsift.types import VolumeInfo
from tests.mr_series import write_series


def save(path: Path, seed: int, shape: tuple[int, ...] = (8, 8, 5)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = np.random.default_rng(seed).normal(100, 20, shape).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)
    return path


def index(folder: Path, text: str, table: Path | None = None) -> Index:
    table = table or folder.parent / "labels.csv"
    table.write_text(text)
    rows = relative_to_root(read_label_table(table), root_of(folder), table)
    return index_folder(folder, rows, jobs=2)


def said(found: Index) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.names for finding in index_findings(found)}


def test_dicom_becomes_a_row(tmp_path: Path) -> None:
    write_series(
        tmp_path / "exam" / "s",
        1,
        MagneticFieldStrength=3.0,
        ManufacturerModelName="Skyra",
        DiffusionBValue=800.0,
    )
    found = index(
        tmp_path / "exam",
        "path,label,site,reader_1,vendor\ns,high b,north,low b,mine\n",
    )
    (row,) = found.dataset.rows
    assert (row.label, row.site, row.vendor, row.model) == ("high b", "north", "Siemens", "Skyra")
    assert (row.field_strength_t, row.plane, row.b_value_s_per_mm2) == (3.0, "axial", 800.0)
    assert row.patient == patient_pseudonym(["nobody"])
    assert row.extra == {"site": "north", "reader_1": "low b", "vendor": "mine"}
    volume = read_voxels(row)
    assert row.pixel_sha256 == pixel_sha256(volume.voxels)
    assert row.source_stamp == source_stamp(Path(row.root), row.files)
    assert volume.info.header.manufacturer == "SIEMENS"


def test_nothing_of_the_patient_is_in_the_table(tmp_path: Path) -> None:
    write_series(tmp_path / "exam", 1, PatientID="SECRET-4711", PatientBirthDate="19500101")
    found = index(tmp_path / "exam", "path,label\n.,T2W\n")
    text = repr(found.dataset) + json.dumps([f.says + str(f.names) for f in index_findings(found)])
    assert not [word for word in ("SECRET", "4711", "Nobody", "1950", "1.2.826") if word in text]


def test_equal_voxels_have_equal_hashes_in_any_file(tmp_path: Path) -> None:
    files = write_series(tmp_path / "exam" / "a", 1)
    write_series(tmp_path / "exam" / "b", 1, study="b", PatientID="other")
    (volume,) = (read for study in scan(files[0].parent).studies for read in study.volumes)
    nibabel.save(scan(files[0].parent).read(volume).to_nibabel(), tmp_path / "exam" / "a.nii.gz")
    rows = index(tmp_path / "exam", "path,label\n.,T2W\n").dataset.rows
    assert len({row.pixel_sha256 for row in rows}) == len({row.thumbprint for row in rows}) == 1
    assert len({row.patient for row in rows}) == 3


def test_blank_volumes_are_equal_to_none(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5, 6), np.float32), np.eye(4)), tmp_path / "v.nii")
    (row,) = index_folder(tmp_path, [LabelRow(2, "T2W", path="v.nii")]).dataset.rows
    assert row.pixel_sha256 is None
    assert row.thumbprint is None


def test_everything_that_does_not_fit_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number, name in enumerate(("a", "b", "c", "d")):
        save(data / f"{name}.nii", number)
    save(data / "4d.nii", 9, (8, 8, 5, 3))
    (data / "cut.nii").write_bytes((data / "a.nii").read_bytes()[:500])
    found = index(
        data,
        "path,label,patient\na.nii,T2W,1\na.nii,T2W,\nb.nii,T2W,1\nb.nii,ADC,1\n"
        "c.nii,,1\ngone.nii,T2W,1\n4d.nii,DWI,2\n",
    )
    assert [(row.files[0], row.index) for row in found.dataset.rows] == [
        ("4d.nii", 0),
        ("4d.nii", 1),
        ("4d.nii", 2),
        ("a.nii", None),
    ]
    words = said(found)
    assert words["label_without_volume"] == ("line 7: gone.nii",)
    assert words["two_labels"] == ("b.nii: labels T2W, ADC",)
    assert words["row_without_label"] == ("line 6: c.nii",)
    assert words["volume_without_label"] == ("c.nii", "d.nii")
    assert words["unreadable"][0].startswith("cut.nii: ")
    assert words["patients_from"] == ("the label table: 4 volumes",)


def test_a_row_of_many_series_labels_them_and_is_named(tmp_path: Path) -> None:
    write_series(tmp_path / "exam" / "a", 1)
    write_series(tmp_path / "exam" / "a", 2)
    write_series(tmp_path / "exam" / "b", 3, DiffusionBValue=0.0)
    found = index(tmp_path / "exam", "path,label\na,T2W\nb,DWI\n")
    assert [row.label for row in found.dataset.rows] == ["T2W", "T2W", "DWI"]
    assert said(found)["label_of_many"] == ("line 2: a: 2 series",)


def test_rows_that_disagree_on_more_than_the_label(tmp_path: Path) -> None:
    save(tmp_path / "data" / "a.nii", 1)
    save(tmp_path / "data" / "b.nii", 2)
    found = index(
        tmp_path / "data",
        "path,label,patient,site\na.nii,A,1,x\na.nii,A,2,x\nb.nii,A,1,x\n.,A,,y\n",
    )
    assert found.dataset.rows == ()
    assert said(found)["two_labels"] == ("a.nii: two values of site", "b.nii: two values of site")
    found = index(tmp_path / "data", "path,label,patient\na.nii,A,1\n.,A,2\n")
    assert said(found)["two_labels"] == ("a.nii: two patients",)


def test_paths_relative_to_the_table_and_absolute_ones(tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        save(tmp_path / "data" / f"{name}.nii", number)
    text = f"path,label\na.nii,A\ndata/b.nii,B\n{tmp_path}/data/c.nii,C\n"
    found = index(tmp_path / "data", text)
    assert [row.label for row in found.dataset.rows] == ["A", "B", "C"]


def test_folders_named_by_class(tmp_path: Path) -> None:
    for number, name in enumerate(("T2W/p1.nii.gz", "T2W/p2/x.nii", "ADC/sub-p3_adc.nii", "z.nii")):
        save(tmp_path / name, number)
    write_series(tmp_path / "ADC" / "p4", 1, PatientID="4")
    found = index_folder(tmp_path, "folders", jobs=1)
    assert {row.files[0]: (row.label, row.patient) for row in found.dataset.rows} == {
        "ADC/p4/01-000.dcm": ("ADC", patient_pseudonym(["4"])),
        "ADC/sub-p3_adc.nii": ("ADC", "sub-p3"),
        "T2W/p1.nii.gz": ("T2W", "p1"),
        "T2W/p2/x.nii": ("T2W", "p2"),
    }
    assert said(found)["volume_without_label"] == ("z.nii",)


def test_labels_that_were_set_by_hand(tmp_path: Path) -> None:
    save(tmp_path / "p1" / "a.nii", 1)
    save(tmp_path / "p1" / "b.nii", 2)
    (tmp_path / "p1" / "mrsift-corrections.csv").write_text("path,label\na.nii,T1W_CE\n")
    found = index_folder(tmp_path, "corrections", jobs=1)
    (row,) = found.dataset.rows
    assert (row.files[0], row.label, row.corrected) == ("p1/a.nii", "T1W_CE", True)
    assert set(said(found)) == {"volume_without_label", "patients_from", "by_hand"}


def test_what_identify_marked_as_corrected_stays_marked(tmp_path: Path) -> None:
    save(tmp_path / "data" / "a.nii", 1)
    text = "path,label,pixels_label,corrected,label_before\na.nii,A,ADC,true,ADC\n"
    (row,) = index(tmp_path / "data", text).dataset.rows
    assert (row.corrected, row.label_before, dict(row.extra)) == (True, "ADC", {})


def test_a_split_that_exists_comes_with_the_table(tmp_path: Path) -> None:
    save(tmp_path / "data" / "a.nii", 1)
    save(tmp_path / "data" / "b.nii", 2)
    rows = index(tmp_path / "data", "path,label,split\na.nii,A,test\nb.nii,A,hold\n").dataset.rows
    assert [(row.split, dict(row.extra)) for row in rows] == [
        ("test", {}),
        (None, {"split": "hold"}),
    ]


def test_what_identify_wrote_beside_its_label_is_left_out(tmp_path: Path) -> None:
    save(tmp_path / "data" / "a.nii", 1)
    text = "path,label,pixels_label,probability,p_T2W,plane,mine\na.nii,A,ADC,0.9,0.9,axial,x\n"
    (row,) = index(tmp_path / "data", text).dataset.rows
    assert row.extra == {"mine": "x"}


def test_the_order_of_files_is_the_order_of_rows(tmp_path: Path) -> None:
    for number, name in enumerate("cab"):
        save(tmp_path / "data" / f"{name}.nii", number)
    one = index(tmp_path / "data", "path,label\nc.nii,A\na.nii,A\nb.nii,A\n").dataset.rows
    two = index(tmp_path / "data", "path,label\na.nii,A\nb.nii,A\nc.nii,A\n").dataset.rows
    assert [row.files for row in one] == [row.files for row in two]
    assert [row.files[0] for row in one] == ["a.nii", "b.nii", "c.nii"]


def test_a_row_whose_file_left_names_it(tmp_path: Path) -> None:
    path = save(tmp_path / "data" / "a.nii", 1)
    (row,) = index(path.parent, "path,label\na.nii,A\n").dataset.rows
    moved = shutil.move(path, tmp_path / "b.nii")
    with pytest.raises(IngestError, match=r"data/a\.nii: .*no such file"):
        read_voxels(row)
    with pytest.raises(IngestError, match=r"a\.nii: cannot be found"):
        source_stamp(Path(row.root), row.files)
    shutil.move(moved, path)
    assert isinstance(row, DatasetRow)
    assert source_stamp(Path(row.root), row.files) == row.source_stamp


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SIEMENS", "Siemens"),
        ("Siemens Skyra 3T", "Siemens"),
        ("GE MEDICAL SYSTEMS", "GE"),
        ("GE", "GE"),
        ("General Electric", "GE"),
        ("Philips Medical Systems", "Philips"),
        ("TOSHIBA_MEC", "Canon"),
        ("UIH", "United Imaging"),
        ("Agfa  Gevaert", "Agfa Gevaert"),
        ("Genesis", "Genesis"),
        ("  ", None),
        (None, None),
    ],
)
def test_vendors_have_one_spelling(text: str | None, name: str | None) -> None:
    assert vendor_name(text) == name


def test_patients_by_place(volume_info: Callable[..., VolumeInfo]) -> None:
    def named(*files: str, study: str | None = None, by_folders: bool = False) -> str:
        info = volume_info(files=files, study_instance_uid=study)
        return patient_of_place(info, by_folders=by_folders)[0]

    assert named("sub-07/anat/sub-07_T2w.nii.gz") == "sub-07"
    assert named("a.zip!sub-07/x.dcm") == "sub-07"
    assert named("T2W/p1/s/1.dcm", by_folders=True) == "p1"
    assert named("T2W/p1.zip!s/1.dcm", by_folders=True) == "p1"
    assert named("p1/a.nii") == named("p1/b.nii") != named("p2/a.nii")
    assert named("p1/a.dcm", study="1.2") == named("p2/a.dcm", study="1.2")
    assert "1.2" not in named("p1/a.dcm", study="1.2")
