"""Laws of splitting: names, order and InstanceNumber do not matter; no plane is lost."""

import contextlib
import copy
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import FileDataset

from mrsift.errors import UnreadablePixels
from mrsift.ingest import scan
from mrsift.ingest.geometry import cluster, cluster_vectors
from tests.dicom_builder import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    encoded,
    enhanced,
    plane,
    volume,
)

FEW = settings(max_examples=15, deadline=None)


def series() -> list[FileDataset]:
    """Three b-values with two directions, one slice missing, and an ADC map, in one series."""
    along, down = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    made = [
        *volume(100, 5, DiffusionBValue=0.0),
        *volume(200, 5, DiffusionBValue=800.0, DiffusionGradientOrientation=along),
        *volume(300, 5, DiffusionBValue=800.0, DiffusionGradientOrientation=down),
        *volume(400, 5, ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]),
        *volume(500, 5, EchoTime=20.0, DiffusionBValue=800.0),
    ]
    del made[7]
    return made


DATASETS = series()


def found_in(
    datasets: list[FileDataset], names: list[str]
) -> tuple[dict[str, tuple[list[float], bytes]], int]:
    """Volume id -> (its voxels by plane, its affine), and the number of files left out."""
    with tempfile.TemporaryDirectory() as folder:
        for dataset, name in zip(datasets, names, strict=True):
            Path(folder, name).write_bytes(encoded(dataset))
        found = scan(folder)
        volumes = [info for study in found.studies for info in study.volumes]
        result = {
            info.volume_id: (
                found.read(info).voxels[:, 0, 0].tolist(),
                np.round(info.affine_lps_mm, 9).tobytes(),
            )
            for info in volumes
        }
        assert len(result) == len(volumes)
        return result, len(found.skipped)


@pytest.fixture(scope="module")
def expected() -> dict[str, tuple[list[float], bytes]]:
    return found_in(DATASETS, [f"{k:03d}" for k in range(len(DATASETS))])[0]


@FEW
@given(order=st.permutations(range(24)), seed=st.integers(0, 2**32 - 1))
def test_names_order_and_instance_number_do_not_matter(
    expected: dict[str, tuple[list[float], bytes]], order: list[int], seed: int
) -> None:
    rng = random.Random(seed)
    datasets = copy.deepcopy(DATASETS)
    for dataset in datasets:
        dataset.InstanceNumber = rng.randrange(1000)
    names = [f"{place:03d}.{rng.choice(['dcm', 'ima', 'x'])}" for place in order]
    assert found_in(datasets, names)[0] == expected


@FEW
@given(st.data())
def test_no_plane_is_lost(data: st.DataObject) -> None:
    """Whatever the attributes say, planes in volumes and planes left out are all planes."""
    count = data.draw(st.integers(1, 24))
    datasets = copy.deepcopy(DATASETS[:count])
    for dataset in datasets:
        dataset.ImagePositionPatient = data.draw(
            st.lists(st.sampled_from([0.0, 0.004, 1.0, 50.0]), min_size=3, max_size=3)
        )
        dataset.EchoTime = data.draw(st.sampled_from([10.0, 10.01, 80.0]))
        dataset.AcquisitionTime = data.draw(st.sampled_from(["100000", "100001"]))
        dataset.InstanceNumber = data.draw(st.integers(0, 3))
    found, skipped = found_in(datasets, [f"{k:03d}" for k in range(count)])
    values = sorted(value for planes, _ in found.values() for value in planes)
    assert skipped == 0
    assert values == sorted(float(dataset.pixel_array[0, 0]) for dataset in datasets)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40),
    st.floats(0, 10),
    st.randoms(use_true_random=False),
)
def test_clusters_do_not_depend_on_order(
    values: list[float], tolerance: float, rng: random.Random
) -> None:
    numbers = dict(zip(values, cluster(values, tolerance), strict=True))
    shuffled = list(values)
    rng.shuffle(shuffled)
    assert dict(zip(shuffled, cluster(shuffled, tolerance), strict=True)) == numbers
    for a, b in zip(sorted(values), sorted(values)[1:], strict=False):
        assert (numbers[a] == numbers[b]) == (b - a <= tolerance)


@given(
    st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_clusters_of_vectors_do_not_depend_on_order(
    vectors: list[tuple[float, ...]], rng: random.Random
) -> None:
    numbers = dict(zip(vectors, cluster_vectors(vectors, 1e-3), strict=True))
    shuffled = list(vectors)
    rng.shuffle(shuffled)
    assert dict(zip(shuffled, cluster_vectors(shuffled, 1e-3), strict=True)) == numbers


SEEDS = (
    encoded(plane()),
    encoded(plane(syntax=ImplicitVRLittleEndian)),
    encoded(plane(syntax=ExplicitVRBigEndian)),
    encoded(plane(syntax=DeflatedExplicitVRLittleEndian)),
    encoded(
        plane(
            private=[(0x0019, "SIEMENS MR HEADER", 0x0A, "US", 4)],
            ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"],
        )
    ),
    encoded(enhanced([{"position": (0.0, 0.0, 3.0 * k), "value": k, "b": 800} for k in range(3)])),
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from([b"\0", b"\xff", b"nan ", b"1e99", b"-5", b"\\", b"\xff" * 4, b""]),
            st.integers(0, 6),
        ),
        max_size=6,
    ),
    st.floats(0.1, 1),
)
def test_damage_ends_as_volumes_or_as_a_line(
    seed: bytes, changes: list[tuple[float, bytes, int]], kept: float
) -> None:
    stored = bytearray(seed[: max(200, int(len(seed) * kept)) if kept < 0.5 else len(seed)])
    for place, replacement, length in changes:
        start = 132 + int(place * (len(stored) - 132))
        stored[start : start + length] = replacement
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.dcm").write_bytes(stored)
        found = scan(folder)
        for study in found.studies:
            for info in study.volumes:
                with contextlib.suppress(UnreadablePixels):
                    assert found.read(info).voxels.shape == info.shape
        assert all("\n" not in skipped.reason for skipped in found.skipped)
        assert len(found.studies) + len(found.skipped) == 1
