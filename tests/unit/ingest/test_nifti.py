"""NIfTI against nibabel, and what cannot be read."""

import gzip
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # as its own documentation does

from mrsift.errors import UnreadablePixels
from mrsift.ingest.research import VoxelReader, research_studies
from tests.research_files import (
    AXIAL_RAS,
    RNG,
    SETTINGS,
    STORED,
    itk_image,
    listed,
    only_skipped,
    patch,
    research_sources,
    save,
    volumes,
)


class TestNifti:
    @pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
    @pytest.mark.parametrize(
        "dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64, np.int64]
    )
    def test_voxels_keep_value_and_place(self, tmp_path: Path, name: str, dtype: Any) -> None:
        stored = np.abs(STORED).astype(dtype) % 200
        image = nibabel.Nifti1Image(stored, AXIAL_RAS, dtype=dtype)
        nibabel.save(image, tmp_path / name)
        (volume,) = volumes(tmp_path)
        assert volume.voxels.dtype == np.float32
        assert volume.info.shape == volume.voxels.shape == (4, 5, 6)
        np.testing.assert_array_equal(volume.voxels, stored.transpose(2, 1, 0))
        np.testing.assert_allclose(volume.to_nibabel().affine, AXIAL_RAS, atol=1e-7)
        assert volume.info.plane == "axial"
        assert volume.info.index is None
        assert volume.info.files == (name,)

    def test_nifti_2_and_big_endian(self, tmp_path: Path) -> None:
        nibabel.save(nibabel.Nifti2Image(STORED, AXIAL_RAS), tmp_path / "two.nii")
        header = nibabel.Nifti1Header(endianness=">")
        header.set_data_dtype(">i2")
        nibabel.save(nibabel.Nifti1Image(STORED, AXIAL_RAS, header), tmp_path / "big.nii")
        for volume in volumes(tmp_path):
            np.testing.assert_array_equal(volume.voxels, STORED.transpose(2, 1, 0))

    def test_slope_and_intercept(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.nii", STORED)
        patch(path, scl_slope=0.25, scl_inter=-7.0)
        (volume,) = volumes(path)
        expected = np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0)  # type: ignore[attr-defined]
        np.testing.assert_allclose(volume.voxels, expected, rtol=1e-6)
        assert volume.voxels.min() < -7

    @pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
    def test_a_4d_file_is_taken_apart(self, tmp_path: Path, name: str) -> None:
        stored = RNG.random((6, 5, 4, 3)).astype(np.float32)
        save(tmp_path / name, stored)
        found = volumes(tmp_path)
        assert [v.info.index for v in found] == [0, 1, 2]
        assert [v.info.temporal_position for v in found] == [0, 1, 2]
        assert len({v.volume_id for v in found}) == 3
        for index, volume in enumerate(found):
            np.testing.assert_array_equal(volume.voxels, stored[..., index].transpose(2, 1, 0))

    def test_a_compressed_4d_file_is_decompressed_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save(tmp_path / "a.nii.gz", RNG.integers(0, 9, (32, 32, 16, 20)).astype(np.int16))
        (source,) = research_sources(tmp_path)
        taken = 0
        real = gzip.GzipFile.read

        def counted(self: gzip.GzipFile, size: int | None = -1) -> bytes:
            nonlocal taken
            data = real(self, size)
            taken += len(data)
            return data

        monkeypatch.setattr(gzip.GzipFile, "read", counted)
        (_, infos), *_ = research_studies([source], SETTINGS)[0]
        assert taken <= 540
        reader = VoxelReader([source], SETTINGS)
        for info in infos:
            reader.read(info)
        reader.close()
        assert taken < 2 * 32 * 32 * 16 * 20 * 1.1

    def test_the_slice_axis_is_the_coarse_one_else_superior_inferior(self, tmp_path: Path) -> None:
        sagittal = np.array([[0, 0, 4, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
        first = np.diag([4.0, 1.0, 1.0, 1.0])  # slices along the first stored axis
        whole = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
        save(tmp_path / "1.nii", STORED, sagittal)
        save(tmp_path / "2.nii", STORED, first)
        save(tmp_path / "3.nii", STORED, whole)  # isotropic, stored sagittally
        save(tmp_path / "4.nii", STORED[:, :1], np.diag([1.0, 1.0, 1.0, 1.0]))  # single slice
        infos, _ = listed(tmp_path)
        assert [i.plane for i in infos] == ["sagittal", "sagittal", "axial", "coronal"]
        assert [i.shape for i in infos] == [(4, 5, 6), (6, 4, 5), (5, 4, 6), (1, 4, 6)]
        assert infos[3].remarks == ("single slice",)

    def test_units_other_than_millimetres(self, tmp_path: Path) -> None:
        patch(save(tmp_path / "a.nii", STORED, np.diag([0.001, 0.001, 0.003, 1])), xyzt_units=1)
        assert listed(tmp_path)[0][0].spacing_mm == pytest.approx((3.0, 1.0, 1.0))

    def test_qform_stands_in_for_a_sheared_sform(self, tmp_path: Path) -> None:
        image = nibabel.Nifti1Image(STORED, AXIAL_RAS)
        sheared = AXIAL_RAS.copy()
        sheared[0, 1] = 0.3
        image.set_sform(sheared, 4)
        image.set_qform(AXIAL_RAS, 1)
        nibabel.save(image, tmp_path / "a.nii")
        (info,) = listed(tmp_path)[0]
        assert "qform is used" in info.remarks[0]
        assert info.spacing_mm == pytest.approx((3.0, 0.6, 0.5))

    def test_no_orientation_is_remarked(self, tmp_path: Path) -> None:
        patch(save(tmp_path / "a.nii", STORED), sform_code=0, qform_code=0)
        assert "no orientation" in listed(tmp_path)[0][0].remarks[0]

    def test_nan_and_infinity_become_zero_with_a_remark(self, tmp_path: Path) -> None:
        stored = STORED.astype(np.float64)
        stored[0, 0, 0], stored[1, 0, 0], stored[2, 0, 0] = np.nan, np.inf, 1e300
        save(tmp_path / "a.nii", stored)
        (volume,) = volumes(tmp_path)
        assert np.isfinite(volume.voxels).all()
        assert volume.voxels[0, 0, 0] == 0
        assert volume.info.remarks[-1].startswith("3 voxels are not finite")

    def test_nothing_but_nan_is_unreadable(self, tmp_path: Path) -> None:
        save(tmp_path / "a.nii", np.full((4, 4, 4), np.nan, np.float32))
        with pytest.raises(UnreadablePixels, match="no finite voxel"):
            volumes(tmp_path)

    def test_a_gzip_file_with_the_name_of_a_plain_one(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.nii.gz", STORED)
        path.rename(tmp_path / "a.nii")
        np.testing.assert_array_equal(volumes(tmp_path)[0].voxels, STORED.transpose(2, 1, 0))

    def test_identity_is_the_path_and_the_index(self, tmp_path: Path) -> None:
        for name in ("x/a.nii", "y/a.nii", "y/b.nii"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            save(tmp_path / name, STORED)
        first = [i.volume_id for i in listed(tmp_path)[0]]
        assert len(set(first)) == 3
        assert all(len(i) == 16 and int(i, 16) >= 0 for i in first)
        (tmp_path / "y/a.nii").rename(tmp_path / "y/c.nii")
        assert len(set(first) & {i.volume_id for i in listed(tmp_path)[0]}) == 2

    def test_files_of_one_folder_are_one_study(self, tmp_path: Path) -> None:
        for name in ("a.nii", "x/a.nii", "x/b.nii.gz"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            save(tmp_path / name, STORED)
        with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
            archive.write(tmp_path / "a.nii", "a.nii")
            archive.write(tmp_path / "a.nii", "in/a.nii")
        studies, _ = research_studies(research_sources(tmp_path), SETTINGS)
        assert [(folder, len(found)) for folder, found in studies] == [
            (".", 1),
            ("x", 2),
            ("z.zip", 1),
            ("z.zip!in", 1),
        ]
        assert len(volumes(tmp_path)) == 5


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"magic": b"nope"}, "no NIfTI"),
        ({"magic": b"ni1"}, "pair"),
        ({"dim": [3, 6, 0, 4, 1, 1, 1, 1]}, "impossible dimensions"),
        ({"dim": [9, 6, 5, 4, 1, 1, 1, 1]}, "impossible dimensions"),
        ({"dim": [5, 6, 5, 4, 1, 3, 1, 1]}, "5 dimensions"),
        ({"dim": [3, 30000, 30000, 30000, 1, 1, 1, 1]}, "more than the 1,000,000,000"),
        ({"dim": [4, 6, 5, 4, 30000, 1, 1, 1]}, "cut short"),
        ({"datatype": 99}, "unknown voxel type"),
        ({"datatype": 32, "bitpix": 64}, "complex"),
        ({"datatype": 0, "bitpix": 0}, "voxel type"),
        ({"datatype": 1, "bitpix": 1}, "voxel type"),
        ({"datatype": 128, "bitpix": 24}, "colour"),
        ({"intent_code": 1002}, "label map"),
        ({"srow_x": [0, 0, 0, 0], "qform_code": 0}, "spacing of zero"),
        ({"srow_x": [np.nan, 0, 0, 0], "qform_code": 0}, "not finite"),
        ({"srow_x": [1, 1, 0, 0], "qform_code": 0}, "right angles"),
        ({"scl_slope": 2, "scl_inter": np.inf}, "unknown voxel type or scale"),
        ({"vox_offset": 1e30}, "cut short"),
        (
            {"sform_code": 0, "qform_code": 1, "quatern_b": 5.0, "quatern_c": 5.0},
            "not a rotation",
        ),
        ({"sform_code": 0, "qform_code": 1, "pixdim": [1, 0, 1, 1, 1, 1, 1, 1]}, "zero"),
    ],
)
def test_nifti_headers_that_cannot_be_true(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    path = patch(save(tmp_path / "a.nii", STORED), **fields)
    assert reason in only_skipped(path).reason


class TestDamagedNifti:
    def test_text_and_short_files(self, tmp_path: Path) -> None:
        (tmp_path / "text.nii").write_text("this is no image\n" * 100)
        (tmp_path / "short.nii").write_bytes(b"\x5c\x01")
        (tmp_path / "text.nii.gz").write_text("this is no image\n" * 100)
        infos, skipped = listed(tmp_path)
        assert not infos
        assert len(skipped) == 3
        assert all("no NIfTI" in s.reason for s in skipped)

    def test_a_plain_file_cut_short(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.nii", STORED)
        path.write_bytes(path.read_bytes()[:-1])
        found = only_skipped(tmp_path)
        assert "cut short" in found.reason
        assert found.is_mr

    @pytest.mark.parametrize("volumes_in_file", [1, 3])
    def test_a_compressed_file_cut_short(self, tmp_path: Path, volumes_in_file: int) -> None:
        stored = RNG.integers(0, 9999, (60, 50, 4, volumes_in_file)).astype(np.int16)
        path = save(tmp_path / "a.nii.gz", stored)
        path.write_bytes(path.read_bytes()[:-3000])
        assert len(listed(tmp_path)[0]) == volumes_in_file
        with pytest.raises(UnreadablePixels, match="damaged"):
            volumes(tmp_path)

    def test_a_compressed_file_cut_in_its_header(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.nii.gz", STORED)
        path.write_bytes(path.read_bytes()[:30])
        assert "damaged" in only_skipped(tmp_path).reason

    def test_a_compressed_file_that_holds_less_than_it_claims(self, tmp_path: Path) -> None:
        plain = patch(save(tmp_path / "a.nii", STORED), dim=[3, 60, 50, 4, 1, 1, 1, 1])
        (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
        with pytest.raises(UnreadablePixels, match="ends before its last voxel"):
            volumes(tmp_path)

    def test_a_huge_claim_in_a_small_compressed_file(self, tmp_path: Path) -> None:
        plain = patch(save(tmp_path / "a.nii", STORED), dim=[4, 600, 500, 400, 300, 1, 1, 1])
        (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
        assert "claims 600 x 500 x 400 voxels x 300 volumes" in only_skipped(tmp_path).reason

    def test_no_damage_leaves_a_temporary_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(scratch))
        (tmp_path / "in").mkdir()
        sitk.WriteImage(itk_image(STORED), tmp_path / "in/a.mha", True)
        with zipfile.ZipFile(tmp_path / "in/z.zip", "w") as archive:
            archive.writestr("a.mha", (tmp_path / "in/a.mha").read_bytes()[:-20])
        with pytest.raises(UnreadablePixels):
            volumes(tmp_path / "in/z.zip")
        assert not list(scratch.iterdir())
