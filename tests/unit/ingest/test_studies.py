"""Studies, patients, duplicates, header facts."""

import threading
from pathlib import Path

import numpy as np
import pytest

from mrsift.ingest import scan
from tests.dicom_builder import encoded, plane, uid, volume, write


def test_two_studies_in_a_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fields = {"StudyInstanceUID": uid(name), "SeriesInstanceUID": uid(name, 1)}
        write(tmp_path / name, volume(**fields))
    studies = scan(tmp_path).studies
    assert {study.study_instance_uid for study in studies} == {uid("a"), uid("b")}
    assert sorted(study.path for study in studies) == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_two_patients_under_one_study_are_kept_apart_and_not_named(tmp_path: Path) -> None:
    for patient in ("Huber", "Meier"):
        write(tmp_path, volume(100, PatientID=patient))
    found = scan(tmp_path)
    assert [len(study.volumes) for study in found.studies] == [1, 1]
    volumes = [info for study in found.studies for info in study.volumes]
    assert len({info.volume_id for info in volumes}) == 2
    assert all("2 patients share" in info.remarks[-1] for info in volumes)
    (line,) = [skipped.reason for skipped in found.skipped]
    assert "2 patients" in line
    assert "Huber" not in line
    assert "Meier" not in line


def test_objects_without_patient_join_the_only_one(tmp_path: Path) -> None:
    other = {"SeriesInstanceUID": "1.2", "SeriesNumber": 2, "PatientID": "", "PatientName": ""}
    write(tmp_path, volume() + volume(300, **other))
    (study,) = scan(tmp_path).studies
    assert [info.series_number for info in study.volumes] == [1, 2]


def test_duplicates_are_dropped_and_reported(tmp_path: Path) -> None:
    datasets = volume()
    write(tmp_path, [*datasets, datasets[2], datasets[5]])
    found = scan(tmp_path)
    assert [skipped.path for skipped in found.skipped] == ["0008.dcm", "0009.dcm"]
    assert "duplicate of 0002.dcm" in found.skipped[0].reason
    assert not found.skipped[0].is_mr
    (info,) = found.studies[0].volumes
    assert info.shape[0] == 8
    assert info.complete


def test_one_uid_with_different_bytes_is_kept_twice(tmp_path: Path) -> None:
    datasets = volume()
    other = plane(datasets[2].ImagePositionPatient, 999, SOPInstanceUID=datasets[2].SOPInstanceUID)
    write(tmp_path, [*datasets, other])
    found = scan(tmp_path)
    assert found.skipped == ()
    volumes = found.studies[0].volumes
    assert sum(info.shape[0] for info in volumes) == 9
    assert any("share one SOPInstanceUID" in remark for remark in volumes[0].remarks)


def test_series_numbers_part_a_series_uid(tmp_path: Path) -> None:
    write(tmp_path, volume(100, SeriesNumber=1) + volume(300, SeriesNumber=2))
    (study,) = scan(tmp_path).studies
    assert [info.series_number for info in study.volumes] == [1, 2]


def test_volumes_come_in_order_of_series(tmp_path: Path) -> None:
    for number in (12, 3, None, 7):
        write(tmp_path, volume(SeriesNumber=number, SeriesInstanceUID=uid(number)))
    (study,) = scan(tmp_path).studies
    assert [info.series_number for info in study.volumes] == [3, 7, 12, None]


def test_header_facts(tmp_path: Path) -> None:
    fields = {
        "Manufacturer": "SIEMENS",
        "MagneticFieldStrength": "3",
        "ScanOptions": ["FS", "PFP"],
        "ScanningSequence": ["SE", "IR"],
        "FlipAngle": 120,
        "EchoTrainLength": 16,
        "InversionTime": 2500,
        "ContrastBolusAgent": "Gadobutrol",
        "SpectrallySelectedSuppression": "FAT",
        "SeriesDescription": "t2_tse_tra",
    }
    write(tmp_path, volume(**fields))
    (info,) = scan(tmp_path).studies[0].volumes
    assert info.header.manufacturer == "SIEMENS"
    assert info.header.magnetic_field_strength_t == 3.0
    assert info.header.scan_options == ("FS", "PFP")
    assert info.header.scanning_sequence == ("SE", "IR")
    assert info.header.echo_train_length == 16
    assert info.header.inversion_time_ms == 2500.0
    assert info.header.contrast_agent is True
    assert info.header.spectrally_selected_suppression == "FAT"
    assert info.header.echo_time_ms == 80.0
    assert info.header.repetition_time_ms == 4000.0
    assert info.header.image_type == ("ORIGINAL", "PRIMARY", "M")


@pytest.mark.parametrize(
    ("name", "localizer"),
    [
        ("t2_localizer", True),
        ("t2_loc sag", True),
        ("AAHead_Scout", True),
        ("Survey_SHC", True),
        ("3-plane", True),
        ("t2_tse_tra", False),
        ("local_shim_t1", False),
        ("velocity", False),
    ],
)
def test_localizers_by_name(tmp_path: Path, name: str, localizer: bool) -> None:
    write(tmp_path, volume(SeriesDescription=name))
    (info,) = scan(tmp_path).studies[0].volumes
    assert info.localizer is localizer


@pytest.mark.parametrize(
    ("fields", "kind", "calculated"),
    [
        ({"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]}, "ADC", False),
        ({"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"]}, "TRACEW", False),
        ({"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "FA"]}, "FA", False),
        (
            {
                "ImageType": ["DERIVED", "SECONDARY", "PROCESSED"],
                "SeriesDescription": "Apparent Diffusion Coefficient (mm2/s)",
            },
            "ADC",
            False,
        ),
        (
            {"ImageType": ["DERIVED", "SECONDARY", "PROCESSED"], "SeriesDescription": "eADC"},
            "EADC",
            False,
        ),
        (
            {
                "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVAL"],
                "DiffusionBValue": 1400.0,
            },
            None,
            True,
        ),
        (
            {"SeriesDescription": "DW_Synthetic: Synthetic B-1400"},
            None,
            True,
        ),
        ({"SeriesDescription": "ADC of a liar"}, None, False),
        ({}, None, False),
    ],
)
def test_derived_and_calculated(
    tmp_path: Path, fields: dict[str, object], kind: str | None, calculated: bool
) -> None:
    write(tmp_path, volume(**fields))
    (info,) = scan(tmp_path).studies[0].volumes
    assert (info.derived_kind, info.calculated) == (kind, calculated)


def test_quantity_of_the_real_world_value_map(tmp_path: Path) -> None:
    from pydicom import Dataset
    from pydicom.sequence import Sequence

    code, definition, mapping = Dataset(), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113041", "DCM"
    code.CodeMeaning = "Apparent Diffusion Coefficient"
    definition.ConceptCodeSequence = Sequence([code])
    mapping.QuantityDefinitionSequence = Sequence([definition])
    write(tmp_path, volume(RealWorldValueMappingSequence=Sequence([mapping])))
    (info,) = scan(tmp_path).studies[0].volumes
    assert (info.derived_kind, info.header.quantity_code) == ("ADC", "113041")


def test_reading_from_several_threads(tmp_path: Path) -> None:
    for number in range(6):
        fields = {"SeriesNumber": number, "SeriesInstanceUID": uid(number)}
        write(tmp_path, volume(100 * number, 20, **fields))
    found = scan(tmp_path)
    volumes = found.studies[0].volumes
    wrong: list[int] = []

    def work() -> None:
        for number, info in enumerate(volumes):
            voxels = found.read(info).voxels
            if not np.array_equal(voxels[:, 3, 3], 100 * number + np.arange(20)):
                wrong.append(number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_progress_counts_files(tmp_path: Path) -> None:
    write(tmp_path, volume())
    seen: list[tuple[int, int]] = []
    scan(tmp_path, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 8)
    assert seen[-1] == (8, 8)


def test_one_file_alone(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(encoded(plane()))
    (study,) = scan(tmp_path / "x").studies
    assert study.path == str(tmp_path)
    assert study.volumes[0].files == ("x",)
