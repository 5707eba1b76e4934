"""A bundle and few labelled studies -> a run that begins with the bundle's weights."""

from dataclasses import replace
from pathlib import Path

import torch

from mrsift.bundle import default_bundle_path
from mrsift.config import LabelSettings
from mrsift.dataset.table import read_dataset
from mrsift.errors import ConfigError
from mrsift.models.catalogue import build
from mrsift.models.resnet import ResNet
from mrsift.models.weights import network_of_bundle, to_safetensors
from mrsift.train.experiment import Machine, train
from mrsift.train.recipe import Recipe, check_values, load_recipe
from mrsift.train.run_folder import RunFolder
from mrsift.train.watch import Watch

DEFAULT = "default"
"""Stands for the bundle that ships."""


def adapt(
    bundle: str, data: Path, out: Path, overrides: list[str], machine: Machine, watch: Watch
) -> RunFolder:
    """Goes on training a bundle's network on other data.

    The classes stay those of the bundle, with their outputs, where the data have no other;
    else the classes are those of the data, and outputs that the bundle has no weights for
    begin fresh.

    Args:
        bundle: `default`, a folder, or a `.mrsift` file.
        data: Parquet file, indexed and split.
        out: Folder of the run; must not exist.
        overrides: Of the recipe `adapt`, as for `load_recipe`.
        machine: What the run uses here.
        watch: Where it speaks to.

    Raises:
        BundleError: The bundle is damaged, too new, or has no weights to go on from.
        ConfigError: Something is wrong with data, settings or folder; nothing was written.
        OutputError: The disk is full; what is there is whole.
    """
    path = default_bundle_path() if bundle == DEFAULT else Path(bundle)
    network, manifest = network_of_bundle(path)
    given = load_recipe("adapt", overrides)
    found = {row.label for row in read_dataset(data).rows if row.split is not None and row.label}
    same_as = dict(given.labels.same_as)
    found = {same_as.get(label, label) for label in found}
    kept = found <= set(manifest.labels)
    names = manifest.labels if kept else tuple(sorted(found))
    if not kept:
        new = sorted(found - set(manifest.labels))
        watch.say(f"new classes {', '.join(new)}: the classes are now {', '.join(names)}")
    recipe = replace(
        given,
        name=out.name,
        about=f"Bundle {manifest.name} {manifest.version}, trained on with other data.",
        labels=LabelSettings(names, same_as=given.labels.same_as, complete=not kept),
        preprocess=manifest.preprocess,
        network=replace(network.settings, dropout=given.network.dropout),
    )
    check_values(recipe, str(data))
    start = to_safetensors(_with_outputs(network, manifest.labels, names, recipe))
    return train(recipe, data, out, machine, watch, start)


def _with_outputs(
    network: ResNet, old: tuple[str, ...], names: tuple[str, ...], recipe: Recipe
) -> ResNet:
    """The network with an output for each name; known ones keep their weights."""
    torch.manual_seed(recipe.training.seed)
    fresh = build(recipe.network, len(names))
    weights = {
        name: value
        for name, value in network.state_dict().items()
        if not name.startswith(("label_head.", "region_head."))
    }
    head = {name: value.clone() for name, value in fresh.label_head.state_dict().items()}
    for index, name in enumerate(names):
        if name in old:
            for part, value in head.items():
                value[index] = network.label_head.state_dict()[part][old.index(name)]
    weights |= {f"label_head.{part}": value for part, value in head.items()}
    try:
        fresh.load_state_dict(weights)
    except RuntimeError as error:
        raise ConfigError(
            "the network of the bundle is not the one that its manifest describes"
        ) from error
    return fresh
