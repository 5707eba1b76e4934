"""NIfTI, NRRD and MetaImage: files without DICOM, by the same door as DICOM.

Headers are read at the scan, voxels later and one volume at a time. All files of one
folder are one study. The affine is kept as stored; nothing is resampled.
"""

import hashlib
import re
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mrsift.config import IngestSettings
from mrsift.errors import IngestError, NotDicom, UnreadablePixels
from mrsift.ingest import itk
from mrsift.ingest.gradient import gradient_of_bvec
from mrsift.ingest.research_header import ResearchHeader, plane_and_obliquity
from mrsift.ingest.sidecar import Sidecar, read_sidecar, read_vectors
from mrsift.ingest.source import Source, beside
from mrsift.types import BValue, Float32Array, Float64Array, Skipped, Volume, VolumeInfo

_NIFTI = (".nii", ".nii.gz")
_ITK = (".nrrd", ".nhdr", ".mha", ".mhd")
_COMPANIONS = (".bval", ".bvec", ".json", ".raw", ".raw.gz", ".zraw")
_AMBIGUOUS = (".json", ".raw", ".raw.gz", ".hdr")  # a DICOM file may be called like this too
_PREAMBLE_BYTES = 128


def is_research(source: Source) -> bool:
    """Whether a file belongs here: an image by its name, or what stands beside one."""
    name = source.path.lower()
    if not name.endswith((*_NIFTI, *_ITK, *_COMPANIONS, ".hdr")):
        return False
    if not name.endswith(_AMBIGUOUS):
        return True
    try:
        with source.open() as stream:
            return stream.read(_PREAMBLE_BYTES + 4)[_PREAMBLE_BYTES:] != b"DICM"
    except IngestError:
        return True


def research_studies(
    sources: Iterable[Source], settings: IngestSettings
) -> tuple[tuple[tuple[str, tuple[VolumeInfo, ...]], ...], tuple[Skipped, ...]]:
    """List the volumes of all files without DICOM, one study per folder.

    Args:
        sources: Those for which `is_research` holds.
        settings: Limits.

    Returns:
        ((folder, its volumes in order of file name and index), ...) and what was left out.
    """
    by_path = {source.path: source for source in sources}
    used: set[str] = set()
    skipped: list[Skipped] = []
    studies: dict[str, list[VolumeInfo]] = {}
    for path, source in by_path.items():
        if not path.lower().endswith((*_NIFTI, *_ITK)):
            continue
        used.add(path)
        used |= {item.path for item in _companions(source, by_path).values()}
        try:
            if path.lower().endswith(_ITK) and (data := itk.data_source(source, by_path)):
                used.add(data.path)
            volumes = _volumes(source, by_path, settings)
        except NotDicom as error:
            skipped.append(Skipped(path, str(error)))
        except IngestError as error:
            skipped.append(Skipped(path, str(error), is_mr=True))
        else:
            studies.setdefault(_folder(path), []).extend(volumes)
    skipped += [Skipped(path, _unused_reason(path)) for path in by_path if path not in used]
    return tuple((folder, tuple(volumes)) for folder, volumes in studies.items()), tuple(skipped)


class VoxelReader:
    """Reads voxels of the volumes that `research_studies` listed.

    Holds at most one multi-volume file uncompressed, in an unnamed temporary file, so that
    its volumes can be read one after the other in bounded memory and time. Thread-safe.
    """

    def __init__(self, sources: Iterable[Source], settings: IngestSettings) -> None:
        self._sources = {source.path: source for source in sources}
        self._settings = settings
        self._lock = threading.Lock()
        self._spool: IO[bytes] | None = None
        self._spooled = ""

    def read(self, info: VolumeInfo) -> Volume:
        """The volume with its voxels, scaled as its header says.

        Voxels that are not numbers become 0 and are counted in a remark.

        Raises:
            UnreadablePixels: The file is damaged, gone, or holds no number at all.
        """
        source = self._sources[info.files[0]]
        try:
            header = _read_header(source, self._sources, self._settings)
            stored = self._stored(source, header, info.index or 0)
        except UnreadablePixels:
            raise
        except IngestError as error:
            raise UnreadablePixels(str(error)) from error
        voxels = _intensities(stored, header)
        finite = np.isfinite(voxels)
        if finite.all():
            return Volume(info, voxels)
        if not finite.any():
            raise UnreadablePixels("holds no finite voxel value; write it again")
        count = int(finite.size - finite.sum())
        voxels[~finite] = 0.0
        remark = f"{count:,} voxels are not finite numbers (NaN or infinite); read as 0"
        return Volume(replace(info, remarks=(*info.remarks, remark)), voxels)

    def sources(self, info: VolumeInfo) -> tuple[Source, ...]:
        """The image, then what stands beside it and belongs to it."""
        image = self._sources[info.files[0]]
        found = list(_companions(image, self._sources).values())
        if image.path.lower().endswith(_ITK) and (data := itk.data_source(image, self._sources)):
            found.append(data)
        return tuple({source.path: source for source in (image, *found)}.values())

    def gradient(self, info: VolumeInfo) -> Float64Array | None:
        """Direction of the diffusion gradient in LPS, from the `.bvec` beside the image."""
        image = self._sources[info.files[0]]
        bvec = _companions(image, self._sources).get(".bvec")
        if bvec is None:
            return None
        header = _read_header(image, self._sources, self._settings)
        vectors = read_vectors(bvec, header.volumes)
        axes = header.affine_lps_mm[:3, :3]
        return gradient_of_bvec(vectors, info.index or 0, axes) if vectors else None

    def close(self) -> None:
        """Give the temporary file back; reading on opens a new one."""
        with self._lock:
            if self._spool is not None:
                self._spool.close()
            self._spool, self._spooled = None, ""

    def __del__(self) -> None:
        self.close()

    def _stored(self, source: Source, header: ResearchHeader, index: int) -> NDArray[Any]:
        """One volume as stored, shape (k, j, i)."""
        if source.path.lower().endswith(_ITK):
            data = self._from_spool(source, header, index)
        else:
            from mrsift.ingest import nifti  # nibabel takes longer to import than an exam to list

            spooled = (
                header.volumes > 1
                and header.data_bytes <= self._settings.max_member_bytes
                and nifti.is_compressed(source)
            )
            read = self._from_spool if spooled else nifti.read_stored
            data = read(source, header, index)
        return np.frombuffer(data, header.dtype).reshape(header.size[::-1])

    def _from_spool(self, source: Source, header: ResearchHeader, index: int) -> bytes:
        with self._lock:
            if self._spooled != source.path or self._spool is None:
                if self._spool is not None:
                    self._spool.close()
                self._spool, self._spooled = tempfile.TemporaryFile(), ""  # noqa: SIM115
                if source.path.lower().endswith(_ITK):
                    itk.copy_voxels(source, self._sources, header, self._spool)
                else:
                    from mrsift.ingest import nifti

                    nifti.copy_voxels(source, header, self._spool)
                self._spooled = source.path
            self._spool.seek(index * header.volume_bytes)
            return self._spool.read(header.volume_bytes)


def _read_header(
    source: Source, by_path: Mapping[str, Source], settings: IngestSettings
) -> ResearchHeader:
    if source.path.lower().endswith(_NIFTI):
        from mrsift.ingest import nifti

        return nifti.read_header(source, settings)
    return itk.read_header(source, by_path, settings)


def _intensities(stored: NDArray[Any], header: ResearchHeader) -> Float32Array:
    """Scaled voxels, shape (slices, rows, columns)."""
    turned = stored.transpose([2 - axis for axis in header.axes])
    voxels = np.empty(turned.shape, np.float32)
    # Too large for float32 becomes infinite here, and is remarked on by the caller.
    with np.errstate(over="ignore", invalid="ignore"):
        for target, plane in zip(voxels, turned, strict=True):  # one slice in float64 at a time
            target[...] = plane.astype(np.float64) * header.slope + header.intercept
    return voxels


def _volumes(
    source: Source, by_path: Mapping[str, Source], settings: IngestSettings
) -> list[VolumeInfo]:
    header = _read_header(source, by_path, settings)
    beside_it = _companions(source, by_path)
    sidecar = read_sidecar(
        beside_it.get(".bval"), beside_it.get(".bvec"), beside_it.get(".json"), header.volumes
    )
    if sidecar.modality not in (None, "MR"):
        raise NotDicom(f"is no MR image: its .json says modality {sidecar.modality[:16]}")
    return [_info(source, header, sidecar, index) for index in range(header.volumes)]


def _info(source: Source, header: ResearchHeader, sidecar: Sidecar, index: int) -> VolumeInfo:
    affine = header.affine_slice_row_column
    plane, obliquity_deg = plane_and_obliquity(affine)
    b_value, facts = _b_value(header, sidecar, index), sidecar.facts
    if sidecar.directionality:
        facts = replace(facts, diffusion_directionality=sidecar.directionality[index])
    if header.is_4d and b_value is None:
        facts = replace(facts, number_of_temporal_positions=header.volumes)
    single = ("single slice",) if header.shape[0] == 1 else ()
    return VolumeInfo(
        volume_id=hashlib.sha256(f"{source.path}\n{index}".encode()).hexdigest()[:16],
        study_instance_uid=None,
        series_instance_uid=None,
        series_number=sidecar.series_number,
        series_description=facts.series_description,
        modality=sidecar.modality,
        files=(source.path,),
        frames=None,
        index=index if header.is_4d else None,
        shape=header.shape,
        affine_lps_mm=affine,
        frame_of_reference_uid=None,
        plane=plane,
        obliquity_deg=obliquity_deg,
        b_value=b_value,
        temporal_position=index if header.is_4d and b_value is None else None,
        remarks=(*header.remarks, *single, *sidecar.remarks),
        header=facts,
    )


def _b_value(header: ResearchHeader, sidecar: Sidecar, index: int) -> BValue | None:
    if sidecar.b_values:
        return sidecar.b_values[index]
    if header.b_values_s_per_mm2:
        b = header.b_values_s_per_mm2[index]
        return BValue(b, "NRRD DWMRI_b-value", f"{b:g}")
    return None


def _companions(source: Source, by_path: Mapping[str, Source]) -> dict[str, Source]:
    """The files beside an image that belong to it, by suffix."""
    name = re.split(r"[/!]", source.path)[-1]
    stem = re.sub(r"(?i)\.(nii(\.gz)?|nrrd|nhdr|mha|mhd)$", "", name)
    named = {suffix: by_path.get(beside(source.path, stem + suffix)) for suffix in _COMPANIONS}
    return {suffix: found for suffix, found in named.items() if found is not None}


def _folder(path: str) -> str:
    end = max(path.rfind("/"), path.rfind("!"))
    return path[:end] if end >= 0 else "."


def _unused_reason(path: str) -> str:
    if path.lower().endswith(".hdr"):
        return "half of a NIfTI or Analyze .hdr/.img pair; convert it to one .nii file"
    return "stands beside no image that it belongs to; not read"
