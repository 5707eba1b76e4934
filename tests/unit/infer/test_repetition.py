"""Functional series are told from diffusion by what their volumes have in common."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.infer.physics import physics_of_study
from mrsift.infer.repetition import ALIKE_R, alike, repetition_evidence
from mrsift.infer.sample import Sample, Sampled
from tests.report_values import volume

SHAPE = (6, 30, 30)
RNG = np.random.default_rng(5)
BRAIN = RNG.uniform(100, 260, SHAPE)
FUNCTIONAL = Path(nibabel.__file__).parent / "tests/data/functional.nii"


def series(changed: float, count: int = 12, **known: object) -> list[Sampled]:
    """Volumes that differ by noise of 3 % and by a pattern of their own."""
    prior = known.pop("prior", {"DWI_LOW": 0.7, "UNKNOWN": 0.2, "T1W": 0.1})
    found = []
    for number in range(count):
        own = BRAIN * (1 + changed * RNG.standard_normal(SHAPE)) + RNG.normal(0, 5, SHAPE)
        sample = Sample(own.astype(np.float32), (slice(None),) * 3)
        info = volume(number, "ep2d", shape=SHAPE, series_instance_uid="1.2")
        found.append(Sampled(info, sample, prior, **known))  # type: ignore[arg-type]
    return found


def test_a_series_that_repeats_itself_is_unknown() -> None:
    evidence = physics_of_study(series(0.0), None)
    assert len(evidence) == 12
    assert {one.kind for one in evidence.values()} == {"repetition"}
    assert {one.favours for one in evidence.values()} == {("UNKNOWN",)}


@pytest.mark.parametrize(
    "volumes",
    [
        series(0.2),
        series(0.0, count=7),
        series(0.0, prior={"T1W": 0.4, "T1W_CE": 0.4, "DWI_LOW": 0.2}),
        series(0.0, b_s_per_mm2=50.0),
    ],
    ids=["directions", "few", "dynamic", "b-values"],
)
def test_other_series_are_left_alone(volumes: list[Sampled]) -> None:
    assert not repetition_evidence(volumes)


def test_volumes_of_other_series_do_not_count() -> None:
    one, other = series(0.0, count=5), series(0.0, count=5)
    for place, each in enumerate(other):
        info = volume(20 + place, "ep2d", shape=SHAPE, series_instance_uid="1.3")
        one.append(Sampled(info, each.sample, each.prior))
    assert not repetition_evidence(one)


def test_a_head_that_moves_once_does_not_hide_it() -> None:
    values = np.stack([one.values for one in series(0.0, count=20)])
    values[7] = np.roll(values[7], 40)
    assert alike(values) > ALIKE_R


def test_a_real_functional_series_is_alike() -> None:
    """Twenty volumes that nibabel is tested with."""
    voxels = np.asarray(nibabel.Nifti1Image.from_filename(FUNCTIONAL).dataobj, dtype=np.float32)
    assert alike(voxels.reshape(-1, voxels.shape[-1]).T) > 0.99


def test_nothing_at_all_is_not_alike() -> None:
    assert alike(np.zeros((9, 50), np.float32)) < ALIKE_R
