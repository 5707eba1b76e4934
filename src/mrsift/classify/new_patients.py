"""A folder of new patients, or a cohort on disk -> a data set, found as the run's own was."""

from pathlib import Path

from mrsift.dataset.challenge import challenge_series
from mrsift.dataset.cohort import make_cohort
from mrsift.dataset.role_volumes import role_series
from mrsift.dataset.table import Dataset, read_dataset
from mrsift.errors import ConfigError
from mrsift.infer.identify import IdentifyOptions
from mrsift.train.watch import Watch

ROLES = ("brain", "prostate")


def find_patients(path: Path, layout: str, jobs: int | None, watch: Watch) -> Dataset:
    """The sequences of every patient below a path, without labels.

    Args:
        path: A cohort of `mrsift dataset index`, or a folder.
        layout: How the run's own cohort was found: `rsna-miccai`, or roles.
        jobs: Volumes read at the same time.
        watch: Told of what did not fit.

    Raises:
        IngestError: No patient is there.
        ConfigError: It is no cohort, or nothing in it can be read.
    """
    if path.suffix == ".parquet":
        return read_dataset(path)
    if layout == "rsna-miccai":
        found = challenge_series(path, watch.progress, keep_all=True)
    elif layout in ROLES:
        found = role_series(path, IdentifyOptions(profile=layout, jobs=jobs), watch.progress, {})
    else:
        raise ConfigError(
            f"{path}: the run does not say how its cohort was found; make one with mrsift dataset "
            "index and give that"
        )
    cohort = make_cohort(found, jobs=jobs, tell=watch.progress)
    for finding in cohort.findings:
        if finding.level != "note":
            watch.say(f"{finding.level}: {finding.says}")
    if not cohort.dataset.rows:
        raise ConfigError(f"{path}: no sequence of any patient could be read")
    return cohort.dataset
