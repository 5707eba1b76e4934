"""The Python interface; use it as `mrsift.identify` and `mrsift.load_volumes`."""

import os
from pathlib import Path

from mrsift.infer.identify import IdentifyOptions
from mrsift.infer.identify import identify as identify_paths
from mrsift.ingest import load_volumes
from mrsift.types import Evidence, StudyReport

__all__ = ["identify", "load_volumes"]


def identify(
    path: str | os.PathLike[str],
    *,
    profile: str = "auto",
    evidence: Evidence = "both",
    model: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    corrections: str | os.PathLike[str] | None = None,
) -> list[StudyReport]:
    """Tells what every volume below a path is.

    Args:
        path: Folder, file, `.zip` or `.tar.gz`: DICOM, NIfTI, NRRD or MetaImage.
        profile: Which labels count as known: `auto`, `prostate`, `brain`, `all`, or the
            path of a TOML file.
        evidence: `both`, `pixels` (nothing of the header but geometry) or `header`
            (no network at all).
        model: Bundle; None for the one that ships with mrsift.
        jobs: Volumes worked on at the same time; None for one per CPU, at most 8.
        corrections: Table of corrected labels; None for those beside the studies.

    Returns:
        One report per study; empty where nothing could be read.

    Raises:
        IngestError: The path does not exist.
        BundleError: The bundle is damaged, unknown or too new.
        ConfigError: The profile, or the table of corrections, is not valid.
    """
    options = IdentifyOptions(
        profile=profile,
        evidence=evidence,
        model=None if model is None else Path(model),
        jobs=jobs,
        corrections=None if corrections is None else Path(corrections),
    )
    return list(identify_paths([path], options).studies)
