"""What a network of eight-bit numbers would save, and what it costs, beside the one that ships.

    python -m bench.int8 [--model sim] [--folder runs/held-out]

The network is quantised by NNCF after training (`pip install nncf`), with volumes of subjects
that nothing is measured on, and asked about the sets of `bench.held_out`, `test` and `shifted`.
Both run on two threads and take turns.
"""

import argparse
import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import openvino  # type: ignore[import-untyped]

from bench.held_out import FOLDER, SUBJECTS, held_out
from mrsift.bundle import Bundle
from mrsift.cli.arguments import bundle_path
from mrsift.config import PreprocessSettings
from mrsift.evaluate.calibration import softmax
from mrsift.preprocess import normalise, resize
from mrsift.train.pool import Pool
from mrsift.types import Float32Array, Float64Array

CALIBRATION_SUBJECTS = range(SUBJECTS, SUBJECTS + 12)
SURE = 0.9
ROUNDS = 5


def prepared(pool: Pool, settings: PreprocessSettings) -> Float32Array:
    """Volumes as the network sees them, shape (n, 1, slices, rows, columns)."""
    seen = [
        normalise(resize(pool[index], settings.input_shape), settings) for index in range(len(pool))
    ]
    return np.stack(seen)[:, None]


def answers(compiled: Any, volumes: Float32Array, temperature: float) -> Float64Array:
    """Probabilities, shape (n, labels)."""
    logits = [compiled(volume[None])["logits"][0] for volume in volumes]
    return softmax(np.stack(logits) / temperature)


def milliseconds(compiled: Any, volumes: Float32Array) -> float:
    """Of one volume, the median."""
    times = []
    for volume in volumes:
        start = time.perf_counter()
        compiled(volume[None])
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", default="sim")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    import nncf  # type: ignore[import-not-found,unused-ignore]

    bundle = Bundle.load(bundle_path(given.model))
    settings, temperature = bundle.manifest.preprocess, bundle.manifest.temperature
    subjects = CALIBRATION_SUBJECTS
    examples = prepared(held_out("test", given.folder, subjects.stop, subjects.start), settings)
    core = openvino.Core()
    model = core.read_model(io.BytesIO(bundle.onnx))
    eight = nncf.quantize(
        model, nncf.Dataset([volume[None] for volume in examples]), subset_size=len(examples)
    )
    options = {"INFERENCE_NUM_THREADS": 2, "INFERENCE_PRECISION_HINT": "f32"}
    networks = {"float32": model, "int8": eight}
    compiled = {name: core.compile_model(net, "CPU", options) for name, net in networks.items()}
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        for name, network in networks.items():
            openvino.save_model(network, f"{folder}/{name}.xml", compress_to_fp16=False)
            sizes[name] = Path(folder, f"{name}.bin").stat().st_size / 1e6
    taken: dict[str, list[float]] = {name: [] for name in compiled}
    for _ in range(ROUNDS):
        for name, network in compiled.items():
            taken[name].append(milliseconds(network, examples[:40]))
    print(f"{bundle.id.name} {bundle.id.version}, {len(examples)} volumes to quantise by\n")
    print("| numbers | MB | ms a volume | set | right | wrong with 0.9 or more | same answer |")
    print("|---|---|---|---|---|---|---|")
    for chosen in ("test", "shifted"):
        pool = held_out(chosen, given.folder)
        volumes, truth = prepared(pool, settings), pool.labels
        first: Float64Array | None = None
        for name, network in compiled.items():
            shares = answers(network, volumes, temperature)
            first = shares if first is None else first
            called = shares.argmax(axis=1)
            wrong = (called != truth) & (shares.max(axis=1) >= SURE)
            print(
                f"| {name} | {sizes[name]:.1f} | {statistics.median(taken[name]):.1f} "
                f"| {chosen}, {len(truth)} | {(called == truth).mean():.3f} | {wrong.mean():.3f} "
                f"| {(called == first.argmax(axis=1)).mean():.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
