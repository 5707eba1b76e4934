"""Tries settings of a recipe on validation, and says which did best. Test volumes are not read."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import torch

import mrsift
from mrsift.config import SearchSettings
from mrsift.dataset.table import Dataset, read_dataset
from mrsift.errors import ConfigError, OutputError
from mrsift.export.output_file import write_text
from mrsift.train.experiment import Machine, cache_folder
from mrsift.train.fit import fit
from mrsift.train.keeper import RunKeeper
from mrsift.train.prepared import prepare_volumes
from mrsift.train.recipe import Recipe, to_toml, with_settings
from mrsift.train.run_folder import create_run
from mrsift.train.study_recipe import for_volumes_only
from mrsift.train.watch import Watch

STORAGE = "tune.db"
RESULT = "best.toml"


def tune(
    recipe: Recipe, data: Path, out: Path, trials: int, machine: Machine, watch: Watch
) -> Recipe:
    """Tries settings until so many trials are done, those of earlier calls included.

    Args:
        recipe: Says in `[[tune]]` what is varied.
        data: Parquet file, indexed and split.
        out: Folder of the search; the same command goes on with one that is there.
        trials: That shall be done in the end.
        machine: What each trial uses here.
        watch: Where it speaks to.

    Returns:
        The recipe with the best settings, also written to `out/best.toml`.

    Raises:
        ConfigError: Nothing to vary, or `out` belongs to another search.
        OutputError: The folder cannot be written.
    """
    for_volumes_only(
        recipe.study,
        recipe.name,
        "what is tuned on few patients fits these alone, so it is fixed in advance, with --set",
    )
    if not recipe.tune:
        raise ConfigError(f"{recipe.name}: has no [[tune]] that says which settings to vary")
    _check_searches(recipe)
    whole = read_dataset(data)
    kept = Dataset(tuple(row for row in whole.rows if row.split != "test"), whole.facts)
    cache = cache_folder(machine, data)
    if machine.threads:
        torch.set_num_threads(machine.threads)
    study = _study(recipe, data, out)

    def try_one(trial: optuna.Trial) -> float:
        values = {search.setting: _draw(trial, search) for search in recipe.tune}
        value = _value(with_settings(recipe, values), kept, cache, out / "trial", machine)
        watch.say(
            f"trial {trial.number + 1}: {_words(values)}: {recipe.training.monitor} {value:.4f}"
        )
        return value

    done = len([trial for trial in study.trials if trial.state.name == "COMPLETE"])
    study.optimize(try_one, n_trials=max(trials - done, 0))
    best = with_settings(recipe, study.best_params)
    about = f"{recipe.about} Best of {len(study.trials)} trials on validation.".strip()
    best = replace(best, about=about)
    write_text(out / RESULT, to_toml(best))
    watch.say(
        f"best: {_words(study.best_params)}: {recipe.training.monitor} {study.best_value:.4f}; "
        f"{out / RESULT}"
    )
    return best


def _study(recipe: Recipe, data: Path, out: Path) -> optuna.Study:
    """The search in the folder, new or gone on with; a trial that was cut off counts as failed."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if out.exists() and not (out / STORAGE).is_file() and (out.is_file() or any(out.iterdir())):
        raise ConfigError(f"{out}: exists and is no search of mrsift tune; give another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be made: {error.strerror}") from error
    storage = f"sqlite:///{(out / STORAGE).resolve()}"
    study = optuna.create_study(
        storage=storage,
        study_name=recipe.name,
        direction="minimize" if recipe.training.monitor == "loss" else "maximize",
        load_if_exists=True,
    )
    for trial in study.trials:
        if trial.state.name == "RUNNING":
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    # A search that goes on must not draw again what it drew before.
    study.sampler = optuna.samplers.TPESampler(seed=recipe.training.seed + len(study.trials))
    about = {"recipe": to_toml(recipe), "data": str(data.resolve())}
    said = study.user_attrs
    if said and any(said.get(name) != text for name, text in about.items()):
        raise ConfigError(
            f"{out}: is a search with another recipe or other data; give another --out"
        )
    for name, text in about.items():
        study.set_user_attr(name, text)
    return study


def _value(recipe: Recipe, dataset: Dataset, cache: Path, folder: Path, machine: Machine) -> float:
    """Trains once, and gives the best that validation saw; the folder is taken away again."""
    shutil.rmtree(folder, ignore_errors=True)
    prepared = prepare_volumes(recipe, dataset, cache, machine.jobs, Watch())
    facts = {"mrsift_version": mrsift.__version__, "command": machine.command}
    run = create_run(folder, recipe, dataset, facts)
    keeper = fit(run, recipe, prepared.task(), Watch())
    shutil.rmtree(folder)
    return _best(keeper, recipe.training.monitor)


def _best(keeper: RunKeeper, monitor: str) -> float:
    return float(keeper.history[keeper.best_epoch - 1][f"validation_{monitor}"])


def _draw(trial: optuna.Trial, search: SearchSettings) -> Any:
    """A value of one setting."""
    if search.choices:
        return trial.suggest_categorical(search.setting, list(search.choices))
    assert search.low is not None  # `_check_searches` has looked
    assert search.high is not None
    return trial.suggest_float(search.setting, search.low, search.high, log=search.log)


def _check_searches(recipe: Recipe) -> None:
    """Raises where a search has no range, or varies what there is not."""
    for search in recipe.tune:
        low, high = search.low, search.high
        ranged = low is not None and high is not None and low < high
        if not search.choices and (not ranged or (search.log and (low or 0.0) <= 0)):
            raise ConfigError(
                f"[[tune]] {search.setting}: expected choices, or low < high, above 0 with log"
            )
        value = search.choices[0] if search.choices else low
        with_settings(recipe, {search.setting: value})


def _words(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in values.items()
    )
