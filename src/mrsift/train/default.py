"""Makes the shipped bundle: `python -m mrsift.train.default pool|fit|bundle`.

pool    draws and prepares simulated volumes (hours on one core; stop and go on at will)
fit     trains the network (the same)
bundle  calibrates, exports and writes the bundle with its card
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mrsift.bundle import CARD, MODEL, Manifest, default_bundle_path, write_bundle
from mrsift.config import PreprocessSettings
from mrsift.evaluate.calibration import fit_temperature, softmax
from mrsift.evaluate.conformal import label_thresholds
from mrsift.evaluate.outliers import fit_reference
from mrsift.labels import LABEL_NAMES
from mrsift.models.resnet import ResNet
from mrsift.preprocess import normalise, resize
from mrsift.train.card import Answers, card, results
from mrsift.train.fit import FitSettings, fit, load_network
from mrsift.train.onnx_export import to_onnx
from mrsift.train.pool import Pool, build_shard, pool_settings
from mrsift.train.score import augmented, score
from mrsift.types import Float32Array

PREPROCESS = PreprocessSettings(input_shape=(24, 96, 96), intensity="zscore")
POOL_SHAPE = (24, 120, 120)
SUBJECTS_PER_SHARD = 10
VALIDATION_EVERY = 10
"""One shard of ten is kept out of training."""

SEED = 7
COVERAGE = 0.95
COMPONENTS = 24
REFERENCE_VOLUMES = 3000


def main(arguments: list[str] | None = None) -> None:
    """Runs one of the three commands."""
    parser = argparse.ArgumentParser(prog="python -m mrsift.train.default", description=__doc__)
    parser.add_argument("command", choices=["pool", "fit", "bundle"])
    parser.add_argument("--runs", type=Path, required=True, help="folder for pool and checkpoint")
    parser.add_argument("--subjects", type=int, default=2000, help="simulated subjects in the pool")
    parser.add_argument("--start", type=int, default=0, help="first subject that `pool` draws")
    parser.add_argument("--labelmaps", type=Path, help="folder of head label maps")
    parser.add_argument("--steps", type=int, default=20_000, help="training steps of 16 volumes")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--fit", default="fit", help="name of the training run")
    parser.add_argument(
        "--start-from", type=Path, help="folder of a run whose weights to start from"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=default_bundle_path())
    parser.add_argument("--version", default="0")
    parser.add_argument("--made-by", help="commands for the card, where there were more than three")
    parser.add_argument("--real", type=Path, help="Markdown with results on real scans")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    {"pool": _pool, "fit": _fit, "bundle": _bundle}[given.command](given)


def _pool(given: argparse.Namespace) -> None:
    """Draws every shard that is not there yet."""
    settings = pool_settings(PREPROCESS, POOL_SHAPE)
    for first in range(given.start, given.subjects, SUBJECTS_PER_SHARD):
        subjects = range(first, first + SUBJECTS_PER_SHARD)
        count = build_shard(given.runs / "pool", subjects, SEED, settings, given.labelmaps)
        print(f"subjects {first} to {subjects.stop - 1}: {count} volumes", flush=True)


def _fit(given: argparse.Namespace) -> None:
    """Trains on what is in the pool."""
    pool = _open_pool(given, validation=False)
    print(f"{len(pool)} volumes", np.bincount(pool.labels, minlength=9), flush=True)
    start = load_network(given.start_from)[0] if given.start_from else None
    settings = FitSettings(steps=given.steps, learning_rate=given.learning_rate, seed=SEED)
    fit(pool, PREPROCESS, settings, given.runs / given.fit, start)


def _open_pool(given: argparse.Namespace, *, validation: bool) -> Pool:
    """The shards of one side of the split."""
    firsts = range(0, given.subjects, SUBJECTS_PER_SHARD)
    kept = [
        first
        for first in firsts
        if ((first // SUBJECTS_PER_SHARD) % VALIDATION_EVERY == 0) == validation
    ]
    return Pool(given.runs / "pool", kept)


def _bundle(given: argparse.Namespace) -> None:
    """Calibrates on the subjects kept out, exports, and writes the bundle."""
    network, run = load_network(given.runs / given.fit)
    train = _open_pool(given, validation=False)
    validation = _open_pool(given, validation=True)
    manifest, results_text = _calibrate(network, train, validation)
    command = given.made_by or (
        f"python -m mrsift.train.default pool --runs DIR --subjects {given.subjects}; "
        f"python -m mrsift.train.default fit --runs DIR --subjects {given.subjects} "
        f"--steps {given.steps}; "
        f"python -m mrsift.train.default bundle --runs DIR --subjects {given.subjects}"
    )
    facts = {
        "version": given.version,
        "licence": "Apache-2.0",
        "made by": f"`{command}`",
        "seed": SEED,
        "simulated volumes": f"{len(train)} for training, {len(validation)} kept out",
        "training": f"{run['step']} steps of {run['batch']} volumes",
        "input": f"{PREPROCESS.input_shape} (slices, rows, columns), {PREPROCESS.intensity}",
        "weights": f"{sum(weight.numel() for weight in network.parameters()):,} parameters",
    }
    real_text = given.real.read_text() if given.real else "Not measured for this version."
    onnx = to_onnx(network, PREPROCESS.input_shape)
    write_bundle(
        given.out,
        replace(manifest, version=given.version, made_by=command),
        {MODEL: onnx, CARD: card(facts, results_text, real_text).encode()},
    )
    print(results_text)


def _calibrate(network: ResNet, train: Pool, validation: Pool) -> tuple[Manifest, str]:
    """Temperatures, thresholds and outlier reference, and results on the subjects kept out."""
    plain = score(network, (_plain(validation, index) for index in range(len(validation))))
    varied = score(network, augmented(validation, PREPROCESS, SEED))
    chosen = np.random.default_rng(SEED).permutation(len(train))[:REFERENCE_VOLUMES]
    reference = score(network, (_plain(train, int(index)) for index in chosen))

    y_true = validation.labels
    regions = np.array([row.region for row in validation.rows])
    known = regions >= 0
    temperature = fit_temperature(varied.logits, y_true)
    thresholds = label_thresholds(softmax(varied.logits, temperature), y_true, COVERAGE)
    manifest = Manifest(
        name="sim",
        version="0",
        preprocess=PREPROCESS,
        temperature=temperature,
        region_temperature=fit_temperature(varied.region[known], regions[known]),
        conformal={name: float(value) for name, value in zip(LABEL_NAMES, thresholds, strict=True)},
        conformal_coverage=COVERAGE,
        outliers=fit_reference(
            (reference.features, train.labels[chosen]), varied.features, COMPONENTS
        ),
        licence="Apache-2.0",
        made_by="",
        files={},
    )
    answers = {
        "As simulated": Answers(y_true, plain.logits.argmax(axis=1)),
        "Augmented as in training": Answers(y_true, varied.logits.argmax(axis=1)),
    }
    return manifest, results(answers)


def _plain(pool: Pool, index: int) -> Float32Array:
    """A volume of a pool at the size of the input, without augmentation."""
    return normalise(resize(pool[index], PREPROCESS.input_shape), PREPROCESS)


if __name__ == "__main__":
    main()
