"""NIfTI, NRRD and MetaImage against nibabel and SimpleITK, and what cannot be read."""

import gzip
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # as its own documentation does
from numpy.typing import NDArray

from mrsift.config import IngestSettings
from mrsift.errors import UnreadablePixels
from mrsift.ingest.research import VoxelReader, is_research, research_studies
from mrsift.ingest.source import Source, walk
from mrsift.types import Skipped, Volume, VolumeInfo

SETTINGS = IngestSettings()
AXIAL_RAS = np.diag([-0.5, -0.6, 3.0, 1.0])
RNG = np.random.default_rng(7)
STORED = RNG.integers(-100, 1000, (6, 5, 4)).astype(np.int16)  # (i, j, k)


def research_sources(*paths: Path) -> list[Source]:
    return [s for s in walk(paths) if isinstance(s, Source) and is_research(s)]


def listed(*paths: Path) -> tuple[list[VolumeInfo], list[Skipped]]:
    studies, skipped = research_studies(research_sources(*paths), SETTINGS)
    return [info for _, volumes in studies for info in volumes], list(skipped)


def volumes(*paths: Path) -> list[Volume]:
    reader = VoxelReader(research_sources(*paths), SETTINGS)
    found = [reader.read(info) for info in listed(*paths)[0]]
    reader.close()
    return found


def only_skipped(*paths: Path) -> Skipped:
    infos, skipped = listed(*paths)
    assert not infos
    assert len(skipped) == 1
    assert "\n" not in skipped[0].reason
    return skipped[0]


def save(path: Path, data: NDArray[Any], affine: NDArray[Any] = AXIAL_RAS) -> Path:
    nibabel.save(nibabel.Nifti1Image(data, affine), path)
    return path


def patch(path: Path, **fields: Any) -> Path:
    """Change header fields of a NIfTI file as a careless writer would, without a check."""
    data = bytearray(path.read_bytes())
    header = nibabel.Nifti1Header(bytes(data[:348]), check=False)
    for name, value in fields.items():
        header[name] = value
    data[:348] = header.binaryblock
    path.write_bytes(data)
    return path


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


def itk_image(array: NDArray[Any], is_vector: bool = False) -> sitk.Image:
    image = sitk.GetImageFromArray(array, isVector=is_vector)
    if image.GetDimension() == 3:
        image.SetSpacing((0.5, 0.6, 3.0))
        image.SetOrigin((-10.0, 20.0, 30.0))
        turn = sitk.Euler3DTransform()
        turn.SetRotation(0.1, -0.2, 0.3)
        image.SetDirection(turn.GetMatrix())
    return image


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "compressed"])
@pytest.mark.parametrize("suffix", ["nrrd", "nhdr", "mha", "mhd"])
class TestItk:
    @pytest.mark.parametrize("inside_zip", [False, True])
    def test_voxels_keep_value_and_place(
        self, tmp_path: Path, suffix: str, packed: bool, inside_zip: bool
    ) -> None:
        array = RNG.integers(-100, 100, (4, 5, 6)).astype(np.int16)
        image = itk_image(array)
        sitk.WriteImage(image, tmp_path / f"a.{suffix}", packed)
        if inside_zip:
            with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
                for path in sorted(tmp_path.glob("a.*")):
                    archive.write(path, f"in/{path.name}")
                    path.unlink()
        (volume,) = volumes(tmp_path)
        assert not listed(tmp_path)[1]
        np.testing.assert_array_equal(volume.voxels, array)
        back = volume.to_simpleitk()
        for index in ((0, 0, 0), (5, 4, 3), (2, 1, 0)):
            np.testing.assert_allclose(
                back.TransformIndexToPhysicalPoint(index),
                image.TransformIndexToPhysicalPoint(index),
                atol=1e-9,
            )

    def test_a_4d_file_is_taken_apart(self, tmp_path: Path, suffix: str, packed: bool) -> None:
        array = RNG.random((3, 4, 5, 6)).astype(np.float64)
        sitk.WriteImage(itk_image(array), tmp_path / f"a.{suffix}", packed)
        found = volumes(tmp_path)
        assert [v.info.index for v in found] == [0, 1, 2]
        for volume, expected in zip(found, array, strict=True):
            np.testing.assert_array_equal(volume.voxels, expected.astype(np.float32))

    def test_colours_and_vectors_are_skipped(
        self, tmp_path: Path, suffix: str, packed: bool
    ) -> None:
        array = RNG.integers(0, 255, (4, 5, 6, 3)).astype(np.uint8)
        sitk.WriteImage(itk_image(array, is_vector=True), tmp_path / f"a.{suffix}", packed)
        found = only_skipped(tmp_path)
        assert "colours or vectors" in found.reason
        assert not found.is_mr

    def test_a_file_cut_short(self, tmp_path: Path, suffix: str, packed: bool) -> None:
        array = RNG.integers(0, 100, (4, 50, 60)).astype(np.int16)
        sitk.WriteImage(itk_image(array), tmp_path / f"a.{suffix}", packed)
        with_data = max(tmp_path.iterdir(), key=lambda path: path.stat().st_size)
        data = with_data.read_bytes()
        with_data.write_bytes(data[: len(data) * 2 // 3])
        if packed:
            with pytest.raises(UnreadablePixels, match="damaged or cut short"):
                volumes(tmp_path)
        else:
            assert "cut short" in only_skipped(tmp_path).reason


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior-time", (1, 1)),
        ("right-anterior-superior-time", (-1, -1)),
        ("left-anterior-superior-time", (1, -1)),
    ],
)
def test_a_nrrd_space_with_time_is_turned_to_lps(
    tmp_path: Path, space: str, signs: tuple[int, int]
) -> None:
    text = (
        f"NRRD0004\ntype: uchar\ndimension: 4\nspace: {space}\nsizes: 5 4 3 2\n"
        "space directions: (1,0,0,0) (0,2,0,0) (0,0,3,0) (0,0,0,1)\n"
        "kinds: domain domain domain time\nencoding: raw\nspace origin: (7,8,9,0)\n\n"
    )
    (tmp_path / "a.nrrd").write_bytes(text.encode() + bytes(120))
    infos, _ = listed(tmp_path)
    assert len(infos) == 2
    x, y = signs
    expected = [[0, 0, x * 1, x * 7], [0, y * 2, 0, y * 8], [3, 0, 0, 9], [0, 0, 0, 1]]
    np.testing.assert_array_equal(infos[0].affine_lps_mm, expected)


def test_a_diffusion_nrrd_brings_its_b_values(tmp_path: Path) -> None:
    image = itk_image(RNG.random((4, 5, 6, 3)).astype(np.float32), is_vector=True)
    image.SetMetaData("modality", "DWMRI")
    image.SetMetaData("DWMRI_b-value", "1000")
    for index, vector in enumerate(("0 0 0", "0.70710678 0 0", "0 0 1")):
        image.SetMetaData(f"DWMRI_gradient_{index:04d}", vector)
    sitk.WriteImage(image, tmp_path / "a.nrrd")
    found = volumes(tmp_path)
    assert [v.info.b_value.s_per_mm2 for v in found if v.info.b_value] == [0, 500, 1000]
    expected = sitk.GetArrayFromImage(image)
    for index, volume in enumerate(found):
        np.testing.assert_array_equal(volume.voxels, expected[..., index])


@pytest.mark.parametrize(
    ("suffix", "before", "after", "reason"),
    [
        ("mha", "ElementDataFile = LOCAL", "ElementDataFile = /etc/passwd", "folder"),
        ("mha", "ElementDataFile = LOCAL", "ElementDataFile = ../x.raw", "folder"),
        ("mha", "ElementDataFile = LOCAL", "ElementDataFile = LIST", "list"),
        ("mha", "ElementDataFile = LOCAL", "ElementDataFile = gone.raw", "not beside it"),
        ("mha", "ElementSpacing = 0.5 ", "ElementSpacing = 0 ", "spacing of zero"),
        ("mha", "DimSize = 6 5 4", "DimSize = 6000 5000 4000", "more than the 1,000,000,000"),
        ("mha", "DimSize = 6 5 4", "DimSize = 600 500 4", "cut short"),
        ("mha", "NDims", "Dims", "no MetaImage"),
        ("nrrd", "encoding: raw", "encoding: raw\ndata file: /etc/passwd", "folder"),
        ("nrrd", "encoding: raw", "encoding: raw\ndatafile: x%d.raw 1 9 1", "pattern"),
        ("nrrd", "NRRD0004", "NRXD0004", "no NRRD"),
        ("nrrd", "sizes: 6 5 4", "sizes: 6 5 -4", "cannot be read"),
        ("nrrd", "sizes: 6 5 4", "sizes: 60000 50000 4000", "more than the 1,000,000,000"),
        ("nrrd", "(1,0,0)", "(1,1,0)", "right angles"),
        ("nrrd", "(1,0,0)", "(0,0,0)", "not finite"),
    ],
)
def test_headers_that_cannot_be_true(
    tmp_path: Path, suffix: str, before: str, after: str, reason: str
) -> None:
    image = sitk.GetImageFromArray(STORED.transpose(2, 1, 0))
    image.SetSpacing((0.5, 0.6, 3.0) if suffix == "mha" else (1.0, 1.0, 1.0))
    path = tmp_path / f"a.{suffix}"
    sitk.WriteImage(image, path)
    data = path.read_bytes()
    assert before.encode() in data
    path.write_bytes(data.replace(before.encode(), after.encode()))
    assert reason in only_skipped(path).reason


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
