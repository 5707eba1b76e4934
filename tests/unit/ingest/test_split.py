"""What parts a series into volumes, and what does not."""

from pathlib import Path

import numpy as np
import pytest

from tests.dicom_builder import AXIAL, CORONAL, SAGITTAL, plane, volume
from tests.split_series import lowest, read


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"EchoTime": 80.0}, {"EchoTime": 80.5}),
        ({"InversionTime": 150.0}, {"InversionTime": 2500.0}),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M"]}, {"ImageType": ["ORIGINAL", "PRIMARY", "P"]}),
        ({"ImageType": ["DERIVED", "PRIMARY", "W"]}, {"ImageType": ["DERIVED", "PRIMARY", "F"]}),
        ({"PixelSpacing": [1.5, 2.0]}, {"PixelSpacing": [1.5, 2.01]}),
        ({"shape": (6, 8)}, {"shape": (8, 6)}),
        ({"TemporalPositionIdentifier": 1}, {"TemporalPositionIdentifier": 2}),
        ({"TriggerTime": 10.0}, {"TriggerTime": 500.0}),
        ({"FlipAngle": 5.0}, {"FlipAngle": 15.0}),
        ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}),
        ({"AcquisitionTime": "100000.0"}, {"AcquisitionTime": "100001.5"}),
        (
            {"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]},
            {"ImageType": ["ORIGINAL", "PRIMARY", "M", "NORM"]},
        ),
        ({"FrameOfReferenceUID": "1.2.3"}, {"FrameOfReferenceUID": "1.2.4"}),
        (
            {"DiffusionBValue": 800.0, "DiffusionGradientOrientation": [1.0, 0.0, 0.0]},
            {"DiffusionBValue": 800.0, "DiffusionGradientOrientation": [0.0, 1.0, 0.0]},
        ),
    ],
    ids=",".join,
)
def test_two_volumes(tmp_path: Path, first: dict[str, object], second: dict[str, object]) -> None:
    found, volumes = read(tmp_path, volume(100, **first), volume(300, **second))
    assert sorted(lowest(found, info) for info in volumes) == [100, 300]
    assert all(info.complete and not info.order_assumed for info in volumes)
    assert len({info.volume_id for info in volumes}) == 2


@pytest.mark.parametrize(
    ("component", "token"),
    [
        ("phase", "P"),
        ("real", "R"),
        ("imaginary", "I"),
        ("water", "W"),
        ("fat", "F"),
        ("in_phase", "IP"),
        ("opposed_phase", "OP"),
        ("subtraction", "SUBTRACTION"),
        ("magnitude", "M"),
    ],
)
def test_image_component(tmp_path: Path, component: str, token: str) -> None:
    _, volumes = read(tmp_path, volume(ImageType=["DERIVED", "PRIMARY", token]))
    assert volumes[0].image_component == component


def test_noise_in_echo_time_and_orientation_parts_nothing(tmp_path: Path) -> None:
    datasets = volume()
    for k, dataset in enumerate(datasets):
        dataset.EchoTime = 80.0 + k * 1e-4
        dataset.ImageOrientationPatient = [1.0, k * 1e-6, 0.0, 0.0, 1.0, -k * 1e-6]
    found, volumes = read(tmp_path, datasets)
    assert [lowest(found, info) for info in volumes] == [100]


def test_an_echo_time_of_its_own_in_every_plane_parts_nothing(tmp_path: Path) -> None:
    datasets = volume()
    for k, dataset in enumerate(datasets):
        dataset.InversionTime = 100.0 + 20 * k
    found, volumes = read(tmp_path, datasets)
    assert [lowest(found, info) for info in volumes] == [100]


def test_interleaved_echoes_at_different_positions_stay_apart(tmp_path: Path) -> None:
    first = volume(100, EchoTime=10.0, step=(0, 0, 6.0))
    second = volume(300, EchoTime=90.0, step=(0, 0, 6.0), position=(-10.0, -20.0, -27.0))
    found, volumes = read(tmp_path, first, second)
    assert sorted(lowest(found, info) for info in volumes) == [100, 300]


def test_three_planes_in_one_series_are_three_localizers(tmp_path: Path) -> None:
    stacks = [
        volume(100, 3, orientation=AXIAL, step=(0, 0, 10.0)),
        volume(200, 3, orientation=SAGITTAL, step=(10.0, 0, 0)),
        volume(300, 3, orientation=CORONAL, step=(0, 10.0, 0)),
    ]
    _, volumes = read(tmp_path, *stacks)
    assert sorted(info.plane for info in volumes) == ["axial", "coronal", "sagittal"]
    assert all(info.localizer for info in volumes)


def test_time_points_are_numbered_in_time(tmp_path: Path) -> None:
    phases = [volume(100 * k, AcquisitionTime=f"1000{10 * k:02d}.0") for k in (3, 1, 2)]
    found, volumes = read(tmp_path, *phases)
    seen = {info.temporal_position: lowest(found, info) for info in volumes}
    assert seen == {0: 100, 1: 200, 2: 300}


def test_time_points_with_a_time_for_each_slice(tmp_path: Path) -> None:
    phases = []
    for k in range(3):
        phases.append(volume(100 * (k + 1)))
        for n, dataset in enumerate(phases[-1]):
            dataset.AcquisitionTime = f"10{k:02d}{n:02d}.0"
            dataset.InstanceNumber = 1
    found, volumes = read(tmp_path, *phases)
    assert {info.temporal_position: lowest(found, info) for info in volumes} == {
        0: 100,
        1: 200,
        2: 300,
    }
    assert not any(info.order_assumed for info in volumes)


@pytest.mark.parametrize("by_volume", [True, False])
@pytest.mark.parametrize("missing", [None, 0, 5])
def test_instance_number_is_the_last_resort_and_marked(
    tmp_path: Path, by_volume: bool, missing: int | None
) -> None:
    copies = [volume(100 * (k + 1)) for k in range(3)]
    for k, planes in enumerate(copies):
        for n, dataset in enumerate(planes):
            dataset.InstanceNumber = (k * 8 + n if by_volume else n * 3 + k) + 1
    if missing is not None:
        del copies[1][missing]
    found, volumes = read(tmp_path, *copies)
    assert all(info.order_assumed for info in volumes)
    firsts = sorted(int(found.read(info).voxels[0, 0, 0]) for info in volumes)
    assert firsts == [100, 201 if missing == 0 else 200, 300]
    assert sum(info.shape[0] for info in volumes) == 24 - (missing is not None)


def test_volumes_between_each_other_are_not_interleaved(tmp_path: Path) -> None:
    """As prospective motion correction leaves them: no position repeats."""
    shifts = (0.0, 0.4, 1.5)
    phases = [
        volume(100 * (k + 1), AcquisitionNumber=k + 1, position=(0.0, 0.0, shift))
        for k, shift in enumerate(shifts)
    ]
    found, volumes = read(tmp_path, *phases)
    assert sorted(lowest(found, info) for info in volumes) == [100, 200, 300]
    assert all(info.complete for info in volumes)


def test_odd_and_even_slices_of_two_passes_are_one_volume(tmp_path: Path) -> None:
    datasets = volume()
    for k, dataset in enumerate(datasets):
        dataset.AcquisitionNumber = k % 2 + 1
    del datasets[1]
    found, (info,) = read(tmp_path, datasets)
    assert found.read(info).voxels[:, 0, 0].tolist() == [100, 102, 103, 104, 105, 106, 107]


def test_a_cine_with_its_own_trigger_time_in_each_slice(tmp_path: Path) -> None:
    phases = []
    for k in range(3):
        phases.append(volume(100 * (k + 1)))
        for n, dataset in enumerate(phases[-1]):
            dataset.TriggerTime = 100.0 * k + 3.0 * n
            dataset.InstanceNumber = 1
    found, volumes = read(tmp_path, *phases)
    assert sorted(lowest(found, info) for info in volumes) == [100, 200, 300]
    assert not any(info.order_assumed for info in volumes)


def test_a_frame_of_reference_for_every_plane_is_nonsense(tmp_path: Path) -> None:
    datasets = volume()
    for k, dataset in enumerate(datasets):
        dataset.FrameOfReferenceUID = f"1.2.{k + 1}"
    found, (info,) = read(tmp_path, datasets)
    assert lowest(found, info) == 100


@pytest.mark.parametrize(
    ("description", "component"),
    [("WATER: Ax LAVA", "water"), ("OutPhase: Ax LAVA", "opposed_phase"), ("Water", "magnitude")],
)
def test_dixon_names_of_ge(tmp_path: Path, description: str, component: str) -> None:
    _, volumes = read(tmp_path, volume(SeriesDescription=description))
    assert volumes[0].image_component == component


def test_directions_and_averages(tmp_path: Path) -> None:
    volumes = []
    for d, direction in enumerate(([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0])):
        for average in (1, 2):
            fields = {"DiffusionGradientOrientation": direction, "AcquisitionNumber": average}
            volumes.append(volume(100 + 100 * d + 20 * average, DiffusionBValue=800.0, **fields))
    found, infos = read(tmp_path, volume(50, DiffusionBValue=0.0), *volumes)
    firsts = sorted(lowest(found, info) for info in infos)
    assert firsts == [50, 120, 140, 220, 240, 320, 340]


def test_one_slice_and_two_slices(tmp_path: Path) -> None:
    single = [plane((0.0, 0.0, 0.0), SeriesNumber=1, SeriesInstanceUID="1.1")]
    two = volume(200, 2, SeriesNumber=2, SeriesInstanceUID="1.2")
    _, (one, pair) = read(tmp_path, single, two)
    assert (one.shape[0], pair.shape[0]) == (1, 2)
    assert one.spacing_mm[0] == 3.0  # its SliceThickness
    assert "a single slice" in one.remarks
    assert pair.complete


def test_stacks_shifted_in_plane_are_two_volumes(tmp_path: Path) -> None:
    second = volume(300, position=(40.0, -20.0, -30.0))
    found, volumes = read(tmp_path, volume(100), second)
    assert sorted(lowest(found, info) for info in volumes) == [100, 300]
    assert all("shifted" in info.remarks[0] for info in volumes)


def test_a_tilted_stack_is_one_volume_with_its_true_affine(tmp_path: Path) -> None:
    found, (info,) = read(tmp_path, volume(100, step=(0.0, 1.0, 3.0)))
    assert lowest(found, info) == 100
    np.testing.assert_allclose(info.affine_lps_mm[:3, 0], (0.0, 1.0, 3.0), atol=1e-9)
    assert "tilted by 18.4 degrees" in info.remarks[0]


def test_unequal_steps_are_told(tmp_path: Path) -> None:
    datasets = volume()
    datasets[5].ImagePositionPatient[2] += 1.0
    _, (info,) = read(tmp_path, datasets)
    assert not info.complete
    assert "unequal steps: 4.00 mm between slices 5 and 6" in info.remarks[0]


def test_affine_of_an_oblique_volume(tmp_path: Path) -> None:
    angle = np.radians(20)
    down = (0.0, float(np.cos(angle)), float(np.sin(angle)))
    normal = np.cross((1.0, 0.0, 0.0), down)
    datasets = volume(orientation=(1.0, 0.0, 0.0, *down), step=tuple(-2.5 * normal))
    _, (info,) = read(tmp_path, datasets)
    expected = np.eye(4)
    expected[:3, 0] = 2.5 * normal  # slices are sorted along the right-handed normal
    expected[:3, 1] = np.array(down) * 1.5
    expected[:3, 2] = (2.0, 0.0, 0.0)
    expected[:3, 3] = np.array((-10.0, -20.0, -30.0)) - 7 * 2.5 * normal
    np.testing.assert_allclose(info.affine_lps_mm, expected, atol=1e-9)
    assert info.obliquity_deg == pytest.approx(20.0)
    assert info.plane == "axial"
