"""Paths -> report: reading, preparing and answering, side by side.

The network is loaded and compiled in a thread while headers are read. Then (`look.py`) each
of `jobs` threads takes a volume, reads it, prepares it and runs the network, so no more
than `jobs` volumes are ever in memory. The answers are made at the end of a study,
because its profile depends on all of its volumes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift import __version__
from mrsift.bundle import Bundle, Manifest, default_bundle_path
from mrsift.config import IdentifySettings
from mrsift.errors import BundleError
from mrsift.infer import runtime
from mrsift.labels import LABEL_NAMES, UNKNOWN, Profile
from mrsift.types import BundleId, Evidence, Report

if TYPE_CHECKING:
    from mrsift.ingest import Scan
    from mrsift.ingest.corrections import Corrections

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
        corrections: Table of corrected labels that is read instead of those beside the studies.
        corrections_to_be_made: It may be missing, because it is going to be written.
        set_labels: (volume id, label) that a person sets now; they outrank every table.
    """

    profile: str = "auto"
    evidence: Evidence = "both"
    model: Path | None = None
    jobs: int | None = None
    previews: bool = False
    corrections: Path | None = None
    corrections_to_be_made: bool = False
    set_labels: tuple[tuple[str, str], ...] = ()


def identify(
    paths: Sequence[str | os.PathLike[str]],
    options: IdentifyOptions | None = None,
    settings: IdentifySettings | None = None,
    on_progress: Progress | None = None,
) -> Report:
    """Identifies every volume below the given paths; see `identify_and_scan`."""
    return identify_and_scan(paths, options, settings, on_progress)[0]


def identify_and_scan(
    paths: Sequence[str | os.PathLike[str]],
    options: IdentifyOptions | None = None,
    settings: IdentifySettings | None = None,
    on_progress: Progress | None = None,
) -> "tuple[Report, Scan]":
    """Identifies every volume below the given paths, for who goes on with the volumes.

    Args:
        paths: Folders, files and archives.
        options: What the user asks for.
        settings: Thresholds and reliabilities; None for those fitted to the bundle.
        on_progress: Called from this thread as the work goes on.

    Returns:
        Every study found, and everything left out; and the scan, to read volumes again.

    Raises:
        IngestError: A path does not exist.
        BundleError: The bundle is damaged, unknown or too new.
        ConfigError: The profile or a correction is not valid.
    """
    run = _begin(options or IdentifyOptions(), settings, on_progress)
    from mrsift.ingest import scan

    found = scan(paths, on_progress=run.count_headers)
    return _answer(found, run), found


def identify_in_parts(
    path: Path, options: IdentifyOptions | None = None, on_progress: Progress | None = None
) -> "Iterator[tuple[Report, Scan]]":
    """As `identify_and_scan`, some studies at a time, so that memory is bounded.

    Args:
        path: Folder, file or archive.
        options: What the user asks for.
        on_progress: Called from this thread as the work goes on.

    Yields:
        The studies of a part, and its scan; one part in all where there are few files.

    Raises:
        MrsiftError: As `identify_and_scan`.
    """
    run = _begin(options or IdentifyOptions(), None, on_progress)
    from mrsift.ingest.parts import scan_in_parts

    for found in scan_in_parts(path, on_progress=run.count_headers):
        yield _answer(found, run), found


@dataclass(frozen=True, slots=True)
class _Run:
    """What all parts of a run share; `profile` is None where it is chosen per study."""

    options: IdentifyOptions
    settings: IdentifySettings | None
    jobs: int
    network: Future[runtime.Network] | None
    labels: tuple[str, ...]
    profile: Profile | None
    tell: Progress

    def count_headers(self, done: int, total: int) -> None:
        """Pass on how many files were read."""
        self.tell("reading headers", done, total)


def _begin(
    options: IdentifyOptions, settings: IdentifySettings | None, on_progress: Progress | None
) -> _Run:
    """Load the network in a thread, and check the profile meanwhile.

    The network is compiled while the rest is imported and headers are read: importing it at
    the top would make every run a tenth longer.
    """
    jobs = options.jobs or min(MAX_JOBS, len(os.sched_getaffinity(0)))
    network = None
    if options.evidence != "header":
        network = runtime.start(options.model or default_bundle_path(), jobs)
    from mrsift.infer.profile import named_profile
    from mrsift.infer.vocabulary import answer_labels

    labels = LABEL_NAMES
    if options.model is not None and network is not None:
        labels = answer_labels(_one_channel(network.result().bundle).labels)
    profile = named_profile(options.profile, labels)
    return _Run(options, settings, jobs, network, labels, profile, on_progress or _silent)


def _answer(found: "Scan", run: _Run) -> Report:
    """Every study of a scan, identified."""
    from mrsift.infer.decide import Judge
    from mrsift.infer.look import look

    options, network = run.options, run.network
    corrections = _corrections(found, options, run.labels)
    seen, unreadable = look(
        found,
        network,
        run.jobs,
        with_previews=options.previews,
        on_progress=lambda done, total: run.tell("identifying", done, total),
    )
    bundle = network.result().bundle if network is not None else None
    fitted = bundle.manifest.identify_settings if bundle else IdentifySettings()
    judge = Judge(
        run.profile,
        options.evidence != "pixels",
        run.settings or fitted,
        bundle.manifest if bundle else None,
        corrections.labels,
        found.read if options.evidence != "header" else None,
        options.previews,
    )
    studies = []
    for study in found.studies:
        volumes = [seen[info.volume_id] for info in study.volumes if info.volume_id in seen]
        if volumes:
            studies.append(judge.report(study, volumes))
    return Report(
        bundle=bundle.id if bundle else NO_BUNDLE,
        studies=tuple(studies),
        skipped=(*found.skipped, *corrections.problems, *unreadable),
    )


def _corrections(found: "Scan", options: IdentifyOptions, labels: Sequence[str]) -> "Corrections":
    """What people said of the volumes, in tables and now."""
    from mrsift.ingest.corrections import (
        Corrections,
        Labelled,
        SetLabel,
        check_set_labels,
        read_corrections,
    )

    if not (found.corrections or options.corrections or options.set_labels):
        return Corrections({})
    known = tuple(dict.fromkeys((*labels, UNKNOWN)))
    check_set_labels(found, options.set_labels, known)
    read = read_corrections(
        Labelled.of(found), options.corrections, known, to_be_made=options.corrections_to_be_made
    )
    now = {volume_id: SetLabel(label, "--set-label") for volume_id, label in options.set_labels}
    return replace(read, labels=read.labels | now)


def _one_channel(bundle: Bundle) -> Manifest:
    """The manifest of a bundle that looks at one volume.

    Raises:
        BundleError: It wants several at once.
    """
    if bundle.manifest.channels != 1:
        raise BundleError(
            f"{bundle.id.name} {bundle.id.version}: takes {bundle.manifest.channels} volumes at "
            "once, and mrsift identify shows it one after the other. Use a bundle with one channel."
        )
    return bundle.manifest


def _silent(doing: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""
