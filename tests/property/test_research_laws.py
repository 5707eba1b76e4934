"""Every voxel keeps its place in the patient, through each format and back."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibabel.affines import apply_affine

from mrsift.config import IngestSettings
from mrsift.ingest.research import VoxelReader, research_studies
from mrsift.ingest.source import Source, walk
from mrsift.types import Float64Array, Volume, VolumeInfo

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

sizes = st.tuples(*[st.integers(2, 5)] * 3)


@st.composite
def affines(draw: st.DrawFn) -> Float64Array:
    """A rigid affine: any rotation, with or without a flip, spacing 0.3 to 6 mm."""
    seed = draw(st.integers(0, 2**32 - 1))
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    spacing = draw(st.tuples(*[st.floats(0.3, 6.0)] * 3))
    origin = draw(st.tuples(*[st.floats(-300.0, 300.0)] * 3))
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.array(spacing)
    affine[:3, 3] = origin
    return affine


def numbered(size: tuple[int, int, int]) -> np.ndarray:
    """Every voxel holds a number of its own."""
    return np.arange(np.prod(size), dtype=np.float32).reshape(size)


def places(values: np.ndarray, affine: Float64Array) -> Float64Array:
    """World coordinates of each voxel, in the order of the voxel's value, shape (n, 3)."""
    index = np.argwhere(np.ones(values.shape, bool))
    return np.asarray(apply_affine(affine, index)[np.argsort(values.ravel())])


def read_one(path: Path) -> Volume:
    found = [item for item in walk([path]) if isinstance(item, Source)]
    (study,), _ = research_studies(found, IngestSettings())
    reader = VoxelReader(found, IngestSettings())
    volume = reader.read(study[1][0])
    reader.close()
    return volume


def synthetic(values: np.ndarray, affine_lps: Float64Array) -> Volume:
    info = VolumeInfo(
        volume_id="0" * 16,
        study_instance_uid=None,
        series_instance_uid=None,
        series_number=None,
        series_description=None,
        modality=None,
        files=("a",),
        frames=None,
        index=None,
        shape=values.shape,
        affine_lps_mm=affine_lps,
        frame_of_reference_uid=None,
        plane="axial",
        obliquity_deg=0.0,
    )
    return Volume(info, values)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(size=sizes, affine=affines())
def test_nifti_voxels_stay_where_nibabel_puts_them(
    tmp_path: Path, suffix: str, size: tuple[int, int, int], affine: Float64Array
) -> None:
    image = nibabel.Nifti1Image(numbered(size), affine)
    nibabel.save(image, tmp_path / f"a.{suffix}")
    volume = read_one(tmp_path / f"a.{suffix}")
    expected = places(numbered(size), RAS_TO_LPS @ affine)
    np.testing.assert_allclose(
        places(volume.voxels, volume.affine_lps_mm), expected, atol=1e-3
    )  # NIfTI stores float32


@pytest.mark.parametrize("suffix", ["mha", "nrrd"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(size=sizes, affine=affines())
def test_itk_voxels_stay_where_simpleitk_puts_them(
    tmp_path: Path, suffix: str, size: tuple[int, int, int], affine: Float64Array
) -> None:
    image = SimpleITK.GetImageFromArray(numbered(size))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    SimpleITK.WriteImage(image, tmp_path / f"a.{suffix}")
    volume = read_one(tmp_path / f"a.{suffix}")
    expected = [
        image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
        for k, j, i in np.argwhere(np.ones(size, bool))
    ]
    np.testing.assert_allclose(places(volume.voxels, volume.affine_lps_mm), expected, atol=1e-6)


@settings(deadline=None)
@given(size=sizes, affine=affines())
def test_to_nibabel_keeps_every_place(size: tuple[int, int, int], affine: Float64Array) -> None:
    volume = synthetic(numbered(size), affine)
    image = volume.to_nibabel()
    np.testing.assert_allclose(
        places(np.asarray(image.dataobj), RAS_TO_LPS @ image.affine),
        places(volume.voxels, affine),
        atol=1e-9,
    )
    # What a reader of the written file will see, in NIfTI's float32.
    assert image.header["sform_code"] > 0
    np.testing.assert_allclose(image.header.get_sform(), image.affine, atol=1e-3)


@settings(deadline=None)
@given(size=sizes, affine=affines())
def test_to_simpleitk_keeps_every_place(size: tuple[int, int, int], affine: Float64Array) -> None:
    volume = synthetic(numbered(size), affine)
    image = volume.to_simpleitk()
    for slice_, row, column in np.argwhere(np.ones(size, bool))[:: max(1, volume.voxels.size // 9)]:
        index = (int(column), int(row), int(slice_))
        assert image.GetPixel(index) == volume.voxels[slice_, row, column]
        np.testing.assert_allclose(
            image.TransformIndexToPhysicalPoint(index),
            affine[:3] @ [slice_, row, column, 1],
            atol=1e-6,
        )


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(size=sizes, affine=affines())
def test_writing_and_reading_back_changes_nothing(
    tmp_path: Path, size: tuple[int, int, int], affine: Float64Array
) -> None:
    volume = synthetic(numbered(size), affine)
    nibabel.save(volume.to_nibabel(), tmp_path / "n.nii")
    SimpleITK.WriteImage(volume.to_simpleitk(), tmp_path / "s.nrrd")
    for name in ("n.nii", "s.nrrd"):
        back = read_one(tmp_path / name)
        np.testing.assert_allclose(
            places(back.voxels, back.affine_lps_mm), places(volume.voxels, affine), atol=1e-3
        )
