"""What stands beside a NIfTI file."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.research_files import (
    RNG,
    listed,
    only_skipped,
    research_sources,
    save,
)


class TestSidecars:
    def write(self, folder: Path, **files: str) -> Path:
        save(folder / "d.nii.gz", RNG.integers(0, 9, (6, 5, 4, 3)).astype(np.int16))
        for suffix, text in files.items():
            (folder / f"d.{suffix}").write_text(text)
        return folder

    def test_b_values_and_directions(self, tmp_path: Path) -> None:
        self.write(tmp_path, bval="0 50\t1400\n", bvec="0 0 1\n0 0 0\n0 0 0\n")
        infos, skipped = listed(tmp_path)
        assert not skipped
        b_values = [i.b_value for i in infos]
        assert [b.s_per_mm2 for b in b_values if b] == [0, 50, 1400]
        assert all(b is not None and b.source == "sidecar .bval" for b in b_values)
        assert [i.header.diffusion_directionality for i in infos] == [
            "NONE",
            "ISOTROPIC",
            "DIRECTIONAL",
        ]
        assert all(i.temporal_position is None for i in infos)

    @pytest.mark.parametrize("text", ["0 50", "0 50 x", "0 nan 50", "0 50 -1", "\0\1\2"])
    def test_b_values_that_do_not_fit_are_remarked(self, tmp_path: Path, text: str) -> None:
        self.write(tmp_path, bval=text)
        infos, _ = listed(tmp_path)
        assert [i.b_value for i in infos] == [None] * 3
        assert all(".bval" in i.remarks[0] and "not used" in i.remarks[0] for i in infos)

    def test_bids_json_in_dicom_units(self, tmp_path: Path) -> None:
        facts = {
            "Modality": "MR",
            "Manufacturer": "Siemens",
            "MagneticFieldStrength": 3,
            "SeriesDescription": "ep2d_diff",
            "SeriesNumber": 7,
            "EchoTime": 0.063,
            "RepetitionTime": 2.7,
            "InversionTime": 0.22,
            "FlipAngle": 90,
            "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION"],
            "ScanningSequence": "EP",
            "ScanOptions": "PFP\\FS",
            "ContrastBolusIngredient": "GADOLINIUM",
            "EchoTrainLength": "many",
        }
        self.write(tmp_path, json=json.dumps(facts))
        info = listed(tmp_path)[0][0]
        assert (info.series_description, info.series_number, info.modality) == (
            "ep2d_diff",
            7,
            "MR",
        )
        header = info.header
        assert header.echo_time_ms == pytest.approx(63)
        assert header.repetition_time_ms == pytest.approx(2700)
        assert header.inversion_time_ms == pytest.approx(220)
        assert header.image_type == ("ORIGINAL", "PRIMARY", "DIFFUSION")
        assert header.scan_options == ("PFP", "FS")
        assert header.scanning_sequence == ("EP",)
        assert header.contrast_agent is True
        assert header.echo_train_length is None
        assert header.magnetic_field_strength_t == 3

    @pytest.mark.parametrize("text", ["{", "[1]", "null", "[" * 100_000, '{"SeriesNumber": 1'])
    def test_a_json_that_is_none_is_remarked(self, tmp_path: Path, text: str) -> None:
        self.write(tmp_path, json=text)
        assert "not a JSON object" in listed(tmp_path)[0][0].remarks[0]

    def test_odd_json_values_are_left_out(self, tmp_path: Path) -> None:
        odd = '{"EchoTime": 1%s, "FlipAngle": NaN, "SeriesNumber": 1.5, "Manufacturer": [1]}'
        self.write(tmp_path, json=odd % ("0" * 400))
        info = listed(tmp_path)[0][0]
        assert info.header.echo_time_ms is None
        assert info.header.flip_angle_deg is None
        assert info.series_number is None
        assert info.header.manufacturer is None

    def test_another_modality_is_skipped(self, tmp_path: Path) -> None:
        self.write(tmp_path, json='{"Modality": "CT"}')
        found = only_skipped(tmp_path)
        assert "modality CT" in found.reason
        assert not found.is_mr

    def test_files_beside_no_image_are_listed(self, tmp_path: Path) -> None:
        (tmp_path / "participants.json").write_text("{}")
        (tmp_path / "x.bval").write_text("0")
        _, skipped = listed(tmp_path)
        assert all("beside no image" in s.reason and not s.is_mr for s in skipped)
        assert len(skipped) == 2

    def test_a_dicom_file_with_an_odd_name_is_not_claimed(self, tmp_path: Path) -> None:
        (tmp_path / "a.raw").write_bytes(b"\0" * 128 + b"DICM" + b"x" * 100)
        (tmp_path / "b.raw").write_bytes(b"\0" * 500)
        assert [s.path for s in research_sources(tmp_path)] == ["b.raw"]
