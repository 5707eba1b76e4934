"""Files -> volumes. In: paths of folders, files and archives. Out: `Scan`, then `Volume`.

source.py      folders and archives -> `Source` (archive.py and its neighbours open archives)
elements.py    bytes -> data elements, no pixels (tags.py names them)
header.py      data elements -> `Instance` with its planes, with the help of
               enhanced.py (frames), mosaic.py (tiles), kind.py (what an image is),
               diffusion.py (b-values), facts.py (evidence), layout.py (pixels),
               object_class.py (what is no MR image), private.py (CSA header)
split.py       planes of a series -> one group per volume, never interleaved
geometry.py    positions -> order, spacing, affine
describe.py    group -> `VolumeInfo`
assemble.py    planes -> voxels (decode.py for compressed ones)
research.py    NIfTI, NRRD and MetaImage, by the same door
scan.py        all of it; bad data become `Skipped` here
"""

from mrsift.ingest.scan import Scan, load_volumes, scan
from mrsift.ingest.studies import Study

__all__ = ["Scan", "Study", "load_volumes", "scan"]
