"""Speed, ablations, what is still wrong, and pictures for `model_report.py`."""

import csv
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.model_sets import Asked, source_of
from bench.real_data import LOOK_AT, read_cases
from mrsift.evaluate.cases import find_cases
from mrsift.evaluate.outliers import in_distribution
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.uncertainty import CONFIDENT
from mrsift.export.evaluation_tables import Cell, Table
from mrsift.export.pictures import encode
from mrsift.export.sections_page import Captioned
from mrsift.infer.runtime import Network
from mrsift.ingest import scan
from mrsift.labels import LABEL_NAMES
from mrsift.preprocess import prepare
from mrsift.train.pool import PlainPool, Pool
from mrsift.types import Float32Array

RUNS = 25
SIDE = 160
SIMULATED_EACH, REAL_EACH = 4, 4
HARD_LIMIT_MS = 40
MOST_CONFUSIONS = 6


def speed_table(network: Network) -> Table:
    """One volume through the compiled network, and what is done around it."""
    manifest = network.bundle.manifest
    rng = np.random.default_rng(0)
    voxels = rng.normal(100, 20, (24, 320, 320)).astype(np.float32)
    batch = rng.standard_normal((1, 1, *manifest.preprocess.input_shape)).astype(np.float32)
    features = network.predict(batch).features
    steps: dict[str, Callable[[], object]] = {
        "prepare, 24 x 320 x 320": lambda: prepare(
            voxels, np.diag([4.0, 0.6, 0.6, 1.0]), manifest.preprocess
        ),
        "network": lambda: network.predict(batch),
        "in_distribution": lambda: in_distribution(features, manifest.outliers),
    }
    rows: list[tuple[Cell, ...]] = []
    for name, step in steps.items():
        taken = []
        for _ in range(RUNS):
            begin = time.perf_counter()
            step()
            taken.append(1000 * (time.perf_counter() - begin))
        rows.append((name, f"{min(taken):.2f}", f"{statistics.median(taken):.2f}"))
    caption = (
        f"{RUNS} runs on this machine, as busy as it was. The network may take {HARD_LIMIT_MS} ms"
        " on two cores."
    )
    return Table(
        "speed", "Milliseconds a volume", caption, ("Step", "least", "median"), tuple(rows)
    )


def ablation_table(path: Path) -> tuple[tuple[str, ...], tuple[Table, ...]]:
    """Words and table of the ablations that have ended."""
    if not path.is_file():
        return ("None has run: python -m bench.ablations",), ()
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    if not lines:
        return ("None has ended yet.",), ()
    shown = [name for name in lines[0] if name not in ("command", "time")]
    rows = tuple(tuple(line[name] for name in shown) for line in lines)
    words = (
        "Every row the same budget, stated in it; balanced accuracy of the last weights, pixels"
        " alone, UNKNOWN rule left out. A difference below about 0.03 is within what seeds do.",
    )
    return words, (Table("ablations", "Ablations", "", tuple(shown), rows),)


def remaining_table(sets: Mapping[str, Predictions]) -> Table:
    """The commonest errors of every set.

    Args:
        sets: Name -> its rows, only those that count.
    """
    rows: list[tuple[Cell, ...]] = []
    for name, table in sets.items():
        cases = find_cases(table)
        sure = table.probabilities[cases.rows].max(axis=1) >= CONFIDENT
        wrong = np.flatnonzero(cases.y_true != cases.y_pred)
        pairs = [(cases.names[cases.y_true[at]], cases.names[cases.y_pred[at]]) for at in wrong]
        of_sure = Counter(pair for pair, at in zip(pairs, wrong, strict=True) if sure[at])
        for (label, answer), count in Counter(pairs).most_common(MOST_CONFUSIONS):
            share = f"{count} of {len(wrong)}"
            rows.append((name, label, answer, share, of_sure[label, answer]))
    return Table(
        "remaining",
        "The commonest errors, pixels alone",
        f"At most {MOST_CONFUSIONS} kinds a set; sure is a probability of {CONFIDENT} or more.",
        ("Set", "Is", "Called", "Of all wrong", "Sure"),
        tuple(rows),
    )


def picture_rows(
    asked: Asked, pool: Pool, data: Path | None
) -> tuple[tuple[str, tuple[Captioned, ...]], ...]:
    """Per label, simulated slices and then real ones."""
    real: dict[str, list[Captioned]] = defaultdict(list)
    for label, words, volume in () if data is None else _real(asked, data):
        if len(real[label]) < REAL_EACH:
            real[label].append(_captioned(volume, f"real: {words}"))
    plain = PlainPool(pool, asked.manifest.preprocess)
    rows = []
    for index, label in enumerate(LABEL_NAMES):
        places = np.flatnonzero(pool.labels == index)
        chosen = places[:: max(len(places) // SIMULATED_EACH, 1)][:SIMULATED_EACH]
        drawn = [
            _captioned(
                plain[int(place)], f"simulated: {' '.join(pool.rows[place].note.split()[:3])}"
            )
            for place in chosen
        ]
        rows.append((label, (*drawn, *real[label])))
    return tuple(rows)


def _real(asked: Asked, data: Path) -> Iterator[tuple[str, str, Float32Array]]:
    """Prepared volumes of the patients that development may look at."""
    cases = [case for case in read_cases(data) if case.patient in LOOK_AT]
    for place in sorted({case.place for case in cases}):
        found = scan([place])
        infos = [info for study in found.studies for info in study.volumes]
        for case in (case for case in cases if case.place == place):
            for info in (info for info in infos if case.fits(info)):
                volume = found.read(info)
                ready = prepare(volume.voxels, volume.affine_lps_mm, asked.manifest.preprocess)
                yield case.label, f"{source_of(case.patient)}, {info.plane}", ready


def _captioned(volume: Float32Array, words: str) -> Captioned:
    return Captioned(encode(_grey(volume[len(volume) // 2], volume), SIDE), words)


def _grey(slice_: Float32Array, volume: Iterable[float] | Float32Array) -> NDArray[np.uint8]:
    """0 to 255 between the percentiles of the volume."""
    low, high = np.percentile(np.asarray(volume), (1, 99.5))
    scaled = (slice_ - low) / max(float(high - low), 1e-6)
    return np.asarray(np.clip(255 * scaled, 0, 255), dtype=np.uint8)
