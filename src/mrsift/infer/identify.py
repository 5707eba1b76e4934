"""Paths -> report: reading, preparing and answering, side by side.

The network is loaded and compiled in a thread while headers are read. Then (`look.py`) each
of `jobs` threads takes a volume, reads it, prepares it and runs the network, so no more
than `jobs` volumes are ever in memory. The answers are made at the end of a study,
because its profile depends on all of its volumes.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mrsift import __version__
from mrsift.bundle import default_bundle_path
from mrsift.config import IdentifySettings
from mrsift.infer import runtime
from mrsift.types import BundleId, Evidence, Report

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is (None: not known)."""

MAX_JOBS = 8
"""More volumes at the same time only take memory: reading the files is what limits."""

NO_BUNDLE = BundleId("none", __version__, "0" * 64)
"""Stands in the report where no network was asked."""


@dataclass(frozen=True, slots=True)
class IdentifyOptions:
    """What the user asks for.

    Attributes:
        profile: `auto`, a name in `labels.PROFILES`, or the path of a TOML file.
        evidence: What may be used: both, pixels and geometry only, or the header only.
        model: Bundle; None for the one that ships with mrsift.
        jobs: Volumes worked on at the same time; None for one per CPU that
            this process may use, at most `MAX_JOBS`.
        previews: Keep a few slices of each volume for the report.
    """

    profile: str = "auto"
    evidence: Evidence = "both"
    model: Path | None = None
    jobs: int | None = None
    previews: bool = False


def identify(
    paths: Sequence[str | os.PathLike[str]],
    options: IdentifyOptions | None = None,
    settings: IdentifySettings | None = None,
    on_progress: Progress | None = None,
) -> Report:
    """Identifies every volume below the given paths.

    Args:
        paths: Folders, files and archives.
        options: What the user asks for.
        settings: Thresholds and reliabilities.
        on_progress: Called from this thread as the work goes on.

    Returns:
        Every study found, and everything left out.

    Raises:
        IngestError: A path does not exist.
        BundleError: The bundle is damaged, unknown or too new.
        ConfigError: The profile is not valid.
    """
    options, settings = options or IdentifyOptions(), settings or IdentifySettings()
    tell = on_progress or _silent
    jobs = options.jobs or min(MAX_JOBS, len(os.sched_getaffinity(0)))
    network = None
    if options.evidence != "header":
        network = runtime.start(options.model or default_bundle_path(), jobs)
    # The network is compiled while the rest is imported and headers are read: importing it
    # at the top would make every run a tenth longer.
    from mrsift.infer.decide import Judge
    from mrsift.infer.look import look
    from mrsift.infer.profile import named_profile
    from mrsift.ingest import scan

    profile = named_profile(options.profile)
    found = scan(paths, on_progress=lambda done, total: tell("reading headers", done, total))
    seen, unreadable = look(
        found,
        network,
        jobs,
        with_previews=options.previews,
        on_progress=lambda done, total: tell("identifying", done, total),
    )
    bundle = network.result().bundle if network is not None else None
    judge = Judge(
        profile, options.evidence != "pixels", settings, bundle.manifest if bundle else None
    )
    studies = []
    for study in found.studies:
        volumes = [seen[info.volume_id] for info in study.volumes if info.volume_id in seen]
        if volumes:
            studies.append(judge.report(study, volumes))
    return Report(
        bundle=bundle.id if bundle else NO_BUNDLE,
        studies=tuple(studies),
        skipped=(*found.skipped, *unreadable),
    )


def _silent(doing: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""
