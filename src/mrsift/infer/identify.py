"""Paths -> report: reading, preparing and answering, side by side.

The network is loaded and compiled in a thread while headers are read. Then each of
`jobs` threads takes a volume, reads it, prepares it and runs the network, so no more
than `jobs` volumes are ever in memory. The answers are made at the end of a study,
because its profile depends on all of its volumes.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from mrsift import __version__
from mrsift.bundle import default_bundle_path
from mrsift.config import IdentifySettings
from mrsift.errors import IngestError
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.outliers import in_distribution
from mrsift.infer import runtime
from mrsift.infer.decide import Judge, Seen
from mrsift.infer.previews import previews
from mrsift.infer.profile import named_profile
from mrsift.ingest import Scan, scan
from mrsift.labels import LABEL_NAMES
from mrsift.preprocess import prepare
from mrsift.types import BundleId, Evidence, Opinion, Report, Skipped, VolumeInfo

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
    profile = named_profile(options.profile)
    jobs = options.jobs or min(MAX_JOBS, len(os.sched_getaffinity(0)))
    network = None
    if options.evidence != "header":
        network = runtime.start(options.model or default_bundle_path(), jobs)
    found = scan(paths, on_progress=lambda done, total: tell("reading headers", done, total))
    seen, unreadable = look(found, network, jobs, with_previews=options.previews, on_progress=tell)
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


def look(
    found: Scan,
    network: Future[runtime.Network] | None,
    jobs: int = 1,
    *,
    with_previews: bool = False,
    on_progress: Progress = _silent,
) -> tuple[dict[str, Seen], tuple[Skipped, ...]]:
    """Reads, prepares and runs the network for every volume of a scan.

    Args:
        found: Its volumes are read.
        network: None where pixels are not used.
        jobs: Volumes worked on, and held in memory, at the same time.
        with_previews: Keep a few slices of each.
        on_progress: Called from this thread.

    Returns:
        Volume id -> what was seen, and the volumes that could not be read.
    """
    infos = [info for study in found.studies for info in study.volumes]
    if network is None and not with_previews:
        return {info.volume_id: Seen(info) for info in infos}, ()
    seen, skipped = {}, []
    # The volumes keep all CPUs busy; threads of NumPy's own would wait for each other, and
    # cost up to seconds where the machine is busy.
    blas = ThreadpoolController().limit(limits=1, user_api="blas")
    workers = ThreadPoolExecutor(jobs, thread_name_prefix="mrsift-volume")
    try:
        futures = [
            workers.submit(_look_at_one, found, info, network, with_previews) for info in infos
        ]
        for done, future in enumerate(futures):
            on_progress("identifying", done, len(infos))
            result = future.result()
            if isinstance(result, Skipped):
                skipped.append(result)
            else:
                seen[result.info.volume_id] = result
        on_progress("identifying", len(infos), len(infos))
    finally:  # Ctrl-C: finish the volumes in hand, drop the rest
        workers.shutdown(cancel_futures=True)
        blas.restore_original_limits()
    return seen, tuple(skipped)


def _look_at_one(
    found: Scan, info: VolumeInfo, future: Future[runtime.Network] | None, with_previews: bool
) -> Seen | Skipped:
    """One volume, from file to opinion; its voxels end here."""
    try:
        volume = found.read(info)
    except IngestError as error:
        more = f" (and {len(info.files) - 1} more files)" if len(info.files) > 1 else ""
        return Skipped(info.files[0], f"{error}{more}", True, info.study_instance_uid)
    pictures = previews(volume) if with_previews else ()
    if future is None:
        return Seen(info, pictures=pictures)
    network = future.result()
    manifest = network.bundle.manifest
    ready = prepare(volume.voxels, volume.affine_lps_mm, manifest.preprocess)
    outputs = network.predict(ready[np.newaxis, np.newaxis])
    probabilities = softmax(outputs.logits, manifest.temperature)[0].tolist()
    return Seen(
        info,
        Opinion(dict(zip(LABEL_NAMES, probabilities, strict=True))),
        softmax(outputs.region, manifest.region_temperature)[0],
        float(in_distribution(outputs.features, manifest.outliers)[0]),
        pictures,
    )
