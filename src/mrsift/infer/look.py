"""Volumes -> what the network sees in them, several at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from mrsift.errors import IngestError
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.outliers import in_distribution
from mrsift.infer import runtime
from mrsift.infer.decide import Seen
from mrsift.infer.previews import previews
from mrsift.infer.sample import side_for, take
from mrsift.infer.vocabulary import answer_labels
from mrsift.ingest import Scan
from mrsift.preprocess import prepare
from mrsift.types import Opinion, Skipped, VolumeInfo

Counter = Callable[[int, int], None]
"""Called with how many volumes are done, and how many there are."""


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def look(
    found: Scan,
    network: Future[runtime.Network] | None,
    jobs: int = 1,
    *,
    with_previews: bool = False,
    on_progress: Counter = _silent,
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
    sides = [side_for(len(infos))]
    if with_previews:
        sides.append(side_for(len(infos), for_pictures=True))
    seen, skipped = {}, []
    # The volumes keep all CPUs busy; threads of NumPy's own would wait for each other, and
    # cost up to seconds where the machine is busy.
    blas = ThreadpoolController().limit(limits=1, user_api="blas")
    workers = ThreadPoolExecutor(jobs, thread_name_prefix="mrsift-volume")
    try:
        futures = [
            workers.submit(_look_at_one, found, info, network, with_previews, sides)
            for info in infos
        ]
        for done, future in enumerate(futures):
            on_progress(done, len(infos))
            result = future.result()
            if isinstance(result, Skipped):
                skipped.append(result)
            else:
                seen[result.info.volume_id] = result
        on_progress(len(infos), len(infos))
    finally:  # Ctrl-C: finish the volumes in hand, drop the rest
        workers.shutdown(cancel_futures=True)
        blas.restore_original_limits()
    return seen, tuple(skipped)


def _look_at_one(
    found: Scan,
    info: VolumeInfo,
    future: Future[runtime.Network] | None,
    with_previews: bool,
    sides: Sequence[int],
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
    said = dict.fromkeys(answer_labels(manifest.labels), 0.0)
    said.update(zip(manifest.labels, probabilities, strict=True))
    region = outputs.region
    return Seen(
        info,
        Opinion(said),
        None if region is None else softmax(region, manifest.region_temperature)[0],
        float(in_distribution(outputs.features, manifest.outliers)[0]),
        pictures,
        *(take(volume.voxels, side) for side in sides),
    )
