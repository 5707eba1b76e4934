"""One TOML file -> a checked experiment; a misspelt key is an error that suggests the right one."""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from mrsift.bundle.manifest import LABEL_FORM
from mrsift.config import (
    AugmentationSettings,
    CalibrationSettings,
    LabelSettings,
    NetworkSettings,
    OptimiserSettings,
    PreprocessSettings,
    SearchSettings,
    StudyTrainingSettings,
    TrainingSettings,
)
from mrsift.errors import ConfigError
from mrsift.train.study_recipe import study_problem

SHIPPED = Path(__file__).parent.parent / "assets" / "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All of an experiment but the data.

    Attributes:
        name: Of the experiment, and of the bundle made from it.
        about: What it is, in a sentence.
        study: Where patients have one label; None where volumes have one each.
        tune: What `mrsift tune` varies.
    """

    name: str
    about: str = ""
    labels: LabelSettings = field(default_factory=LabelSettings)
    study: StudyTrainingSettings | None = None
    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    calibration: CalibrationSettings = field(default_factory=CalibrationSettings)
    tune: tuple[SearchSettings, ...] = ()

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(channels, slices, rows, columns) of what the network sees at once."""
        if self.study is None:
            return (1, *self.preprocess.input_shape)
        slices = {"slice": 1, "bag": self.study.slices_seen, "volume": self.study.slices or 1}
        return (len(self.study.roles), slices[self.study.unit], *self.study.plane_shape)


_ADAPTER = TypeAdapter(Recipe)


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Reads, overrides and checks a recipe.

    Args:
        path: A TOML file. `NAME`, `NAME.toml` and `recipes/NAME.toml` find a shipped recipe
            where there is no such file.
        overrides: `section.key=value`, the value as in TOML; a bare word counts as text.

    Raises:
        ConfigError: There is no such recipe, or something in it is wrong; the message says what.
    """
    source = _find(Path(path))
    try:
        tables = tomllib.loads(source.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: is not valid TOML ({error})") from error
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror}") from error
    for override in overrides:
        _put(tables, override)
    return check_recipe(tables, str(source))


def check_recipe(tables: Mapping[str, Any], source: str) -> Recipe:
    """Tables as TOML gives them -> a checked recipe.

    Args:
        tables: May be incomplete; what is missing has its default.
        source: For messages.

    Raises:
        ConfigError: A key nobody knows, a value of the wrong kind, or values that do not fit.
    """
    _check_keys(tables, Recipe, source, "")
    training = tables.get("training")
    if isinstance(training, Mapping) and isinstance(training.get("precision"), int):
        # bits are a number to who writes them, and one of three words to the trainer
        tables = {**tables, "training": {**training, "precision": str(training["precision"])}}
    try:
        recipe = _ADAPTER.validate_python(dict(tables))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{source}: {place}: {first['msg'][0].lower()}{first['msg'][1:]}, "
            f"found {first.get('input')!r}"
        ) from error
    if recipe.study is not None:
        channels = len(recipe.study.roles)
        recipe = replace(recipe, network=replace(recipe.network, channels=channels))
    check_values(recipe, source)
    return recipe


def check_values(recipe: Recipe, source: str) -> None:
    """Refuses values that each have the right type and cannot be used.

    Args:
        recipe: Also one that was put together in code.
        source: For messages.

    Raises:
        ConfigError: The first of them.
    """
    problem = _problem(recipe)
    if problem:
        raise ConfigError(f"{source}: {problem}")


def to_toml(recipe: Recipe) -> str:
    """The recipe with every default filled in; None is left out, as TOML has no word for it."""
    tables = asdict(recipe)
    lines = [f"{name} = {_toml(tables.pop(name))}" for name in ("name", "about")]
    searches = tables.pop("tune")
    sections = [(name, values) for name, values in tables.items() if values is not None]
    for section, values in [*sections, *(("[tune]", values) for values in searches)]:
        lines += ["", f"[{section}]"]
        lines += [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def with_settings(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """A recipe with other values, checked again.

    Args:
        recipe: Stays as it is.
        values: `section.key` -> value.

    Raises:
        ConfigError: A value does not fit.
    """
    tables = tomllib.loads(to_toml(recipe))
    for place, value in values.items():
        section, _, key = place.partition(".")
        tables.setdefault(section, {})[key] = value
    return check_recipe(tables, recipe.name)


def _find(path: Path) -> Path:
    if path.is_file():
        return path
    shipped = SHIPPED / f"{path.name.removesuffix('.toml')}.toml"
    if path.parent in {Path(), Path("recipes")} and shipped.is_file():
        return shipped
    names = sorted(file.stem for file in SHIPPED.glob("*.toml"))
    near = difflib.get_close_matches(path.stem, names, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ConfigError(f"{path}: no such recipe; {hint}shipped are {', '.join(names)}")


def _put(tables: dict[str, Any], override: str) -> None:
    """`section.key=value` into the tables."""
    place, equals, text = override.partition("=")
    *sections, key = place.strip().split(".")
    if not equals or not key or len(sections) > 1:
        raise ConfigError(
            f"--set {override}: expected section.key=value, e.g. optimiser.learning_rate=3e-4"
        )
    table = tables
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override}: {section} is no section")
    try:
        table[key] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        if re.search(r"[\[\]{}\"'=]", text):
            raise ConfigError(f"--set {override}: {text} is not a value of TOML") from None
        table[key] = text.strip()
        if table[key] == "none":
            del table[key]


def _check_keys(tables: Mapping[str, Any], kind: type, source: str, place: str) -> None:
    """Raises at the first key that the dataclass does not have."""
    known = get_type_hints(kind)
    for key, value in tables.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5) or _elsewhere(key)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise ConfigError(f"{source}: there is no setting {place}{key}; {hint}")
        section = _dataclass_of(known[key])
        if section is None:
            continue
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, Mapping):
                _check_keys(entry, section, source, f"{place}{key}.")


def _elsewhere(key: str) -> list[str]:
    """A setting of that name in another section."""
    return [
        f"{section.name}.{key}"
        for section in fields(Recipe)
        if (kind := _dataclass_of(get_type_hints(Recipe)[section.name]))
        and key in get_type_hints(kind)
    ]


def _dataclass_of(hint: Any) -> type | None:
    """The dataclass that a type hint is or holds."""
    if isinstance(hint, type) and is_dataclass(hint):
        return hint
    if get_origin(hint) in {tuple, Union, UnionType}:
        return next((found for part in get_args(hint) if (found := _dataclass_of(part))), None)
    return None


def _problem(recipe: Recipe) -> str | None:
    """What is wrong with values that each have the right type."""
    labels, training, optimiser = recipe.labels, recipe.training, recipe.optimiser
    outputs = (*labels.names, *([labels.unknown] if labels.unknown else []))
    looks = recipe.network.looks
    unfit = [name for name in outputs if not LABEL_FORM.fullmatch(name)]
    least = {
        "training.batch": training.batch,
        "training.max_epochs": training.max_epochs,
        "training.patience": training.patience,
        "training.save_every": training.save_every,
        "training.max_steps": 1 if training.max_steps is None else training.max_steps,
        "network.width": recipe.network.width,
        "calibration.components": recipe.calibration.components,
        **{f"preprocess.input_shape[{i}]": n for i, n in enumerate(recipe.preprocess.input_shape)},
        **{
            f"preprocess.source_shape[{i}]": n
            for i, n in enumerate(recipe.preprocess.source_shape or ())
        },
    }
    shares = {
        "optimiser.warmup": optimiser.warmup,
        "training.label_smoothing": training.label_smoothing,
        "training.averaging": training.averaging,
        "training.max_unreadable": training.max_unreadable,
        "network.dropout": recipe.network.dropout,
        "calibration.coverage": recipe.calibration.coverage,
    }
    checks = {
        "labels.names: expected two or more different names": len(set(outputs)) < 2
        or len(set(outputs)) < len(outputs),
        f"labels.names: {unfit} are not one word of letters, digits and _ . + -; "
        "labels.same_as turns what the data say into such a word": bool(unfit),
        "labels.columns: expected one or more": not labels.columns,
        "optimiser.learning_rate: expected more than 0": not optimiser.learning_rate > 0,
        "network.channels: training uses one volume at a time; study.roles names several": (
            recipe.study is None and recipe.network.channels != 1
        ),
        "training.workers: expected 0 or more": training.workers < 0,
        "network.looks: expected one or more, each above 0 and at most 1": not looks
        or not all(0 < share <= 1 for share in looks),
        **{f"{name}: expected 1 or more, found {n}": n < 1 for name, n in least.items()},
        **{f"{name}: expected 0 to 1, found {x}": not 0 <= x <= 1 for name, x in shares.items()},
    }
    problem = next((text for text, wrong in checks.items() if wrong), None)
    if problem is None and recipe.study is not None:
        return study_problem(recipe.study, recipe.network, labels)
    return problem


def _toml(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str):
        # JSON leaves one control character alone that TOML does not allow.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
