"""The files of a bundle: what was written is read, and nothing else is."""

import errno
import hashlib
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrsift.bundle import CARD, MANIFEST, MODEL, WEIGHTS, Bundle, read_weights, write_bundle
from mrsift.config import NetworkSettings
from mrsift.errors import BundleError, OutputError
from mrsift.labels import LABEL_NAMES
from tests.bundle_values import CONTENTS, edit, manifest, rewrite


def test_what_was_written_is_read(bundle: Path) -> None:
    loaded = Bundle.load(bundle)
    expected = manifest()
    assert loaded.onnx == CONTENTS[MODEL]
    assert loaded.card == "# Card\n"
    assert loaded.manifest.preprocess == expected.preprocess
    assert loaded.manifest.conformal == expected.conformal
    assert loaded.manifest.labels == LABEL_NAMES
    np.testing.assert_allclose(
        loaded.manifest.outliers.projection, expected.outliers.projection, rtol=1e-6
    )
    assert (loaded.id.name, loaded.id.version) == ("test", "1")
    assert len(loaded.id.sha256) == 64


def test_folder_and_zip_are_the_same_bundle(tmp_path: Path) -> None:
    for name in ("a", "a.mrsift"):
        write_bundle(tmp_path / name, manifest(), CONTENTS)
    assert Bundle.load(tmp_path / "a").id == Bundle.load(tmp_path / "a.mrsift").id


def test_writing_again_replaces_and_leaves_nothing_behind(bundle: Path) -> None:
    write_bundle(bundle, replace(manifest(), version="2"), CONTENTS)
    assert Bundle.load(bundle).id.version == "2"
    assert [file.name for file in bundle.parent.iterdir()] == [bundle.name]


def test_an_exchanged_model_is_refused(bundle: Path) -> None:
    rewrite(bundle, lambda files: files.update({MODEL: b"\x08\x08another network"}))
    with pytest.raises(BundleError, match=r"model\.onnx.*SHA-256 differs"):
        Bundle.load(bundle)


@pytest.mark.parametrize("name", [MANIFEST, MODEL, CARD])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    rewrite(bundle, lambda files: files.pop(name) and None)
    with pytest.raises(BundleError, match=f"no {name}"):
        Bundle.load(bundle)


def test_a_pickled_model_is_refused_unopened(bundle: Path) -> None:
    class Dangerous:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return pytest.fail, ("it was unpickled",)

    data = pickle.dumps(Dangerous())

    def exchange(files: dict[str, bytes]) -> None:
        files[MODEL] = data
        digests = json.loads(files[MANIFEST])["files"]
        edit("files", digests | {MODEL: hashlib.sha256(data).hexdigest()})(files)

    rewrite(bundle, exchange)
    with pytest.raises(BundleError, match="pickled"):
        Bundle.load(bundle)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:evil"])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.mrsift"
    write_bundle(path, manifest(), CONTENTS)
    rewrite(path, lambda files: files.update({name: b""}))
    with pytest.raises(BundleError, match="leave its folder"):
        Bundle.load(path)


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mrsift"
    write_bundle(path, manifest(), CONTENTS)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(BundleError, match="cut short"):
        Bundle.load(path)


def test_flipped_bits_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.mrsift"
    write_bundle(path, manifest(), CONTENTS)
    data = bytearray(path.read_bytes())
    position = data.index(b"not a real network")
    data[position] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleError, match=r"a\.mrsift.*damaged"):
        Bundle.load(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", manifest(), CONTENTS)
    (tmp_path / "elsewhere").write_bytes(CONTENTS[MODEL])
    (tmp_path / "bundle" / MODEL).unlink()
    (tmp_path / "bundle" / MODEL).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match=MODEL):
        Bundle.load(tmp_path / "bundle")


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such bundle"):
        Bundle.load(tmp_path / "nothing")


def test_files_that_bundles_do_not_know_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"weights\.pt"):
        write_bundle(tmp_path / "a", manifest(), CONTENTS | {"weights.pt": b""})


@pytest.mark.parametrize("name", ["a", "a.mrsift"])
def test_weights_are_read_where_they_are(tmp_path: Path, name: str) -> None:
    written = manifest(network=NetworkSettings())
    write_bundle(tmp_path / name, written, CONTENTS | {WEIGHTS: b"numbers"})
    found, weights = read_weights(tmp_path / name)
    assert (found.network, weights) == (NetworkSettings(), b"numbers")


def test_a_bundle_without_weights_is_named(bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"no model\.safetensors"):
        read_weights(bundle)


def test_exchanged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_bundle(path, manifest(network=NetworkSettings()), CONTENTS | {WEIGHTS: b"numbers"})
    (path / WEIGHTS).write_bytes(b"others")
    with pytest.raises(BundleError, match="SHA-256 differs"):
        read_weights(path)


def test_a_full_disk_leaves_the_bundle_that_was_there(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Bundle.load(bundle).id

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        write_bundle(bundle, manifest(), CONTENTS)
    assert Bundle.load(bundle).id == before
    assert [file.name for file in bundle.parent.iterdir()] == [bundle.name]
