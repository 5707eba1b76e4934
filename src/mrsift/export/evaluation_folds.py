"""Runs of a cross-validation -> one thing to evaluate: what each said of its own test volumes."""

import os
from collections.abc import Sequence
from pathlib import Path

from mrsift.errors import ConfigError
from mrsift.evaluate.predictions import Predictions, pooled
from mrsift.export.evaluation_run import Run

MAX_NAMED = 3


def pool_folds(runs: Sequence[Run]) -> Run:
    """The test volumes of all runs in one table, each answered by a model that never saw it.

    Args:
        runs: One per fold, two or more.

    Raises:
        ConfigError: A run has no test split, runs have different labels, or a volume is in the
            test split of two of them.
    """
    parts = [run.predictions.rows(run.predictions.split == "test") for run in runs]
    for run, part in zip(runs, parts, strict=True):
        if not len(part):
            raise ConfigError(f"{run.path}: has no test split; a fold is tested on its own volumes")
        if part.names != runs[0].predictions.names:
            raise ConfigError(
                f"{run.path}: has the labels {', '.join(part.names)}, and {runs[0].path} has"
                f" {', '.join(runs[0].predictions.names)}; folds are trained with one recipe"
            )
    _check_apart(runs, parts)
    facts = {
        "model": f"{len(runs)} folds, {', '.join(run.name for run in runs)}",
        "tuned_on": "each on its own validation split",
        "data": next((str(run.data) for run in runs if run.data is not None), None),
        "folds": _remarks(runs, parts),
    }
    return Run(_named_together([run.path for run in runs]), None, pooled(parts), facts)


def _check_apart(runs: Sequence[Run], parts: Sequence[Predictions]) -> None:
    """Refuses runs that are not the folds of one cross-validation."""
    owner: dict[str, Path] = {}
    for run, part in zip(runs, parts, strict=True):
        twice = [volume for volume in part.volume_id if volume in owner]
        if twice:
            raise ConfigError(
                f"{len(twice)} volumes are in the test split of both {owner[twice[0]]} and"
                f" {run.path}, e.g. {', '.join(twice[:MAX_NAMED])}; give one run per fold. To set"
                " models on the same volumes side by side: mrsift compare"
            )
        owner |= dict.fromkeys(part.volume_id, run.path)


def _remarks(runs: Sequence[Run], parts: Sequence[Predictions]) -> tuple[str, ...]:
    """What a reader must know of a cross-validation."""
    said = [
        f"Cross-validation: {len(runs)} models, each fitted to its own train split and tuned on its"
        " own validation split; each volume is answered by the model whose test split it is in."
        " Intervals tell what other patients could have changed, not what other trainings could."
    ]
    tested = {volume for part in parts for volume in part.volume_id}
    left = {volume for run in runs for volume in run.predictions.volume_id} - tested
    if left:
        said.append(f"{len(left)} volumes are in no test split of these runs: is a fold missing?")
    trained = [
        set(run.predictions.site[run.predictions.split == "train"]) - {None, "unknown"}
        for run in runs
    ]
    if any(trained):
        new = all(not sites & set(part.site) for sites, part in zip(trained, parts, strict=True))
        said.append(
            "No model was trained on a site that it is tested on."
            if new
            else "Models were also trained on sites that they are tested on, so this is no external"
            " validation."
        )
    return tuple(said)


def _named_together(paths: Sequence[Path]) -> Path:
    """`runs/{fold-0,fold-1}`, as a shell would write it."""
    common = os.path.commonpath([path.resolve().parent for path in paths])
    names = [os.path.relpath(path.resolve(), common) for path in paths]
    return Path(common) / f"{{{','.join(names)}}}"
