"""What a bundle says of itself: free labels, older schemas, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from mrsift.bundle import MANIFEST, Bundle, OperatingPoint, default_bundle_path, write_bundle
from mrsift.bundle.manifest import MAX_NUMBERS, packed, unpacked
from mrsift.config import IdentifySettings, NetworkSettings
from mrsift.errors import BundleError
from mrsift.evaluate.outliers import distance
from mrsift.labels import LABEL_NAMES
from tests.bundle_values import CONTENTS, PHASES, edit, manifest, rewrite


def test_a_newer_bundle_asks_for_an_update(bundle: Path) -> None:
    rewrite(bundle, edit("schema", "mrsift.bundle/4"))
    with pytest.raises(BundleError, match="Update mrsift"):
        Bundle.load(bundle)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("schema", "other/1", "no bundle"),
        ("labels", ["T2W"], "labels are T2W"),
        ("labels", ["T2W", "T2W"], "labels are T2W, T2W"),
        ("labels", ["T2W", "a|b"], "label 'a|b' is not one word"),
        ("labels", ["T2W", "=1+1"], "not one word"),
        ("labels", ["T2W", ""], "not one word"),
        ("labels", ["T2W", "ADC"], "conformal"),
        ("regions", ["knee", "head"], "regions are knee"),
        ("network", {"depht": 18}, "depht"),
        ("network", [18], "TypeError|AttributeError"),
        ("temperature", 0.0, "temperatures"),
        ("temperature", "warm", "ValueError"),
        ("conformal", {"T2W": 0.1}, "conformal"),
        ("outliers", {}, "KeyError"),
        ("preprocess", {"input_shape": [8, 16]}, "KeyError"),
        ("files", None, "AttributeError"),
    ],
)
def test_an_unusable_manifest_is_refused(
    bundle: Path, field: str, value: object, message: str
) -> None:
    rewrite(bundle, edit(field, value))
    with pytest.raises(BundleError, match=message):
        Bundle.load(bundle)


def test_unknown_preprocessing_is_refused(bundle: Path) -> None:
    settings = {"input_shape": [8, 16, 16], "clip_percentiles": [0, 100], "intensity": "zscore"}
    rewrite(bundle, edit("preprocess", settings | {"sharpen": True}))
    with pytest.raises(BundleError, match="sharpen"):
        Bundle.load(bundle)


@pytest.mark.parametrize("name", ["input_shape", "source_shape"])
@pytest.mark.parametrize("sizes", [[], [8, 16], [8, 0, 16]])
def test_shapes_that_are_not_three_sizes_are_refused(
    bundle: Path, name: str, sizes: list[int]
) -> None:
    settings = {"input_shape": [8, 16, 16], "clip_percentiles": [0, 100], "intensity": "zscore"}
    rewrite(bundle, edit("preprocess", settings | {name: sizes}))
    with pytest.raises(BundleError, match=f"{name} is .*expected three sizes"):
        Bundle.load(bundle)


def test_a_manifest_that_is_no_json_is_refused(bundle: Path) -> None:
    rewrite(bundle, lambda files: files.update({MANIFEST: b"\xff{"}))
    with pytest.raises(BundleError, match=MANIFEST):
        Bundle.load(bundle)


def test_other_labels_without_regions_are_read(tmp_path: Path) -> None:
    network = NetworkSettings(depth=10, width=8, slice_strides=(1, 1, 2, 2), channels=4)
    written = manifest(PHASES, regions=(), network=network)
    write_bundle(tmp_path / "a.mrsift", written, CONTENTS)
    found = Bundle.load(tmp_path / "a.mrsift").manifest
    assert (found.labels, found.regions, found.network) == (PHASES, (), network)
    assert found.channels == 4
    assert tuple(found.conformal) == tuple(sorted(PHASES))


def test_a_bundle_of_the_first_schema_is_read(bundle: Path) -> None:
    def older(files: dict[str, bytes]) -> None:
        fields = json.loads(files[MANIFEST])
        del fields["network"]
        files[MANIFEST] = json.dumps(fields | {"schema": "mrsift.bundle/1"}).encode()

    rewrite(bundle, older)
    found = Bundle.load(bundle).manifest
    assert (found.labels, found.network, found.channels) == (LABEL_NAMES, None, 1)


def test_a_bundle_of_the_second_schema_measures_the_same_distance(bundle: Path) -> None:
    rng = np.random.default_rng(1)
    root = rng.normal(size=(3, 3))
    means, precision = rng.normal(size=(9, 3)), root @ root.T + np.eye(3)

    def older(files: dict[str, bytes]) -> None:
        fields = json.loads(files[MANIFEST])
        del fields["outliers"]["neighbours"]
        fields["outliers"] |= {"class_means": means.tolist(), "precision": precision.tolist()}
        files[MANIFEST] = json.dumps(fields | {"schema": "mrsift.bundle/2"}).encode()

    projection, centre = manifest().outliers.projection, manifest().outliers.centre
    rewrite(bundle, older)
    features = rng.normal(size=(5, 6))
    offsets = ((features - centre) @ projection)[:, None] - means
    squared = np.einsum("nlk,kj,nlj->nl", offsets, precision, offsets)
    found = distance(features, Bundle.load(bundle).manifest.outliers)
    np.testing.assert_allclose(found, np.sqrt(squared.min(axis=1)), rtol=1e-5)


@pytest.mark.parametrize("shape", [(3, 4), (MAX_NUMBERS, 2), (0,)])
def test_arrays_come_back_from_a_manifest(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=shape)
    again = unpacked(json.loads(json.dumps(packed(array))))
    np.testing.assert_allclose(again, array, rtol=1e-6)


def test_packed_bytes_of_another_length_are_refused(bundle: Path) -> None:
    wrong = packed(np.zeros((MAX_NUMBERS, 3))) | {"shape": [MAX_NUMBERS, 4]}

    def shortened(files: dict[str, bytes]) -> None:
        fields = json.loads(files[MANIFEST])
        fields["outliers"]["neighbours"] = wrong
        files[MANIFEST] = json.dumps(fields).encode()

    rewrite(bundle, shortened)
    with pytest.raises(BundleError, match="cannot be used"):
        Bundle.load(bundle)


def test_the_bundle_that_ships_is_read() -> None:
    found = Bundle.load(default_bundle_path()).manifest
    assert found.labels == LABEL_NAMES


def test_a_manifest_that_could_not_be_read_again_is_not_written(bundle: Path) -> None:
    before = Bundle.load(bundle).id
    with pytest.raises(BundleError, match="not one word"):
        write_bundle(bundle, manifest(("a b", "c")), CONTENTS)
    assert Bundle.load(bundle).id == before


def test_an_operating_point_comes_back_and_is_what_answers_are_made_with(tmp_path: Path) -> None:
    fitted = OperatingPoint(0.4, 0.7, 0.95, "a command")
    write_bundle(tmp_path / "a.mrsift", manifest(operating_point=fitted), CONTENTS)
    found = Bundle.load(tmp_path / "a.mrsift").manifest
    assert found.operating_point == fitted
    settings = found.identify_settings
    assert (settings.min_probability, settings.pixel_reliability) == (0.4, 0.7)
    assert settings.header_reliability == 0.95
    assert settings.conflict_probability == IdentifySettings().conflict_probability


def test_without_an_operating_point_the_defaults_hold() -> None:
    assert manifest().identify_settings == IdentifySettings()


def test_a_share_beyond_one_is_refused(tmp_path: Path) -> None:
    wrong = manifest(operating_point=OperatingPoint(0.5, 1.5, 0.9, ""))
    with pytest.raises(BundleError, match="operating_point"):
        write_bundle(tmp_path / "a.mrsift", wrong, CONTENTS)
