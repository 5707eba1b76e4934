"""NRRD and MetaImage files, through SimpleITK, which is imported when the first one is met.

SimpleITK reads from disk only, so members of archives are put into a temporary folder for
the call. It also follows whatever path a header names; that is looked at here first.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, NotDicom, UnreadablePixels
from mrsift.ingest.research_header import ResearchHeader, check
from mrsift.ingest.source import Source, beside

_PREFIX_BYTES = 1 << 20
_SCALAR = re.compile(r"(?:vector of )?(8|16|32|64)-bit (signed integer|unsigned integer|float)")
_KEY = re.compile(r"modality|DWMRI_[\w-]+|NRRD_[\w\[\]]+|ITK_InputFilterName", re.ASCII)
_KIND = {"signed integer": "i", "unsigned integer": "u", "float": "f"}


@dataclass(frozen=True, slots=True)
class _Text:
    """What the text part of a file says about where its voxels are.

    Attributes:
        length: Bytes of the text.
        data_file: Name of the file that holds the voxels; None where this one does.
        compressed: Not stored as plain binary.
    """

    length: int
    data_file: str | None
    compressed: bool


def read_header(
    source: Source, siblings: Mapping[str, Source], settings: IngestSettings
) -> ResearchHeader:
    """Geometry and storage of an NRRD or MetaImage file, from its header alone.

    Args:
        source: A `.nrrd`, `.nhdr`, `.mha` or `.mhd` file.
        siblings: Sources by path, among them the file that holds its voxels if it is another.
        settings: Limits.

    Raises:
        NotDicom: It is no image of scalar intensities.
        IngestError: It is damaged, its header cannot be true, or its data file is elsewhere.
    """
    text = _read_text(source)
    data = data_source(source, siblings)
    with _on_disk(source, data, _PREFIX_BYTES) as path:
        reader = _sitk().ImageFileReader()
        reader.SetFileName(str(path))
        try:
            reader.ReadImageInformation()
        except RuntimeError as error:
            raise IngestError(f"cannot be read ({_last_line(error)}); write it again") from error
        header = _interpret(reader)
    available = source.size - text.length if data is None else data.size
    check(header, available, text.compressed, settings)
    if header.data_bytes > settings.max_member_bytes:
        raise IngestError(
            f"holds {header.data_bytes:,} bytes of voxels, more than the"
            f" {settings.max_member_bytes:,} that are read at once; split it into volumes"
        )
    return header


def copy_voxels(
    source: Source, siblings: Mapping[str, Source], header: ResearchHeader, target: IO[bytes]
) -> None:
    """Write all voxels as stored, uncompressed, volume after volume.

    Raises:
        UnreadablePixels: The voxels cannot be read.
    """
    data = data_source(source, siblings)
    with _on_disk(source, data, None) as path:
        try:
            image = _sitk().ReadImage(str(path))
        except RuntimeError as error:
            raise UnreadablePixels("voxels are damaged or cut short; copy it again") from error
    stored: NDArray[Any] = _sitk().GetArrayViewFromImage(image)
    if image.GetNumberOfComponentsPerPixel() > 1:
        stored = np.moveaxis(stored, -1, 0)
    for volume in stored.reshape(header.volumes, *header.size[::-1]):
        target.write(np.ascontiguousarray(volume, header.dtype).data)


def _sitk() -> Any:
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    return SimpleITK


def _read_text(source: Source) -> _Text:
    with source.open() as stream:
        prefix = stream.read(_PREFIX_BYTES)
    if source.path.lower().endswith((".nrrd", ".nhdr")):
        return _nrrd_text(prefix)
    return _meta_text(prefix)


def _nrrd_text(prefix: bytes) -> _Text:
    if not prefix.startswith(b"NRRD000"):
        raise NotDicom("is no NRRD file (its first bytes do not say so); check its name")
    end = re.search(rb"\r?\n\r?\n", prefix)
    text = prefix[: end.start() if end else len(prefix)].decode("latin-1")
    fields = dict(re.findall(r"(?im)^(data ?file|encoding): *(.*?)\s*$", text))
    fields = {name.lower().replace(" ", ""): value for name, value in fields.items()}
    return _Text(
        length=end.end() if end else len(prefix),
        data_file=fields.get("datafile"),
        compressed=fields.get("encoding", "raw").lower() != "raw",
    )


def _meta_text(prefix: bytes) -> _Text:
    end = re.search(rb"(?i)elementdatafile\s*[=:]?[ \t]*([^\r\n]*)\r?\n?", prefix)
    if end is None or b"NDims" not in prefix[: end.start()]:
        raise NotDicom("is no MetaImage file (no NDims and ElementDataFile); check its name")
    name = end.group(1).decode("latin-1").strip()
    packed = re.search(rb"(?i)compresseddata\s*[=:]\s*true", prefix[: end.start()])
    binary = re.search(rb"(?i)binarydata\s*[=:]\s*true", prefix[: end.start()])
    return _Text(
        length=end.end(),
        data_file=None if name.upper() == "LOCAL" else name,
        compressed=packed is not None or binary is None,
    )


def data_source(source: Source, siblings: Mapping[str, Source]) -> Source | None:
    """The other file that holds the voxels; None where the file itself does.

    Raises:
        NotDicom: The file is neither NRRD nor MetaImage.
        IngestError: It is not one file of the same folder, or it is not there.
    """
    name = _read_text(source).data_file
    if name is None:
        return None
    if re.search(r"[/\\%\0]|^LIST\b|^\.\.$|\s\d", name):
        raise IngestError("names its data by a folder, list or pattern; write it as one file")
    found = siblings.get(beside(source.path, name))
    if found is None:
        raise IngestError("its data file is not beside it; copy both into one folder")
    return found


@contextmanager
def _on_disk(source: Source, data: Source | None, limit: int | None) -> Iterator[Path]:
    """A path that SimpleITK can open; a copy of at most `limit` bytes for archive members."""
    if source.local is not None:
        yield source.local
        return
    with tempfile.TemporaryDirectory(prefix="mrsift-") as folder:
        for item in (source, data):
            if item is not None:
                name = re.split(r"[/!]", item.path)[-1]
                with item.open() as stream:
                    Path(folder, name).write_bytes(stream.read(-1 if limit is None else limit))
        yield Path(folder, re.split(r"[/!]", source.path)[-1])


def _interpret(reader: Any) -> ResearchHeader:
    dimension, components = reader.GetDimension(), reader.GetNumberOfComponents()
    kind = _sitk().GetPixelIDValueAsString(reader.GetPixelID())
    # Keys of a damaged file may be no text at all; only those we know are asked for.
    known = [key for key in reader.GetMetaDataKeys() if _KEY.fullmatch(key)]
    tags = {key: reader.GetMetaData(key) for key in known}
    scalar = _SCALAR.fullmatch(kind)
    if kind.startswith("complex"):
        raise IngestError("holds complex numbers; write its magnitude to a file of its own")
    series = tags.get("modality") == "DWMRI" or tags.get("NRRD_kinds[pixel]") == "list"
    if scalar is None or (components > 1 and (dimension != 3 or not series)):
        raise NotDicom(f"holds colours or vectors ({kind}), no image intensities")
    if dimension not in (3, 4):
        raise IngestError(f"has {dimension} dimensions, not 3 or 4; write it again")
    size = reader.GetSize()
    volumes = size[3] if dimension == 4 else components
    direction = np.array(reader.GetDirection()).reshape(dimension, dimension)[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = direction * np.array(reader.GetSpacing()[:3])
    affine[:3, 3] = reader.GetOrigin()[:3]
    remarks: tuple[str, ...] = ()
    if tags["ITK_InputFilterName"] == "NrrdImageIO":
        space = tags.get("NRRD_space", "")
        if not space.startswith(("left-", "right-")):
            remarks = ("the file has no orientation; axes are assumed to be the patient's",)
        # SimpleITK turns three-dimensional spaces to LPS itself, but not those with time.
        flips = [-1 if space.startswith("right-") else 1, -1 if "-anterior-" in space else 1, 1]
        affine[:3] *= np.array(flips)[:, np.newaxis]
    return ResearchHeader(
        size=size[:3],
        volumes=volumes,
        is_4d=dimension == 4 or components > 1,
        affine_lps_mm=affine,
        dtype=np.dtype(f"{_KIND[scalar[2]]}{int(scalar[1]) // 8}"),
        remarks=remarks,
        b_values_s_per_mm2=_b_values(tags, volumes),
    )


def _b_values(tags: Mapping[str, str], volumes: int) -> tuple[float, ...]:
    """The b-value of each volume of a diffusion NRRD: nominal b times the squared gradient length.

    Source:
        NA-MIC wiki, "NAMIC_Wiki:DTI:Nrrd_format".
    """
    try:
        nominal = float(tags["DWMRI_b-value"])
        gradients = np.array(
            [tags[f"DWMRI_gradient_{index:04d}"].split() for index in range(volumes)], np.float64
        )
        lengths = np.square(gradients.reshape(volumes, 3)).sum(axis=1)
    except (KeyError, ValueError):
        return ()
    if not lengths.max() > 0 or not np.isfinite(lengths).all():
        return ()
    return tuple(float(b) for b in np.round(nominal * lengths / lengths.max(), 1))


def _last_line(error: RuntimeError) -> str:
    return str(error).strip().splitlines()[-1].strip()
