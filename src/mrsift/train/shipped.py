"""A trained network of the nine labels -> the bundle that ships, with its card."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import CARD, MODEL, WEIGHTS, Manifest, write_bundle
from mrsift.evaluate.calibration import fit_temperature
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.models.resnet import ResNet
from mrsift.models.weights import to_safetensors
from mrsift.train.batches import Volumes
from mrsift.train.calibrate import calibrate
from mrsift.train.card import Answers, Origin, card, results
from mrsift.train.onnx_export import to_onnx
from mrsift.train.pool import PlainPool, Pool
from mrsift.train.recipe import Recipe
from mrsift.train.score import augmented, score

LICENCE = "Apache-2.0"


class LabelledVolumes(Volumes, Protocol):
    """What a network was trained on."""

    @property
    def labels(self) -> NDArray[np.intp]:
        """Shape (n,), index in `LABEL_NAMES`."""
        ...


def write_shipped(
    out: Path,
    trained: tuple[ResNet, Recipe],
    sides: tuple[LabelledVolumes, Pool],
    described: tuple[Origin, Mapping[str, str]],
    real: Path | None,
) -> None:
    """Calibrates on the subjects kept out, exports, and writes bundle and card.

    Args:
        out: Folder of the bundle, or a `.mrsift` file.
        trained: Network, in evaluation mode, and recipe.
        sides: Trained on, and kept out.
        described: What it was made from, and the facts of its card, `version` and `made by`
            among them.
        real: Markdown with results on real scans.
    """
    network, recipe = trained
    origin, facts = described
    manifest, results_text = _calibrated(network, recipe, *sides)
    source = recipe.preprocess.source_shape
    rows = {
        **facts,
        "made by": f"`{facts['made by']}`",
        "licence": LICENCE,
        "seed": recipe.training.seed,
        "input": f"{recipe.preprocess.input_shape} (slices, rows, columns), "
        f"{recipe.preprocess.intensity}" + (f"; brought to {source} first" if source else ""),
        "weights": f"{sum(weight.numel() for weight in network.parameters()):,} parameters",
    }
    real_text = real.read_text() if real else "Not measured for this version."
    contents = {
        MODEL: to_onnx(network, recipe.preprocess.input_shape),
        CARD: card(origin, rows, results_text, real_text).encode(),
        WEIGHTS: to_safetensors(network),
    }
    manifest = replace(
        manifest, name=origin.name, version=facts["version"], made_by=facts["made by"]
    )
    write_bundle(out, manifest, contents)
    print(results_text)


def _calibrated(
    network: ResNet, recipe: Recipe, train: LabelledVolumes, validation: Pool
) -> tuple[Manifest, str]:
    """Temperatures, thresholds and outlier reference, and results on the subjects kept out."""
    settings, seed = recipe.preprocess, recipe.training.seed
    places = range(len(validation))
    plain_validation, plain_train = PlainPool(validation, settings), PlainPool(train, settings)
    plain = score(network, (plain_validation[index] for index in places))
    varied = score(network, augmented(validation, places, settings, recipe.augmentation, seed))
    order = np.random.default_rng(seed).permutation(len(train))
    chosen = order[: recipe.calibration.reference_volumes]
    reference = score(network, (plain_train[int(index)] for index in chosen))

    y_true, regions = validation.labels, validation.regions
    known = regions >= 0
    assert varied.region is not None  # the recipe of a pool has both heads
    found = calibrate(
        (varied, y_true),
        (reference, train.labels[chosen]),
        recipe.calibration,
        LABEL_NAMES.index(UNKNOWN),
    )
    manifest = Manifest(
        name="",
        version="",
        preprocess=settings,
        temperature=found.temperature,
        region_temperature=fit_temperature(varied.region[known], regions[known]),
        conformal=dict(zip(LABEL_NAMES, found.thresholds.tolist(), strict=True)),
        conformal_coverage=found.coverage,
        outliers=found.outliers,
        licence=LICENCE,
        made_by="",
        files={},
        network=recipe.network,
    )
    answers = {
        "As simulated": Answers(y_true, plain.logits.argmax(axis=1)),
        "Augmented as in training": Answers(y_true, varied.logits.argmax(axis=1)),
    }
    return manifest, results(answers)
