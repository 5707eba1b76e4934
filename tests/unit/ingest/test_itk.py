"""NRRD and MetaImage against SimpleITK, and what cannot be read."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # as its own documentation does

from mrsift.errors import UnreadablePixels
from tests.research_files import (
    RNG,
    STORED,
    itk_image,
    listed,
    only_skipped,
    volumes,
)


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
