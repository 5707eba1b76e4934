"""Files -> volumes. In: paths of folders, files and archives. Out: `Scan`, then `Volume`.

source.py      folders and archives -> `Source`
    archive.py, zip_archive.py, tar_archive.py, member.py   what archives hold
object_header.py   a file -> the header of its object, read no further than its pixels
    elements.py (bytes -> data elements), tags.py (their names), character_set.py (their text)
header.py      data elements -> `Instance` with its planes, with the help of
    enhanced.py (frames), mosaic.py (tiles), kind.py (what an image is), layout.py (pixels),
    diffusion.py (b-values), private.py (CSA header), facts.py (evidence),
    object_class.py (what is no MR image), placement.py (where a plane lies)
split.py       planes of a series -> one group per volume, never interleaved
    group.py (how planes are parted), copies.py (where positions repeat)
geometry.py    positions -> order, spacing, affine
describe.py    group -> `VolumeInfo`
studies.py     objects -> studies: duplicates dropped, patients kept apart
gradient.py    diffusion directions in patient coordinates, where they are known for sure
assemble.py    planes -> voxels (decode.py for compressed ones, lookup.py for tables)
research.py    NIfTI, NRRD and MetaImage, by the same door: nifti.py, itk.py,
    research_header.py (what they have in common), sidecar.py (what stands beside NIfTI)
reopen.py      a volume that was listed before -> its voxels again
label_table.py what people say of volumes, from CSV or JSON
label_match.py   which row of it names which volumes
corrections.py   the tables beside the studies, settled: one label per volume, and what is wrong
scan.py        all of it; bad data become `Skipped` here
parts.py       the same for more files than memory has room for, some studies at a time
"""

from mrsift.ingest.scan import Scan, load_volumes, scan
from mrsift.ingest.studies import Study

__all__ = ["Scan", "Study", "load_volumes", "scan"]
