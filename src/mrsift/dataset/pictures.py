"""A data set -> pictures of its volumes for a report."""

from pathlib import Path

from mrsift.dataset.table import DatasetRow, read_dataset
from mrsift.dataset.voxels import read_voxels
from mrsift.errors import ConfigError, IngestError
from mrsift.export.evaluation import Sources
from mrsift.export.evaluation_gallery import Seen
from mrsift.infer.previews import previews


def picture_sources(data: Path) -> Sources:
    """Pictures of the volumes of a data set, as far as their files are still there.

    Args:
        data: A `data.parquet`; may be missing.
    """
    if not data.is_file():
        return Sources(words=f"No pictures: there is no data set {data.name} beside the run.")
    try:
        rows = {row.volume_id: row for row in read_dataset(data).rows}
    except ConfigError as error:
        return Sources(words=f"No pictures: {error}.")

    def look(volume_id: str) -> Seen | None:
        row = rows.get(volume_id)
        return None if row is None else see(row)

    return Sources(look=look)


def see(row: DatasetRow) -> Seen | None:
    """The middle slice of a volume and what its header says; None where it cannot be read."""
    try:
        pictures = previews(read_voxels(row))
    except IngestError:
        return None
    return Seen(pictures[len(pictures) // 2], header_facts(row))


def header_facts(row: DatasetRow) -> tuple[str, ...]:
    """What the header says of contrast and grid, as far as the data set keeps it."""
    slices, rows, columns = row.shape
    b_value = row.b_value_s_per_mm2
    facts = [
        f"{slices}×{rows}×{columns}",
        None if b_value is None else f"b = {b_value:g} s/mm²",
        "localizer" if row.localizer else None,
    ]
    return tuple(fact for fact in facts if fact)
