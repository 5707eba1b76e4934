"""Files -> volumes. In: paths of folders, files and archives. Out: `Scan`, then `Volume`.

source.py      folders and archives -> `Source`; archive.py, zip_archive.py, tar_archive.py and
               member.py open archives
elements.py    bytes -> data elements, no pixels; tags.py names them, character_set.py reads text
object_header.py   a file -> the elements of its DICOM object
header.py      data elements -> `Instance` with its planes, with the help of
               enhanced.py (frames), mosaic.py (tiles), kind.py (what an image is),
               diffusion.py (b-values), facts.py (evidence), layout.py (pixels),
               object_class.py (what is no MR image), private.py (CSA header)
studies.py     objects -> studies; duplicates dropped, patients kept apart
split.py       planes of a series -> one group per volume, never interleaved; group.py is the
               group, copies.py tells copies of a position apart
geometry.py    positions -> order, spacing, affine
describe.py    group -> `VolumeInfo`
assemble.py    planes -> voxels (decode.py for compressed ones)
research.py    NIfTI (nifti.py, sidecar.py), NRRD and MetaImage (itk.py), by the same door;
               research_header.py checks all three
scan.py        all of it; bad data become `Skipped` here
"""

from mrsift.ingest.scan import Scan, load_volumes, scan
from mrsift.ingest.studies import Study

__all__ = ["Scan", "Study", "load_volumes", "scan"]
