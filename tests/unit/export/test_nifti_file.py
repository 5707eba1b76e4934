"""Volumes as NIfTI: the same voxels at the same places, in the smallest exact type."""

import gzip
import io
from collections.abc import Sequence

import nibabel
import numpy as np
import pytest

from mrsift.export.nifti_file import affine_ras_mm, bvec_text, write_nifti
from mrsift.types import Float32Array, Float64Array, Volume, VolumeInfo
from tests.report_values import volume

OBLIQUE = np.array(
    [[0.3, 0.1, 0.9, -10], [0.2, 0.8, -0.2, 20], [3.0, -0.1, 0.1, 5], [0, 0, 0, 1]], float
)


def info(affine: Float64Array = OBLIQUE, number: int = 1) -> VolumeInfo:
    return volume(number, "x", shape=(3, 4, 5), affine_lps_mm=affine)


def written(infos: Sequence[VolumeInfo], voxels: Sequence[Float32Array]) -> bytes:
    by_id = dict(zip((one.volume_id for one in infos), voxels, strict=True))
    stream = io.BytesIO()
    write_nifti(stream, infos, lambda one: Volume(one, by_id[one.volume_id]))
    return stream.getvalue()


def read(data: bytes) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(data))


def ramp(start: float = 0) -> Float32Array:
    return (np.arange(60, dtype=np.float32) + np.float32(start)).reshape(3, 4, 5)


def test_each_voxel_is_where_the_header_puts_it() -> None:
    image = read(written([info()], [ramp()]))
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    for index in ((0, 0, 0), (2, 3, 4), (1, 0, 3)):
        place = to_ras @ OBLIQUE @ [*index, 1]
        assert image.affine @ [*index[::-1], 1] == pytest.approx(place, abs=1e-5)
        assert image.dataobj[index[::-1]] == ramp()[index]


def test_the_affine_is_that_of_the_header_in_the_precision_of_nifti() -> None:
    image = read(written([info()], [ramp()]))
    assert (image.affine == affine_ras_mm(info()).astype(np.float32)).all()
    assert image.header["sform_code"] == 1


def test_a_sheared_grid_has_no_quaternion_that_says_otherwise() -> None:
    upright = np.diag([3.0, 0.5, 0.5, 1.0])
    assert read(written([info(upright)], [ramp()])).header["qform_code"] == 1
    assert read(written([info()], [ramp()])).header["qform_code"] == 0  # its axes are not square


@pytest.mark.parametrize(
    ("start", "kind"),
    [(0, "int16"), (-100, "int16"), (40_000, "uint16"), (-70_000, "int32"), (0.5, "float32")],
)
def test_voxels_are_exact_in_the_smallest_type(start: float, kind: str) -> None:
    image = read(written([info()], [ramp(start)]))
    assert image.get_data_dtype() == kind
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, ramp(start))


def test_one_type_holds_all_volumes_of_a_file() -> None:
    several = [ramp(), ramp(0.25), ramp(7)]
    image = read(written([info(number=n) for n in range(3)], several))
    assert image.shape == (5, 4, 3, 3)
    assert (np.asarray(image.dataobj).transpose(3, 2, 1, 0) == several).all()


def test_values_that_are_no_numbers_stay_so() -> None:
    voxels = ramp()
    voxels[0, 0, 0] = np.nan
    assert np.isnan(read(written([info()], [voxels])).dataobj[0, 0, 0])


def test_the_same_volumes_give_the_same_bytes() -> None:
    assert written([info()], [ramp()]) == written([info()], [ramp()])


def directions(affine: Float64Array, bvec: str) -> Float64Array:
    """Back to LPS as FSL's convention says, rows are directions."""
    axes = affine_ras_mm(info(affine))[:3, :3]
    axes = axes / np.linalg.norm(axes, axis=0)
    vectors = np.array([line.split() for line in bvec.splitlines()], float)
    if np.linalg.det(axes) > 0:
        vectors[0] *= -1
    return (np.diag([-1.0, -1.0, 1.0]) @ axes @ vectors).T


@pytest.mark.parametrize("flip", [1.0, -1.0], ids=["right-handed", "left-handed"])
def test_directions_come_back_whatever_the_handedness(flip: float) -> None:
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([3.0 * flip, 0.5, 0.5])
    wanted = np.array([0.6, -0.64, 0.48])
    text = bvec_text([info(affine)] * 2, [wanted, None])
    found = directions(affine, text)
    assert found[0] == pytest.approx(wanted, abs=1e-5)
    assert (found[1] == 0).all()
    assert "-0 " not in text
