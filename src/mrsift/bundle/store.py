"""Reading and writing the files of a bundle."""

import hashlib
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mrsift.bundle.manifest import MANIFEST, SCHEMA, Manifest, packed, parse
from mrsift.errors import BundleError, OutputError
from mrsift.types import BundleId

MODEL = "model.onnx"
CARD = "card.md"
WEIGHTS = "model.safetensors"
OPTIONAL_FILES = (WEIGHTS,)

MAX_MANIFEST_BYTES = 5_000_000
MAX_FILE_BYTES = 1_000_000_000

PICKLE_STARTS = (b"\x80", b"PK")
"""First bytes of a pickle and of the zip that torch wraps one in; ONNX has neither."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A bundle whose every byte was checked, but for the weights that nobody asked for.

    Attributes:
        id: Name, version, and SHA-256 of the manifest (which holds those of all files).
        onnx: The network.
        card: Markdown.
    """

    id: BundleId
    manifest: Manifest
    onnx: bytes
    card: str

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Bundle":
        """Reads and checks a bundle.

        Args:
            path: A folder, or a `.mrsift` zip.

        Raises:
            BundleError: It is missing, damaged, newer than this mrsift, or no bundle at all.
        """
        source = Path(path)
        read = _Reader(source)
        raw = read(MANIFEST, MAX_MANIFEST_BYTES)
        manifest = parse(raw, source)
        contents = {name: _checked(read, name, manifest, source) for name in (MODEL, CARD)}
        if contents[MODEL].startswith(PICKLE_STARTS):
            raise BundleError(
                f"{source}: {MODEL} is a pickled model, not ONNX, and is not opened: "
                "unpickling runs code. Export the bundle again from its run."
            )
        identity = BundleId(manifest.name, manifest.version, hashlib.sha256(raw).hexdigest())
        return cls(identity, manifest, contents[MODEL], contents[CARD].decode("utf-8", "replace"))


def read_weights(path: str | os.PathLike[str]) -> tuple[Manifest, bytes]:
    """The weights to fine-tune from, as safetensors, with the manifest they belong to.

    Args:
        path: A folder, or a `.mrsift` zip.

    Raises:
        BundleError: The bundle is damaged or newer than this mrsift, or has no weights.
    """
    source = Path(path)
    read = _Reader(source)
    manifest = parse(read(MANIFEST, MAX_MANIFEST_BYTES), source)
    if WEIGHTS not in manifest.files or manifest.network is None:
        raise BundleError(
            f"{source}: has no {WEIGHTS} to go on training from. Use a bundle that has one, or "
            "train a new network."
        )
    return manifest, _checked(read, WEIGHTS, manifest, source)


def write_bundle(path: Path, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
    """Writes a bundle beside its place, then puts it there in one step.

    Args:
        path: A name ending in `.mrsift` becomes a zip, any other a folder.
        manifest: Its `files` is ignored and computed from `contents`.
        contents: Name -> bytes: `model.onnx`, `card.md`, and `model.safetensors` if wanted.

    Raises:
        BundleError: A file is missing or has a name that bundles do not know, or the manifest
            is one that could not be read again.
        OutputError: The disk is full, or the place cannot be written to.
    """
    unknown = set(contents) - {MODEL, CARD, *OPTIONAL_FILES}
    if unknown or not {MODEL, CARD} <= set(contents):
        raise BundleError(
            f"{path}: a bundle holds {MODEL}, {CARD} and optionally "
            f"{', '.join(OPTIONAL_FILES)}; given: {', '.join(sorted(contents))}."
        )
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(contents.items())}
    fields = asdict(manifest) | {"schema": SCHEMA, "files": digests}
    text = json.dumps(fields, default=_as_list, indent=1, sort_keys=True) + "\n"
    parse(text.encode(), path)
    everything = {MANIFEST: text.encode(), **contents}

    try:
        _put(path, everything)
    except OSError as error:
        raise OutputError(
            f"{path}: the bundle cannot be written ({error.strerror}); what was there is still "
            "there. Make room, or choose another place."
        ) from error


def _put(path: Path, everything: Mapping[str, bytes]) -> None:
    """Writes into a folder beside the place, and moves from there.

    Raises:
        OSError: The disk is full, or the place cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".bundle-") as workplace:
        fresh = Path(workplace) / "new"
        if path.suffix == ".mrsift":
            with zipfile.ZipFile(fresh, "w") as archive:
                for name, data in everything.items():
                    archive.writestr(name, data)
        else:
            fresh.mkdir()
            for name, data in everything.items():
                (fresh / name).write_bytes(data)
            if path.is_dir():
                path.rename(Path(workplace) / "old")
        fresh.replace(path)


def _as_list(value: object) -> Any:
    """Arrays in JSON, with the digits that float32 features deserve."""
    if isinstance(value, np.ndarray):
        return packed(value)
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


class _Reader:
    """Reads members of a folder or of a zip by their bare names, and nothing else."""

    def __init__(self, source: Path) -> None:
        """Looks which of the two it is.

        Raises:
            BundleError: It is neither.
        """
        if not source.is_dir() and not source.is_file():
            raise BundleError(f"{source}: there is no such bundle. Check the path after --model.")
        if source.is_file() and not zipfile.is_zipfile(source):
            if _begins_as_zip(source):
                raise BundleError(f"{source}: cut short or damaged. Copy the bundle again.")
            raise BundleError(
                f"{source}: neither a folder nor a .mrsift zip, so not a bundle. "
                "Make one with: mrsift export."
            )
        self._source = source

    def __call__(self, name: str, limit: int) -> bytes:
        """The bytes of one member.

        Raises:
            BundleError: It is missing, too large, twice there or damaged.
        """
        if self._source.is_dir():
            file = self._source / name
            if file.is_symlink() or not file.is_file():
                raise self._missing(name)
            if file.stat().st_size > limit:
                raise self._too_large(name, file.stat().st_size)
            return file.read_bytes()
        try:
            with zipfile.ZipFile(self._source) as archive:
                return self._member(archive, name, limit)
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise BundleError(
                f"{self._source}: damaged zip ({error}). Copy or download it again."
            ) from error

    def _member(self, archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
        """One member of an open zip."""
        names = archive.namelist()
        if any(re.search(r"^[/\\]|^\w:|(^|[/\\])\.\.([/\\]|$)", member) for member in names):
            raise BundleError(
                f"{self._source}: the zip has names that leave its folder; it was not made by "
                "mrsift and is not opened."
            )
        if names.count(name) != 1:
            raise self._missing(name)
        info = archive.getinfo(name)
        if info.file_size > limit:
            raise self._too_large(name, info.file_size)
        return archive.read(info)

    def _missing(self, name: str) -> BundleError:
        return BundleError(
            f"{self._source}: no {name} in it (or not exactly one), so the bundle is not whole. "
            "Copy it again, or export it again from its run."
        )

    def _too_large(self, name: str, size: int) -> BundleError:
        return BundleError(f"{self._source}: {name} claims {size} bytes, more than is read.")


def _begins_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _checked(read: _Reader, name: str, manifest: Manifest, source: Path) -> bytes:
    """A member whose SHA-256 is the one in the manifest."""
    data = read(name, MAX_FILE_BYTES)
    if manifest.files.get(name) != hashlib.sha256(data).hexdigest():
        raise BundleError(
            f"{source}: {name} is not the file that the manifest was written for (SHA-256 "
            "differs): damaged or exchanged. Copy the bundle again."
        )
    return data
