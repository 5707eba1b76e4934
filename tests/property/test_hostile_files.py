"""Whatever bytes a file holds, it ends as a volume or as one clear line, never as a crash."""

import io
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, UnreadablePixels
from mrsift.ingest.research import VoxelReader, is_research, research_studies
from mrsift.ingest.source import Source, walk
from mrsift.types import Skipped

# Small limits: a false claim must be refused by them, not by the machine's memory.
SETTINGS = IngestSettings(max_voxels=100_000, max_member_bytes=10_000_000)
CONTENT = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)


def make(name: str) -> bytes:
    """A small valid file of that kind."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        if ".nii" in name:
            nibabel.save(nibabel.Nifti1Image(CONTENT, np.diag([1.0, 2, 3, 1])), path)
        elif name.endswith(".zip"):
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for number in range(3):
                    archive.writestr(f"d/{number}", bytes([number]) * 500)
        elif ".tar" in name:
            with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as tar:
                for number in range(3):
                    info = tarfile.TarInfo(f"d/{number}")
                    info.size = 500
                    tar.addfile(info, io.BytesIO(bytes([number]) * 500))
        else:
            image = SimpleITK.GetImageFromArray(CONTENT)
            SimpleITK.WriteImage(image, path, useCompression="packed" in name)
        return path.read_bytes()


def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Some bytes changed, and perhaps the end cut off or doubled."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(0, 6))):
        changed[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    end = draw(st.one_of(st.just(len(data)), st.integers(1, len(data))))
    return bytes(changed[:end]) + (bytes(changed) if draw(st.booleans()) else b"")


def read_all(path: Path) -> int:
    """Scan and read everything; anything but the errors of ingest is a failure.

    Returns:
        Number of things that came out: volumes, files and lines about what was left out.
    """
    items = list(walk([path], SETTINGS))
    sources = [item for item in items if isinstance(item, Source)]
    lines: list[str] = []
    for source in sources:
        try:
            assert len(source.read()) <= SETTINGS.max_member_bytes
        except IngestError as error:
            lines.append(str(error))
    research = [source for source in sources if is_research(source)]
    studies, skipped = research_studies(research, SETTINGS)
    reader = VoxelReader(research, SETTINGS)
    volumes = [info for _, found in studies for info in found]
    for info in volumes:
        try:
            volume = reader.read(info)
            assert volume.voxels.shape == info.shape
            assert np.isfinite(volume.voxels).all()
        except UnreadablePixels as error:
            lines.append(str(error))
    reader.close()
    told = [*skipped, *(item for item in items if isinstance(item, Skipped))]
    lines += [text for item in told for text in (item.path, item.reason)]
    assert all(line and line.isprintable() for line in lines)
    return len(volumes) + len(told) + len(sources) - len(research)


NAMES = ["a.nii", "a.nii.gz", "a.nrrd", "packed.nrrd", "a.mha", "packed.mha", "a.zip", "a.tar"]


@pytest.mark.parametrize("name", [*NAMES, "a.tar.gz"])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_files_end_as_values_or_lines(name: str, data: st.DataObject) -> None:
    bytes_ = data.draw(st.composite(damaged)(make_once(name)))
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(bytes_)
        assert read_all(path) >= 1


def make_once(name: str, made: dict[str, bytes] = {}) -> bytes:  # noqa: B006  # a cache
    if name not in made:
        made[name] = make(name)
    return made[name]


@pytest.mark.parametrize("name", ["a.json", "a.bval", "a.bvec"])
@settings(max_examples=100, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
@example(content=b'{"EchoTime": 1e999, "SeriesNumber": -1, "ImageType": [1, null, "\\ud800"]}')
@example(content=b"[" * 5000)
def test_any_sidecar_is_survived(name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "a.nii").write_bytes(make_once("a.nii"))
        Path(folder, name).write_bytes(content)
        assert read_all(Path(folder)) >= 1
