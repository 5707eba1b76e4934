"""Rows of a data set -> their classes and prepared volumes; what cannot be read is left out."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mrsift.dataset.table import Dataset
from mrsift.errors import ConfigError
from mrsift.train.batches import NO_REGION, Labelled
from mrsift.train.cache import VolumeCache, build_cache
from mrsift.train.classes import Classified, check_trainable, classify
from mrsift.train.fit import Task
from mrsift.train.recipe import Recipe
from mrsift.train.watch import Watch


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Everything that training reads.

    Attributes:
        data: Rows whose volumes could be read, with their classes.
        source: What training augments.
        exact: What inference sees; the same as `source` where the recipe has one size.
    """

    data: Classified
    source: VolumeCache
    exact: VolumeCache

    def task(self) -> Task:
        """The two sides that training needs; the test split is not among them."""
        train = self._side("train", self.source)
        return Task(self.data.names, (), train, self._side("validation", self.exact))

    def _side(self, split: str, volumes: VolumeCache) -> Labelled:
        places = self.data.side(split)
        regions = np.full(len(places), NO_REGION)
        return Labelled(volumes, places, self.data.labels[places], regions)


def prepare_volumes(
    recipe: Recipe, dataset: Dataset, cache: Path, jobs: int | None, watch: Watch
) -> Prepared:
    """Classifies the rows and prepares their volumes; what cannot be read is left out and named.

    Args:
        recipe: Says classes, input and how much may be left out.
        dataset: Split already.
        cache: Folder of prepared volumes.
        jobs: Volumes prepared at the same time.
        watch: Told of every file that was left out.

    Raises:
        ConfigError: The data do not suit the recipe, or too many volumes cannot be read.
    """
    data = classify(dataset, recipe.labels, recipe.training.fold)
    check_trainable(data, complete=recipe.labels.complete)
    exact = build_cache(data.rows, recipe.preprocess, cache, jobs, watch.progress)
    source = exact
    if recipe.preprocess.source_shape is not None:
        settings = recipe.preprocess.at_source()
        source = build_cache(data.rows, settings, cache, jobs, watch.progress)
    for remark in data.remarks:
        watch.say(remark)
    if exact.changed:
        watch.say(
            f"{exact.changed} volumes changed since they were indexed and were prepared anew; if "
            "their labels may have changed too: mrsift dataset index"
        )
    for unreadable in exact.unreadable:
        watch.say(f"left out: {unreadable.reason}")
    share = len(exact.unreadable) / max(len(data.rows), 1)
    if share > recipe.training.max_unreadable:
        raise ConfigError(
            f"{len(exact.unreadable)} of {len(data.rows)} volumes cannot be read, more than "
            f"training.max_unreadable={recipe.training.max_unreadable:g} allows; the first: "
            f"{exact.unreadable[0].reason}"
        )
    kept = [place for place, file in enumerate(exact.files) if file is not None]
    data = data.only(kept)
    check_trainable(data, complete=recipe.labels.complete)
    return Prepared(
        data,
        replace(source, files=tuple(source.files[place] for place in kept)),
        replace(exact, files=tuple(exact.files[place] for place in kept)),
    )
