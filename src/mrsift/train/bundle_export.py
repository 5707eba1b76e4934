"""A run that has ended -> a bundle that `mrsift identify --model` reads."""

import re
import shlex
import time
from pathlib import Path
from typing import Any

import numpy as np

from mrsift.bundle import CARD, MODEL, WEIGHTS, Manifest, write_bundle
from mrsift.errors import ConfigError
from mrsift.evaluate.cases import find_cases
from mrsift.evaluate.predictions import Predictions, read_predictions
from mrsift.export.output_file import check_writable
from mrsift.models.weights import to_safetensors
from mrsift.train.calibrate import read_outliers
from mrsift.train.card import Answers, results, site_card
from mrsift.train.fit import load_network
from mrsift.train.onnx_export import to_onnx
from mrsift.train.recipe import to_toml
from mrsift.train.run_folder import RunFolder, open_run
from mrsift.train.study_recipe import for_volumes_only

SUFFIX = ".mrsift"


def export_run(run: Path, out: Path, licence: str) -> None:
    """Writes the best weights of a run as a bundle, beside its place and renamed.

    Args:
        run: Folder of a run that has ended.
        out: Ends in `.mrsift`.
        licence: SPDX expression of the weights.

    Raises:
        ConfigError: The run has not ended or is damaged, or `out` has another ending.
        BundleError: The exported network differs from the trained one.
        OutputError: The disk is full; what was there stays.
    """
    if out.suffix != SUFFIX:
        raise ConfigError(f"{out}: the name of a bundle ends in {SUFFIX}")
    check_writable(out)
    folder = open_run(run)
    recipe, facts = folder.recipe(), folder.facts()
    for_volumes_only(recipe.study, str(run), "use the run itself: mrsift classify predict RUN DATA")
    if "temperature" not in facts or not folder.predictions.is_file():
        raise ConfigError(f"{run}: has not ended; finish it: mrsift train --resume {run}")
    labels = tuple(facts["labels"])
    network = load_network(folder.best, recipe, len(labels), 0)
    manifest = Manifest(
        name=out.stem,
        version=time.strftime("%Y.%m.%d"),
        preprocess=recipe.preprocess,
        temperature=float(facts["temperature"]),
        region_temperature=1.0,
        conformal={name: float(facts["conformal"][name]) for name in labels},
        conformal_coverage=float(facts["conformal_coverage"]),
        outliers=read_outliers(folder.outliers),
        licence=licence,
        made_by=without_folders(str(facts["command"])),
        files={},
        labels=labels,
        regions=(),
        network=recipe.network,
    )
    parameters = sum(weight.numel() for weight in network.parameters())
    card = site_card(
        manifest.name,
        _facts(folder, facts, licence, parameters),
        _results(read_predictions(folder.predictions)),
        to_toml(recipe),
    )
    contents = {
        MODEL: to_onnx(network, recipe.preprocess.input_shape),
        CARD: card.encode(),
        WEIGHTS: to_safetensors(network),
    }
    write_bundle(out, manifest, contents)


def without_folders(command: str) -> str:
    """A command that says nothing of how the disks of a site are called.

    Args:
        command: As it was typed.
    """
    words = [re.sub(r"^(--[\w-]+=)?.*/(?=.)", r"\1", word) for word in shlex.split(command)]
    return shlex.join(words)


def _facts(
    folder: RunFolder, facts: dict[str, Any], licence: str, parameters: int
) -> dict[str, object]:
    """What stands at the top of the card; no path of the site, and nothing of a patient."""
    counts = facts["counts"]
    patients = {
        split: len({row.patient for row in folder.dataset().rows if row.split == split})
        for split in counts
    }
    data = [
        f"{split}: {sum(counts[split].values())} volumes of {patients[split]} patients"
        for split in counts
    ]
    classes = ", ".join(f"{name} {count}" for name, count in counts["train"].items())
    return {
        "licence of the weights": licence,
        "made by": f"`{without_folders(str(facts['command']))}`",
        "mrsift, torch": f"{facts['mrsift_version']}, {facts['torch_version']}",
        "seed": facts["seed"],
        "data": "; ".join(data),
        "training volumes by class": classes,
        "left out as unreadable": len(facts["left_out"]),
        "training": f"{facts['epochs']} epochs, {facts['steps']} steps; ended: "
        f"{facts['stopped_because']}; best epoch {facts['best_epoch']}",
        "weights": f"{parameters:,} parameters",
    }


def _results(table: Predictions) -> str:
    """Answers on validation; the test split is for `mrsift evaluate`, which counts each look."""
    chosen = table.rows(np.array([split == "validation" for split in table.split]))
    cases = find_cases(chosen, table.names)
    return results({"Validation": Answers(cases.y_true, cases.y_pred)}, table.names)
