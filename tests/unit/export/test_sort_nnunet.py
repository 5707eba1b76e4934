"""Channels for nnU-Net: one grid, the order of the roles, and who is left out."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from mrsift.errors import ConfigError
from mrsift.export.sort import Outcome, SortOptions, sort_studies
from mrsift.export.sort_manifest import MANIFEST, read_manifest
from mrsift.labels import Profile, Role
from mrsift.types import RoleChoice, VolumeInfo
from tests.dicom_builder import uid, volume, write
from tests.sorted_trees import answered, names

PROFILE = Profile(
    "mine",
    ("T2W", "ADC"),
    roles=(
        Role("first", ("T2W",)),
        Role("second", ("ADC",)),
        Role("extra", ("FLAIR",), None, False),
    ),
)


def exam(folder: Path, *numbers: int, **fields: object) -> Path:
    for number in numbers:
        about = {"SeriesInstanceUID": uid(number), "SeriesNumber": number} | fields
        write(folder, volume(value=100 * number, **about))
    return folder


def sort(path: Path, out: Path, roles: dict[str, int], profile: str = "mine") -> Outcome:
    """A tree of a study in which the roles are filled by series of these numbers."""
    report, found = answered(path, lambda _: "T2W")
    (study,) = report.studies
    by_number = {one.volume.series_number: one.volume for one in study.predictions}

    def choice(info: VolumeInfo) -> RoleChoice:
        return RoleChoice(info.volume_id, "only one")

    filled = {role: choice(by_number[number]) for role, number in roles.items()}
    missing = {"second": "no ADC map"} if "second" not in roles else {}
    study = replace(study, profile=profile, roles=filled, missing_reasons=missing)
    options = SortOptions("nnunet", profile=PROFILE)
    return sort_studies(replace(report, studies=(study,)), found, out, options)


def test_channels_are_the_required_roles_in_their_order(tmp_path: Path) -> None:
    exam(tmp_path / "in", 1, 2)
    outcome = sort(tmp_path / "in", tmp_path / "out", {"extra": 1, "second": 1, "first": 2})
    files = names(tmp_path / "out")
    assert files == [f"imagesTs/sub-001_ses-1_000{n}.nii.gz" for n in (0, 1)]
    lowest = [nibabel.load(tmp_path / "out" / name).dataobj[0, 0, 0] for name in files]
    assert lowest == [200, 100]
    lines = read_manifest(tmp_path / "out" / MANIFEST)
    ids = [lines[name].volume_id for name in files]
    assert [info.volume_id for info in outcome.entries[0][0].volumes] == ids  # one in each file
    about = json.loads((tmp_path / "out/dataset.json").read_text())
    assert about["channel_names"] == {"0": "first", "1": "second"}
    assert outcome.entries[0][0].remark == ""


def test_another_grid_is_resampled_onto_the_first(tmp_path: Path) -> None:
    exam(tmp_path / "in", 1)
    exam(tmp_path / "in", 2, step=(0.0, 0.0, 1.5), slices=16)
    outcome = sort(tmp_path / "in", tmp_path / "out", {"first": 1, "second": 2})
    first, second = (nibabel.load(tmp_path / "out" / name) for name in names(tmp_path / "out"))
    assert second.shape == first.shape
    assert (second.affine == first.affine).all()
    assert np.asarray(second.dataobj)[0, 0] == pytest.approx(200 + 2 * np.arange(8))
    assert outcome.entries[0][0].remark == "resampled onto first: second"


def test_frames_of_reference_that_differ_leave_the_study_out(tmp_path: Path) -> None:
    exam(tmp_path / "in", 1)
    exam(tmp_path / "in", 2, FrameOfReferenceUID=uid("elsewhere"), step=(0.0, 0.0, 1.5))
    outcome = sort(tmp_path / "in", tmp_path / "out", {"first": 1, "second": 2})
    ((_, done),) = outcome.entries
    assert done.how == "left out"
    assert "frames of reference" in done.reason
    assert names(tmp_path / "out") == []


def test_a_missing_role_leaves_the_study_out_and_says_why(tmp_path: Path) -> None:
    exam(tmp_path / "in", 1)
    outcome = sort(tmp_path / "in", tmp_path / "out", {"first": 1})
    assert outcome.entries == ()
    assert outcome.left_out[0].reason == "no second: no ADC map"


def test_a_profile_without_roles_cannot_be_sorted(tmp_path: Path) -> None:
    exam(tmp_path / "in", 1)
    with pytest.raises(ConfigError, match="--profile"):
        sort(tmp_path / "in", tmp_path / "out", {}, profile="all")


def test_a_tree_with_other_channels_is_refused(tmp_path: Path) -> None:
    exam(tmp_path / "in", 1, 2)
    sort(tmp_path / "in", tmp_path / "out", {"first": 1, "second": 2})
    about = tmp_path / "out/dataset.json"
    about.write_text(about.read_text().replace("second", "flair"))
    with pytest.raises(ConfigError, match="other channels"):
        sort(tmp_path / "in", tmp_path / "out", {"first": 1, "second": 2})
